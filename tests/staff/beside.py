"""A counter and a village kiosk on one machine, with their settings files; and one that is cut off.

    python -m tests.staff.beside SETTINGS CODE COMMITS

takes a slip up at the counter and is killed right after so many transactions of both stores.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from kiosk import bootstrap, config
from kiosk.domain.draft import Draft
from kiosk.store.unit_of_work import SqlUnitOfWork

KK = "3173050101200012"


@dataclass
class Beside:
    """Both kiosks; their services are opened and closed by the test."""

    folder: Path

    def __post_init__(self) -> None:
        for name, more in (("village", ""), ("counter", f'slips_from = "{self.folder}/village.toml"')):
            self.file(name).write_text(
                f'[kiosk]\nid = "{name[0].upper()}1"\nprofile = "{name}"\n'
                f'[store]\ndir = "{self.folder}/{name}-data"\nkeys = "{self.folder}/{name}-keys"\n'
                f'[sms]\nspool = "{self.folder}/{name}-sms"\n[{name}]\n{more}\n',
                "utf-8",
            )

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.toml"

    def open(self, name: str) -> bootstrap.Services:
        return bootstrap.services(config.load(str(self.file(name)), name))

    def draft(self, village: bootstrap.Services) -> tuple[Draft, str]:
        """A family that was begun in the village, and the code on its slip."""
        begun = village.drafts.start().with_answers({"kk": KK, "members[0].name": "RINA LESTARI"})
        kept = village.drafts.save(
            begun.with_facts({"terms": "v1", "captcha": "passed"}).moved_to("members[0].relation")
        )
        return kept, village.drafts.slip(kept.id)


def main(settings: str, code: str, commits: int) -> None:
    """Takes the slip up, and is cut off."""
    house = bootstrap.services(config.load(settings, "counter"))
    done, commit = 0, SqlUnitOfWork.commit

    def counted(work: SqlUnitOfWork) -> None:
        nonlocal done
        commit(work)
        done += 1
        if done == commits:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(SqlUnitOfWork, "commit", counted)  # noqa: B010  (that is where the plug is pulled)
    house.staffing.slips.take_up(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

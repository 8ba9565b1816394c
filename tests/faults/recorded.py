"""The program that is recorded: registers families through the real services, and marks what it was told.

`python -m tests.faults.recorded FOLDER SEED FAMILIES [careless] [pages=N]`. Careless, the store syncs less
(`synchronous=NORMAL`); with `pages` it folds its log into the database after so many pages.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from kiosk.bootstrap import Services, services
from kiosk.domain.draft import Draft
from kiosk.domain.registration import Registration
from kiosk.store import engine
from tests.faults.families import TODAY, family, settings, steps
from tests.faults.recorder import Recorder


def main(folder: str, seed: str, families: str, *manner: str) -> None:
    """Registers so many families, with a restart after each second one; one is left unfinished in the end."""
    _change_pragmas(manner)
    config = settings(Path(folder))
    recorder = Recorder()
    house = services(config, today=TODAY, seed=int(seed))
    for number in range(int(families)):
        if number and number % 2 == 0:
            house.close()
            house = services(config, today=TODAY, seed=int(seed))
        register(house, recorder, int(seed), number, last=number == int(families) - 1)


def register(house: Services, recorder: Recorder, seed: int, number: int, *, last: bool) -> None:
    """One family's way; before each call the recorder hears what is tried, after it what was promised."""
    draft = house.drafts.start()
    for name, call in steps(family(seed, number)):
        if last and name == "review":
            return
        recorder.mark(tried=_attempt(name, draft), draft=draft.id)
        found = call(_Told(house, recorder), draft)  # type: ignore[arg-type]
        if isinstance(found, Draft):
            draft = found
            recorder.mark(saved=draft.revision, draft=draft.id)
        elif isinstance(found, Registration):
            with house.open_work.reading() as work:
                head = work.audit.head()
            recorder.mark(
                registered=found.reference,
                draft=draft.id,
                family=dict(found.family),
                accounts=dict(found.virtual_accounts),
                head=head[:8],
            )
        elif name == "check code":
            recorder.mark(proved=True, draft=draft.id)


def _attempt(name: str, draft: Draft) -> str:
    return "submit" if name == "submit" else f"{name} after revision {draft.revision}"


class _Told:
    """The services, telling the recorder of each draft what is about to be saved."""

    def __init__(self, house: Services, recorder: Recorder) -> None:
        self._house = house
        self._recorder = recorder
        self.drafts = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house, name)

    def save(self, draft: Draft, **named: Any) -> Draft:
        self._recorder.mark(
            saving=draft.revision + 1, draft=draft.id, answers=dict(draft.answers), facts=dict(draft.facts)
        )
        return self._house.drafts.save(draft, **named)


def _change_pragmas(manner: tuple[str, ...]) -> None:
    changes = ["PRAGMA synchronous=NORMAL"] if "careless" in manner else []
    changes += [f"PRAGMA wal_autocheckpoint={word[6:]}" for word in manner if word.startswith("pages=")]
    promised = engine._set_and_check

    def changed(connection: Any, busy_seconds: float) -> None:
        promised(connection, busy_seconds)
        for change in changes:
            connection.execute(change).fetchall()

    engine._set_and_check = changed


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The program as it would be if it saved only at the end: `python -m tests.faults.careless ARGUMENTS`.

Drafts stay in memory until the family is submitted. What a kill takes from it shows that the suite sees.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace

from kiosk.domain.draft import Draft
from kiosk.services.drafts import Drafts


def save_nothing() -> None:
    """From now on no draft of this process reaches the store."""

    def save(
        _: Drafts, draft: Draft, *, fields: Iterable[str] = (), codes: Iterable[str] = (), who: str = "-"
    ) -> Draft:
        del fields, codes, who
        return replace(draft, revision=draft.revision + 1, saved_at=draft.started_at)

    Drafts.save = save  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    from kiosk.cli import run

    save_nothing()
    sys.exit(run(sys.argv[1:]))

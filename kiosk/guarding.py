"""Chooses what makes a kiosk an appliance: the small process, and what it says while nobody can be served."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.guard.parent import Guard
    from kiosk.services.ports import Clock
    from kiosk.services.restraint import Restraint
    from kiosk.store.unit_of_work import Store

_WIDTH = 72


def guard_of(config: Config, warm: Callable[[], None] | None = None) -> Guard:
    """The small process of an unattended kiosk, with its sentences in both languages."""
    from kiosk.guard.parent import Guard

    def calm(words: str) -> list[str]:
        from textwrap import wrap

        from kiosk.language import Language

        lines = [f"KIOSK JKN  {config.kiosk.place}", ""]
        for code in dict.fromkeys((config.kiosk.language, "id", "en")):
            lines += [*wrap(Language(code).text("village.guard.rests"), _WIDTH), ""]
        return [*lines, *(part for line in words.splitlines() for part in wrap(line, _WIDTH))]

    return Guard(calm, may_quit=config.screens.may_quit, warm=warm)


def read_ahead() -> None:
    """Reads the modules of the services and the store, which is what takes long before they can be opened."""
    import kiosk.beside
    import kiosk.clock
    import kiosk.opening
    import kiosk.services.importing
    import kiosk.services.mending
    import kiosk.services.queries
    import kiosk.services.standing
    import kiosk.services.verification
    import kiosk.staffing
    import kiosk.store.reserve
    import kiosk.store.unit_of_work  # noqa: F401 - to be there when they are asked for


def restraint_of(config: Config, open_work: Store, clock: Clock) -> Restraint:
    """The limits of a kiosk without staff; none where there is staff."""
    from kiosk.services.restraint import Restraint, RestraintRules
    from kiosk.store.failure_note import FailureNoteFile

    own = config.village
    rules = RestraintRules(own.failures, own.pause_minutes, own.families_a_day)
    has_staff = config.profile != "village"
    notes = FailureNoteFile(config.store_dir)
    return Restraint(open_work.reading, clock, notes, RestraintRules() if has_staff else rules)

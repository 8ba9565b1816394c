"""The program with some of its cleaning left out: `python -m tests.faults.unclean WHAT,... ARGUMENTS`.

`wipe`: the terminal is not wiped. `spool`: messages stay. `core`: core files are allowed. `talk`: a failure
is shown as Textual does. `break`: a failure at the first name, with the NIK beside it; nothing is left out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from kiosk.domain.draft import Draft


def break_at_the_name() -> None:
    """From now on the answer to the first name ends in a failure."""
    from screens.journey import Journey  # noqa: PLC0415

    save = Journey.save

    async def broken(journey: Journey, draft: Draft, **named: Any) -> None:
        nik, name = draft.answer("members[0].nik"), draft.answer("members[0].name")
        if nik and name:
            raise ValueError(f"{name} has {nik}")
        await save(journey, draft, **named)

    Journey.save = broken  # type: ignore[assignment]


def talk() -> None:
    """From now on a failure is told with its local variables, as is Textual's way."""
    from textual.app import App  # noqa: PLC0415

    from screens.app import KioskApp  # noqa: PLC0415

    for name in ("_handle_exception", "panic", "_print_error_renderables"):
        setattr(KioskApp, name, getattr(App, name))


def do_not_wipe() -> None:
    """From now on what was on the terminal stays in it."""
    from screens import terminal  # noqa: PLC0415
    from screens.widgets import sheet  # noqa: PLC0415

    vars(terminal)["WIPE"] = ""
    vars(sheet)["WIPE"] = "\x1b[0m\x1b[2J"


def keep_messages() -> None:
    """From now on the spool is left as it is."""
    from screens.context import Context  # noqa: PLC0415

    async def nothing(_: Context) -> None:
        return

    Context.forget_messages = nothing  # type: ignore[assignment, method-assign]


def allow_core() -> None:
    """From now on the limits of the process are left as they are."""
    from kiosk.commands import screens  # noqa: PLC0415

    vars(screens)["keep_in_memory"] = lambda: None


WAYS: dict[str, Callable[[], None]] = {
    "break": break_at_the_name,
    "talk": talk,
    "wipe": do_not_wipe,
    "spool": keep_messages,
    "core": allow_core,
}

if __name__ == "__main__":
    from screens.environment import clean_environment
    from screens.first_frame import prepare_terminal

    clean_environment()
    with prepare_terminal():
        for way in sys.argv[1].split(","):
            WAYS[way]()
        from kiosk.cli import run

        code = run(sys.argv[2:])
    sys.exit(code)

"""`kiosk run`: the terminal program."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from kiosk.bootstrap import services
from kiosk.commands.recording import recorded, refuse_outside_practice
from kiosk.errors import UsageError
from kiosk.log import Log
from kiosk.memory import keep_in_memory

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.guard.serving import Voice


def run(arguments: Arguments, config: Config) -> int:
    """Starts the screens on this terminal; returns when they are left.

    In the village that is done by a process for each person, while this one stands by.
    """
    refuse_outside_practice(arguments, config)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("usage.terminal")
    if config.profile != "village":
        return _serve(arguments, config, None)
    from kiosk.guard.surroundings import shut_doors
    from kiosk.guarding import guard_of

    keep_in_memory()
    shut_doors()
    guard = guard_of(config, _warm)
    stood = guard.stand()
    if isinstance(stood, int):
        sys.stderr.write(guard.words)
        return stood
    return _serve(arguments, config, stood)


def run_classroom(arguments: Arguments, config: Config) -> int:
    """Starts them with the classroom on top; a run that is named is told first."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("usage.terminal")
    from screens.training.listing import classroom

    return _serve(arguments, config, None, partial(classroom, run=arguments.debrief))


def _warm() -> None:
    """What a process of the village reads while the one before it still serves."""
    import screens.app
    import screens.registration.members
    import screens.village.leaving  # noqa: F401 - to be there when they are asked for
    from kiosk.guarding import read_ahead

    read_ahead()


def _serve(
    arguments: Arguments,
    config: Config,
    watcher: Voice | None,
    opens: Callable[..., Any] | None = None,
) -> int:
    keep_in_memory()
    from screens.navigation import first_page
    from screens.start import start

    log = Log(config.log_dir)
    try:
        with recorded(arguments, config, config.kiosk.place) as around:
            return start(
                config,
                partial(services, config, today=arguments.today, seed=arguments.seed, sends=True),
                log.crash,
                watcher=watcher,
                practise=_practise,
                opens=opens or first_page,
                become=partial(become, arguments),
                around=around,
            )
    finally:
        log.close()


def become(arguments: Arguments, words: Sequence[str]) -> None:
    """Goes on as another command of this program, with the same settings; nothing of this one is left."""
    given = {
        "--config": arguments.config,
        "--seed": arguments.seed if words[:2] == ("training", "run") else None,
    }
    options = [f"{name}={value}" for name, value in given.items() if value is not None]
    os.execv(  # noqa: S606  (this very program)
        sys.executable, [sys.executable, "-m", "kiosk", *words, *options]
    )


def _practise() -> None:
    """Becomes the practice of the classroom, with the same settings; nothing of this program is left."""
    os.execv(  # noqa: S606  (this very program, as it was called)
        sys.executable, [sys.executable, *sys.orig_argv[1:], "--profile", "training"]
    )

"""`kiosk run`: the terminal program."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from kiosk.bootstrap import services
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
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("usage.terminal")
    keep_in_memory()
    if config.profile != "village":
        return _serve(arguments, config, None)
    from kiosk.guard.surroundings import shut_doors
    from kiosk.guarding import guard_of

    shut_doors()
    guard = guard_of(config)
    stood = guard.stand()
    if isinstance(stood, int):
        sys.stderr.write(guard.words)
        return stood
    return _serve(arguments, config, stood)


def _serve(arguments: Arguments, config: Config, watcher: Voice | None) -> int:
    keep_in_memory()
    from screens.start import start

    log = Log(config.log_dir)
    try:
        return start(
            config,
            partial(services, config, today=arguments.today, seed=arguments.seed, sends=True),
            log.crash,
            watcher=watcher,
            practise=_practise,
        )
    finally:
        log.close()


def _practise() -> None:
    """Becomes the practice of the classroom, with the same settings; nothing of this program is left."""
    os.execv(  # noqa: S606  (this very program, as it was called)
        sys.executable, [sys.executable, *sys.orig_argv[1:], "--profile", "training"]
    )

"""The program in a terminal without the time that its imports take: forked from a process that has them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence

import kiosk.__main__

# What the program imports when it starts.
import kiosk.cli
import kiosk.commands.arguments
import kiosk.commands.screens
import kiosk.search
import screens.start  # noqa: F401
from tests.faults.careless import save_nothing
from tests.journeys.terminal import Terminal


class Ready(Terminal):
    """A terminal whose child is a copy of this process and runs the program's `main` with these arguments.

    Such a program has everything of its own that a kill can take: memory, files, terminal and process.
    """

    def become(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self.run(kiosk.__main__.main, argv, environ)

    @staticmethod
    def run(main: Callable[[], int], argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """Runs `main` as a process does that was just started in this terminal."""
        os.environ.clear()
        os.environ.update(environ)
        for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
            vars(sys).update({name: stream, f"__{name}__": stream})
        sys.argv = ["kiosk", *argv]
        code = main()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class ReadyCareless(Ready):
    """The same program as it would be if it saved only at the end."""

    def become(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        save_nothing()
        self.run(kiosk.__main__.main, argv, environ)

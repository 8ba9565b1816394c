"""A kiosk of a village in a terminal: the small process, and the one that serves."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import ROOT, XTERM, Terminal


def children(pid: int) -> list[int]:
    """The processes that this one has started itself."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(child) for child in found]


class Village(Terminal):
    """`kiosk run --profile village`; `first` is a statement that its program begins with."""

    patience = 60.0

    def __init__(
        self, own: OwnKiosk, first: str = "", *, env: Mapping[str, str] | None = None, cwd: Path = ROOT
    ) -> None:
        run = f"{first}\nimport sys; from kiosk.__main__ import main; sys.exit(main())"
        self._given = env or {}
        super().__init__(
            [sys.executable, "-c", run, "run", "--profile", "village"],
            env={**own.env, **self._given},
            cwd=cwd,
        )

    def become(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """Without the folder of the tests, as at its place."""
        super().become(
            argv, {n: text for n, text in environ.items() if n != "PYTHONPATH" or n in self._given}
        )

    @property
    def serving(self) -> int:
        """The process that serves; 0 while there is none."""
        return next(iter(children(self.pid)), 0)

    def wait_for_first_page(self, other_than: int = 0) -> int:
        """Waits until the first page stands in another process than this one; its number."""
        self.wait_until(lambda: self.serving not in {0, other_than}, "another process")
        self.wait_until(lambda: self.is_at_the_beginning, "the first page")
        return self.serving

    def begin(self, kk: str) -> None:
        """From the first page to the question after the No. KK, which is accepted."""
        self.send(b"".join([XTERM["F10"]] * 4), kk, "\r")
        self.wait_for("Ketik lima huruf")

    @property
    def is_at_the_beginning(self) -> bool:
        """Whether the first page is shown."""
        return "Tekan angka bahasa Anda" in self.text

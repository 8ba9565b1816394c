"""The kiosk driven by Pilot at 80 by 24: what every screen test uses."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from screens.app import KioskApp
from screens.base import Page, ScreenOptions, Shell


class Driven:
    """A running kiosk; pressing returns when the keys have taken effect and are drawn."""

    def __init__(self, app: KioskApp, pilot: Pilot[None]) -> None:
        self.app = app
        self._pilot = pilot

    async def press(self, *names: str) -> None:
        """Press keys by Textual's names, such as "f10", "enter", "a"."""
        await self._pilot.press(*names)
        await self.app.pipeline.settle()

    async def type(self, text: str) -> None:
        """Type text character by character."""
        await self.press(*text)

    async def resize(self, width: int, height: int) -> None:
        """Change the size of the terminal."""
        await self._pilot.resize_terminal(width, height)
        await self._pilot.pause()

    @property
    def lines(self) -> list[str]:
        """The screen's lines without the blanks at their ends."""
        return self.app.sheet.text

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Where the hardware cursor stands."""
        return self.app.sheet.view.cursor


@asynccontextmanager
async def driven(
    first: Callable[[Shell], Page], *, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[Driven]:
    """The kiosk with this first page; other keywords are those of `ScreenOptions`."""
    app = KioskApp(first, options=ScreenOptions(**{"crash_log": lambda _: "TEST", **options}))
    async with app.run_test(size=size, notifications=True) as pilot:
        await app.pipeline.settle()
        yield Driven(app, pilot)

"""The page on which a person without staff begins with a family, or comes back to one."""

from __future__ import annotations

from screens import navigation
from screens.home import HomePage
from screens.keys import Key, Press


class MenuPage(HomePage):
    """The first screen without its lists; F3 goes back to the languages."""

    async def _take(self, press: Press) -> None:
        may_quit = self._context.config.screens.may_quit
        if press.key is Key.BACK or (press.key is Key.FINISH and not may_quit):
            await navigation.home(self._context)
        else:
            self._context.touched |= press.key is Key.TEXT
            await super()._take(press)

"""The page on which a person without staff begins with a family, or comes back to one."""

from __future__ import annotations

from screens import navigation
from screens.home import HomePage
from screens.keys import Key, Press


class MenuPage(HomePage):
    """The first screen without its lists; F3 goes back to the languages."""

    async def _take(self, press: Press) -> None:
        if press.key is Key.BACK:
            await navigation.home(self._context)
        else:
            await super()._take(press)

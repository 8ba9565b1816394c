"""The page on which a person without staff begins with a family, or comes back to one."""

from __future__ import annotations

from screens import navigation
from screens.frame import Message
from screens.home import HomePage
from screens.keys import Key, Press
from screens.village import limits


class MenuPage(HomePage):
    """The first screen without its lists; F3 goes back to the languages, Enter alone says what to press."""

    async def _take(self, press: Press) -> None:
        may_quit = self._context.config.screens.may_quit
        if press.key is Key.NEXT and await limits.is_full(self._context):
            return
        if press.key is Key.BACK or (press.key is Key.FINISH and not may_quit):
            await navigation.home(self._context)
        elif press.key is Key.ENTER and not self._editor.text.strip():
            self._message = Message(self._context.t("screen.home.public.enter"))
        else:
            self._context.touched |= press.key is Key.TEXT
            await super()._take(press)

    async def _open(self, typed: str) -> None:
        await super()._open(typed)
        if typed and self._message.role == "warn":  # no code, reference or No. KK that is known here
            await limits.failed(self._context)

"""The stack of pages and the one thread for blocking work: what pages see of the program."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from screens.base import Companion, Page
from screens.keys import Press
from screens.view import View

T = TypeVar("T")


class Alone:
    """Nobody goes along: each page shows what it shows and takes its keys."""

    def view(self, page: Page, width: int, height: int) -> View:
        return page.view(width, height)

    async def press(self, page: Page, press: Press) -> None:
        await page.press(press)

    def tick(self) -> bool:
        return False


class PageShell:
    """The `Shell` of a running program; drawing and leaving are the program's."""

    def __init__(self, redraw: Callable[[], None], leave: Callable[[int], None]) -> None:
        self._redraw = redraw
        self._leave = leave
        self._pages: list[Page] = []
        self.companion: Companion = Alone()
        self.around: Callable[[Companion], Companion] | None = None
        """Makes of whoever goes along somebody who is watched all the time, as for a recording."""
        self._store = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    @property
    def top(self) -> Page | None:
        """The page that is shown and takes the keys."""
        return self._pages[-1] if self._pages else None

    @property
    def pages(self) -> tuple[Page, ...]:
        """Every page, the one that is shown last."""
        return tuple(self._pages)

    def show(self, page: Page) -> None:
        """Replace every page by this one."""
        self._pages = [page]

    def push(self, page: Page) -> None:
        """Put a page, such as a dialog, over the current one."""
        self._pages.append(page)

    def pop(self) -> None:
        """Take the top page away; the last page stays."""
        if len(self._pages) > 1:
            self._pages.pop()

    def accompany(self, companion: Companion | None) -> None:
        """Let somebody go along from now on; None for nobody."""
        going = companion or Alone()
        self.companion = self.around(going) if self.around else going

    def redraw(self) -> None:
        """Draw the top page now."""
        self._redraw()

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run blocking work in the one store thread; jobs keep their order, errors are raised here."""
        return await asyncio.get_running_loop().run_in_executor(self._store, partial(function, *args))

    def leave(self, code: int = 0) -> None:
        """End the program with this exit code; waiting presses are dropped."""
        self._leave(code)

    def close(self) -> None:
        """Drop the jobs that wait; the one that runs is finished before the process ends."""
        self._store.shutdown(wait=False, cancel_futures=True)

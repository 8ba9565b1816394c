"""The program around the pages: keys in order, one sheet, signals, idleness, and the last resort."""

import asyncio
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, ClassVar, Final

from rich.console import RenderableType
from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.geometry import Offset
from textual.screen import Screen

from kiosk.errors import KioskError
from screens.base import Page, ScreenOptions, Shell
from screens.crash import EXIT_CRASH, report
from screens.first_frame import prepare_terminal
from screens.keys import Key, KeyMap, KeyPipeline, Press
from screens.shell import PageShell
from screens.terminal import KioskDriver
from screens.theme import palette
from screens.view import HEIGHT, WIDTH, View, text_lines
from screens.widgets.sheet import Sheet, SheetUpdate

_SIGNAL_CODES: Final = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}
"""Exit codes as a shell reports them."""

_FROM_KEYS: Final = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


class KioskApp(App[None], inherit_bindings=False):
    """Shows pages and gives them their keys; knows no rule of JKN."""

    CSS = "Screen { overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = []
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None

    def __init__(self, first: Callable[[Shell], Page], *, options: ScreenOptions) -> None:
        super().__init__(driver_class=KioskDriver, ansi_color=True)
        self.failure: BaseException | None = None
        self.shell = PageShell(self.redraw, self.leave)
        self.sheet = Sheet(palette(options.colour))
        self.pipeline = KeyPipeline(self._deliver, self.redraw)
        self._first_page = first
        self._options = options
        self._key_map = KeyMap()
        self._consumer: asyncio.Task[None] | None = None
        self._leaving = False
        self._wiped_for: Page | None = None
        self._drawing_waits = False
        self._last_key = monotonic()
        self._idle_called = False
        self._asking: asyncio.Task[None] | None = None

    def serve(self) -> int:
        """Run until someone leaves; returns the exit code.

        After a failure it says the two last-resort lines on stderr, the terminal being restored by then.
        SIGTERM, SIGHUP or a vanished terminal, and SIGINT end it with 143, 129 and 130.
        """
        thread_hook, threading.excepthook = threading.excepthook, self._on_thread_failure
        try:
            self.run(mouse=False)
        except BaseException as error:  # noqa: BLE001
            self.failure = self.failure or error
        finally:
            threading.excepthook = thread_hook
            self.shell.close()
        if self.failure is None:
            return self.return_code or 0
        with suppress(OSError, ValueError):
            sys.stderr.write(report(self.failure, self._options.crash_log))
            sys.stderr.flush()
        return EXIT_CRASH

    def leave(self, code: int = 0) -> None:
        """End the program with this exit code; waiting presses are dropped."""
        if not self._leaving:
            self._leaving = True
            self.exit(return_code=code)

    def redraw(self) -> None:
        """Draw the top page; below 80 by 24 cells the plea for a larger window stands in for it.

        A line too slow for all frames gets the latest.
        """
        page = self.shell.top
        if page is None or self._leaving or self._drawing_waits:
            return
        if isinstance(self._driver, KioskDriver) and self._driver.is_behind:
            self._drawing_waits = True
            self.set_timer(0.05, self._draw_late)
            return
        if page is not self._wiped_for and getattr(page, "wipes", False):
            self._wiped_for = page
            self.sheet.forget()
        width, height = self.size
        if width < WIDTH or height < HEIGHT:
            view = View(text_lines(*self._options.too_small))
        else:
            view = self.shell.companion.view(page, width, height)
        self.cursor_position = Offset(*(view.cursor or (0, 0)))
        if self.sheet.update(view):
            self._display(self.screen, SheetUpdate(self.sheet))

    def _draw_late(self) -> None:
        self._drawing_waits = False
        self.redraw()

    # Keys.

    async def on_event(self, event: events.Event) -> None:
        """Send every key and paste down the pipeline; nothing a person does reaches Textual's bindings."""
        match event:
            case events.Key():
                self._put(self._key_map.press(event.key, event.character, event.time))
            case events.Paste():
                self._put(self._key_map.paste(event.text))
            case events.InputEvent():
                pass
            case _:
                await super().on_event(event)

    def _put(self, press: Press | None) -> None:
        self._last_key = monotonic()
        self._idle_called = False
        stirred: Callable[[], Awaitable[None]] | None = getattr(self.shell.top, "stirred", None)
        if press is not None:
            self.pipeline.put(press)
        elif stirred is not None:
            self.pipeline.put(stirred)

    async def _deliver(self, press: Press) -> None:
        page = self.shell.top
        if page is None or self._leaving:
            return
        if press.key is Key.FINISH and self._options.unattended and not hasattr(page, "stirred"):
            while self.shell.top is not (page := self.shell.pages[0]):  # whatever lies over the page
                self.shell.pop()
        try:
            await self.shell.companion.press(page, press)
        except KioskError as error:
            if self._options.on_error is None:
                raise
            self._options.on_error(self.shell, error)

    # Life.

    def compose(self) -> ComposeResult:
        """The sheet and nothing else."""
        yield self.sheet

    async def on_mount(self) -> None:
        """Show the first page, then take keys, among them those typed while the program started."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._on_loop_failure)
        if not self.is_headless:
            for number, code in _SIGNAL_CODES.items():
                loop.add_signal_handler(number, self.leave, code)
            loop.add_signal_handler(signal.SIGCONT, self._on_continue)
            for number in _FROM_KEYS if self._options.unattended else (signal.SIGTSTP,):
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)
        self.shell.show(self._first_page(self.shell))
        self.redraw()
        self._consumer = loop.create_task(self._consume())
        self.set_interval(1.0, self._on_second)

    async def on_unmount(self) -> None:
        """Stop taking keys."""
        if self._consumer is not None:
            self._consumer.cancel()

    async def _consume(self) -> None:
        try:
            await self.pipeline.consume()
        except Exception as error:  # noqa: BLE001
            self._handle_exception(error)

    def _on_continue(self) -> None:
        """Take the terminal again after a stop; somebody else may have used it."""
        prepare_terminal()
        self.sheet.forget()
        self.redraw()

    def _on_second(self) -> None:
        """Tick the top page, and notice that nobody has pressed a key for long."""
        if self._options.alive is not None:
            self._options.alive()
        tick: Callable[[], bool] | None = getattr(self.shell.top, "tick", None)
        if (tick is not None and tick()) | self.shell.companion.tick():
            self.redraw()
        if self._options.has_news is not None and (self._asking is None or self._asking.done()):
            self._asking = asyncio.get_running_loop().create_task(self._ask_for_news(self._options.has_news))
        seconds, on_idle = self._options.idle_seconds, self._options.on_idle
        is_at_rest = bool(getattr(self.shell.top, "rests", False))
        if seconds is None or on_idle is None or self._idle_called or is_at_rest:
            return
        if monotonic() - self._last_key >= seconds:
            self._idle_called = True
            self.pipeline.put(partial(on_idle, self.shell))

    async def _ask_for_news(self, has_news: Callable[[], Awaitable[bool]]) -> None:
        """Notice that somebody else has written; what to do about it waits its turn among the keys."""
        if await has_news():
            self.pipeline.put(self._take_news)

    async def _take_news(self) -> None:
        if self._options.on_news is not None:
            await self._options.on_news(self.shell)
        for page in self.shell.pages:  # those below are seen again when the one on top has gone
            renew: Callable[[], Awaitable[None]] | None = getattr(page, "renew", None)
            if renew is not None:
                with suppress(KioskError):  # what was read before stands on the screen
                    await renew()

    # Textual's own drawing and its own ways to fail.

    def _display(self, screen: Screen[Any], renderable: RenderableType | SheetUpdate | None) -> None:
        """Write the sheet's changes; when Textual wants to paint, the page is drawn instead."""
        if isinstance(renderable, SheetUpdate):
            super()._display(screen, renderable)  # type: ignore[arg-type]
        else:
            self.redraw()

    def _handle_exception(self, error: BaseException) -> None:
        """End with the last resort in place of Textual's page, which would print local variables."""
        if self.failure is None:
            self.failure = error
            self._exception = error if isinstance(error, Exception) else None
            self._exception_event.set()
        self._return_code = EXIT_CRASH
        self._leaving = True
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:  # noqa: ARG002
        """End with the last resort; what Textual would print is dropped."""
        self._handle_exception(RuntimeError())

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()

    def _set_pointer_shape(self, shape: str) -> None:
        """Send nothing: there is no pointer."""

    def _on_loop_failure(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self._handle_exception(error if isinstance(error, BaseException) else RuntimeError())

    def _on_thread_failure(self, failure: threading.ExceptHookArgs) -> None:
        error = failure.exc_value or RuntimeError()
        if self._loop is None:
            self.failure = self.failure or error
        else:
            self._loop.call_soon_threadsafe(self._handle_exception, error)

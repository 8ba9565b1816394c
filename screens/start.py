"""Starts the terminal program: the first page at once, the store behind it."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from kiosk.config import Config
from kiosk.errors import KioskError
from kiosk.language import Language
from screens.app import KioskApp
from screens.base import Page, ScreenOptions, Shell
from screens.context import Context, Services
from screens.dialogs import Notice
from screens.home import HomePage


def start(config: Config, load: Callable[[], Services], crash_log: Callable[[BaseException], str]) -> int:
    """Runs the program until it is left; returns its exit code.

    `load` opens the services in the store thread while the first page already stands. A store that cannot
    be opened ends the program with a sentence on standard error and the exit code of the error.
    """
    language = Language(config.kiosk.language)
    failures: list[KioskError] = []
    contexts: list[Context] = []

    async def open_up(context: Context, page: HomePage) -> None:
        try:
            await page.begin()
        except KioskError as error:
            failures.append(error)
            context.shell.leave(error.exit_code)
            return
        context.shell.redraw()
        threading.Thread(target=context.services.prepare, name="prepare", daemon=True).start()

    def first(shell: Shell) -> Page:
        context = Context(shell, config, load, language)
        contexts.append(context)
        page = HomePage(context)
        context.opening = asyncio.get_running_loop().create_task(open_up(context, page))
        return page

    async def idle(_: Shell) -> None:
        from screens.navigation import home  # noqa: PLC0415  (only a screen left alone needs it)

        if contexts and contexts[0].is_ready:
            with suppress(KioskError):  # the first screen stands, its lists are empty
                await home(contexts[0])

    def say(shell: Shell, error: KioskError) -> None:
        shell.push(Notice(contexts[0], contexts[0].t(f"problem.{error.code}")))

    async def has_news() -> bool:
        return bool(contexts) and await contexts[0].has_news()

    async def on_news(_: Shell) -> None:
        await contexts[0].take_news()

    options = ScreenOptions(
        crash_log=crash_log,
        too_small=(language.text("screen.too_small"), Language("en").text("screen.too_small")),
        idle_seconds=config.screens.idle_seconds or None,
        on_idle=idle,
        on_error=say,
        has_news=has_news,
        on_news=on_news,
    )
    code = KioskApp(first, options=options).serve()
    for context in contexts:
        if context.is_ready:
            context.services.close()
    for failure in failures:
        sys.stderr.write(f"kiosk: {language.text(f'problem.{failure.code}')}\n")
        if failure.detail:
            sys.stderr.write(f"kiosk: {failure.detail}\n")
    return failures[0].exit_code if failures else code

"""Starts the desk: the list of what waits, until it is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import tzinfo

from kiosk.errors import KioskError
from kiosk.language import Language
from kiosk.services.desk import DeskWork
from screens.app import KioskApp
from screens.base import Page, ScreenOptions, Shell
from screens.desk.context import DeskContext
from screens.desk.pages import told
from screens.desk.queue import QueuePage


def start_desk(
    desk: DeskWork,
    who: str,
    language: Language,
    crash_log: Callable[[BaseException], str],
    *,
    zone: tzinfo | None = None,
) -> int:
    """Runs the desk for the person called `who` until it is left; returns its exit code."""
    contexts: list[DeskContext] = []
    tasks: set[asyncio.Task[None]] = set()

    async def open_up(page: QueuePage, shell: Shell) -> None:
        await page.begin()
        shell.redraw()

    def first(shell: Shell) -> Page:
        context = DeskContext(shell, desk, language, who, zone)
        contexts.append(context)
        page = QueuePage(context)
        tasks.add(asyncio.get_running_loop().create_task(open_up(page, shell)))
        return page

    def say(shell: Shell, error: KioskError) -> None:
        shell.show(QueuePage(contexts[0], told(contexts[0], error).text))

    options = ScreenOptions(
        crash_log=crash_log,
        too_small=(language.text("screen.too_small"), Language("en").text("screen.too_small")),
        on_error=say,
    )
    try:
        return KioskApp(first, options=options).serve()
    finally:
        desk.close()

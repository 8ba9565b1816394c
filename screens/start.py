"""Starts the terminal program: the first page at once, Textual and the store behind it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kiosk.config import Config
from kiosk.errors import NEXT_PERSON, KioskError
from kiosk.language import Language
from screens.base import Companion, FirstPage, Page, ScreenOptions, Shell, Watcher
from screens.context import Context, Services
from screens.dialogs import Notice
from screens.first_frame import give_back, prepare_terminal
from screens.navigation import first_page, home
from screens.safe import safe_text
from screens.shell import PageShell
from screens.view import HEIGHT, WIDTH

if TYPE_CHECKING:  # the first page stands before it is read
    from screens.app import KioskApp


def start(
    config: Config,
    load: Callable[[], Services],
    crash_log: Callable[[BaseException], str],
    *,
    watcher: Watcher | None = None,
    practise: Callable[[], None] = lambda: None,
    opens: Callable[[Context], FirstPage] = first_page,
    companion: Companion | None = None,
    around: Callable[[Companion], Companion] | None = None,
    become: Callable[[Sequence[str]], None] = lambda _: None,
) -> int:
    """Runs the program until it is left; returns its exit code. `watcher` stands by.

    It begins with the page that `opens` gives, and `companion` goes along; `around` is put about whoever
    does so. `become` is called in the end where somebody chose to go on with another command.

    `load` opens the services in the store thread while the first page already stands. A store that cannot
    be opened ends the program with a sentence on standard error and the exit code of the error.
    `practise` is called in the end where somebody chose to practise first; it takes this program's place.
    """
    language = Language(config.kiosk.language)
    with _first_frame(opens, config, load, language):
        from screens.app import KioskApp  # noqa: PLC0415  (the first page stands before it is read)
    failures: list[KioskError] = []
    contexts: list[Context] = []

    def living() -> None:
        if watcher is not None and contexts and contexts[0].is_ready:
            watcher.alive()

    async def open_up(context: Context, page: FirstPage) -> None:
        try:
            await page.begin()
        except KioskError as error:
            failures.append(error)
            context.shell.leave(error.exit_code)
            return
        living()
        context.shell.redraw()
        threading.Thread(target=context.services.prepare, name="prepare", daemon=True).start()

    def first(shell: Shell) -> Page:
        context = Context(shell, config, load, language)
        contexts.append(context)
        page = opens(context)
        context.opening = asyncio.get_running_loop().create_task(open_up(context, page))
        return page

    async def idle(_: Shell) -> None:
        if contexts and contexts[0].session is not None:
            from screens.staff import turn  # noqa: PLC0415  (only a counter with staff is locked)

            await turn.lock(contexts[0])
        elif contexts and contexts[0].is_public:
            from screens.village.idle import ask  # noqa: PLC0415  (only a screen left alone needs it)

            await ask(contexts[0])
        elif contexts and contexts[0].is_ready:
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
        alive=living,
        unattended=config.profile == "village",
    )
    app = KioskApp(first, options=options)
    app.shell.around = around
    code = _served(app, companion)
    if watcher is not None and code == NEXT_PERSON:
        watcher.gone()  # what is done from now on keeps nobody waiting
    for context in contexts:
        if context.is_ready:
            context.services.close()
    _tell(failures, language)
    if any(context.practises for context in contexts) and not failures and not code:
        practise()
    for words in (context.becomes for context in contexts if context.becomes and not failures and not code):
        become(words)
    return failures[0].exit_code if failures else code


def _served(app: KioskApp, companion: Companion | None) -> int:
    """Runs it with somebody who goes along; the terminal is as it was found when this returns."""
    app.shell.accompany(companion)
    try:
        return app.serve()
    finally:
        give_back()


def _tell(failures: Sequence[KioskError], language: Language) -> None:
    """Says on standard error why the program could not go on."""
    for failure in failures:
        sys.stderr.write(f"kiosk: {language.text(f'problem.{failure.code}')}\n")
        if failure.detail:
            sys.stderr.write(f"kiosk: {failure.detail}\n")


@contextmanager
def _first_frame(
    opens: Callable[[Context], FirstPage], config: Config, load: Callable[[], Services], language: Language
) -> Iterator[None]:
    """Shows the first page, without its colours, while the slow imports of the body are made.

    If they fail, or the program is told to end meanwhile, the terminal is given back as it was.
    """
    codes = {signal.SIGTERM: 143, signal.SIGHUP: 129}

    def leave(number: int, _: object) -> None:
        raise SystemExit(codes[signal.Signals(number)])

    before = {number: signal.signal(number, leave) for number in codes}
    frame = _frame(opens, config, load, language) if _is_large() else ""
    signal.pthread_sigmask(signal.SIG_BLOCK, codes)  # not between taking the terminal and knowing of it
    shown = prepare_terminal(frame)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, codes)
        yield
    except BaseException:
        shown.restore()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _frame(
    opens: Callable[[Context], FirstPage], config: Config, load: Callable[[], Services], language: Language
) -> str:
    shell = PageShell(lambda: None, lambda _code: None)
    view = opens(Context(shell, config, load, language)).view(WIDTH, HEIGHT)
    shell.close()
    lines = ("".join(safe_text(span.text) for span in line).rstrip() for line in view.lines)
    return "\x1b[2J" + "".join(f"\x1b[{y};1H{line}" for y, line in enumerate(lines, 1) if line)


def _is_large() -> bool:
    """Whether the terminal has room for a page; one that is too small is told so later."""
    with suppress(OSError):
        columns, lines = os.get_terminal_size(sys.__stderr__.fileno() if sys.__stderr__ else 2)
        return columns >= WIDTH and lines >= HEIGHT
    return False

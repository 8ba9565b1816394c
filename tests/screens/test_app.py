import asyncio
import threading
from collections.abc import Callable

import pytest
from textual.app import App

from screens.app import KioskApp
from screens.base import Page, ScreenOptions, Shell
from screens.environment import clean_environment
from screens.keys import Key, Press
from screens.view import View
from tests.screens.driven import driven
from tests.screens.notepad import Notepad


async def test_the_first_page_is_shown_with_its_cursor() -> None:
    async with driven(lambda _: Notepad(text="SITI")) as kiosk:
        assert kiosk.lines[1] == "Text SITI"
        assert kiosk.lines[23] == "F10 next"
        assert kiosk.cursor == (9, 1)
        assert tuple(kiosk.app.cursor_position) == (9, 1)


async def test_a_key_goes_to_the_page_and_to_nobody_else() -> None:
    page = Notepad()
    async with driven(lambda _: page) as kiosk:
        await kiosk.press("a", "tab", "f1", "escape", "0", "space")
    assert page.presses == [
        Press(Key.TEXT, "a"),
        Press(Key.ENTER),
        Press(Key.HELP),
        Press(Key.NEXT),
        Press(Key.TEXT, " "),
    ]


@pytest.mark.parametrize(
    "door", ["ctrl+q", "ctrl+c", "ctrl+z", "ctrl+p", "ctrl+backslash", "ctrl+d", "f11", "escape"]
)
async def test_no_chord_is_a_way_out(door: str) -> None:
    page = Notepad()
    async with driven(lambda _: page) as kiosk:
        await kiosk.press(door, door, "a")
        assert kiosk.app.is_running
        assert len(kiosk.app.screen_stack) == 1
    assert page.presses == [Press(Key.TEXT, "a")]


def test_the_kiosk_binds_nothing() -> None:
    app = KioskApp(lambda _: Notepad(), options=ScreenOptions(crash_log=lambda _: ""))
    assert list(app._bindings) == []
    assert not app.use_command_palette
    assert list(App()._bindings), "the stock app has some, or this test shows nothing"


async def test_dialogs_lie_over_pages_and_the_last_page_stays() -> None:
    async with driven(lambda _: Notepad(text="under")) as kiosk:
        shell, under = kiosk.app.shell, kiosk.app.shell.top
        over = Notepad(text="over")
        shell.push(over)
        shell.redraw()
        assert "over" in kiosk.text
        await kiosk.type("!")
        assert over.text == "over!"
        shell.pop()
        shell.pop()
        assert shell.top is under
        shell.show(over)
        shell.pop()
        assert shell.top is over


async def failure_after(first: Callable[[Shell], Page], key: str) -> type[Exception] | None:
    """The kind of error that ended the program, with code 70, after this key."""
    try:
        async with driven(first) as kiosk:
            await kiosk.press(key)
            assert kiosk.app.return_code == 70
    except Exception as error:  # noqa: BLE001
        return type(error)
    return None


class Saver(Notepad):
    """Saves each text in the store thread before it takes the next."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.threads: set[str] = set()

    async def press(self, press: Press) -> None:
        assert self.shell is not None
        if press.key is Key.NEXT:
            await self.shell.run(self._fail, "NIK 9901")
        self.text += await self.shell.run(self._save, press.text)

    def _save(self, text: str) -> str:
        self.threads.add(threading.current_thread().name)
        return text.upper()

    def _fail(self, text: str) -> str:
        raise LookupError(text)


async def test_blocking_work_runs_in_one_thread_in_order() -> None:
    pages: list[Saver] = []

    def first(shell: Shell) -> Page:
        pages.append(Saver(shell))
        return pages[0]

    async with driven(first) as kiosk:
        await kiosk.type("kartu")
    assert pages[0].text == "KARTU"
    assert len(pages[0].threads) == 1
    assert threading.current_thread().name not in pages[0].threads


async def test_an_error_of_the_work_is_raised_in_the_page_and_ends_the_program() -> None:
    assert await failure_after(Saver, "f10") is LookupError


class Failing(Notepad):
    """Fails while it is drawn, once told to."""

    def view(self, width: int, height: int) -> View:
        if self.text:
            raise ZeroDivisionError
        return super().view(width, height)


async def test_an_error_while_drawing_ends_the_program() -> None:
    assert await failure_after(Failing, "x") is ZeroDivisionError


async def test_nothing_is_delivered_after_leaving() -> None:
    class Leaver(Notepad):
        async def press(self, press: Press) -> None:
            await super().press(press)
            kiosk.app.leave(3)

    page = Leaver()
    async with driven(lambda _: page) as kiosk:
        for press in (Press(Key.TEXT, "a"), Press(Key.TEXT, "b")):
            kiosk.app.pipeline.put(press)
        await kiosk.app.pipeline.settle()
        assert kiosk.app.return_code == 3
    assert page.text == "a"


async def test_a_small_window_asks_for_a_larger_one_and_loses_no_key() -> None:
    async with driven(
        lambda _: Notepad(), size=(60, 20), too_small=("Terlalu kecil.", "Too small.")
    ) as kiosk:
        assert kiosk.text.strip() == "Terlalu kecil.\nToo small."
        await kiosk.type("abc")
        await kiosk.resize(100, 30)
        assert kiosk.lines[1] == "Text abc"
        assert kiosk.lines[29] == "F10 next"


class Countdown(Notepad):
    """Counts its seconds; asks for a redraw at every second one."""

    seconds = 0

    def tick(self) -> bool:
        self.seconds += 1
        self.text = str(self.seconds)
        return self.seconds % 2 == 0


async def test_only_the_page_on_top_is_ticked() -> None:
    page = Countdown()
    async with driven(lambda _: page) as kiosk:
        kiosk.app._on_second()
        assert "Text 1" not in kiosk.text
        kiosk.app._on_second()
        assert "Text 2" in kiosk.text
        kiosk.app.shell.push(Notepad())
        kiosk.app._on_second()
    assert page.seconds == 2


async def test_idleness_is_told_once_until_the_next_key() -> None:
    calls: list[Shell] = []

    async def on_idle(shell: Shell) -> None:
        calls.append(shell)

    async with driven(lambda _: Notepad(), idle_seconds=0.0, on_idle=on_idle) as kiosk:
        for expected in (1, 1):
            kiosk.app._on_second()
            await kiosk.app.pipeline.settle()
            assert len(calls) == expected
        await kiosk.press("a")
        kiosk.app._on_second()
        await kiosk.app.pipeline.settle()
    assert calls == [kiosk.app.shell] * 2


async def test_somebody_who_types_is_not_idle() -> None:
    async def on_idle(_: Shell) -> None:
        pytest.fail("not idle")

    async with driven(lambda _: Notepad(), idle_seconds=60, on_idle=on_idle) as kiosk:
        await kiosk.press("a")
        kiosk.app._on_second()
        await kiosk.app.pipeline.settle()


async def test_idleness_waits_for_the_press_being_taken() -> None:
    order: list[str] = []
    released = asyncio.Event()

    class Slow(Notepad):
        async def press(self, press: Press) -> None:
            await released.wait()
            order.append(press.text)

    async def on_idle(_: Shell) -> None:
        order.append("idle")

    async with driven(lambda _: Slow(), idle_seconds=0.0, on_idle=on_idle) as kiosk:
        kiosk.app.pipeline.put(Press(Key.TEXT, "a"))
        kiosk.app._on_second()
        released.set()
        await kiosk.app.pipeline.settle()
    assert order == ["a", "idle"]


async def test_text_with_markup_is_text() -> None:
    async with driven(lambda _: Notepad(text="[/] [red]x[/red] [@click=app.quit]y[/]")) as kiosk:
        assert kiosk.lines[1] == "Text [/] [red]x[/red] [@click=app.quit]y[/]"


def test_the_environment_opens_no_doors() -> None:
    environ = {
        "TEXTUAL": "devtools",
        "TEXTUAL_SCREENSHOT": "1",
        "COLUMNS": "10",
        "LINES": "2",
        "PATH": "/bin",
    }
    clean_environment(environ)
    assert environ == {"PATH": "/bin"}

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from screens.theme import COLOUR, NO_COLOUR, palette
from screens.view import ROLES, Line, Span, View
from screens.widgets.sheet import Sheet
from tests.screens.driven import driven
from tests.screens.notepad import Notepad

SIZE = (40, 6)


class Bench(Sheet):
    """A sheet on a terminal of its own, outside an app."""

    def __init__(self) -> None:
        super().__init__(COLOUR)
        self.terminal = pyte.Screen(*SIZE)
        self._stream = pyte.Stream(self.terminal)

    @property
    def terminal_size(self) -> tuple[int, int]:
        return SIZE

    def show(self, view: View) -> str:
        """Draw the view; returns what was sent."""
        sent = "".join(self.changes()) if self.update(view) else ""
        self._stream.feed(sent)
        return sent


words = st.text(st.sampled_from("abc  ____é李语\u0301\x1b\u202e"), max_size=50)
spans = st.builds(Span, words, st.sampled_from(sorted(ROLES)))
views = st.builds(View, st.lists(st.lists(spans, max_size=3).map(tuple), max_size=8).map(tuple))


@given(st.lists(views, min_size=2, max_size=5))
def test_drawing_the_difference_shows_the_same_as_drawing_afresh(history: list[View]) -> None:
    sheet, fresh = Bench(), Bench()
    for view in history:
        sheet.show(view)
    fresh.show(history[-1])
    assert sheet.terminal.display == fresh.terminal.display
    for y in range(SIZE[1]):
        assert [sheet.terminal.buffer[y][x] for x in range(SIZE[0])] == [
            fresh.terminal.buffer[y][x] for x in range(SIZE[0])
        ]


def one(*spans: Span) -> View:
    return View((spans,), (0, 0))


def test_a_key_sends_its_cell_alone() -> None:
    sheet = Bench()
    sheet.show(one(Span("Nama "), Span("BUD_________", "focus")))
    assert len(sheet.show(one(Span("Nama "), Span("BUDI________", "focus")))) < 40


def test_an_equal_view_sends_nothing() -> None:
    sheet = Bench()
    sheet.show(one(Span("Nama")))
    assert sheet.show(one(Span("Nama"))) == ""


def test_a_line_that_grew_shorter_is_erased_to_its_end() -> None:
    sheet = Bench()
    sheet.show(one(Span("x" * 40)))
    sent = sheet.show(one(Span("x")))
    assert sheet.terminal.display[0].rstrip() == "x"
    assert len(sent) < 30


def test_the_cursor_is_shown_at_every_drawing_and_hidden_only_on_request() -> None:
    sheet = Bench()
    assert sheet.show(View((), (3, 2))).endswith("\x1b[?25h")
    assert sheet.show(View((), None)).endswith("\x1b[?25l")


def test_text_passes_the_gate() -> None:
    sheet = Bench()
    sent = sheet.show(one(Span("\x1b]0;owned\x07\x9b31m\u202eABC", "value")))
    assert "\x1b]" not in sent
    assert "\x9b" not in sent
    assert sheet.text[0] == "?]0;owned??31mABC"


@pytest.mark.parametrize("looks", [COLOUR, NO_COLOUR])
def test_every_role_has_its_looks(looks: dict[str, Style]) -> None:
    assert looks.keys() == ROLES


def test_the_looks_need_eight_colours_and_no_blinking() -> None:
    for style in COLOUR.values():
        assert not style.blink
        for colour in (style.color, style.bgcolor):
            assert colour is None or (colour.number is not None and colour.number < 8)
        assert (style.color is None) == (style.bgcolor is None), "half a pair may vanish on the other ground"


def test_without_colour_there_is_none_and_what_matters_still_stands_out() -> None:
    assert all(style.color is None and style.bgcolor is None for style in NO_COLOUR.values())
    assert all(NO_COLOUR[role] != NO_COLOUR["plain"] for role in ("focus", "mark", "warn", "error", "header"))


def test_no_color_and_bare_terminals_choose_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "linux")
    assert palette() is COLOUR
    monkeypatch.setenv("NO_COLOR", "1")
    assert palette() is NO_COLOUR
    assert palette(colour=True) is COLOUR
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "vt100")
    assert palette() is NO_COLOUR


async def test_textual_sees_the_same_lines() -> None:
    async with driven(lambda _: Notepad()) as kiosk:
        await kiosk.type("abc")
        strips = [kiosk.app.sheet.render_line(y) for y in range(24)]
        assert [strip.text.rstrip() for strip in strips] == kiosk.lines
        assert all(strip.cell_length == 80 for strip in strips)


def test_an_unknown_role_is_plain() -> None:
    line: Line = (Span("x", "nonsense"),)
    sheet = Bench()
    sheet.show(View((line,)))
    assert sheet.terminal.buffer[0][0] == pyte.screens.Char("x")

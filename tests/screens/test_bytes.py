import re
import select
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.journeys.terminal import XTERM, Terminal

OURS = re.compile(
    rb"\x1b\[(?:\d+;\d+H|[\d;]*m|K|[23]J|\?(?:1049|25|1004|2004|7)[hl]|>25u|<u)"
    rb"|\r?\n"
)
"""Every control sequence the program itself may send."""

HOSTILE = (
    r"A\x1b]0;owned\x07B\x1b[2J\x1b[31mC\x9b5mD\x90q\x9cE\x1bPq\x1b\\F\x1bcG\x08\x0d\x0a\x0b\x7f"
    r"H\u202eI\u2066J\u200eK\u061cL\u2028M\x00N\x1b[6nO\x1b[5iP\x0e\x0fQ\x85R\ud800S\U000e0041T\u0301\u0301\u0301\u0301\u0301U"
)


def program(tmp_path: Path, text: str = "", **env: str) -> Terminal:
    return Terminal.python("-m", "tests.screens.pty_program", str(tmp_path / "log"), text, env=env)


def stray(output: bytes) -> set[bytes]:
    """The control bytes in the output that belong to none of our own sequences."""
    text = OURS.sub(b"", output).decode()
    return {character.encode() for character in text if not character.isprintable()}


def test_no_byte_of_a_hostile_name_acts(tmp_path: Path) -> None:
    with program(tmp_path, HOSTILE) as kiosk:
        kiosk.wait_for("READY")
        kiosk.wait_quiet()
        assert stray(bytes(kiosk.output)) == set()
        row = kiosk.screen.display[1]
        assert row.startswith("Name A?]0;owned?B?[2J?[31mC?5mD?q?E")
        kiosk.send(XTERM["F10"])
        assert kiosk.end() == 5


def test_the_same_name_acts_where_the_gate_is_not() -> None:
    name = HOSTILE.encode().decode("unicode_escape").encode("utf-8", "replace")
    assert {b"\x1b", b"\x07", b"\xc2\x9b", b"\xe2\x80\xae"} <= stray(name)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x1b"), max_size=30), max_size=30)
)
def test_nothing_typed_or_pasted_acts(texts: list[str], hostile_kiosk: Terminal) -> None:
    start = len(hostile_kiosk.output)
    for text in texts:
        hostile_kiosk.send(f"\x1b[200~{text}\x1b[201~", "k")
    hostile_kiosk.wait_quiet(0.02)
    assert stray(bytes(hostile_kiosk.output[start:])) == set()


@pytest.fixture
def hostile_kiosk(tmp_path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201
    with program(tmp_path) as kiosk:
        kiosk.wait_for("READY")
        yield kiosk


def test_noise_on_the_line_does_not_end_the_program(tmp_path: Path) -> None:
    with program(tmp_path) as kiosk:
        kiosk.wait_for("READY")
        kiosk.send(bytes(range(0x80, 0xA0)), b"\xff\xfe", b"\x00\x01\x02", "Z")
        kiosk.wait_for(f"Name {'?' * 34}Z")
        kiosk.send(XTERM["F10"])
        assert kiosk.end() == 5


def test_first_paint_and_a_key_cost_little_and_rest_costs_nothing(tmp_path: Path) -> None:
    with program(tmp_path) as kiosk:
        kiosk.wait_for("F10")
        kiosk.wait_quiet()
        assert len(kiosk.output) <= 6000
        before = len(kiosk.output)
        kiosk.send("a")
        kiosk.wait_for("Name a")
        kiosk.wait_quiet()
        assert 0 < len(kiosk.output) - before <= 200
        before = len(kiosk.output)
        assert not select.select([kiosk.fd], [], [], 2.5)[0]
        assert len(kiosk.output) == before


@pytest.mark.parametrize(
    ("env", "colour"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "vt100"}, False)]
)
def test_colours_are_the_eight_or_none(tmp_path: Path, env: dict[str, str], *, colour: bool) -> None:
    with Terminal.python("-m", "tests.journeys.typing_program", str(tmp_path / "r"), env=env) as kiosk:
        kiosk.wait_for("Page 1")
        kiosk.wait_quiet()
        codes = {
            int(n) for found in re.findall(rb"\x1b\[([\d;]*)m", kiosk.output) for n in found.split(b";") if n
        }
        assert codes <= {0, 1, 4, 7} | (set(range(30, 38)) | set(range(40, 48)) if colour else set())
        assert bool(codes & set(range(30, 48))) is colour


def test_the_hardware_cursor_stands_at_the_field_at_all_times(tmp_path: Path) -> None:
    with Terminal.python("-m", "tests.journeys.typing_program", str(tmp_path / "r")) as kiosk:
        kiosk.wait_for("Page 1")
        for text, place in (("", (8, 1)), ("ab", (10, 1)), ("\r", (8, 2)), ("x", (9, 2))):
            kiosk.send(text)
            kiosk.wait_until(lambda p=place: (kiosk.screen.cursor.x, kiosk.screen.cursor.y) == p)  # type: ignore[misc]
            assert not kiosk.screen.cursor.hidden


def test_the_doors_in_the_environment_are_closed(tmp_path: Path) -> None:
    with program(
        tmp_path, TEXTUAL="debug,devtools", TEXTUAL_LOG=str(tmp_path / "keys"), COLUMNS="20"
    ) as kiosk:
        kiosk.wait_for("READY")
        kiosk.send("secret", XTERM["F10"])
        assert kiosk.end() == 5
        assert not (tmp_path / "keys").exists()


def test_keys_typed_before_the_imports_are_kept(tmp_path: Path) -> None:
    with program(tmp_path) as kiosk:
        kiosk.wait_until(kiosk.is_raw, "raw mode")
        assert b"READY" not in kiosk.output
        kiosk.send("\x7f" * 5000, "\x03BUDI\x04 SANTOSO\x11", b"\x1bO")
        kiosk.send(b"B!")
        kiosk.wait_for("Name BUDI SANTOSO!")
        assert b"BUDI" not in kiosk.output[: kiosk.output.index(b"READY")]


def test_a_failing_start_gives_the_terminal_back() -> None:
    code = "from screens.first_frame import *\nwith prepare_terminal('Sebentar...'):\n    raise SystemExit(3)"
    with Terminal([sys.executable, "-c", code]) as kiosk:
        assert kiosk.end() == 3
        assert termios.tcgetattr(kiosk.fd) == kiosk.modes
        assert b"Sebentar..." in kiosk.output
        assert kiosk.output.index(b"\x1b[?1049l") > kiosk.output.index(b"Sebentar...")

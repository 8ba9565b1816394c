import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.terminal import XTERM, Terminal

FIELDS = [
    ["3173011208800003", "BUDI SANTOSO", "12-08-1980", "Jl. Melati 7", "081234567890"],
    ["9917305503830011", "SITI AMINAH", "15-03-1983", "Ibu rumah tangga", "é, ñ dan 李"],
    ["OTONG [/] ^1", "1234567890=-", "a" * 40, "Kelas II", "selesai"],
]

NEXT = XTERM["F10"]
HELP_AND_BACK = XTERM["F1"] + XTERM["F3"]
HELP_AND_BACK_BY_TWINS = b"\x1b1" + b"\x1b3"


def keys(*, twins: bool = False) -> bytes:
    """Everything a person in a hurry types: fields, slips of the finger, a look at the help, dialogs."""
    forward, aside = (b"\x1b0", HELP_AND_BACK_BY_TWINS) if twins else (NEXT, HELP_AND_BACK)
    typed = []
    for page in FIELDS:
        for number, value in enumerate(page):
            slip = b"x\x7f" if number % 2 else b"\x1b[A" * (number == 0)
            typed += [slip, value.encode(), aside if number == 2 else b""]
            typed.append((b"\r", b"\t", b"\n", b"\r", forward)[number])
        typed.append(b"dropped by the dialog" + forward)
    return b"".join(typed)


def register(terminal: Terminal, result: Path, pieces: list[bytes]) -> list[list[str]] | None:
    """Type the pieces, each in one write; the fields that the program has kept."""
    terminal.wait_for("Page 1")
    for piece in pieces:
        terminal.send(piece)
    terminal.end()
    fields: list[list[str]] | None = json.loads(result.read_text()) if result.exists() else None
    return fields


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return tmp_path / "result.json"


@pytest.fixture
def program(result: Path) -> Iterator[Terminal]:
    with Terminal.python("-m", "tests.journeys.typing_program", str(result)) as terminal:
        yield terminal


def test_there_are_enough_keys() -> None:
    assert len(keys()) > 225


@pytest.mark.parametrize("twins", [False, True], ids=["F-keys", "Esc twins"])
def test_all_keys_at_once_land_in_their_fields(program: Terminal, result: Path, *, twins: bool) -> None:
    assert register(program, result, [keys(twins=twins)]) == FIELDS


@pytest.mark.parametrize("twins", [False, True], ids=["F-keys", "Esc twins"])
@pytest.mark.parametrize("seed", range(3))
def test_however_the_line_cuts_them(program: Terminal, result: Path, seed: int, *, twins: bool) -> None:
    data, chance = keys(twins=twins), random.Random(seed)
    cuts = sorted(
        {n for n in range(1, len(data)) if data[n - 1 : n] in (b"\x1b", b"[", b"O") or chance.random() < 0.1}
    )
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert len(pieces) > 50
    assert register(program, result, pieces) == FIELDS


def test_keys_typed_before_the_first_page_is_there(program: Terminal, result: Path) -> None:
    program.wait_until(program.is_raw, "raw mode")
    program.send(keys())
    program.end()
    assert json.loads(result.read_text()) == FIELDS


def test_without_awaiting_each_effect_they_go_astray(result: Path) -> None:
    with Terminal.python("-m", "tests.journeys.typing_program", str(result), "--unsettled") as terminal:
        terminal.patience = 3.0
        try:
            fields = register(terminal, result, [keys()])
        except AssertionError:
            fields = None
    assert fields != FIELDS

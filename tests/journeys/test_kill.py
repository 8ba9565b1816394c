"""The plug is pulled in the middle of a family: what was accepted with Enter is there, at its place."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.journeys.commands import OwnKiosk
from tests.journeys.families import as_stored, keys_of, of, only_one, screens
from tests.journeys.terminal import XTERM, Terminal
from tests.journeys.test_registration import DONE, START, until

F10 = XTERM["F10"]


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path)


def kill(terminal: Terminal) -> None:
    terminal.signal(signal.SIGKILL)
    assert terminal.end() == -signal.SIGKILL


def value(terminal: Terminal, label: str) -> str:
    """What a row shows."""
    row = next(line for line in terminal.screen.display if line[1:].lstrip("> ").startswith(f"{label} "))
    return str(row[24:]).strip()


def test_members_are_taken_up_at_the_very_row(own: OwnKiosk) -> None:
    keys = keys_of(own, of(2))
    with screens(own) as terminal:
        terminal.wait_for(START)
        head, _, _ = keys.partition(b"siti")
        terminal.send(head, b"siti santoso\r")
        until(terminal, "Hubungan")
        terminal.send("9")
        terminal.wait_until(lambda: terminal.screen.display[terminal.screen.cursor.y][24] == "9", "the 9")
        kill(terminal)
    with screens(own) as terminal:
        terminal.wait_for("3/8 kurang")
        terminal.send("1\r")
        until(terminal, "Hubungan")
        assert value(terminal, "Nama lengkap") == "SITI SANTOSO"
        assert value(terminal, "NIK").startswith("990101 550383")
        assert value(terminal, "Hubungan").startswith("3 Istri")
        assert "BUDI SANTOSO" in terminal.text


@pytest.mark.parametrize("part", [0.1, 0.35, 0.6, 0.85])
def test_wherever_it_is_pulled_every_accepted_answer_is_there(own: OwnKiosk, part: float) -> None:
    """Enters are counted: as many answers as were accepted before the last frame are in the draft."""
    family = of(2)
    keys = keys_of(own, family)
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(keys[: int(len(keys) * part)])
        terminal.wait_until(lambda: "/8 " in terminal.screen.display[1], "a step")
        terminal.wait_quiet()
        before, place = terminal.text.splitlines()[1:21], terminal.screen.cursor.y
        kill(terminal)
    with screens(own) as terminal:
        terminal.wait_for("/8 kurang")
        terminal.send("1\r")
        terminal.wait_until(lambda: "/8 " in terminal.screen.display[1], "a step")
        terminal.wait_until(lambda: terminal.screen.cursor.y == place, "the row")
        terminal.wait_quiet()
        after = terminal.text.splitlines()[1:21]
        row = place - 1
        kept = [line for index, line in enumerate(before) if index != row]
        assert [line for index, line in enumerate(after) if index != row] == kept
        assert after[row][:23] == before[row][:23]


def test_killed_at_the_last_key_it_is_registered_once_or_still_a_draft(own: OwnKiosk) -> None:
    family = of(1)
    keys = keys_of(own, family)
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(keys[: -len(F10)])
        terminal.wait_for("Tekan F10 untuk mendaftarkan")
        terminal.send(F10)
        kill(terminal)
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.wait_until(lambda: "7/8 kurang" in terminal.text or "L-0001-" in terminal.text, "it")
        if "7/8 kurang" in terminal.text:
            terminal.send("1\r", F10)
            terminal.wait_for(DONE)
    assert only_one(own)["family"] == as_stored(family)


def test_what_was_seen_as_stored_is_stored(own: OwnKiosk) -> None:
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(keys_of(own, of(1)))
        terminal.wait_for(DONE)
        kill(terminal)
    assert only_one(own)["family"] == as_stored(of(1))

"""The classroom in a real terminal: a lesson, and a case from its paper to its debrief."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.training.lessons import course
from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import ROOT, XTERM, Terminal

KEYS = {"enter": b"\r", "help": XTERM["F1"], "back": XTERM["F3"], "next": XTERM["F10"]} | {
    "page_down": XTERM["PAGE_DOWN"]
}


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path)


def classroom(own: OwnKiosk) -> Terminal:
    terminal = Terminal.python("-m", "kiosk", "training", "menu", "--seed", "7", env=own.env)
    terminal.patience = 60.0
    return terminal


def raw_keys(own: OwnKiosk, case: str, *more: str) -> bytes:
    done = own.run("keys", ROOT / "data" / "training" / f"{case}.toml", "--raw", "--seed", "7", *more)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_lesson_typed_ahead_and_where_it_was_left_after_a_kill(own: OwnKiosk) -> None:
    first = course().lessons[0]
    keys = [KEYS[tap.key] for exercise in first.exercises[:6] for tap in exercise.keys]
    with classroom(own) as terminal:
        terminal.send("1\r1\r", *keys)
        terminal.wait_for("7/10")
    with classroom(own) as terminal:
        terminal.send("1\r")
        terminal.wait_for("lanjut di 7/10")
        terminal.send(XTERM["F3"], XTERM["F3"], XTERM["F12"], XTERM["F10"])
        assert terminal.end() == 0
        assert not terminal.is_raw()


def test_a_perfect_run_of_a_case_from_the_list_is_recorded_and_shown_again(own: OwnKiosk) -> None:
    keys = raw_keys(own, "keluarga-baru")
    with classroom(own) as terminal:
        terminal.wait_for("Latihan kasus")
        terminal.send("2\r")
        terminal.wait_for("Keluarga baru, dua orang")
        terminal.send(XTERM["F5"], "1\r")
        terminal.wait_for("F10 Mulai")
        terminal.send(keys)
        terminal.wait_for("8/8")
        terminal.send(XTERM["F12"])
        terminal.wait_for("100 dari 100")
        terminal.send(XTERM["F10"])
        terminal.wait_for("1 dari")
        terminal.send("5\r")
        terminal.wait_for("Del Hapus")
        terminal.send("1\r")
        terminal.wait_for("Rekaman selesai")
        terminal.send("\r")
        terminal.wait_for("1 dari")
        terminal.send(XTERM["F3"])
        terminal.wait_for("F12 Selesai")
        terminal.send(XTERM["F12"], XTERM["F10"])
        assert terminal.end() == 0
        assert not terminal.is_raw(), "the terminal is as it was, two programs later"
    assert own.stored() == []
    (recording,) = (own.folder / "store" / "training" / "recordings").iterdir()
    assert "8/8" in recording.read_text("utf-8")


def test_a_case_with_a_power_cut_goes_on_and_comes_back_to_the_classroom(own: OwnKiosk) -> None:
    first, second = (raw_keys(own, "listrik-padam", "--part", part) for part in "12")
    with classroom(own) as terminal:
        terminal.wait_for("Latihan kasus")
        terminal.send("2\r")
        terminal.wait_for("Listrik padam")
        number = next(line.split()[0] for line in terminal.text.splitlines() if "Listrik padam" in line)
        terminal.send(number, "\r")
        terminal.wait_for("F10 Mulai")
        terminal.send(first)
        terminal.wait_until(lambda: not terminal.is_raw(), "the cut")
        terminal.send("\n")
        terminal.wait_for("F2 Kertas")
        terminal.send(second)
        terminal.wait_for("8/8")
        terminal.send(XTERM["F12"])
        terminal.wait_for("100 dari 100")
        terminal.send(XTERM["F10"], XTERM["F3"])
        terminal.wait_for("F12 Selesai")
        terminal.send(XTERM["F12"], XTERM["F10"])
        assert terminal.end() == 0

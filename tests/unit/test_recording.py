"""Recordings: what was drawn, when, and nothing that a terminal should not be told."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pyte
import pytest

from kiosk.errors import KioskError
from kiosk.training.recording import Event, Recording, read_recording, waits


def recorded(path: Path, *frames: list[str], go_on: bool = False) -> Path:
    """A recording of these frames, a second apart."""
    moments = iter(range(1000))
    recording = Recording(path, title="Latihan", go_on=go_on, now=lambda: float(next(moments)))
    for lines in frames:
        recording.frame(lines, (2, 1))
    recording.close()
    assert not recording.failed
    return path


def shown(path: Path) -> list[list[str]]:
    """The screen after each event, as a terminal has it."""
    screen = pyte.Screen(80, 24)
    stream = pyte.Stream(screen)
    found = []
    for event in read_recording(path):
        stream.feed(event.data)
        found.append([line.rstrip() for line in screen.display if line.strip()])
    return found


def test_a_terminal_shows_again_what_was_drawn(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.cast", ["satu", "dua"], ["satu", "\x1b[1mtiga\x1b[0m"], ["", "tiga"])
    assert shown(path) == [["satu", "dua"], ["satu", "tiga"], ["tiga"]]
    head = json.loads(path.read_text("utf-8").splitlines()[0])
    assert {key: head[key] for key in ("version", "width", "height", "title")} == {
        "version": 2, "width": 80, "height": 24, "title": "Latihan",
    }  # fmt: skip
    assert [event.at for event in read_recording(path)] == [1.0, 2.0, 3.0]


def test_what_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.cast", ["satu", "dua"], ["satu", "tiga"])
    assert path.read_text("utf-8").count("satu") == 1


def test_no_recording_is_written_over(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.cast", ["satu"])
    with pytest.raises(KioskError, match=r"recording\.exists"):
        Recording(path, title="x")
    with pytest.raises(KioskError, match=r"recording\.io"):
        Recording(tmp_path / "none" / "a.cast", title="x")


def test_one_that_the_power_cut_goes_on_behind_what_is_whole(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.cast", ["satu"], ["dua"])
    with path.open("ab") as file:
        file.write(b'[9.5, "o", "tig')
    assert len(shown(path)) == 2
    recorded(path, ["empat"], go_on=True)
    assert shown(path)[-1] == ["empat"]
    assert [event.at for event in read_recording(path)] == [1.0, 2.0, 3.0]


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.cast", title="x")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, recording._file.fileno())
    os.close(full)
    recording.frame(["satu"], None)
    assert recording.failed
    recording.frame(["dua"], None)
    recording.close()


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b]0;title\x07",
        "\x1b[?1049h",
        "\x1b[6n",
        "\x1bc",
        "\x1b]52;c;AAAA\x1b\\",
        "\x07\x00\x9b31m",
        "\x1b[5i",
    ],
)
def test_what_a_recording_never_holds_reaches_no_terminal(tmp_path: Path, hostile: str) -> None:
    path = tmp_path / "a.cast"
    path.write_text(f'{{"version": 2}}\n{json.dumps([0.1, "o", f"A{hostile}B"])}\n', "utf-8")
    (event,) = read_recording(path)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", event.data)
    assert event.data.startswith("A")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("{}\n", 1),
        ('{"version": 1}\n', 1),
        ('[0.1, "o", "x"]\n', 1),
        ('{"version": 2}\n[0.1, "i", "x"]\n', 2),
        ('{"version": 2}\n[0.1, "o"]\n', 2),
        ('{"version": 2}\nx\n', 2),
        ('{"version": 2}\n[2, "o", "x"]\n[1, "o", "x"]\n', 3),
        ('{"version": 2}\n[1e99, "o", "x"]\n', 2),
    ],
)
def test_what_is_no_recording_is_refused_by_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "a.cast"
    path.write_text(text, "utf-8")
    with pytest.raises(KioskError) as caught:
        list(read_recording(path))
    assert (caught.value.code, caught.value.detail) == ("recording.malformed", f"{path}, line {line}")


def test_long_pauses_are_cut_and_the_speed_holds() -> None:
    events = iter([Event(0.5, "a"), Event(1.5, "b"), Event(61.5, "c")])
    assert list(waits(events, speed=2.0, longest=2.0)) == [(0.25, "a"), (0.5, "b"), (2.0, "c")]

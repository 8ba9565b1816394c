# ruff: noqa: E501 - a row of a table stands on one line
"""Scenarios: those that come along can be played, and a bad file is refused by file, line and key."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from kiosk.errors import KioskError
from kiosk.resources import data_dir
from kiosk.training.lines import line_of, lines_of_keys
from kiosk.training.scenario import Kind, find_scenarios, read_scenario
from tests.builders import a_rulebook

SHIPPED = data_dir() / "training"
FILES = find_scenarios([SHIPPED])


@pytest.mark.parametrize("name", FILES)
def test_a_shipped_scenario_can_be_played(name: str) -> None:
    scenario = read_scenario(FILES[name], a_rulebook)
    assert scenario.id == name
    assert scenario.says
    rules = a_rulebook(scenario.today)
    assert scenario.draft(rules).member_count
    for one in scenario.difficulties:
        assert one.why, f"{name}: {one.kind} says nothing afterwards"


def broken(tmp_path: Path, name: str, old: str, new: str) -> str:
    """What is said of a shipped scenario in which `old` was replaced; ends with the line of `new`."""
    text = FILES[name].read_text("utf-8")
    assert text.count(old) >= 1, old
    file = tmp_path / f"{name}.toml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(KioskError) as caught:
        read_scenario(file, a_rulebook)
    assert caught.value.code == "scenario.file"
    assert caught.value.detail.startswith(f"{file}, line ")
    return caught.value.detail.removeprefix(f"{file}, ")


def line_with(name: str, text: str) -> int:
    lines = FILES[name].read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize(
    ("name", "change", "at", "says"),
    [
        ("keluarga-baru", ("level = 1", "level = 9"), "level =", "level must be one of 1, 2, 3"),
        ("keluarga-baru", ("level = 1", "level = \"1\""), "level =", "level must be a whole number"),
        ("keluarga-baru", ("level = 1", "level = 1\nhint = 2"), "today", "hint is unknown"),
        ("keluarga-baru", ("today = 2026-11-23", "today = \"2026-11-23\""), "today", "today must be a day"),
        ("keluarga-baru", ("wants = \"M", "wants = \"\\u001b[2JM"), "wants", "wants must be one line"),
        ("keluarga-baru", ("fktp = \"99010001\"", "fktp = \"99019999\""), "fktp", "expected.fktp is refused: fktp.unknown"),
        ("keluarga-baru", ("sex = \"P\"", "sex = \"X\""), "sex = \"P\"", "expected.members[1].sex is refused: sex.choice"),
        ("keluarga-baru", ("9901016209900022\"", "9901016209900023\""), "9901016209900022\"", "expected.members[1].nik stands neither on the paper nor in what is said"),
        ("keluarga-baru", ("nik = \"9901011407880021\"", "nik = \"3173051407880021\""), "nik = \"9901011407880021\"", "expected.members[0].nik is refused: nik.not_training"),
        ("keluarga-baru", ("rt = \"002\"", "rtt = \"002\""), "rt = \"002\"", "expected.address.rtt is refused: key.unknown"),
        ("nama-di-ktp", ("field = \"members[1].name\"", "field = \"members[7].name\""), "field =", "difficulty[0].field is no answer of the expected family"),
        ("nama-di-ktp", ("paper = \"MARIA YULI\"", "paper = \"MARYAM\""), "paper = \"MARIA", "difficulty[0].paper must be another"),
        ("nama-di-ktp", ("kind = \"name_differs\"", "kind = \"name_differ\""), "kind =", "difficulty[0].kind must be one of"),
        ("nama-di-ktp", ("kind = \"name_differs\"", "kind = \"otp_never_comes\""), "field =", "difficulty[0].field is unknown"),
        ("nama-di-ktp", ("kind = \"name_differs\"\nfield = \"members[1].name\"\npaper = \"MARIA YULI\"", "kind = \"head_elsewhere\""), "kind =", "difficulty[0].kind needs a [[known]] head"),
        ("bayi-tanpa-nik", ("segment = \"PBI_JK\"", "segment = \"PBI\""), "segment =", "known[0].segment is refused: segment.choice"),
        ("bayi-tanpa-nik", ("segment = \"PBI_JK\"", "segment = \"PPU_BU\""), "[[expected.members]]", "expected.members[0].nik is refused: newborn.not_here"),
    ],
)  # fmt: skip
def test_a_bad_scenario_is_refused_by_line_and_key(
    tmp_path: Path, name: str, change: tuple[str, str], at: str, says: str
) -> None:
    told = broken(tmp_path, name, *change)
    assert told.startswith(f"line {line_with(name, at)}: {says}"), told


def test_what_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('title = "a"\nlevel = = 2\n', "utf-8")
    with pytest.raises(KioskError, match=r"at line 2"):
        read_scenario(file, a_rulebook)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(KioskError, match=r"scenario\.file"):
        read_scenario(file, a_rulebook)
    with pytest.raises(KioskError, match="No such file"):
        read_scenario(tmp_path / "none.toml", a_rulebook)


@pytest.mark.parametrize("key", ["title", "level", "today", "paper", "says", "wants", "expected"])
def test_what_is_missing_is_named(tmp_path: Path, key: str) -> None:
    file = tmp_path / "x.toml"
    text = FILES["keluarga-baru"].read_text("utf-8")
    file.write_text(re.sub(rf"(?m)^(\[?){key}\b", rf"\g<1>{key}s", text, count=1), "utf-8")
    with pytest.raises(KioskError) as caught:
        read_scenario(file, a_rulebook)
    assert f"{key}s is unknown" in caught.value.detail


def test_the_same_difficulty_is_planted_once(tmp_path: Path) -> None:
    twice = '[[difficulty]]\nkind = "newborn_without_nik"\n\n[[known]]'
    assert "difficulty[1].kind is there twice" in broken(tmp_path, "bayi-tanpa-nik", "[[known]]", twice)


def test_a_folder_of_a_trainer_goes_before_what_comes_along(tmp_path: Path) -> None:
    (tmp_path / "keluarga-baru.toml").write_text("", "utf-8")
    found = find_scenarios([SHIPPED, tmp_path])
    assert found["keluarga-baru"].parent == tmp_path
    assert found["nama-di-ktp"].parent == SHIPPED


def test_the_lines_of_keys_are_found_around_texts_and_lists_of_tables() -> None:
    text = 'a = """\n[no]\nb = 1\n"""\nc.d = 2\n[t]\nb = 3\n[[m]]\nb = 4\n[m.in]\nx = 1\n[[m]]\n"b" = 5\n'
    lines = lines_of_keys(text)
    found = {path: line_of(path, lines) for path in (
        ("a",), ("c", "d"), ("t", "b"), ("m", 0, "b"), ("m", 0, "in", "x"), ("m", 1, "b"), ("m", 1, "gone"), ("gone",),
    )}  # fmt: skip
    assert list(found.values()) == [1, 5, 7, 9, 11, 13, 12, 1]


def test_the_day_of_a_scenario_decides(tmp_path: Path) -> None:
    """The baby is too old for it three months later."""
    told = broken(tmp_path, "bayi-tanpa-nik", "today = 2026-11-23", "today = 2027-04-23")
    assert "newborn.nik_required" in told
    assert read_scenario(FILES["bayi-tanpa-nik"], a_rulebook).today == date(2026, 11, 23)
    assert read_scenario(FILES["bayi-tanpa-nik"], a_rulebook).planted(Kind.NEWBORN_WITHOUT_NIK)

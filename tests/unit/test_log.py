"""The log: what it may say, who may read it, and that it never stops the program."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from kiosk.domain.draft import Draft
from kiosk.log import Log
from kiosk.redaction import redacted
from tests.builders import a_draft, a_rulebook

NIK = "9901011208800003"


def fail(value: str) -> None:
    raise ValueError(f"this quotes {value}")


def broken() -> Exception:
    """An error out of our own code, with a cause that quotes a number."""

    class Choices(dict[str, object]):
        def __getitem__(self, key: str) -> object:
            fail(NIK)
            return key

    rules = a_rulebook()
    object.__setattr__(rules, "choices", Choices())
    from kiosk.domain.family import read_family  # noqa: PLC0415

    try:
        read_family(a_draft(), rules)
    except ValueError as error:
        return RuntimeError(NIK).with_traceback(error.__traceback__)
    raise AssertionError("it did not fail")


def test_a_crash_is_named_by_class_file_and_line_alone(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    reference = log.crash(broken())
    log.close()
    text = log.file.read_text("utf-8")
    assert re.fullmatch(r"[A-Z0-9]{6}", reference)
    assert reference in text
    assert "RuntimeError" in text
    assert re.search(r"kiosk/domain/\w+\.py:\d+ \w+", text)
    assert NIK not in text
    assert "quotes" not in text
    assert len(text.splitlines()) == 1


def test_causes_and_groups_are_told_too() -> None:
    first, second = KeyError("x"), TypeError("y")
    second.__cause__ = first
    told = redacted(ExceptionGroup("z", [second]))
    assert told == ["ExceptionGroup", "TypeError", "KeyError"]


def test_an_error_that_is_its_own_cause_ends() -> None:
    one, two = KeyError(), TypeError()
    one.__cause__, two.__cause__ = two, one
    assert redacted(one) == ["KeyError", "TypeError"]


def test_an_event_names_fields_and_codes(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.event("draft.saved", subject="K1-0001-PA", fields=("members[1].nik", "kk"), codes=("nik.date",))
    log.close()
    line = log.file.read_text("utf-8")
    assert line.endswith("INFO draft.saved K1-0001-PA field=members[1].nik field=kk code=nik.date\n")


@pytest.mark.parametrize(
    "value", [NIK, "BUDI SANTOSO", "budi@example.org", "0812345", "a\nb", "\x1b[2J", "Budi"]
)
def test_a_value_in_the_place_of_a_name_is_not_written(tmp_path: Path, value: str) -> None:
    log = Log(tmp_path)
    log.event(value, subject=value, fields=[value], codes=[value])
    log.close()
    assert log.file.read_text("utf-8").endswith("INFO ? ? field=? code=?\n")


def test_only_the_owner_reads_it_also_after_it_has_rolled_over(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        log = Log(tmp_path / "log")
        for number in range(30_000):
            log.event("draft.saved", codes=["nik.date"] * (1 + number % 2))
        log.close()
    finally:
        os.umask(before)
    files = list((tmp_path / "log").iterdir())
    assert 2 <= len(files) <= 5
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o700
    assert all(file.stat().st_size <= 500_000 for file in files)


def test_nothing_is_made_before_something_is_said(tmp_path: Path) -> None:
    Log(tmp_path / "log").close()
    assert not (tmp_path / "log").exists()


def test_a_log_that_cannot_be_written_is_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    log = Log(tmp_path / "file" / "log")
    log.event("draft.saved")
    assert log.crash(ValueError(NIK))
    log.close()
    assert capsys.readouterr() == ("", "")


def test_a_draft_is_named_by_its_id(tmp_path: Path) -> None:
    draft = Draft(id="0198f2c0-0000-7000-8000-000000000001", started_at="")
    log = Log(tmp_path)
    log.event("draft.saved", subject=draft.id)
    log.close()
    assert draft.id in log.file.read_text("utf-8")

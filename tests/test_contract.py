# ruff: noqa: E501, RUF001 - a table reads best in lines
"""One table of raw answers and what becomes of them, fed through every door by which an answer can enter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kiosk.cli import run as kiosk
from kiosk.domain.fields import one_problem_a_field
from kiosk.domain.form import CHECKABLE, SPECS
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople, assess
from tests.builders import TODAY, a_family, a_member, a_rulebook, read

REAL_NIK = "3173051208800003"
REAL_KK = "3173052107200012"
DIGITS_16 = "9901011208800001"
LONG = "9" * 300

PATHS = {
    "nik": "members[0].nik",
    "kk": "kk",
    "name": "members[0].name",
    "birth_date": "members[0].birth_date",
    "phone": "contact.phone",
    "email": "contact.email",
    "account": "bank.account",
    "postcode": "address.postcode",
    "class": "class",
}


class Row(NamedTuple):
    """A raw answer to a field, the codes expected of it and its value; `real` leaves practice."""

    key: str
    raw: str
    codes: tuple[str, ...] = ()
    value: Any = None
    real: bool = False


def good(key: str, value: str | int, *raws: str, real: bool = False) -> list[Row]:
    """Rows of spellings that all mean `value`."""
    return [Row(key, raw, (), value, real) for raw in raws]


def bad(key: str, code: str, *raws: str, real: bool = False) -> list[Row]:
    """Rows of spellings that are all refused with `code`."""
    return [Row(key, raw, (f"{key}.{code}" if "." not in code else code,), None, real) for raw in raws]


SPELLINGS_OF_16 = (
    "{a}{b}{c}{d}",
    "{a} {b} {c} {d}",
    "{a}.{b}.{c}.{d}",
    "{a}-{b}-{c}-{d}",
    " {a}{b}{c}{d} ",
    "{a}\u00a0{b}\u2009{c}\u3000{d}",
    "{a}\u2013{b}\u2014{c}\u2011{d}",
    "\u200b{a}\u200d{b}\ufeff{c}\u00ad{d}\u2060",
    "\u202a{a}{b}{c}{d}\u202c",
    "{a}{b}{c}{d}\n",
    "{a}\t{b}\r\n{c} {d}\t",
)


def spelt(number: str) -> tuple[str, ...]:
    a, b, c, d = (number[start : start + 4] for start in (0, 4, 8, 12))
    return tuple(spelling.format(a=a, b=b, c=c, d=d) for spelling in SPELLINGS_OF_16)


def rows_of_16(key: str) -> list[Row]:
    """What NIK and No. KK have in common."""
    return [
        *bad(key, "missing", "", "   ", "\u00a0\t", "\u200b", "- . -", "\n"),
        *bad(
            key,
            "characters",
            "99010112O8800001",
            "99010112088000l1",
            "9901011208800001/",
            "NIK",
            "9901,011208800001",
        ),
        *bad(
            key, "characters", "٩٩٠١٠١١٢٠٨٨٠٠٠٠١", "９９０１０１１２０８８００００１", "99010112088000\u0661"
        ),
        *bad(key, "characters", "9901011208800001\x00", "\x1b[31m9901011208800001", "²901011208800001"),
        *bad(key, "length", "1", "990101120880000", "99010112088000011", "990101 120880 000", LONG),
        *bad(key, "placeholder", "0" * 16, "9" * 16, "1234567890123456", "0000 0000 0000 0000", real=True),
        *bad(key, "placeholder", "9999.9999.9999.9999"),
        *bad(key, "training_only", DIGITS_16, "9999991208800001", real=True),
        *bad(key, "not_training", REAL_NIK),
    ]


ROWS: Sequence[Row] = (
    *rows_of_16("nik"),
    *good("nik", DIGITS_16, *spelt(DIGITS_16)),
    *good("nik", REAL_NIK, *spelt(REAL_NIK)[:4], real=True),
    *bad("nik", "date", "9901010008800001", "9901013208800001", "9901014008800001", "9901017208800001"),
    *bad("nik", "date", "9901011200800001", "9901011213800001", "9901013104800001", "9901012902810001"),
    *bad("nik", "date", "9901016902810001", "9901013002000001", real=False),
    *bad("nik", "serial", "9901011208800000", "9901015208800000"),
    *bad("nik", "date", "3173053208800000", real=True),
    *good("nik", "9901012902000001", "9901012902000001"),
    *good("nik", "9901017112790001", "9901017112790001"),
    *good("nik", "9901012211260001", "9901012211260001"),
    *good("nik", "9901012311260001", "9901012311260001"),
    Row("nik", "9999991208800001", ("nik.region_unknown",), "9999991208800001"),
    Row("nik", "9701011208800001", ("nik.region_unknown",), "9701011208800001", real=True),
    *rows_of_16("kk"),
    *good("kk", "9901010101200012", *spelt("9901010101200012")),
    *good("kk", REAL_KK, REAL_KK, " 317305-210720-0012 ", real=True),
    Row("kk", "9999990101200012", ("kk.region_unknown",), "9999990101200012"),
    Row("kk", "9901013201200012", ("kk.date",), "9901013201200012"),
    Row("kk", "9901010113200012", ("kk.date",), "9901010113200012"),
    Row("kk", "9901015201200012", ("kk.date",), "9901015201200012"),
    Row("kk", "9999993201200012", ("kk.region_unknown",), "9999993201200012"),
    *bad("name", "missing", "", " \u00a0 ", "\u200b\u2060"),
    *bad("name", "characters", "BUDI 2", "B@DI", "БУДИ", "李", "[/red]", "<b>", "-", ". .", "BUDI\x1b[2J", "BUDI\x07"),
    *bad("name", "characters", "BUDI\u0661", "BUDI 🙂", "ＢＵＤＩ", "\x9b31mBUDI", "BUDI_S"),
    *bad("name", "too_long", "A" * 61, "BUDI " * 60, "ß" * 31),
    *good("name", "A" * 60, "a" * 60),
    *good("name", "BUDI SANTOSO", "Budi Santoso", "  budi   santoso\n", "BUDI\u00a0SANTOSO", "BU\u200bDI SANTOSO"),
    *good("name", "BUDI SANTOSO", "\u202eBUDI SANTOSO\u202c", "BUDI\tSANTOSO", "BUDI\r\nSANTOSO"),
    *good("name", "DR. H. AHMAD, S.PD", "Dr. H. Ahmad, S.Pd"),
    *good("name", "NUR'AINI", "Nur'aini", "Nur\u2019aini", "NUR\u02bcAINI"),
    *good("name", "SITI-ROHMAH", "Siti-Rohmah", "Siti\u2011Rohmah"),
    *good("name", "JOSÉ", "jose\u0301", "JOS\u00c9"),
    *good("name", "Q", "q"),
    *bad("birth_date", "missing", "", "  ", "\u200b"),
    *bad("birth_date", "format", "12-08-80", "12/8", "1980", "32-01-1980", "31-04-1980", "29-02-1981", "00-01-1980"),
    *bad("birth_date", "format", "1980-13-01", "kemarin", "12 Agosto 1980", "120880", "0000-00-00", "1-1-1799", LONG),
    *bad("birth_date", "format", "١٢-٠٨-١٩٨٠", "12-08-1980x", "12:08:1980", "- -", "1980-08-12T00:00"),
    *bad("birth_date", "future", "23-11-2026", "2099-12-31"),
    *bad("birth_date", "future", "31-12-9999", real=True),
    *good("birth_date", "1980-08-12", "12-08-1980", "12/8/1980", "12.08.1980", "12 08 1980", "12081980", "1980-08-12"),
    *good("birth_date", "1980-08-12", "12 Agustus 1980", "12 agt 1980", "12 Ags 1980", "12-AUG-1980", "12 August 1980", "19800812"),
    *good("birth_date", "1980-08-12", " 12 - 08 - 1980\n", "12\u00a008\u00a01980", "12\u201308\u20131980", "1980/8/12"),
    *good("birth_date", "2026-11-22", "22-11-2026"),
    *good("birth_date", "2000-02-29", "29 Februari 2000"),
    *good("birth_date", "2010-12-11", "20101211"),
    *good("birth_date", "1916-11-22", "22-11-1916"),
    Row("birth_date", "21-11-1915", ("birth_date.very_old",), "1915-11-21"),
    Row("birth_date", "01-01-1850", ("birth_date.very_old",), "1850-01-01"),
    *bad("phone", "missing", "", " ", "\u200b"),
    *bad("phone", "format", "8123456789", "abc", "0812", "081234567890123", "+6581234567", "0812345678x", "00812345678"),
    *bad("phone", "format", "٠٨١٢٣٤٥٦٧٨٩٠", LONG, "+62", "0", "081234567890;ext=1", "0812 3456 78\x00"),
    *bad("phone", "not_mobile", "021 5551234", "(0341) 555123", "+62 21 5551234", "0848 123 4567"),
    *good("phone", "+6281234567890", "081234567890", "0812 3456 7890", "+62 812-3456-7890", "62 812 3456 7890"),
    *good("phone", "+6281234567890", "0812.3456.7890\n", "\u202d0812\u00a03456\u00a07890\u202c", "+62\u2011812\u201134567890"),
    *good("phone", "+62812345678", "0812345678"),
    *good("phone", "+62899123456789", "0899123456789"),
    *bad("email", "missing", "", "  "),
    *bad("email", "format", "budi", "budi@", "@x.id", "budi@x", "budi santoso@x.id", "budi@@x.id", ".budi@x.id", "b..i@x.id"),
    *bad("email", "format", "budi@x..id", "budi@-x.id", "budi@x.i", "budi@x.id,", "a" * 65 + "@x.id", "b@" + "a" * 250 + ".id"),
    *bad("email", "format", "budi@x.123", "budi\x00@x.id", "büdi@x.id", "budi@x_y.id"),
    *good("email", "budi@example.org", "budi@example.org", " budi @ example.org ", "budi@EXAMPLE.org", "bu\u200bdi@example.org\n"),
    *good("email", "Budi.S+jkn@mail.example.co.id", "Budi.S+jkn@mail.example.co.id"),
    *bad("account", "account.missing", "", "  "),
    *bad("account", "format", "123456789", "1" * 12, "12345678901234567", "1234567890a", "IBAN", "- -", LONG, "١٢٣٤٥٦٧٨٩٠"),
    *good("account", "123456789012", "123456789012", "1234 5678 9012", "1234-5678-9012", "1234.5678.9012\n"),
    *good("account", "0012345678", "0012345678"),
    *bad("postcode", "address.missing", "", " "),
    *bad("postcode", "format", "1051", "105100", "01051", "1051O", "١٠٥١٠", "10510a", LONG),
    *good("postcode", "10510", "10510", " 105 10 ", "10.510", "10510\n"),
    *bad("class", "missing", "", " "),
    *bad("class", "choice", "0", "4", "-1", "_2", "VIP", "12", "1,5", "kelas", LONG, "١"),
    *good("class", 1, "1", "I", "i", "Kelas I", "kelas 1", " KELAS  I "),
    *good("class", 2, "2", "II", "kelas ii"),
    *good("class", 3, "3", "III", "Kelas-III", "kelas\u00a03"),
)  # fmt: skip

ids = [f"{row.key}-{row.raw[:24]!r}{'-real' if row.real else ''}" for row in ROWS]
every_row = pytest.mark.parametrize("row", ROWS, ids=ids)


def rules_of(row: Row) -> Rulebook:
    return a_rulebook(training=not row.real)


def family_of(row: Row, number: int = 1) -> dict[str, Any]:
    """A family that is good but for the answer of the row; `number` keeps families apart."""
    serial = f"{number:04d}"
    if row.real:
        member = a_member(nik=REAL_NIK[:12] + serial)
        place = {"region": "3173051001", "postcode": "10510", "street": "Jl. Melati 4"}
        family = a_family(kk=REAL_KK[:12] + serial, members=[member], fktp="0114U163", address=place)
    else:
        family = a_family(kk="990101010120" + serial, members=[a_member(serial=number)])
    family["consent"] = {"terms": "v1", "accepted": True, "guardian": "IBU RT"}  # a head may turn out a minor
    target: Any = family
    *groups, last = PATHS[row.key].replace("[0]", ".0").split(".")
    for group in groups:
        target = target[int(group) if group.isdigit() else group]
    target[last] = row.raw
    return family


def test_the_table_covers_every_checkable_field_and_is_long() -> None:
    assert set(PATHS) == set(CHECKABLE) == {row.key for row in ROWS}
    assert len(ROWS) >= 120
    assert len({(row.key, row.raw, row.real) for row in ROWS}) == len(ROWS)


@every_row
def test_the_spec_says_what_the_table_says(row: Row) -> None:
    cleaned = SPECS[row.key].clean(row.raw, rules_of(row))
    assert tuple(problem.code for problem in cleaned.problems) == row.codes
    value = cleaned.value
    assert (value.isoformat() if row.key == "birth_date" and value else value) == row.value
    assert cleaned.blocked is (row.value is None)


def expected_in_a_family(row: Row) -> list[str]:
    """The errors at the row's own field: a class or account may be blank until the outcome asks for it."""
    return [] if row.value is not None else list(row.codes)


@every_row
def test_a_family_file_reports_the_same_at_its_path(row: Row) -> None:
    rules = rules_of(row)
    family, problems = read(family_of(row), rules)
    problems = one_problem_a_field([*problems, *assess(family, KnownPeople(), rules).problems])
    found = [problem.code for problem in problems if problem.field == PATHS[row.key] and problem.blocks]
    assert found == expected_in_a_family(row)


Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `kiosk` in this process, on a store of its own; returns the exit code and standard output."""
    settings = tmp_path / "kiosk.toml"
    settings.write_text(
        f'[kiosk]\nid = "K7"\n[store]\ndir = "{tmp_path}/store"\nkeys = "{tmp_path}/keys"\n'
        f'[sms]\nspool = "{tmp_path}/sms"\n[receipts]\ndir = ""\n',
        "utf-8",
    )
    monkeypatch.setenv("KIOSK_CONFIG", str(settings))
    monkeypatch.delenv("KIOSK_STORE", raising=False)

    def run(*arguments: str, real: bool = False) -> tuple[int, str]:
        profile = (
            ["--profile", "counter"] if real else ["--profile", "training", "--today", TODAY.isoformat()]
        )
        code = kiosk([*arguments, *profile])
        return code, capsys.readouterr().out

    return run


@every_row
def test_the_check_command_says_what_the_table_says(row: Row, command: Command) -> None:
    code, answer = command("check", row.key, row.raw, real=row.real)
    said = json.loads(answer)
    assert said["value"] == row.value
    assert tuple(problem["code"] for problem in said["problems"]) == row.codes
    assert code == (1 if row.value is None else 0)


@pytest.mark.parametrize("real", [False, True], ids=["practice", "real"])
def test_the_register_command_refuses_and_takes_what_the_table_says(
    *, real: bool, command: Command, tmp_path: Path
) -> None:
    rows = [row for row in ROWS if row.real is real]
    file = tmp_path / "families.jsonl"
    families = (family_of(row, number) for number, row in enumerate(rows, 1))
    file.write_text("".join(json.dumps(family) + "\n" for family in families), "utf-8")
    code, answer = command("register", str(file), real=real)
    results = [json.loads(line) for line in answer.splitlines()]
    assert code == 1
    assert len(results) == len(rows)
    for row, result in zip(rows, results, strict=True):
        if row.key in {"kk", "nik"} and row.value is not None:
            continue  # the same number many times over: one family, then refusals, which is another test's
        found = [
            problem["code"]
            for problem in result["problems"]
            if problem["field"] == PATHS[row.key] and problem["severity"] == "error"
        ]
        assert found == expected_in_a_family(row), row
        if row.value is not None:
            assert result["outcome"] == "new_family", (row, result)


def test_check_refuses_a_key_that_is_no_field(command: Command) -> None:
    code, answer = command("check", "shoe_size", "42")
    assert (code, answer) == (2, "")


def test_check_takes_a_day_only_in_practice(command: Command) -> None:
    code, answer = command("check", "nik", REAL_NIK, "--today", "2026-11-22", real=True)
    assert (code, answer) == (2, "")


def test_the_console_script_is_the_module(tmp_path: Path) -> None:
    """A few rows in a real process, with the bytes of a real command line."""
    for raw, codes in (("317305\u00a0120880 0003", []), ("3173051208800000", ["nik.serial"])):
        done = subprocess.run(
            [sys.executable, "-m", "kiosk", "check", "nik", raw],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parent.parent,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            timeout=60,
        )
        assert [problem["code"] for problem in json.loads(done.stdout)["problems"]] == codes
        assert done.returncode == (1 if codes else 0)
        assert done.stderr == ""

"""The commands as processes on a real store: bulk intake, lists, places, and the clerk at the screens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.builders import KK, a_baby, a_family, a_member, a_nik
from tests.journeys.commands import DAY, OwnKiosk
from tests.journeys.terminal import ROOT, Terminal

PRACTICE = ("--today", DAY, "--seed", "7")


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path)


def lone(number: int) -> dict[str, Any]:
    """A family of one that shares no number with the others."""
    return a_family(kk=f"990101010120{number:04d}", members=[a_member(serial=number)])


def test_families_are_registered_listed_and_shown(own: OwnKiosk) -> None:
    code, results = own.register("\n".join(json.dumps(lone(number)) for number in (1, 2, 3)))
    assert code == 0
    assert [result["outcome"] for result in results] == ["new_family"] * 3
    first = results[0]
    assert (first["premium_total"], first["pay_from"], first["pay_until"]) == (
        100_000,
        "2026-12-06",
        "2026-12-22",
    )
    stored = own.stored()
    assert [line["reference"] for line in stored] == [result["reference"] for result in reversed(results)]
    listed = own.run("list").stdout.decode()
    shown = own.run("show", first["reference"].lower()).stdout.decode()
    for text in (json.dumps(stored), listed, shown):
        assert "9901011208800001" not in text
        assert "BUDI" not in text
        assert first["virtual_account"]["BRI"] not in text
    assert first["reference"] in shown
    assert own.run("list", "--state", "sent", "--json").stdout == b"[]\n"
    assert len(json.loads(own.run("list", "--json", "--limit", "2").stdout)) == 2


def test_one_registration_in_full_where_practice_allows_it(own: OwnKiosk) -> None:
    _, (result,) = own.register(json.dumps(lone(1)))
    told = json.loads(own.run("show", result["reference"], "--full", "--json").stdout)
    assert {key: told[key] for key in result} == result
    assert told["family"]["members"][0]["name"] == "BUDI SANTOSO"
    assert [line["action"] for line in told["history"]] == ["registration.submitted"]
    assert "9901011208800001" in own.run("show", result["reference"], "--full").stdout.decode()


@pytest.mark.parametrize("profile", ["counter", "village"])
def test_in_full_elsewhere_needs_a_sign_in(own: OwnKiosk, profile: str) -> None:
    done = own.run("show", "K1-0001-PA", "--full", profile=profile)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"sign-in" in done.stderr
    assert not (own.folder / "store").exists()


def test_a_reference_that_is_not_there_and_one_that_was_misread(own: OwnKiosk) -> None:
    _, (result,) = own.register(json.dumps(lone(1)))
    wrong = result["reference"][:-1] + ("A" if result["reference"][-1] != "A" else "B")
    misread, absent = own.run("show", wrong), own.run("show", "K1-0002-NQ")
    assert misread.returncode == absent.returncode == 1
    assert b"check characters" in misread.stderr
    assert misread.stdout == absent.stdout == b""


def test_a_refused_family_leaves_the_others(own: OwnKiosk) -> None:
    lines = [json.dumps(lone(1)), json.dumps(lone(2) | {"class": 9}), "{", json.dumps(lone(3))]
    code, results = own.register("\n".join(lines))
    assert code == 1
    assert [result["outcome"] for result in results] == ["new_family", "refused", "refused", "new_family"]
    assert len(own.stored()) == 2


@pytest.mark.parametrize("data", [b"", b"[]", "kk\n".encode("utf-16")])
def test_a_file_that_holds_nothing_is_refused_with_a_sentence(own: OwnKiosk, data: bytes) -> None:
    done = own.run("register", "-", stdin=data)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"kiosk: the file ")


def test_another_profile_neither_sees_nor_takes_practice(own: OwnKiosk) -> None:
    own.register(json.dumps(lone(1)))
    done = own.run("register", own.file("family.json", lone(2)), profile="counter")
    (result,) = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert "nik.training_only" in {problem["code"] for problem in result["problems"]}
    assert own.run("list", "--json", profile="counter").stdout == b"[]\n"


def test_a_reader_that_goes_away_is_no_crash(own: OwnKiosk) -> None:
    file = own.file("families.jsonl", "\n".join(json.dumps(lone(number)) for number in range(1, 300)))
    with subprocess.Popen(
        [sys.executable, "-m", "kiosk", "--profile", "training", "register", file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **own.env},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1


def test_an_interrupted_intake_keeps_what_it_told(own: OwnKiosk) -> None:
    file = own.file("families.jsonl", "\n".join(json.dumps(lone(number)) for number in range(1, 2_000)))
    with subprocess.Popen(
        [sys.executable, "-m", "kiosk", "--profile", "training", "register", file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **own.env},
    ) as process:
        assert process.stdout is not None
        told = [json.loads(process.stdout.readline())["reference"]]
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate(timeout=60)
        told += [json.loads(line)["reference"] for line in rest.splitlines()]
    assert process.returncode == 130
    assert error == b""
    assert set(told) <= {line["reference"] for line in own.stored()}


def test_lists_of_places(own: OwnKiosk) -> None:
    csv = "code;name;kind\n99011111;PUSKESMAS BARU LATIHAN;puskesmas\n;TANPA KODE;\n"
    done = own.run("reference", "import", "fktp", own.file("fktp.csv", csv), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"added": 1, "updated": 0, "total": 1, "notes": 1}
    assert done.stderr == b"line 3: code, left out\n"
    found = json.loads(own.run("reference", "list", "fktp", "baru", "--json").stdout)
    assert [hit["code"] for hit in found] == ["99011111"]
    assert b"99010001" not in own.run("reference", "list", "fktp").stdout
    (_, result) = own.register(json.dumps(a_family(fktp="99010001")))
    assert {"fktp.unknown"} == {problem["code"] for problem in result[0]["problems"]}
    regions = json.loads(own.run("reference", "list", "region", "990101", "--json", "--limit", "3").stdout)
    assert [hit["code"] for hit in regions] == ["990101", "9901011001", "9901011002"]
    assert b"9901011003" in own.run("reference", "list", "region", "mawar").stdout


def directory_line(**changes: Any) -> str:
    line = {
        "nik": a_nik(date(1995, 5, 5), "P", 5),
        "card": "0009911111111",
        "name": "RINA WIJAYA",
        "birth_date": "1995-05-05",
        "kk": KK,
        "segment": "PBI_JK",
        "status": "active",
        "class": 3,
        "fktp": "99010001",
        "head": True,
        "arrears_months": 0,
        "since": "2024-03-01",
    }
    return json.dumps(line | changes)


def test_a_participant_extract(own: OwnKiosk) -> None:
    data = f"{directory_line()}\n{directory_line(nik='12')}\nnonsense\n".encode()
    done = own.run("directory", "import", "-", stdin=data)
    assert done.returncode == 1
    assert done.stdout == b"1 participants stored, 2 lines refused\n"
    assert done.stderr == b"line 2: nik.length\nline 3: file.line\n"
    code, (result,) = own.register(
        json.dumps(
            a_family(kk="9901010101200099", members=[a_member(born=date(1995, 5, 5), sex="P", serial=5)])
        )
    )
    assert code == 1
    assert {"nik.already_registered"} == {problem["code"] for problem in result["problems"]}


def test_the_keys_of_a_family(own: OwnKiosk) -> None:
    file = own.file("family.json", a_family())
    plain = own.run("keys", file).stdout.decode().splitlines()
    assert plain[:3] == ["f10", "f10", "9"]
    assert plain[-1] == f"# {len(plain) - 1} keys"
    assert (plain.count("captcha"), plain.count("code")) == (5, 6)
    assert "full_stop" in plain
    told = json.loads(own.run("keys", file, *PRACTICE, "--json").stdout)
    raw = own.run("keys", file, *PRACTICE, "--raw").stdout
    assert told["count"] == len(told["keys"])
    assert raw.count(b"\r") == told["keys"].count("enter")
    assert raw.count(b"\x1b[21~") == told["keys"].count("f10") == 5


def test_there_are_no_keys_for_a_family_that_would_be_refused(own: OwnKiosk) -> None:
    done = own.run("keys", own.file("family.json", a_family(**{"class": 9, "colour": "red"})))
    assert done.returncode == 1
    problems = {problem["code"] for problem in json.loads(done.stdout)["problems"]}
    assert problems == {"class.choice", "key.unknown"}
    assert own.run("keys", own.file("two.json", [lone(1), lone(2)])).returncode == 2


# The clerk's bytes, typed at once into the real program.

CHILD = a_member("child", date(2000, 3, 12), "L", 3, name="AGUS WIJAYA")
BABY = a_baby(date(2026, 11, 20), a_nik(date(1995, 5, 5), "P", 5), name="BAYI NYONYA RINA WIJAYA")
TYPED = {
    "three": (a_family(), ""),
    "one woman": (a_family(members=[a_member(born=date(1990, 1, 31), sex="P", name="NI LUH AYU")]), ""),
    "as no suggestion says": (
        a_family(
            members=[
                a_member(birth_date="1981-08-12"),
                a_member("other_kin", date(1983, 3, 15), "P", 2, religion="hindu", marital="widowed"),
                a_member("child", date(2012, 3, 12), "L", 3, name="O'NEIL", birth_place="ÉVIAN"),
            ],
            consent={"terms": "v1", "accepted": True, "guardian": "PAMAN BUDI"},
        ),
        "",
    ),
    "one more member": (
        a_family(login="head", members=[CHILD], **{"class": None, "bank": None}),
        directory_line(segment="PBPU", **{"class": 2}),
    ),
    "a baby": (
        a_family(
            members=[BABY | {"nik": None, "mother_name": "RINA WIJAYA"}], **{"class": None, "bank": None}
        ),
        directory_line(),
    ),
}


@pytest.fixture(params=[False, True], ids=["plain", "confirming each NIK"])
def careful(request: pytest.FixtureRequest, tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path, "[training]\nconfirm_nik = true\n" if request.param else "")


@pytest.mark.parametrize("name", TYPED)
def test_the_screens_store_what_the_clerk_was_given(careful: OwnKiosk, name: str) -> None:
    family, extract = TYPED[name]
    if extract:
        assert careful.run("directory", "import", "-", stdin=extract.encode()).returncode == 0
    keys = careful.run("keys", careful.file("family.json", family), *PRACTICE, "--raw")
    assert keys.returncode == 0, keys.stdout
    command = ("-m", "kiosk", "run", "--profile", "training", *PRACTICE)
    with Terminal.python(*command, env=careful.env) as terminal:
        terminal.send(keys.stdout)
        terminal.wait_for("L-0001-")
    (stored,) = careful.stored()
    told = json.loads(careful.run("show", stored["reference"], "--full", "--json").stdout)
    (careful.folder / "elsewhere").mkdir()
    elsewhere = OwnKiosk(careful.folder / "elsewhere")
    if extract:
        elsewhere.run("directory", "import", "-", stdin=extract.encode())
    _, (from_file,) = elsewhere.register(json.dumps(family))
    expected = json.loads(elsewhere.run("show", from_file["reference"], "--full", "--json").stdout)
    assert told["family"] == expected["family"]
    assert {key: told[key] for key in from_file} == from_file

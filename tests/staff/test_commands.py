"""`kiosk staff`, and the commands that ask who is there: PINs are never an argument and never an echo."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import a_family, a_member
from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import ROOT, Terminal
from tests.staff.conftest import BOSS_PIN, CLERK_PIN

WHY = "daftar warga dari kelurahan"
OTHER_PIN = "940182"
BOSS = ("staff", "add", "--name", "Ratna Dewi", "--role", "supervisor")
REAL = a_family(
    kk="3173052107200012",
    members=[a_member(nik="3173051208800003")],
    address={"street": "Jl. Melati 4", "rt": "003", "rw": "007", "region": "3173051001", "postcode": "10510"},
    fktp="01150021",
)


def asked(
    own: OwnKiosk, *arguments: str, pins: tuple[str, ...] = (), after: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """A command at the counter with these lines on its input; nothing of them comes out again."""
    lines = "".join(f"{pin}\n" for pin in pins).encode()
    done = own.run(*arguments, "--pin-stdin", stdin=lines + after, profile="counter")
    assert b"Traceback" not in done.stderr
    assert not any(pin.encode() in done.stdout + done.stderr for pin in pins)
    return done


def staff_of(own: OwnKiosk) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(own.run("staff", "list", "--json", profile="counter").stdout)
    return found


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    """A counter with a supervisor, S1, and a clerk, S2."""
    own = OwnKiosk(tmp_path)
    assert asked(own, *BOSS, pins=(BOSS_PIN,)).stdout == b"S1\n"
    clerk = ("staff", "add", "--name", "Siti Rahma", "--by", "S1", "--json")
    told = json.loads(asked(own, *clerk, pins=(BOSS_PIN, CLERK_PIN)).stdout)
    assert (told["id"], told["name"], told["role"]) == ("S2", "Siti Rahma", "clerk")
    return own


def test_the_first_account_is_a_supervisors(tmp_path: Path) -> None:
    own = OwnKiosk(tmp_path)
    assert staff_of(own) == []
    refused = asked(own, "staff", "add", "--name", "Siti", pins=(CLERK_PIN,))
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"--role supervisor" in refused.stderr
    assert staff_of(own) == []


def test_the_others_are_made_by_a_supervisor_who_signs_in_first(own: OwnKiosk) -> None:
    budi = ("staff", "add", "--name", "Budi")
    for options, pins, code, words in (
        (("--by", "S1"), (BOSS_PIN, "123456"), 1, b"easily guessed"),
        (("--by", "S1"), (OTHER_PIN, OTHER_PIN), 1, b"not the PIN"),
        (("--by", "S1"), ("",), 1, b"no PIN was given"),
        (("--by", "S2"), (CLERK_PIN, OTHER_PIN), 1, b"only a supervisor"),
        (("--by", "S9"), (BOSS_PIN, OTHER_PIN), 1, b"no such account"),
        (("--role", "clerk"), (OTHER_PIN,), 2, b"--by ID"),
    ):
        if pins == ("",):
            done = own.run(*budi, *options, "--pin-stdin", profile="counter")
        else:
            done = asked(own, *budi, *options, pins=pins)
        assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    listed = [(one["id"], one["name"], one["role"], one["active"]) for one in staff_of(own)]
    assert listed == [("S1", "Ratna Dewi", "supervisor", True), ("S2", "Siti Rahma", "clerk", True)]
    assert b"Siti Rahma" in own.run("staff", "list", profile="counter").stdout


def test_a_new_pin_comes_from_a_supervisor_or_by_the_copy_of_the_key(own: OwnKiosk) -> None:
    by_boss = ("staff", "reset", "S2", "--by", "S1")
    assert asked(own, *by_boss, pins=(BOSS_PIN, OTHER_PIN)).returncode == 0
    key, copy, other = (own.folder / name for name in ("keys/counter.key", "stick.key", "other.key"))
    shutil.copy(key, copy)
    other.write_bytes(bytes(32))
    new = "731905"
    for file, words in ((key, b"not a copy"), (other, b"not a copy"), (own.folder / "none", b"No such file")):
        done = asked(own, "staff", "reset", "S1", "--key-copy", str(file), pins=(new,))
        assert (done.returncode in {1, 2}, words in done.stderr) == (True, True), done.stderr
    assert asked(own, "staff", "reset", "S1", "--key-copy", str(copy), pins=(new,)).returncode == 0
    assert asked(own, *by_boss, pins=(BOSS_PIN, "940183")).returncode == 1
    assert asked(own, *by_boss, pins=(new, "940183")).returncode == 0


def test_pins_are_typed_unseen_and_twice(tmp_path: Path) -> None:
    own = OwnKiosk(tmp_path)
    with Terminal.python("-m", "kiosk", "--profile", "counter", *BOSS, env=own.env) as terminal:
        terminal.wait_for("New PIN of Ratna Dewi:")
        terminal.send(BOSS_PIN, b"\r")
        terminal.wait_for("Again:")
        terminal.send(BOSS_PIN, b"\r")
        assert terminal.end() == 0
        assert "S1" in terminal.text
        assert BOSS_PIN.encode() not in terminal.output


def test_without_a_terminal_pins_are_not_guessed_from_the_input(own: OwnKiosk) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "--profile", "counter", "staff", "reset", "S2", "--by", "S1"],
        input=f"{BOSS_PIN}\n{OTHER_PIN}\n".encode(),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **own.env},
        start_new_session=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--pin-stdin" in done.stderr


def test_many_at_once_takes_two_people_and_a_reason(own: OwnKiosk) -> None:
    file = own.file("list.json", REAL)
    two = ("--staff", "S2", "--second", "S1")
    for options, pins, words in (
        (("--reason", WHY), (CLERK_PIN,), b"--staff ID"),
        (("--staff", "S2"), (CLERK_PIN,), b"--second ID"),
        ((*two, "--reason", "ya"), (CLERK_PIN, BOSS_PIN), b"--reason"),
        ((*two, "--reason", WHY), (CLERK_PIN, OTHER_PIN), b"not the PIN"),
        (("--staff", "S1", "--second", "S1", "--reason", WHY), (BOSS_PIN, BOSS_PIN), b"different"),
    ):
        done = asked(own, "register", file, *options, pins=pins)
        assert done.returncode in {1, 2}, options
        assert (words in done.stderr, done.stdout) == (True, b""), (options, done.stderr)
    assert own.run("list", "--json", profile="counter").stdout == b"[]\n"


def test_what_two_people_allowed_stands_in_the_name_of_the_first_and_in_full_is_told(own: OwnKiosk) -> None:
    two = ("--staff", "S2", "--second", "S1", "--reason", WHY)
    families = json.dumps(REAL).encode()
    done = asked(own, "register", "-", *two, pins=(CLERK_PIN, BOSS_PIN), after=families)
    result = json.loads(done.stdout)
    assert (done.returncode, result["state"]) == (0, "submitted")
    in_full = ("show", result["reference"], "--full", "--json")
    for staff, pin in (("S2", CLERK_PIN), ("S1", BOSS_PIN)):
        shown = json.loads(asked(own, *in_full, "--staff", staff, pins=(pin,)).stdout)
        assert shown["family"]["members"][0]["nik"] == "3173051208800003"
    assert [(line["action"], line["who"]) for line in shown["history"]] == [
        ("registration.submitted", "S2"),
        ("registration.shown", "S2"),
        ("registration.shown", "S1"),
    ]


def test_without_accounts_many_at_once_goes_as_ever_and_in_full_needs_an_account(tmp_path: Path) -> None:
    own = OwnKiosk(tmp_path)
    reference = json.loads(own.run("register", own.file("list.json", REAL), profile="counter").stdout)[
        "reference"
    ]
    shown = asked(own, "show", reference, "--full", "--staff", "S1", pins=(BOSS_PIN,))
    assert (shown.returncode, shown.stdout) == (1, b"")
    assert b"kiosk staff add" in shown.stderr
    assert own.run("show", reference, profile="counter").returncode == 0


def test_a_wrong_pin_shows_nothing_and_counts(own: OwnKiosk) -> None:
    for _ in range(4):
        done = asked(own, "show", "K1-0001-PA", "--full", "--staff", "S2", pins=("000001",))
        assert (done.returncode, done.stdout) == (1, b"")
    assert b"seconds" in done.stderr

"""`kiosk staff`, and the commands that ask who is there: PINs are never an argument and never an echo."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from kiosk import bootstrap, cli, config
from kiosk.domain.staff import Act
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


@dataclass
class Done:
    """What a command that ran in this process left behind."""

    returncode: int
    stdout: bytes
    stderr: bytes


class OneCounter(OwnKiosk):
    """A kiosk whose commands run at the counter, in this process: there are many of them here."""

    def __init__(
        self, folder: Path, patched: pytest.MonkeyPatch, written: pytest.CaptureFixture[bytes]
    ) -> None:
        super().__init__(folder)
        self._patched = patched
        self._written = written
        for name, value in self.env.items():
            patched.setenv(name, value)

    def ask(self, *arguments: str, pins: tuple[str, ...] = (), after: bytes = b"") -> Done:
        """A command with these lines on its input; nothing of them comes out again."""
        lines = "".join(f"{pin}\n" for pin in pins).encode()
        self._patched.setattr(sys, "stdin", TextIOWrapper(BytesIO(lines + after)))
        self._written.readouterr()
        code = cli.run(["--profile", "counter", *arguments])
        out, err = self._written.readouterr()
        assert not any(pin.encode() in out + err for pin in pins)
        return Done(code, out, err)

    def by_pin(self, *arguments: str, pins: tuple[str, ...] = (), after: bytes = b"") -> Done:
        """The same with `--pin-stdin`."""
        return self.ask(*arguments, "--pin-stdin", pins=pins, after=after)

    def staff(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.ask("staff", "list", "--json").stdout)
        return found


@pytest.fixture
def empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> OneCounter:
    """A counter without accounts."""
    return OneCounter(tmp_path, monkeypatch, capsysbinary)


@pytest.fixture
def own(empty: OneCounter) -> OneCounter:
    """A counter with a supervisor, S1, and a clerk, S2."""
    assert empty.by_pin(*BOSS, pins=(BOSS_PIN,)).stdout == b"S1\n"
    clerk = ("staff", "add", "--name", "Siti Rahma", "--by", "S1", "--json")
    told = json.loads(empty.by_pin(*clerk, pins=(BOSS_PIN, CLERK_PIN)).stdout)
    assert (told["id"], told["name"], told["role"]) == ("S2", "Siti Rahma", "clerk")
    return empty


def test_the_first_account_is_a_supervisors(empty: OneCounter) -> None:
    own = empty
    assert own.staff() == []
    refused = own.by_pin("staff", "add", "--name", "Siti", pins=(CLERK_PIN,))
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"--role supervisor" in refused.stderr
    assert own.staff() == []


def test_the_others_are_made_by_a_supervisor_who_signs_in_first(own: OneCounter) -> None:
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
            done = own.ask(*budi, *options, "--pin-stdin")
        else:
            done = own.by_pin(*budi, *options, pins=pins)
        assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    listed = [(one["id"], one["name"], one["role"], one["active"]) for one in own.staff()]
    assert listed == [("S1", "Ratna Dewi", "supervisor", True), ("S2", "Siti Rahma", "clerk", True)]
    assert b"Siti Rahma" in own.ask("staff", "list").stdout


def test_a_new_pin_comes_from_a_supervisor_or_by_the_copy_of_the_key(own: OneCounter) -> None:
    by_boss = ("staff", "reset", "S2", "--by", "S1")
    assert own.by_pin(*by_boss, pins=(BOSS_PIN, OTHER_PIN)).returncode == 0
    key, copy, other = (own.folder / name for name in ("keys/counter.key", "stick.key", "other.key"))
    shutil.copy(key, copy)
    other.write_bytes(bytes(32))
    new = "731905"
    for file, words in ((key, b"not a copy"), (other, b"not a copy"), (own.folder / "none", b"No such file")):
        done = own.by_pin("staff", "reset", "S1", "--key-copy", str(file), pins=(new,))
        assert (done.returncode in {1, 2}, words in done.stderr) == (True, True), done.stderr
    assert own.by_pin("staff", "reset", "S1", "--key-copy", str(copy), pins=(new,)).returncode == 0
    assert own.by_pin(*by_boss, pins=(BOSS_PIN, "940183")).returncode == 1
    assert own.by_pin(*by_boss, pins=(new, "940183")).returncode == 0


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


def test_without_a_terminal_pins_are_not_guessed_from_the_input(own: OneCounter) -> None:
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


def test_many_at_once_takes_two_people_and_a_reason(own: OneCounter) -> None:
    file = own.file("list.json", REAL)
    two = ("--staff", "S2", "--second", "S1")
    for options, pins, words in (
        (("--reason", WHY), (CLERK_PIN,), b"--staff ID"),
        (("--staff", "S2"), (CLERK_PIN,), b"--second ID"),
        ((*two, "--reason", "ya"), (CLERK_PIN, BOSS_PIN), b"--reason"),
        ((*two, "--reason", WHY), (CLERK_PIN, OTHER_PIN), b"not the PIN"),
        (("--staff", "S1", "--second", "S1", "--reason", WHY), (BOSS_PIN, BOSS_PIN), b"different"),
    ):
        done = own.by_pin("register", file, *options, pins=pins)
        assert done.returncode in {1, 2}, options
        assert (words in done.stderr, done.stdout) == (True, b""), (options, done.stderr)
    assert own.ask("list", "--json").stdout == b"[]\n"


def test_what_two_people_allowed_stands_in_the_name_of_the_first_and_in_full_is_told(own: OneCounter) -> None:
    two = ("--staff", "S2", "--second", "S1", "--reason", WHY)
    families = json.dumps(REAL).encode()
    done = own.by_pin("register", "-", *two, pins=(CLERK_PIN, BOSS_PIN), after=families)
    result = json.loads(done.stdout)
    assert (done.returncode, result["state"]) == (0, "submitted")
    in_full = ("show", result["reference"], "--full", "--json")
    for staff, pin in (("S2", CLERK_PIN), ("S1", BOSS_PIN)):
        shown = json.loads(own.by_pin(*in_full, "--staff", staff, pins=(pin,)).stdout)
        assert shown["family"]["members"][0]["nik"] == "3173051208800003"
    assert [(line["action"], line["who"]) for line in shown["history"]] == [
        ("registration.submitted", "S2"),
        ("registration.shown", "S2"),
        ("registration.shown", "S1"),
    ]


def test_families_go_out_in_full_only_by_two_people_and_a_reason(own: OneCounter) -> None:
    two = ("--staff", "S2", "--second", "S1", "--reason", WHY)
    file = own.file("list.json", REAL)
    assert own.by_pin("register", file, *two, pins=(CLERK_PIN, BOSS_PIN)).returncode == 0
    for options, pins in (
        ((), ()),
        (("--staff", "S1"), (BOSS_PIN,)),
        (two[:4], (CLERK_PIN, BOSS_PIN)),
        (("--staff", "S2", "--second", "S2", "--reason", WHY), (CLERK_PIN, CLERK_PIN)),
        ((*two, "--state", "draft"), (CLERK_PIN, BOSS_PIN)),
    ):
        done = own.by_pin("list", "--full", *options, pins=pins)
        assert done.returncode in {1, 2}, options
        assert b"3173051208800003" not in done.stdout, options
    (told,) = json.loads(own.by_pin("list", "--full", *two, pins=(CLERK_PIN, BOSS_PIN)).stdout)
    assert told["family"]["members"][0]["nik"] == "3173051208800003"
    with closing(bootstrap.services(config.load(profile="counter"))) as house:
        acts = [(one.act, one.first, one.second, one.reason) for one in house.staffing.risky.of("list")]
    assert acts == [(Act.EXPORT_FULL, "S2", "S1", WHY)]


def test_without_accounts_many_at_once_goes_as_ever_and_in_full_needs_an_account(empty: OneCounter) -> None:
    own = empty
    reference = json.loads(own.ask("register", own.file("list.json", REAL)).stdout)["reference"]
    shown = own.by_pin("show", reference, "--full", "--staff", "S1", pins=(BOSS_PIN,))
    assert (shown.returncode, shown.stdout) == (1, b"")
    assert b"kiosk staff add" in shown.stderr
    assert own.ask("show", reference).returncode == 0


def test_a_wrong_pin_shows_nothing_and_counts(own: OneCounter) -> None:
    for _ in range(4):
        done = own.by_pin("show", "K1-0001-PA", "--full", "--staff", "S2", pins=("000001",))
        assert (done.returncode, done.stdout) == (1, b"")
    assert b"seconds" in done.stderr

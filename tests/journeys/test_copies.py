"""Copies, the way back, proofs and the doctor as commands: a drill during a burst, and mishaps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.store.backup import prove
from kiosk.store.engine import DATABASE, Database
from kiosk.store.restore import REFERENCE_GAP
from tests.builders import a_family, a_member
from tests.journeys.commands import DAY, OwnKiosk
from tests.journeys.families import PRACTICE
from tests.journeys.terminal import ROOT, XTERM, Terminal

FAMILIES = 900


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    (tmp_path / "own").mkdir()
    return OwnKiosk(tmp_path / "own")


def lone(number: int) -> dict[str, Any]:
    """A family of one that shares no number with the others."""
    return a_family(kk=f"990101010120{number:04d}", members=[a_member(serial=number)])


def some(first: int, last: int) -> str:
    return "\n".join(json.dumps(lone(number)) for number in range(first, last + 1))


def told(own: OwnKiosk, *arguments: str, code: int = 0) -> Any:
    """What a command prints as JSON."""
    done = own.run(*arguments, "--json")
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout)


def sentence(own: OwnKiosk, *arguments: str, code: int) -> str:
    """What a command that is refused says."""
    done = own.run(*arguments)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


def screens(own: OwnKiosk) -> Terminal:
    """The terminal program on this kiosk's store."""
    return Terminal.python("-m", "kiosk", "--profile", "training", *PRACTICE, env=own.env)


def store(own: OwnKiosk) -> Path:
    return own.folder / "store" / "training" / DATABASE


def key_file(own: OwnKiosk) -> Path:
    return own.folder / "keys" / "training.key"


def rows(own: OwnKiosk) -> dict[str, list[Any]]:
    """Every row of every table of a store that nobody uses."""
    database = Database(store(own), key_file(own).read_bytes(), 1.0)
    connection = database.take()
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}
    database.give_back(connection)
    database.close()
    return found


def another(own: OwnKiosk, name: str, *, key: bool = True) -> OwnKiosk:
    """An empty machine, to which the key file was carried."""
    folder = own.folder.with_name(name)
    folder.mkdir()
    new = OwnKiosk(folder)
    if key:
        key_file(new).parent.mkdir()
        key_file(new).write_bytes(key_file(own).read_bytes())
        key_file(new).chmod(0o600)
    return new


def test_the_drill(own: OwnKiosk) -> None:
    """Copies during a burst of registrations by another process; they come back elsewhere, whole."""
    own.register(some(1, 5))
    families, copies = own.file("families.jsonl", some(6, FAMILIES)), list[dict[str, Any]]()
    with (own.folder / "results").open("wb") as results:
        command = [sys.executable, "-m", "kiosk", "--profile", "training", "register", families]
        environ = {**os.environ, "PYTHONPATH": str(ROOT), **own.env}
        with subprocess.Popen([*command, "--today", DAY], stdout=results, env=environ) as burst:
            while burst.poll() is None:
                copies.append(told(own, "backup", str(own.folder / f"{len(copies)}.copy")))
    assert burst.returncode == 0
    copies = [copy for copy in copies if 5 < copy["lines"] < FAMILIES][:2]
    assert copies, "no copy fell into the burst"
    copies.append(told(own, "backup", str(own.folder / "last.copy")))
    whole, listed, proof = rows(own), own.stored(), told(own, "verify")
    assert (proof["ok"], proof["lines"]) == (True, FAMILIES)
    for number, copy in enumerate(copies):
        new = another(own, f"new-{number}")
        assert told(new, "restore", copy["file"])["head"] == copy["head"]
        found = rows(new)
        for name in ("registration", "document", "member", "outbox", "audit"):
            assert found[name] == whole[name][: len(found[name])], name
        assert len(found["registration"]) == len(found["outbox"]) == len(found["audit"]) == copy["lines"]
        assert new.stored() == listed[FAMILIES - copy["lines"] :]
        again = told(new, "verify", "--head", copy["head"][:8])
        assert (again["ok"], again["lines"], again["head"]) == (True, copy["lines"], copy["head"])
    [(kiosk, number)] = whole.pop("counter")
    assert found.pop("counter") == [(kiosk, number + REFERENCE_GAP)], "no reference is given again"
    assert found == whole
    assert new.stored() == listed
    assert told(new, "verify") == proof


def test_a_copy_needs_the_key_and_says_so(own: OwnKiosk) -> None:
    own.register(some(1, 2))
    copy = told(own, "backup", "kiosk.copy")["file"]
    bare = another(own, "bare", key=False)
    assert "key of the store is missing" in sentence(bare, "restore", copy, code=4)
    bare.run("list")
    assert "made with another key" in sentence(bare, "restore", copy, code=4)


def test_newer_data_stay_unless_they_are_kept_aside(own: OwnKiosk) -> None:
    own.register(some(1, 2))
    copy = told(own, "backup", "kiosk.copy")["file"]
    own.register(some(3, 5))
    before = own.stored()
    assert "the store here has 3 lines, newest 2026-11-22" in sentence(own, "restore", copy, code=1)
    assert own.stored() == before
    done = told(own, "restore", copy, "--replace")
    assert own.stored() == before[3:]
    kept = Path(done["kept"])
    assert kept.parent == store(own).parent
    told(own, "doctor")  # shorter than it was, but as long as the copy that it is
    kept.replace(store(own))
    assert own.stored() == before


def test_a_store_in_use_is_not_replaced(own: OwnKiosk) -> None:
    own.register(some(1, 2))
    copy = told(own, "backup", "kiosk.copy")["file"]
    with screens(own) as running:
        running.wait_for("L-0002")
        assert "in use" in sentence(own, "restore", copy, "--replace", code=4)
    assert len(own.stored()) == 2


def test_what_is_no_copy_is_refused(own: OwnKiosk) -> None:
    own.register(some(1, 2))
    letter = own.file("letter.txt", "dear all")
    assert "not written over" in sentence(own, "backup", letter, code=1)
    assert Path(letter).read_text() == "dear all"
    assert "no copy of a kiosk" in sentence(own, "restore", letter, code=1)
    copy = Path(told(own, "backup", "kiosk.copy")["file"])
    content = bytearray(copy.read_bytes())
    content[6000] ^= 1
    copy.write_bytes(content)
    assert "was changed since it was made" in sentence(own, "restore", str(copy), code=1)
    assert "cannot be written or read there" in sentence(own, "backup", "nowhere/kiosk.copy", code=5)
    assert "cannot be written or read there" in sentence(own, "restore", "nowhere.copy", code=5)
    assert len(own.stored()) == 2


# What a stick gets by itself.


def on_stick(folder: Path) -> list[Path]:
    return sorted(folder.glob("kiosk-K1-training-*.copy"))


def test_registrations_are_copied_to_the_stick_and_a_few_copies_are_kept(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    own = OwnKiosk(tmp_path, f'[copies]\ndir = "{stick}"\nkeep = 2\n')
    for number in range(1, 5):
        code, _ = own.register(some(number, number))
        assert code == 0
    seals = [prove(path, key_file(own).read_bytes()) for path in on_stick(stick)]
    assert sorted(seal.lines for seal in seals) == [3, 4]
    assert len(list(stick.iterdir())) == 2
    own.run("list")
    assert len(on_stick(stick)) == 2
    new = another(own, f"{tmp_path.name}-new")
    newest = max(on_stick(stick), key=lambda path: prove(path, key_file(own).read_bytes()).lines)
    told(new, "restore", str(newest))
    assert new.stored() == own.stored()


def test_a_stick_that_is_not_there_fails_or_fills_costs_no_registration(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    own = OwnKiosk(tmp_path, f'[copies]\ndir = "{stick}"\n')
    assert own.register(some(1, 1))[0] == 0
    doctor = {line["check"]: line for line in told(own, "doctor")}
    assert (doctor["copies"]["state"], str(stick) in doctor["copies"]["says"]) == ("look", True)
    stick.write_text("a file where the folder should be")
    assert own.register(some(2, 2))[0] == 0
    stick.unlink()
    stick.symlink_to("/sys/kernel")  # a folder in which not even the superuser can make a file
    assert own.register(some(3, 3))[0] == 0
    lines = {line["check"]: line for line in told(own, "doctor", code=1)}
    assert lines["copies"]["state"] == "mend"
    stick.unlink()
    stick.mkdir()
    assert own.register(some(4, 4))[0] == 0
    assert prove(on_stick(stick)[0], key_file(own).read_bytes()).lines == 4
    assert told(own, "verify")["lines"] == 4
    lines = {line["check"]: line for line in told(own, "doctor")}
    assert lines["copies"]["state"] == "look"  # it lies on the disk of the store


def test_the_screens_tell_of_a_missing_stick_and_copy_when_they_are_left(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    own = OwnKiosk(tmp_path, f'[copies]\ndir = "{stick}"\n')
    own.register(some(1, 1))
    with screens(own) as kiosk:
        kiosk.wait_for("L-0001")
        kiosk.send(XTERM["F10"])
        kiosk.wait_for("1/8")
        kiosk.send(XTERM["F10"])
        kiosk.wait_for("2/8")
        kiosk.send("9901", "\r", XTERM["F12"])
        kiosk.wait_for("L-0001")
        kiosk.send(XTERM["DOWN"])  # the message of the family before makes room
        kiosk.wait_for("Stik salinan tidak terpasang")
        kiosk.send(XTERM["F8"])
        kiosk.wait_for("Folder salinan tidak ada")
        kiosk.send(XTERM["F3"])
        kiosk.wait_for("L-0001")
        stick.mkdir()
        kiosk.send(XTERM["F12"], XTERM["F10"])
        assert kiosk.end() == 0
    assert prove(on_stick(stick)[0], key_file(own).read_bytes()).lines == told(own, "verify")["lines"] > 1


# The proof and the doctor.


def test_verify_names_the_line_and_finds_a_cut_by_the_mark_of_a_receipt(own: OwnKiosk) -> None:
    own.register(some(1, 20))
    good = told(own, "verify")
    mark = good["head"][:8]
    assert own.run("verify", "--head", mark.upper()).returncode == 0
    whole = rows(own)

    def change(statement: str) -> None:
        database = Database(store(own), key_file(own).read_bytes(), 1.0)
        connection = database.take()
        connection.execute(statement)
        database.give_back(connection)
        database.close()

    change("UPDATE audit SET who = '!' WHERE n = 13")
    found = told(own, "verify", code=1)
    assert (found["first_bad"], found["what"], found["why"]) == (13, "altered", "line 13 was altered")
    change("UPDATE audit SET who = 'file' WHERE n = 13")
    assert rows(own) == whole
    change("DELETE FROM audit WHERE n > 10")
    found = told(own, "verify", "--head", mark, code=1)
    assert (found["what"], found["lines"]) == ("cut", 10)
    out = own.run("verify", "--head", mark).stdout.decode()
    assert "BROKEN" in out
    assert "not seen by this check" in out
    assert own.run("verify", "--head", "xyz").returncode == 2


def test_the_doctor_finds_what_is_broken(own: OwnKiosk) -> None:
    own.register(some(1, 3))
    good = {line["check"]: line["state"] for line in told(own, "doctor")}
    assert "mend" not in good.values()
    key_file(own).chmod(0o644)
    lines = {line["check"]: line for line in told(own, "doctor", code=1)}
    assert lines["key"]["state"] == "mend"
    assert lines["key"]["mend"] == f"Jalankan: chmod 600 '{key_file(own)}'"
    assert lines["database"]["state"] == "ok"
    key_file(own).unlink()
    done = own.run("doctor")
    assert done.returncode == 1
    assert "Berkas kunci tidak ada" in done.stdout.decode()
    assert done.stderr == b""


def test_the_doctor_is_a_table_in_colour_for_a_person(own: OwnKiosk) -> None:
    with Terminal.python("-m", "kiosk", "doctor", "--profile", "training", env=own.env) as terminal:
        assert terminal.end() == 0
    output = terminal.output.decode()
    assert "\x1b[32m" in output
    assert "Ruang disk" in output

"""Practice and real families never mix: every command is tried with what belongs to the other side."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kiosk import cli
from kiosk.domain.identifiers import Reference
from tests.builders import a_family, a_member
from tests.journeys.commands import OwnKiosk
from tests.journeys.families import of

PRACTICE, REAL = "training", "counter"
REAL_KK = "3173050101200012"


def a_real_family() -> dict[str, Any]:
    """A family with numbers of a province that exists; invented like all of them."""
    address = {
        "street": "Jl. Melati 4",
        "rt": "003",
        "rw": "007",
        "region": "3173051001",
        "postcode": "11470",
    }
    member = a_member(nik="3173051208800003")
    return a_family(kk=REAL_KK, address=address, members=[member], fktp="09020107")


@dataclass
class Both:
    """A kiosk with a family in practice and one for real; it runs commands in this process."""

    own: OwnKiosk
    capture: pytest.CaptureFixture[str]

    def run(self, profile: str, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        self.capture.readouterr()
        code = cli.run(["--profile", profile, *arguments])
        out, err = self.capture.readouterr()
        return code, out, err

    def stored(self, profile: str) -> list[str]:
        """The references of what is stored."""
        return [one["reference"] for one in json.loads(self.run(profile, "list", "--json")[1])]

    def file(self, name: str, content: Any) -> str:
        return self.own.file(name, content)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which both have registered a family."""
    folder = tmp_path_factory.mktemp("both")
    own = OwnKiosk(folder)
    for profile, family in ((PRACTICE, of(2)), (REAL, a_real_family())):
        done = own.run("register", own.file("family.json", family), profile=profile)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def both(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Both]:
    for name in ("store", "keys"):
        shutil.copytree(prepared / name, tmp_path / name)
    own = OwnKiosk(tmp_path)
    for name, value in own.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    before = {profile: Both(own, capsys).stored(profile) for profile in (PRACTICE, REAL)}
    assert [len(found) for found in before.values()] == [1, 1]
    yield Both(own, capsys)
    after = {profile: Both(own, capsys).stored(profile) for profile in (PRACTICE, REAL)}
    assert after == before, "each side has what it had, and no more"


def refuses(outcome: tuple[int, str, str], *says: str, code: int = 1) -> None:
    found, out, err = outcome
    assert found == code, out + err
    assert all(word in out + err for word in says), out + err


def register(both: Both) -> None:
    refuses(
        both.run(REAL, "register", both.file("p.json", of(2, 7))), "nik.training_only", "kk.training_only"
    )
    real = a_real_family() | {"members": [a_member(nik="3173051208800004")]}
    refuses(both.run(PRACTICE, "register", both.file("r.json", real)), "nik.not_training", "kk.not_training")


def keys(both: Both) -> None:
    refuses(both.run(REAL, "keys", both.file("p.json", of(2, 7))), "nik.training_only")
    refuses(both.run(PRACTICE, "keys", both.file("r.json", a_real_family())), "nik.not_training")
    refuses(both.run(REAL, "keys", "no.toml"), "--profile training", code=2)


def check(both: Both) -> None:
    refuses(both.run(REAL, "check", "nik", "9901011208800001"), "nik.training_only")
    refuses(both.run(PRACTICE, "check", "nik", "3173051208800003"), "nik.not_training")
    refuses(both.run(REAL, "check", "kk", "9901010101200001", "--seed", "1"), code=2)


def listed(both: Both) -> None:
    (practised,), (real,) = both.stored(PRACTICE), both.stored(REAL)
    assert (practised[:2], real[:3]) == ("L-", "K1-")


def show(both: Both) -> None:
    (practised,), (real,) = both.stored(PRACTICE), both.stored(REAL)
    refuses(both.run(REAL, "show", practised), "practice")
    refuses(both.run(PRACTICE, "show", real), "nothing with this reference")


def directory(both: Both) -> None:
    person = {"card": "0001234567890", "name": "A", "birth_date": "1990-01-01", "segment": "PBPU"}
    rest = {"status": "active", "class": 2, "head": True}
    practised = {"nik": "9901010101900001", "kk": "9901010101200099", **person, **rest}
    real = {"nik": "3173050101900001", "kk": "3173050101200099", **person, **rest}
    refuses(both.run(REAL, "directory", "import", both.file("d.jsonl", practised)), "nik.training_only")
    refuses(both.run(PRACTICE, "directory", "import", both.file("d.jsonl", real)), "nik.not_training")


def backup(both: Both) -> None:
    copy = str(both.own.folder / "practice.copy")
    assert both.run(PRACTICE, "backup", copy)[0] == 0
    refuses(both.run(REAL, "restore", copy, "--replace"), "another key", code=4)


def restore(both: Both) -> None:
    """The same copy with the key of practice in the place of the real one is told by its seal."""
    copy, keys_of = str(both.own.folder / "practice.copy"), both.own.folder / "keys"
    assert both.run(PRACTICE, "backup", copy)[0] == 0
    kept = (keys_of / "counter.key").read_bytes()
    shutil.copy(keys_of / "training.key", keys_of / "counter.key")
    refuses(both.run(REAL, "restore", copy, "--replace"), "training")
    (keys_of / "counter.key").write_bytes(kept)


def run(both: Both) -> None:
    """A store of practice in the place of the real one, with its key, is not opened at all."""
    there, keys_of = both.own.folder / "store", both.own.folder / "keys"
    shutil.move(there / "counter", there / "kept")
    shutil.move(keys_of / "counter.key", keys_of / "kept.key")
    shutil.copytree(there / "training", there / "counter")
    shutil.copy(keys_of / "training.key", keys_of / "counter.key")
    for command in (("list",), ("sync",), ("export", str(both.own.folder)), ("show", "K1-0001-PA")):
        refuses(both.run(REAL, *command), "practice is kept apart", code=4)
    shutil.rmtree(there / "counter")
    shutil.move(there / "kept", there / "counter")
    shutil.move(keys_of / "kept.key", keys_of / "counter.key")


def not_enrolled(*command: str) -> Callable[[Both], None]:
    """Without a hub nothing leaves, and nothing is written."""

    def tried(both: Both) -> None:
        stick = both.own.folder / "stick"
        stick.mkdir()
        arguments = [str(stick) if word == "DIR" else word for word in command]
        code, out, _ = both.run(PRACTICE, *arguments)
        assert code != 0
        assert list(stick.iterdir()) == []
        assert "9901" not in out

    return tried


def only_in_practice(*command: str) -> Callable[[Both], None]:
    """The command belongs to practice and is refused elsewhere, before anything is opened."""
    return lambda both: refuses(both.run(REAL, *command), code=2)


TRIED: dict[str, Callable[[Both], None]] = {
    "register": register,
    "keys": keys,
    "check": check,
    "list": listed,
    "show": show,
    "directory import": directory,
    "backup": backup,
    "restore": restore,
    "run": run,
    "enrol": not_enrolled("enrol", "XXXXX-XXXXX-XXXXX-XXXXX-XXXXX", "--url", "http://127.0.0.1:9"),
    "sync": not_enrolled("sync"),
    "export": not_enrolled("export", "DIR"),
    "import": not_enrolled("import", "DIR"),
    "training menu": only_in_practice("training"),
    "training list": only_in_practice("training", "list"),
    "training run": only_in_practice("training", "run", "keluarga-baru"),
    "training score": only_in_practice("training", "score"),
    "training certificate": only_in_practice("training", "certificate", "A"),
    "training play": only_in_practice("training", "play", "A"),
    "training verify": only_in_practice("training", "verify", "A"),
    "web": only_in_practice("web"),
}
"""How each command that knows of families is tried."""

OF_NO_FAMILY = {"reference import", "reference list", "verify", "doctor", "deploy systemd"}
"""Commands that take in, give out or send nobody's data."""


def of_the_hub_or_staff(command: str) -> bool:
    """The hub keeps its classes apart (tests/hub), and accounts are no families."""
    return command.startswith(("hub ", "staff "))


def test_every_command_is_tried_or_knows_no_family() -> None:
    known = {name for name in cli._COMMANDS if not of_the_hub_or_staff(name)}
    assert known - OF_NO_FAMILY == set(TRIED)


@pytest.mark.parametrize("command", TRIED)
def test_nothing_of_practice_becomes_real_nor_the_other_way_round(both: Both, command: str) -> None:
    TRIED[command](both)


def test_the_references_tell_them_apart() -> None:
    assert str(Reference("L", 1)).startswith("L-")

"""By the commands alone: a kiosk without a network and its hub, and a stick that goes between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk import cli
from kiosk.hub.deciding import decide_once
from kiosk.hub.keys import KeyFile
from kiosk.sync import usb
from tests.builders import a_family, a_member
from tests.hub.conftest import Command
from tests.hub.placed import Hub
from tests.hub.running import RunningHub, a_hub


@dataclass
class Typist:
    """Who types commands at a kiosk for practice that has enrolled, and carries its stick."""

    file: Path
    stick: Path
    hub: Hub
    at_hub: Command
    capsys: pytest.CaptureFixture[str]

    def type(self, *words: str) -> tuple[int, str, str]:
        code = cli.run(["--config", str(self.file), *words])
        out, err = self.capsys.readouterr()
        return code, out, err

    def register(self, number: int) -> str:
        """The reference of a family that was registered."""
        family = a_family(kk=f"990101010120{number:04d}", members=[a_member(serial=number)])
        source = self.file.with_name("family.json")
        source.write_text(json.dumps(family))
        code, out, err = self.type("register", "--today", "2026-11-22", str(source))
        assert code == 0, out + err
        return str(json.loads(out)["reference"])

    def states(self) -> dict[str, str]:
        _, out, _ = self.type("list", "--json")
        return {one["reference"]: one["state"] for one in json.loads(out)}


@pytest.fixture
def served_at_home(tmp_path: Path, database: str) -> Iterator[RunningHub]:
    """A hub whose key file is where its commands look for it."""
    with a_hub(database, KeyFile(tmp_path / ".config" / "kiosk" / "hub.keys")) as found:
        yield found


@pytest.fixture
def typist(
    tmp_path: Path, served_at_home: RunningHub, command: Command, capsys: pytest.CaptureFixture[str]
) -> Typist:
    folder, stick = tmp_path / "kiosk", tmp_path / "stick"
    folder.mkdir()
    stick.mkdir()
    file = folder / "kiosk.toml"
    file.write_text(
        f'[kiosk]\nid = "K7"\nprofile = "training"\n[store]\ndir = "{folder}/data"\nkeys = "{folder}/keys"\n'
        f'reserve_mib = 0\n[sms]\nspool = "{folder}/sms"\n'
    )
    engine = served_at_home.reception.engine
    found = Typist(file, stick, Hub(engine, served_at_home.reception.key_file), command, capsys)
    code = served_at_home.code("K7", training=True)
    done, _, err = found.type("enrol", str(code), "--url", served_at_home.url)
    assert done == 0, err
    return found


def test_a_family_is_accepted_by_stick(typist: Typist) -> None:
    typist.hub.numbers(training=True)
    reference = typist.register(1)
    code, out, err = typist.type("export", str(typist.stick))
    assert (code, err) == (0, "")
    assert out.startswith(f"1 written to {typist.stick / 'kiosk-K7' / 'export-000001'}, and read back\n")
    assert typist.states() == {reference: "submitted"}
    assert typist.at_hub("import", str(typist.stick), "--wait", "0")[0] == 0
    assert decide_once(typist.hub.engine, typist.hub.desk) == 1
    assert typist.at_hub("import", str(typist.stick), "--wait", "0")[0] == 0
    code, out, err = typist.type("import", str(typist.stick))
    assert (code, err) == (0, "")
    assert out.splitlines() == ["1 receipts, 1 accepted, 0 refused", "200 card numbers came"]
    assert typist.states() == {reference: "accepted"}
    code, out, _ = typist.type("import", str(typist.stick), "--json")
    told = json.loads(out)
    assert (code, told["sent"], told["messages"], told["numbers"]) == (0, 0, 0, 0)
    code, out, _ = typist.type("export", str(typist.stick), "--json")
    assert (code, json.loads(out)["envelopes"], json.loads(out)["left_out"]) == (0, 0, 0)


def test_what_came_by_network_comes_by_stick_as_well(typist: Typist) -> None:
    reference = typist.register(1)
    typist.type("export", str(typist.stick))
    code, _, err = typist.type("sync", "--wait", "0")
    assert code == 0, err
    _, out, _ = typist.at_hub("import", str(typist.stick), "--json", "--wait", "0")
    assert json.loads(out)[0]["items"] == {"duplicate": 1}
    assert typist.type("import", str(typist.stick))[0] == 0
    assert typist.states() == {reference: "sent"}
    assert typist.hub.rows("SELECT count(*) AS n FROM envelope")[0].n == 1


@pytest.mark.parametrize("way", ["export", "import"])
def test_a_stick_that_is_not_there(typist: Typist, way: str) -> None:
    code, out, err = typist.type(way, str(typist.stick / "nowhere"))
    assert (code, out) == (5, "")
    assert "plug the stick in" in err


def test_nothing_for_this_kiosk(typist: Typist) -> None:
    code, _, err = typist.type("import", str(typist.stick))
    assert code == 1
    assert "take the stick there first" in err


def test_a_damaged_answer_is_named_and_steers_no_terminal(typist: Typist) -> None:
    stick = typist.stick / "a\x1b[2Jb"
    stick.mkdir()
    typist.register(1)
    _, out, _ = typist.type("export", str(stick))
    assert "\x1b" not in out
    _, out, _ = typist.at_hub("import", str(stick), "--wait", "0")
    assert "\x1b" not in out
    folder = usb.folder_of(stick, "K7") / "answers-000001"
    (folder / "receipts-0001.json").write_bytes(b"{}")
    code, out, err = typist.type("import", str(stick))
    assert code == 1
    assert out == "0 receipts, 0 accepted, 0 refused\n"
    assert "this file was changed or written by half" in err
    assert "\x1b" not in err


def test_a_kiosk_that_has_not_enrolled_is_told_so(
    typist: Typist, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    file = other / "kiosk.toml"
    file.write_text(typist.file.read_text().replace(str(typist.file.parent), str(other)))
    for way in ("export", "import"):
        assert cli.run(["--config", str(file), way, str(typist.stick)]) == 1
        assert "not enrolled" in capsys.readouterr().err
    assert list(typist.stick.iterdir()) == []


def test_the_other_profile_keeps_off_the_stick(typist: Typist, tmp_path: Path) -> None:
    """A stick with parcels of practice is not used by the counter of the same kiosk."""
    typist.register(1)
    typist.type("export", str(typist.stick))
    manifest = usb.folder_of(typist.stick, "K7") / "export-000001" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"training":true', b'"training":false'))
    code, _, err = typist.type("export", str(typist.stick))
    assert code == 1
    assert "do not share a stick" in err
    del tmp_path

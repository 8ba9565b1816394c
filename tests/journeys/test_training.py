"""Scenarios at the real terminal: an unseen one by the perfect clerk's bytes, and mistakes that cost."""

from __future__ import annotations

import json
import signal
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kiosk.randomness import SeededRandomness
from kiosk.resources import data_dir
from kiosk.services.training_ports import RunNote
from kiosk.services.verification import code_of, new_secret
from kiosk.training.score import marks
from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import XTERM, Terminal

COST: Any = marks().table
PAPER, START, DONE = "F10 Mulai", "Daftarkan keluarga baru", "Tersimpan dengan aman"
F8, F12 = XTERM["F8"], XTERM["F12"]


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path)


def an_unseen(own: OwnKiosk, base: str, changes: dict[str, str]) -> str:
    """A scenario file that nobody has seen: one that comes along, with other people and another day."""
    text = (data_dir() / "training" / f"{base}.toml").read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return own.file("belum-pernah.toml", text)


def keys(own: OwnKiosk, file: str, *more: str) -> bytes:
    done = own.run("keys", file, "--raw", "--seed", "11", *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(own: OwnKiosk, file: str, *more: str) -> Terminal:
    terminal = Terminal.python("-m", "kiosk", "training", "run", file, "--seed", "11", *more, env=own.env)
    terminal.patience = 60.0
    return terminal


def scored(own: OwnKiosk) -> tuple[int, dict[str, int]]:
    """The points of the last run, and the cost of each thing by its code and field."""
    told = json.loads(own.run("training", "score", "--json").stdout)
    lost = {f"{one['code']} {one['field']}".strip(): one["points"] for one in told["deductions"]}
    return told["points"], lost


def test_an_unseen_scenario_with_every_trouble_is_played_to_100_points(own: OwnKiosk) -> None:
    refused = '[[difficulty]]\nkind = "hub_refuses"\nfield = "contact.email"\n'
    refused += 'first = "yohanes@example.com"\ncode = "email.format"\nwhy = "Surel."\n\n[expected]'
    file = an_unseen(
        own,
        "hari-yang-berat",
        {"KARINA TAN": "TIARA TAN", "today = 2026-11-23": "today = 2026-11-25", "[expected]": refused},
    )
    with run(own, file) as terminal:
        terminal.wait_for(PAPER)
        terminal.send(keys(own, file, "--part", "1"))
        terminal.wait_for("listrik padam")
        assert "TIARA" not in terminal.text
        terminal.send("\r")
        terminal.wait_for("4/8 kurang")
        terminal.send(keys(own, file, "--part", "2"))
        terminal.wait_for("Perbaikan tersimpan")
        assert "LATIHAN" in terminal.text
        assert "L-0001-" in terminal.text
        terminal.send(F12)
        assert terminal.end() == 0
        assert "Hari yang berat: 100 dari 100" in terminal.text
    assert scored(own) == (100, {})
    assert list((own.folder / "store" / "training" / "runs").iterdir()) == []


def test_each_planted_mistake_costs_what_the_marks_say(own: OwnKiosk) -> None:
    file = an_unseen(own, "data-tetangga", {"REZA MAULANA": "RANI MAULANA"})
    right = keys(own, file)
    wrong = right.replace(b"0456789123", b"0456789132").replace(b"rani", b"rini")
    assert wrong != right
    secret = code_of(new_secret(SeededRandomness(11), "+6283833337008", 1))
    cast = own.folder / "latihan.cast"
    with run(own, file, "--record", str(cast)) as terminal:
        terminal.wait_for(PAPER)
        terminal.send(XTERM["F3"])
        terminal.wait_for(START)
        terminal.send("9901011204740999\r")
        terminal.wait_for("Tidak ditemukan")
        before, name, after = wrong.partition(b"rini")
        until_code, code, rest = after.partition(secret.encode())
        terminal.send(before, F8, name, until_code)
        terminal.wait_for(secret)  # it stands on the simulated phone
        terminal.send(code, rest)
        terminal.wait_for(DONE)
        terminal.send(F12)
        assert terminal.end() == 0
    points, lost = scored(own)
    assert lost == {
        "field members[1].name": COST["field"]["name"],
        "field bank.account": COST["field"]["account"],
        "slip.other_data": COST["slip"]["other_data"],
        "slip.revealed": COST["slip"]["revealed"],
    }
    assert points == 100 - sum(lost.values())
    recorded = cast.read_text("utf-8")
    assert "LINA MARLINA" in recorded
    assert secret not in recorded
    assert "(Bagian ini tidak direkam.)" in recorded
    assert stat.S_IMODE(cast.stat().st_mode) == 0o600
    played = own.run("training", "play", str(cast))
    assert played.returncode == 0
    assert "TERSIMPAN DI KIOSK" in played.stdout.decode()
    again = own.run("training", "play", file)
    assert (again.returncode, again.stdout) == (1, b"")


def test_a_run_that_was_killed_goes_on_where_it_was(own: OwnKiosk) -> None:
    with run(own, "keluarga-baru") as terminal:
        terminal.wait_for(PAPER)
        terminal.send(XTERM["F10"], XTERM["F10"], "9901011203200007\r")
        terminal.wait_until(lambda: " > Captcha" in terminal.text, "the captcha")
        terminal.signal(signal.SIGKILL)
        terminal.end()
    assert json.loads(own.run("training", "score", "--json").stdout)["points"] is None
    with run(own, "keluarga-baru") as terminal:
        terminal.wait_for("2/8 kurang")
        terminal.send(F12)
        terminal.wait_for("Yakin?")
        terminal.send(XTERM["F10"])
        assert terminal.end() == 0
        assert "Keluarga ini belum terdaftar" in terminal.text
    assert scored(own) == (100 - COST["registration"]["missing"], {"registration.missing": 60})


def test_scenarios_are_listed_and_a_bad_one_is_named_by_line(own: OwnKiosk) -> None:
    own.file("rusak.toml", "title = 1\n")
    own.settings.write_text(
        own.settings.read_text("utf-8") + f'[training]\nscenarios = "{own.folder}"\n', encoding="utf-8"
    )
    done = own.run("training", "list", "--json")
    listed = json.loads(done.stdout)
    assert done.returncode == 1
    assert f"{own.folder / 'rusak.toml'}, line 1: today is missing" in done.stderr.decode()
    assert {one["id"] for one in listed} >= {"keluarga-baru", "hari-yang-berat", "bayi-ke-pandawa"}
    assert {one["best"] for one in listed} == {None}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("training", "run", "tidak-ada"), 2, b"needs a terminal"),
        (("training", "score"), 1, b"no such run"),
        (("training", "list", "--today", "2026-11-22"), 2, b"--today"),
        (("keys", "no-such.toml"), 1, b"cannot be played"),
        (("keys", "-", "--part", "1"), 2, b"--part"),
        (("--profile", "counter", "run", "--record", "x.cast"), 2, b"only practice is recorded"),
    ],
)
def test_what_cannot_be_asked_is_said(
    own: OwnKiosk, arguments: tuple[str, ...], code: int, says: bytes
) -> None:
    done = own.run(*arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert says in done.stderr


def test_practice_needs_no_profile_and_takes_no_other(own: OwnKiosk) -> None:
    refused = own.run("training", "list", profile="counter")
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert [file.name for file in own.folder.iterdir()] == ["kiosk.toml"]
    scenario = str(data_dir() / "training" / "keluarga-baru.toml")
    assert own.run("keys", scenario, profile="counter").returncode == 2


def test_keys_of_a_scenario_by_name_are_told_in_parts(own: OwnKiosk) -> None:
    file = str(data_dir() / "training" / "listrik-padam.toml")
    told = own.run("keys", file).stdout.decode().splitlines()
    at = told.index("# power cut")
    assert told[at + 1 : at + 3] == ["1", "enter"]
    assert told[-1] == f"# {len(told) - 2} keys"
    unnamed = own.run("keys", file, "--raw", "--seed", "1")
    assert unnamed.returncode == 2
    assert b"--part" in unnamed.stderr
    parts = [own.run("keys", file, "--part", part).stdout.decode().splitlines() for part in "12"]
    assert parts[0][:-1] == told[:at]
    assert parts[1][:-1] == told[at + 1 : -1]


def test_a_certificate_is_made_and_checked_here_and_elsewhere(
    own: OwnKiosk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = own.run("training", "certificate", "Siti")
    assert (early.returncode, early.stdout) == (1, b"")
    assert b"0/5, 75" in early.stderr
    house = own.services(monkeypatch)
    names = ("keluarga-baru", "nama-di-ktp", "bayi-tanpa-nik", "listrik-padam", "ditolak-pusat")
    with house.open_work() as work:
        for number, name in enumerate(names):
            work.runs.put(RunNote(str(number), name, house.clock.now(), "later", 90 + number))
        work.commit()
    house.close()
    made = json.loads(own.run("training", "certificate", "Siti Nurhaliza", "--json").stdout)
    assert (made["name"], made["points"], len(made["scenarios"])) == ("Siti Nurhaliza", 92, 5)
    shown = own.run("training", "certificate", "Siti Nurhaliza").stdout.decode()
    assert "Listrik padam di tengah pendaftaran" in shown
    checked = own.run("training", "verify", *made["code"].lower().split("-"), "--json")
    assert json.loads(checked.stdout) == {key: made[key] for key in made if key not in {"code", "key"}}
    changed = made["code"][:-1] + ("0" if made["code"][-1] != "0" else "G")
    assert own.run("training", "verify", changed).returncode == 1
    (tmp_path / "elsewhere").mkdir()
    other = OwnKiosk(tmp_path / "elsewhere")
    assert b"--key" in other.run("training", "verify", made["code"]).stderr
    assert (
        "Siti Nurhaliza"
        in other.run("training", "verify", made["code"], "--key", made["key"]).stdout.decode()
    )
    assert [file.name for file in other.folder.iterdir()] == ["kiosk.toml"], "checking leaves nothing behind"


def test_a_registration_is_rated_by_a_scenario_however_it_came_about(own: OwnKiosk) -> None:
    scenario = tomllib.loads((data_dir() / "training" / "keluarga-baru.toml").read_text("utf-8"))
    family = json.loads(json.dumps(scenario["expected"], default=str))
    family["consent"] = {"terms": "v1", "accepted": True, "guardian": None}
    family["members"][1]["name"] = "DEWI LESTARY"
    _, (result,) = own.register(json.dumps(family))
    rated = own.run("training", "score", "--scenario", "keluarga-baru", "--of", result["reference"], "--json")
    told = json.loads(rated.stdout)
    assert told["points"] == 100 - COST["field"]["name"]
    assert [one["field"] for one in told["deductions"]] == ["members[1].name"]
    assert own.run("training", "score", "--scenario", "keluarga-baru").returncode == 2

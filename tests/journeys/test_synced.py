"""The way of the README: a hub on trial, two kiosks enrolled by its codes, families sent and decided."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kiosk.domain.registration import State
from tests.builders import a_nik
from tests.faults.families import steps
from tests.hub.processes import HubProcess, hub_process
from tests.journeys.commands import OwnKiosk
from tests.journeys.families import of, screens, shown
from tests.journeys.terminal import ROOT, XTERM

F10, F12 = XTERM["F10"], XTERM["F12"]
RIGHT = a_nik(date(2008, 3, 12), "L", 88)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    """The hub that the README starts with one command."""
    words = re.search(r"kiosk hub serve (--demo)\n", (ROOT / "README.md").read_text("utf-8"))
    assert words is not None
    home = tmp_path / "hub"
    home.mkdir()
    with hub_process(home, words[1], until="those that need its keys") as running:
        yield running


def kiosk(folder: Path, name: str) -> OwnKiosk:
    folder.mkdir()
    return OwnKiosk(folder, f'[kiosk]\nid = "{name}"\n')


def told(own: OwnKiosk, *command: str) -> Any:
    """What a command prints as JSON; it must end well."""
    done = own.run(*command, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def states(own: OwnKiosk) -> dict[str, str]:
    return {line["reference"]: line["state"] for line in own.stored()}


def register_at_the_screens(own: OwnKiosk, family: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> str:
    """The family's whole way through the services of the screens; its reference."""
    with closing(own.services(monkeypatch)) as house:
        draft: Any = house.drafts.start()
        for _, step in steps(family):
            draft = step(house, draft) or draft
        return str(draft.reference)


def test_from_the_readme_to_accepted_and_a_refusal_mended(
    hub: HubProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two kiosks are enrolled by what the hub prints, and by a code made for the second.
    own, other = kiosk(tmp_path / "k1", "K1"), kiosk(tmp_path / "k2", "K2")
    _, (first,) = own.register(json.dumps(of(3)))
    second = register_at_the_screens(own, of(2, 5), monkeypatch)
    assert set(states(own).values()) == {"submitted"}
    printed = re.search(r"^ *kiosk --profile training (enrol .*)$", hub.talk, re.MULTILINE)
    assert printed is not None
    assert told(own, *shlex.split(printed[1]))["training"] is True
    database = re.search(r"DATABASE_URL='(.*)'", hub.talk)
    assert database is not None
    other.env["DATABASE_URL"] = database[1]
    code = told(other, "hub", "enrol", "--kiosk", "K2", "--training")["code"]
    assert told(other, "enrol", code, "--url", hub.url)["kiosk"] == "K2"

    # What was registered offline is sent, the first time by `enrol` itself, and accepted.
    synced = told(own, "sync", "--wait", "30")
    assert (synced["accepted"], synced["waiting"]) == (2, 0)
    assert states(own) == {first["reference"]: "accepted", second: "accepted"}

    # The same child at another kiosk is refused with the other reference, mended at the screen, and accepted.
    doubled = of(3, 7)
    doubled["members"][2] = of(3)["members"][2]
    _, (double,) = other.register(json.dumps(doubled))
    synced = told(other, "sync", "--wait", "30")
    assert (synced["sent"], synced["accepted"], synced["refused"]) == (1, 0, 1)
    assert states(other) == {double["reference"]: "needs_fix"}
    with screens(other) as terminal:
        terminal.wait_for(f"sudah terdaftar dengan kode {first['reference']}")
        terminal.send("1\r")
        terminal.wait_for("Salah ketik? Betulkan.")
        terminal.send(RIGHT, "\r")
        terminal.wait_for("F10 Kirim lagi")
        terminal.send(F10)
        terminal.wait_for("Perbaikan tersimpan")
        terminal.send(F12)
        terminal.wait_quiet()
    told(other, "sync", "--wait", "30")
    stored = shown(other, double["reference"])
    assert stored["state"] == State.ACCEPTED
    assert stored["family"]["members"][2]["nik"] == RIGHT

    # The hub's database holds it all, and names nobody.
    with psycopg.connect(database[1].replace("postgresql+psycopg", "postgresql")) as connection:
        rows = connection.execute("SELECT reference, version, state FROM registration ORDER BY 1").fetchall()
        envelopes = connection.execute("SELECT count(*) FROM envelope").fetchone()
    wanted = [(first["reference"], 1), (second, 1), (double["reference"], 2)]
    assert rows == sorted((*one, "accepted") for one in wanted)
    assert envelopes == (4,)

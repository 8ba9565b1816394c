"""Keys faster than anybody types: every one lands in the field that it was meant for."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

from tests.builders import a_family
from tests.journeys.commands import OwnKiosk
from tests.journeys.families import FAMILIES, MOTHER, as_stored, keys_of, of, only_one, people, screens, shown
from tests.journeys.terminal import XTERM

DONE = "Tersimpan dengan aman"


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    kiosk = OwnKiosk(tmp_path)
    assert kiosk.run("directory", "import", kiosk.file("extract.jsonl", json.dumps(MOTHER))).returncode == 0
    return kiosk


@pytest.mark.parametrize("name", FAMILIES)
def test_a_whole_family_sent_before_the_program_is_there(own: OwnKiosk, name: str) -> None:
    family = FAMILIES[name]
    keys = keys_of(own, family)
    with screens(own) as terminal:
        terminal.wait_until(terminal.is_raw, "raw mode")
        terminal.send(keys)
        terminal.wait_for(DONE)
        terminal.send(XTERM["F12"], XTERM["F12"], XTERM["F10"])
        assert terminal.end() == 0
    assert only_one(own)["family"] == as_stored(family)


def test_a_whole_family_sent_after_the_first_screen(own: OwnKiosk) -> None:
    family = FAMILIES["four"]
    keys = keys_of(own, family)
    with screens(own) as terminal:
        terminal.wait_for("Daftarkan keluarga baru")
        terminal.send(keys)
        terminal.wait_for(DONE)
    assert only_one(own)["family"] == as_stored(family)


@pytest.mark.parametrize("seed", range(2))
def test_however_a_slow_line_cuts_them(own: OwnKiosk, seed: int) -> None:
    keys, chance = keys_of(own, FAMILIES["doubtful"]), random.Random(seed)
    cuts = [0, *(at for at in range(1, len(keys)) if chance.random() < 0.15), len(keys)]
    with screens(own) as terminal:
        terminal.wait_for("Daftarkan keluarga baru")
        for start, stop in pairwise(cuts):
            terminal.send(keys[start:stop])
            terminal.read(0)
        terminal.wait_for(DONE)
    assert only_one(own)["family"] == as_stored(FAMILIES["doubtful"])


def test_three_families_one_after_the_other_in_one_stream(own: OwnKiosk) -> None:
    families = [of(2, 1), of(1, 2), of(4, 3)]
    stream = b"".join(keys_of(own, family) + XTERM["F12"] for family in families)
    with screens(own) as terminal:
        terminal.wait_until(terminal.is_raw, "raw mode")
        terminal.send(stream)
        terminal.wait_for("3 menunggu kirim")
        terminal.wait_for("Terdaftar hari ini")
        terminal.wait_until(lambda: terminal.text.count("B*** S******") == 3, "three families in the list")
    references = [line["reference"] for line in reversed(own.stored())]
    assert [shown(own, reference)["family"] for reference in references] == [
        as_stored(family) for family in families
    ]


def test_the_keys_of_a_family_of_four_are_few(own: OwnKiosk) -> None:
    text = json.dumps(a_family(kk="3173050101200012", members=people(4), fktp="01150021"))
    text = text.replace('"990101', '"317305').replace("99999", "10510")
    done = own.run("keys", own.file("four.json", text), profile="counter")
    *_, last = done.stdout.decode().splitlines()
    assert done.returncode == 0, done.stdout
    count = int(last.removeprefix("# ").removesuffix(" keys"))
    assert count <= 330, count

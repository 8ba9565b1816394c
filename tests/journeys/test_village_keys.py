"""A family at a kiosk without staff, by the very keys that `kiosk keys` names; captcha and code are read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kiosk.domain.captcha import HIGHEST_ANSWER, number_words
from tests.builders import a_family
from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import XTERM
from tests.journeys.village import Village
from tests.screens.hub_words import REAL

_NAMED = {
    "enter": b"\r",
    "delete": XTERM["DELETE"],
    "f6": XTERM["F6"],
    "f9": XTERM["F9"],
    "f10": XTERM["F10"],
}
_SIGNS = {"space": " ", "full_stop": ".", "at": "@", "minus": "-", "slash": "/"}
_SUM = re.compile(r"atau hitung: (.+?) (ditambah|dikurangi) (.+?)\s*$", re.MULTILINE)
_CODE = re.compile(r"Kode pendaftaran di Kiosk JKN: (\d{6})")
_NUMBERS = {number_words(number, "id"): number for number in range(2 * HIGHEST_ANSWER)}


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    paper = tmp_path / "paper"
    paper.mkdir()
    return OwnKiosk(tmp_path, f'[printer]\nkind = "text"\nto = "{paper}"\n')


def answer_of(text: str) -> str:
    """The result of the sum on the screen."""
    found = _SUM.search(text)
    assert found is not None
    left, right = _NUMBERS[found[1]], _NUMBERS[found[3]]
    return str(left + right if found[2] == "ditambah" else left - right)


def groups(names: list[str]) -> Iterator[str | bytes]:
    """The keys as bytes; what has to be read from the screen by its name, once."""
    for place, name in enumerate(names):
        if name in {"captcha", "code"}:
            if names[place - 1] != name:
                yield name
        elif name in _NAMED:
            yield _NAMED[name]
        else:
            yield _SIGNS.get(name, name).encode()


def test_the_keys_of_the_clerk_lead_from_the_first_page_to_the_receipt(own: OwnKiosk) -> None:
    file = own.file("family.json", a_family(**REAL))
    done = own.run("keys", file, "--json", profile="village")
    assert done.returncode == 0, done.stdout
    names = json.loads(done.stdout)["keys"]
    with Village(own) as village:
        first = village.wait_for_first_page()
        for keys in groups(names):
            if keys == "captcha":
                village.wait_until(lambda: bool(_SUM.search(village.text)), "the captcha")
                village.send(answer_of(village.text))
            elif keys == "code":
                village.wait_until(lambda: bool(_CODE.search(village.text)), "the code")
                found = _CODE.search(village.text)
                assert found is not None
                village.send(found[1])
            else:
                village.send(keys)
        village.wait_for("Tersimpan dengan aman")
        reference = re.search(r"K1-\w{4}-\w{2}", village.text)
        assert reference is not None
        village.send("\r")
        village.wait_for("Struk sudah dicetak")
        village.send(XTERM["F12"])
        village.wait_for_first_page(other_than=first)
        assert "BUDI" not in village.text
    (paper,) = (own.folder / "paper").iterdir()
    assert reference[0] in paper.read_text()
    (line,) = json.loads(own.run("list", "--json", profile="village").stdout)
    assert (line["reference"], line["people"]) == (reference[0], 1)


def test_the_code_on_a_printed_slip_opens_the_family_for_the_next_process(own: OwnKiosk) -> None:
    with Village(own) as village:
        first = village.wait_for_first_page()
        village.begin("3173052107200012")
        village.send(XTERM["F2"])
        village.wait_for("Slip sudah dicetak")
        village.send(XTERM["F12"], "x")
        village.wait_for_first_page(other_than=first)
        slips = [file.read_text() for file in (own.folder / "paper").iterdir()]
        codes = {found[0].replace(" ", "") for text in slips if (found := re.search(r"(?:\w ){4}- .+", text))}
        assert len(codes) == 1, "one family, one code, however often it was printed"
        village.send(XTERM["F10"], codes.pop(), "\r")
        village.wait_for("Ketik lima huruf")


def test_a_printer_that_hangs_keeps_nobody_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "lp0"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    filler = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while os.write(filler, b"x" * 4096):
            pass
    own = OwnKiosk(tmp_path, f'[printer]\nkind = "text"\nto = "{pipe}"\n')
    with Village(own) as village:
        first = village.wait_for_first_page()
        village.begin("3173052107200012")
        village.send(XTERM["F2"])
        village.wait_for("Slip sedang dicetak")
        village.send("\r", "abc")
        village.wait_for("> abc")
        village.send(XTERM["F12"])
        village.wait_for("Slip sedang dicetak")
        village.send("x")
        village.wait_for_first_page(other_than=first)
    os.close(reader)
    os.close(filler)

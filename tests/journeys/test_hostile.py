"""Names made of escape codes: by file, by extract, typed and pasted. None of their bytes acts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_family, a_member
from tests.journeys.commands import OwnKiosk
from tests.journeys.families import MOTHER, as_stored, keys_of, of, only_one, screens
from tests.journeys.terminal import XTERM, Terminal
from tests.journeys.test_registration import DONE, START, until
from tests.screens.test_bytes import stray

NAMES = {
    "markup": "[/] [bold]BUDI[/bold] [@click=app.quit]X[/]",
    "closing tag": "[/",
    "braces": "{name} {0} %s $HOME `id` ${IFS}",
    "escape": "BUDI\x1b[2J\x1b[31m\x1bc",
    "clipboard": "BUDI\x1b]52;c;cm0gLXJmIC8=\x07",
    "title": "\x1b]0;owned\x1b\\BUDI",
    "C1": "BUDI\x9b2J\x9d52;c;AAAA\x9c\x90q\x9c",
    "bidi": "BUDI\u202e001\u2066X\u2069\u200f",
    "combining storm": "Z" + "\u0301\u0489\u20dd" * 60,
    "invisible": "BU\u200bDI\u2060\ufeff\u00ad",
    "astral": "\U0001f600\U000e0041\U0010ffff",
    "long": "A" * 300,
    "controls": "".join(chr(n) for n in range(1, 32)),
    "lines": "BUDI\r\nSANTOSO\n\n\x0b\x0c\x85\u2028X",
}


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path)


def clean(terminal: Terminal) -> None:
    """Nothing that the program sent is a control code of somebody else's."""
    assert stray(bytes(terminal.output)) == set()
    assert b"\x1b]52" not in terminal.output
    assert "\u202e".encode() not in terminal.output


@pytest.mark.parametrize("name", NAMES)
def test_by_file_it_is_refused_or_shown_as_it_is(own: OwnKiosk, name: str) -> None:
    family = a_family(members=[a_member(name=NAMES[name])], address=a_street(NAMES[name]))
    code, results = own.register(json.dumps(family))
    assert code == (0 if results[0]["state"] else 1)
    listed = own.run("list").stdout
    assert not [byte for byte in listed if byte < 32 and byte != 10]


def a_street(text: str) -> dict[str, Any]:
    return {"street": text, "rt": "1", "rw": "2", "region": "9901011001", "postcode": "99999"}


def test_from_an_extract_it_is_shown_and_does_not_act(own: OwnKiosk) -> None:
    lines = [
        {**MOTHER, "name": text, "nik": f"99010145059{n:05d}", "card": f"{n:013d}", "head": n == 1}
        for n, text in enumerate(NAMES.values(), 1)
    ]
    own.run("directory", "import", own.file("extract.jsonl", "\n".join(map(json.dumps, lines))))
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(XTERM["F10"], XTERM["F10"], f"{MOTHER['kk']}\r")
        terminal.wait_until(lambda: "Captcha" in terminal.text, "the next row")
        terminal.wait_quiet()
        clean(terminal)


def test_typed_and_pasted_it_is_refused_and_the_journey_goes_on(own: OwnKiosk) -> None:
    family = of(1)
    keys = keys_of(own, family)
    before, name, after = keys.partition(b"budi santoso")
    assert name
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(before)
        until(terminal, "Nama lengkap")
        for text in NAMES.values():
            data = text.encode("utf-8", "replace").replace(b"\x1b[201~", b"")
            terminal.send(b"\x1b[200~", data, b"\x1b[201~")
            terminal.send(b"\x7f" * 400)
        terminal.wait_quiet()
        until(terminal, "Nama lengkap")
        clean(terminal)
        for text in ("[/] [b]", "{name}", "[/"):
            terminal.send(text, "\r")
            terminal.wait_for(f" {text} ")
            terminal.wait_for("Nama memakai huruf")
            terminal.send(b"\x7f" * 60)
        terminal.send(name, after)
        terminal.wait_for(DONE)
        clean(terminal)
    assert only_one(own)["family"] == as_stored(family)


def test_in_every_text_row_and_in_searches(own: OwnKiosk) -> None:
    """What may be free text, such as a street or an occupation, is kept literally and comes out so."""
    street = "[/] [red]Jl. 'Mel\"ati' {0} \\e[0m & <b>"
    family = a_family(members=[a_member(occupation="[/]tukang {x}")], address=a_street(street))
    keys = keys_of(own, family)
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(keys)
        terminal.wait_for(DONE)
        terminal.send(XTERM["F12"])
        terminal.wait_for("Terdaftar hari ini")
        for text in ("[/]", "{}", "'; DROP TABLE draft;--", "%"):
            terminal.send(text, "\r")
            terminal.wait_for("Tidak ditemukan")
            terminal.send(b"\x7f" * 40)
        terminal.wait_quiet()
        clean(terminal)
    told = only_one(own)["family"]
    assert told["address"]["street"] == street
    assert told["members"][0]["occupation"] == "[/]tukang {x}"


def test_the_place_in_the_settings_is_text_too(tmp_path: Path) -> None:
    own = OwnKiosk(tmp_path, '[kiosk]\nplace = "[/] \\u001b[2J Puskesmas \\u202e"\n')
    with screens(own) as terminal:
        terminal.wait_for("Puskesmas")
        terminal.wait_quiet()
        clean(terminal)

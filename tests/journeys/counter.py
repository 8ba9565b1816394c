"""A counter of real numbers at a real terminal: its captchas and codes are read off the screen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kiosk.domain.captcha import number_words
from kiosk.services.clerk import CAPTCHA, CODE, Stroke, key_name
from tests.builders import a_family
from tests.journeys.commands import OwnKiosk
from tests.journeys.families import people
from tests.journeys.terminal import Terminal

_CHARACTERS = {key_name(chr(number)): chr(number) for number in range(32, 127)}
_NUMBERS = {number_words(number, "id"): number for number in range(40)}


def counter_of(folder: Path, more: str = "") -> OwnKiosk:
    """A kiosk at whose counter staff sign in; receipts and reports are written to a folder."""
    return OwnKiosk(folder, f'[receipts]\ndir = "{folder}/receipts"\n[counter]\nsign_in = true\n{more}')


def real_family(count: int, number: int) -> dict[str, Any]:
    """A family of so many people that can be registered outside practice; other numbers share nothing."""
    family = a_family(kk=f"990101010120{number:04d}", members=people(count, 10 * number), fktp="01150021")
    text = json.dumps(family).replace('"990101', '"317305').replace("99999", "10510")
    told = json.loads(text)
    assert isinstance(told, dict)
    return told


def keys_at_the_counter(own: OwnKiosk, family: dict[str, Any]) -> list[str]:
    """The names of the keys that `kiosk keys` prints for it, from the first screen after signing in."""
    done = own.run("keys", own.file("keys.json", family), "--json", profile="counter")
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)["keys"]
    assert isinstance(told, list)
    return told


def counter(own: OwnKiosk) -> Terminal:
    """The program at the counter."""
    terminal = Terminal.python("-m", "kiosk", "run", "--profile", "counter", env=own.env)
    terminal.patience = 90.0
    return terminal


def type_keys(terminal: Terminal, names: Iterable[str]) -> None:
    """Types keys by their names; the captcha and the code, once they are on the screen."""
    held: list[bytes] = []
    proof = ""
    for name in names:
        if name in {CAPTCHA, CODE}:
            if proof != name:
                terminal.send(*held)
                held = [(_sum_on(terminal) if name == CAPTCHA else _code_on(terminal)).encode()]
            proof = name
            continue
        proof = ""
        held.append(_CHARACTERS[name].encode() if name in _CHARACTERS else Stroke(name).raw)
    terminal.send(*held)


def _sum_on(terminal: Terminal) -> str:
    """The answer to the sum in words on the screen."""
    words = re.compile(r"hitung: ([a-z ]+?) (ditambah|dikurangi) ([a-z ]+?)\s*$", re.M)
    terminal.wait_until(lambda: words.search(terminal.text) is not None, "a captcha")
    found = words.search(terminal.text)
    assert found is not None
    left, right = _NUMBERS[found[1]], _NUMBERS[found[3]]
    return str(left + right if found[2] == "ditambah" else left - right)


def _code_on(terminal: Terminal) -> str:
    """The code that the simulated phone shows."""
    message = re.compile(r"SIMULASI.*?\b(\d{6})\b", re.S)
    terminal.wait_until(lambda: message.search(terminal.text) is not None, "a code")
    found = message.search(terminal.text)
    assert found is not None
    return found[1]

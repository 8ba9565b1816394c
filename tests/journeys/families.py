"""Families of every size for the journeys, and a kiosk whose screens run in a terminal."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from kiosk.domain.family import as_family_file
from tests.builders import a_baby, a_family, a_member, a_nik, read
from tests.journeys.commands import DAY, OwnKiosk
from tests.journeys.terminal import Terminal

PRACTICE = ("--today", DAY, "--seed", "7")
MOTHER = {
    "nik": a_nik(date(1995, 5, 5), "P", 901),
    "card": "0001234567890",
    "name": "RINA WIJAYA",
    "birth_date": "1995-05-05",
    "kk": "9901010101200031",
    "segment": "PBI_JK",
    "status": "active",
    "class": 3,
    "fktp": "99010001",
    "head": True,
    "arrears_months": 0,
    "since": "2024-03-01",
}


def people(count: int, serial: int = 1) -> list[dict[str, Any]]:
    """A head and a wife with one surname, then children; from the fifth on other relatives."""
    everybody = [
        a_member(serial=serial, birth_place="BANDUNG", occupation="wiraswasta", mother_name="SRI"),
        a_member("wife", date(1983, 3, 15), "P", serial + 1, name="SITI SANTOSO"),
        *(
            a_member("child", date(2008 + 3 * n, 3, 12), "LP"[n % 2], serial + 2 + n, name=f"{name} SANTOSO")
            for n, name in enumerate(("AGUS", "DEWI", "EKO"))
        ),
        a_member("parent", date(1950, 1, 31), "P", serial + 5, name="SUMIATI", marital="widowed"),
        a_member("other_kin", date(1990, 2, 28), "L", serial + 6, name="JOKO SUSILO", marital="single"),
    ]
    return everybody[:count]


def of(count: int, number: int = 1) -> dict[str, Any]:
    """A family of so many people; families of other numbers share no number with it."""
    return a_family(kk=f"990101010120{number:04d}", members=people(count, 10 * number))


def doubtful() -> dict[str, Any]:
    """A family whose answers are warned of: dates and a sex that differ from the NIK, an old region."""
    members = [
        a_member(birth_date="1980-08-13"),
        a_member("wife", date(1983, 3, 15), "P", 2, name="SITI SANTOSO") | {"sex": "L"},
        a_member("child", date(1975, 1, 2), "L", 3, name="AGUS"),
        a_member(
            "child", date(2012, 3, 12), "L", 4, name="EKO", nik=a_nik(date(2012, 3, 12), "L", 4, "999999")
        ),
    ]
    return a_family(kk="9999990101200001", members=members)


def newborn() -> dict[str, Any]:
    """A baby without a NIK of a mother in PBI JK."""
    baby = a_baby(date(2026, 11, 10), str(MOTHER["nik"]))
    consent = {"terms": "v1", "accepted": True, "guardian": "RINA WIJAYA"}
    return a_family(kk=str(MOTHER["kk"]), members=[baby], bank=None, consent=consent, **{"class": None})


FAMILIES = {
    "one": of(1),
    "two": of(2),
    "four": of(4),
    "seven": of(7),
    "doubtful": doubtful(),
    "newborn": newborn(),
}


def as_stored(family: dict[str, Any]) -> dict[str, Any]:
    """What `kiosk show --full` has to give for a family: its answers as values."""
    read_as, _ = read(family)
    told = json.loads(json.dumps(as_family_file(read_as, "v1")))
    assert isinstance(told, dict)
    return told


def keys_of(own: OwnKiosk, family: dict[str, Any]) -> bytes:
    """The bytes that the perfect clerk sends for it."""
    done = own.run("keys", own.file("keys.json", family), "--raw", *PRACTICE)
    assert done.returncode == 0, done.stdout
    return done.stdout


def screens(own: OwnKiosk, *more: str) -> Terminal:
    """The terminal program; `more` are further options."""
    terminal = Terminal.python("-m", "kiosk", "run", "--profile", "training", *PRACTICE, *more, env=own.env)
    terminal.patience = 90.0  # several families in one stream, on a machine that does other things as well
    return terminal


def shown(own: OwnKiosk, reference: str) -> dict[str, Any]:
    """One registration in full."""
    told = json.loads(own.run("show", reference, "--full", "--json").stdout)
    assert isinstance(told, dict)
    return told


def only_one(own: OwnKiosk) -> dict[str, Any]:
    """The one registration that is stored, in full."""
    (line,) = own.stored()
    return shown(own, line["reference"])

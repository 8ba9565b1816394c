"""Reads the tables in `data/` once, into the rulebook that the domain asks."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from kiosk.domain.rulebook import (
    Bank,
    Choice,
    ChoiceTable,
    Facilities,
    Limits,
    Premium,
    Regions,
    Rulebook,
    SegmentRule,
    Settings,
)
from kiosk.errors import KioskError
from kiosk.resources import data_dir

_CHOICE_FILES = {
    "relation": "relations",
    "marital": "marital",
    "religion": "religion",
    "occupation": "occupations",
    "sex": "sexes",
    "class": "classes",
    "login": "logins",
}
_LANGUAGES = ("id", "en")
TERMS_VERSION = "v1"
PREMIUMS_NAME = "premiums.toml"
"""How a list of premiums is called, in the data that are shipped and among a profile's own lists."""


class _Tables(Mapping[str, ChoiceTable]):
    """The code tables by field, each read when it is first asked for."""

    def __getitem__(self, name: str) -> ChoiceTable:
        return choice_table(name)

    def __iter__(self) -> Any:
        return iter((*_CHOICE_FILES, "bank"))

    def __len__(self) -> int:
        return len(_CHOICE_FILES) + 1


def table(name: str) -> dict[str, Any]:
    """The TOML file `data/NAME.toml`."""
    return tomllib.loads((data_dir() / f"{name}.toml").read_text("utf-8"))


@cache
def choice_table(name: str) -> ChoiceTable:
    """The code table of a field; KeyError for a field without one."""
    if name == "bank":
        rows = [
            Choice(row["name"], row["code"], dict.fromkeys(_LANGUAGES, row["name"]))
            for row in table("banks")["bank"]
        ]
        return ChoiceTable.of(name, rows)
    return ChoiceTable.of(
        name,
        (
            Choice(
                str(row["value"]),
                str(row["code"]),
                {language: row[language] for language in _LANGUAGES},
                # An occupation keeps the words that were given, so only its own name stands for it.
                () if name == "occupation" else tuple(row.get("aliases", ())),
            )
            for row in table(_CHOICE_FILES[name])["choice"]
        ),
    )


@dataclass(frozen=True, slots=True)
class _PremiumList:
    """What a file of premiums says."""

    premiums: tuple[Premium, ...]
    first_payment_day: int
    last_payment_day: int


def take_premiums(data: bytes, folder: Path) -> bytes:
    """Puts a newer list of premiums in place of the one in `folder`, whole or not at all; returns it.

    Raises KioskError `reference.malformed`, OSError where it cannot be written.
    """
    _premium_list(data)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{PREMIUMS_NAME}.{os.getpid()}"
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / PREMIUMS_NAME)
    return data


def _premium_list(data: bytes) -> _PremiumList:
    try:
        found = tomllib.loads(data.decode("utf-8"))
        window = found["payment_window"]
        rows = tuple(
            Premium(row["class"], row["valid_from"], row["member_pays"], row["gross"], row["aid"])
            for row in found["premium"]
        )
        read = _PremiumList(rows, window["first_day"], window["last_day"])
    except (ValueError, KeyError, TypeError):
        raise KioskError("reference.malformed", PREMIUMS_NAME) from None
    whole = [read.first_payment_day, read.last_payment_day]
    for row in rows:
        whole += [row.care_class, row.member_pays, row.gross, row.aid]
    fits = (
        all(type(number) is int and number >= 0 for number in whole)
        and all(type(row.valid_from) is date for row in rows)
        and {row.care_class for row in rows} == {1, 2, 3}
        and read.first_payment_day <= read.last_payment_day
    )
    if not fits:
        raise KioskError("reference.malformed", PREMIUMS_NAME)
    return read


@lru_cache(maxsize=4)
def _premium_file(path: Path | None, _changed_ns: int = 0) -> _PremiumList:
    return _premium_list((path or data_dir() / PREMIUMS_NAME).read_bytes())


def _premiums_of(path: Path | None) -> _PremiumList:
    """The premiums in the file at `path`, or those that are shipped; read again when the file was changed.

    Raises KioskError `reference.malformed`.
    """
    changed = changed_ns(path) if path is not None else 0
    return _premium_file(path if changed else None, changed)


def changed_ns(path: Path) -> int:
    """When a file was changed last, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=4)
def _limits(premiums: _PremiumList) -> Limits:
    limits, banks = table("limits"), table("banks")["account_length"]
    return Limits(
        first_payment_day=premiums.first_payment_day,
        last_payment_day=premiums.last_payment_day,
        newborn_days=limits["newborn_days"]["value"],
        newborn_months=limits["newborn_months"]["value"],
        very_old_years=limits["very_old_years"]["value"],
        adult_years=limits["adult_years"]["value"],
        name_length=limits["name_length"]["value"],
        account_min=banks["min"],
        account_max=banks["max"],
    )


def first_day(premiums: Path | None = None) -> date:
    """The first day for which the premium of every class is known."""
    known = _premiums_of(premiums).premiums
    classes = {premium.care_class for premium in known}
    return max(min(p.valid_from for p in known if p.care_class == each) for each in classes)


@lru_cache(maxsize=1)
def _segments() -> Mapping[str, SegmentRule]:
    return {
        row["key"]: SegmentRule(
            row["key"], row["pays_at_kiosk"], row["may_add"], row["newborn_here"], row.get("newborn_refer")
        )
        for row in table("segments")["segment"]
    }


def rulebook(
    today: date,
    *,
    training: bool,
    regions: Regions,
    facilities: Facilities,
    settings: Settings | None = None,
    premiums: Path | None = None,
) -> Rulebook:
    """The rules of one day and one profile; `premiums` is a newer list of them, where there is that file.

    Raises KioskError `reference.malformed` where the list cannot be read.
    """
    rates = _premiums_of(premiums)
    return Rulebook(
        today=today,
        training=training,
        regions=regions,
        facilities=facilities,
        choices=_Tables(),
        banks=tuple(Bank(row["name"], row["va_prefix"]) for row in table("banks")["bank"]),
        premiums=rates.premiums,
        segments=_segments(),
        limits=_limits(rates),
        terms_version=TERMS_VERSION,
        settings=settings or Settings(),
    )


def regions_file(*, training: bool) -> Path:
    """The region codes of a profile: practice has its own province."""
    return data_dir() / ("regions_training.csv" if training else "regions.csv")


def facilities_file(*, training: bool) -> Path:
    """The invented facilities that come with the program."""
    return data_dir() / ("facilities_training.csv" if training else "facilities.csv")


def known_terms() -> frozenset[str]:
    """The versions of the terms that this program has."""
    return frozenset(folder.name for folder in (data_dir() / "terms").iterdir() if folder.is_dir())


def document(kind: str, language: str, version: str = TERMS_VERSION) -> list[str]:
    """The paragraphs of `terms` or `consent` in one version and language."""
    return (data_dir() / kind / version / f"{language}.txt").read_text("utf-8").splitlines()

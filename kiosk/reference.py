"""Reads the tables in `data/` once, into the rulebook that the domain asks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
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


@lru_cache(maxsize=1)
def _limits() -> Limits:
    limits, window, banks = (
        table("limits"),
        table("premiums")["payment_window"],
        table("banks")["account_length"],
    )
    return Limits(
        first_payment_day=window["first_day"],
        last_payment_day=window["last_day"],
        newborn_days=limits["newborn_days"]["value"],
        newborn_months=limits["newborn_months"]["value"],
        very_old_years=limits["very_old_years"]["value"],
        adult_years=limits["adult_years"]["value"],
        name_length=limits["name_length"]["value"],
        account_min=banks["min"],
        account_max=banks["max"],
    )


@lru_cache(maxsize=1)
def _premiums() -> tuple[Premium, ...]:
    return tuple(
        Premium(row["class"], row["valid_from"], row["member_pays"], row["gross"], row["aid"])
        for row in table("premiums")["premium"]
    )


def first_day() -> date:
    """The first day for which the premium of every class is known."""
    classes = {premium.care_class for premium in _premiums()}
    return max(min(p.valid_from for p in _premiums() if p.care_class == each) for each in classes)


@lru_cache(maxsize=1)
def _segments() -> Mapping[str, SegmentRule]:
    return {
        row["key"]: SegmentRule(
            row["key"], row["pays_at_kiosk"], row["may_add"], row["newborn_here"], row.get("newborn_refer")
        )
        for row in table("segments")["segment"]
    }


def rulebook(
    today: date, *, training: bool, regions: Regions, facilities: Facilities, settings: Settings | None = None
) -> Rulebook:
    """The rules of one day and one profile."""
    return Rulebook(
        today=today,
        training=training,
        regions=regions,
        facilities=facilities,
        choices=_Tables(),
        banks=tuple(Bank(row["name"], row["va_prefix"]) for row in table("banks")["bank"]),
        premiums=_premiums(),
        segments=_segments(),
        limits=_limits(),
        terms_version=TERMS_VERSION,
        settings=settings or Settings(),
    )


def regions_file(*, training: bool) -> Path:
    """The region codes of a profile: practice has its own province."""
    return data_dir() / ("regions_training.csv" if training else "regions.csv")


def facilities_file(*, training: bool) -> Path:
    """The invented facilities that come with the program."""
    return data_dir() / ("facilities_training.csv" if training else "facilities.csv")


def document(kind: str, language: str, version: str = TERMS_VERSION) -> list[str]:
    """The paragraphs of `terms` or `consent` in one version and language."""
    return (data_dir() / kind / version / f"{language}.txt").read_text("utf-8").splitlines()

"""A newer list of premiums is taken whole or not at all, and the rules go by it from then on."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from kiosk.bootstrap import light, reference_dir
from kiosk.config import Config
from kiosk.domain.premium import per_person
from kiosk.errors import KioskError
from kiosk.reference import PREMIUMS_NAME, first_day, known_terms, take_premiums
from kiosk.resources import data_dir

SHIPPED = (data_dir() / PREMIUMS_NAME).read_bytes()
NEWER = (
    SHIPPED
    + b"""
[[premium]]
class = 1
valid_from = 2027-01-01
gross = 200000
member_pays = 200000
aid = 0
source = "invented"
confidence = "I"
"""
)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("KIOSK_STORE", str(tmp_path / "data"))
    return Config()


def price(config: Config, day: date) -> int:
    return per_person(light(config, today=day), 1)


def test_the_rules_go_by_the_newer_list(config: Config) -> None:
    new_year = date(2027, 1, 1)
    assert price(config, new_year) == 150_000
    assert take_premiums(NEWER, reference_dir(config)) == NEWER
    assert price(config, new_year) == 200_000
    assert price(config, date(2026, 12, 31)) == 150_000


def test_a_list_that_changes_again_is_read_again(config: Config) -> None:
    folder = reference_dir(config)
    take_premiums(NEWER, folder)
    assert price(config, date(2027, 1, 1)) == 200_000
    take_premiums(NEWER.replace(b"= 200000", b"= 300000"), folder)
    os.utime(folder / PREMIUMS_NAME, ns=(1, 1))  # a file system may tell of whole seconds only
    assert price(config, date(2027, 1, 1)) == 300_000


def test_practice_has_lists_of_its_own(config: Config) -> None:
    practice = config.of_class(training=True)
    assert practice.of_class(training=False).is_training is False
    take_premiums(NEWER, reference_dir(practice))
    assert price(config, date(2027, 1, 1)) == 150_000
    assert price(practice, date(2027, 1, 1)) == 200_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no toml",
        b"\xff",
        b"[payment_window]\nfirst_day = 14\nlast_day = 30\n",
        b"premium = []\n[payment_window]\nfirst_day = 14\nlast_day = 30\n",
        NEWER.replace(b"= 200000", b'= "200000"'),
        NEWER.replace(b"= 200000", b"= -1"),
        NEWER.replace(b"2027-01-01", b'"2027-01-01"'),
        NEWER.replace(b"2027-01-01", b"2027-01-01T00:00:00"),
        NEWER.replace(b"class = 1", b"class = 4"),
        SHIPPED.replace(b"last_day = 30", b"last_day = 3"),
    ],
)
def test_what_is_no_list_changes_nothing(config: Config, data: bytes) -> None:
    folder = reference_dir(config)
    take_premiums(NEWER, folder)
    with pytest.raises(KioskError, match=r"reference\.malformed"):
        take_premiums(data, folder)
    assert (folder / PREMIUMS_NAME).read_bytes() == NEWER
    assert [path.name for path in folder.iterdir()] == [PREMIUMS_NAME]


def test_the_first_day_is_that_of_the_list(tmp_path: Path) -> None:
    take_premiums(SHIPPED.replace(b"2020-07-01", b"2019-07-01"), tmp_path)
    assert first_day(tmp_path / PREMIUMS_NAME) == date(2019, 7, 1)
    assert first_day(tmp_path / "nothing") == first_day() == date(2020, 7, 1)


def test_the_terms_are_known_by_their_versions() -> None:
    assert "v1" in known_terms()

"""The hub finds participants by their numbers, and its database shows none of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlmodel import Session

from kiosk.domain.directory import Participant
from kiosk.hub.keys import SEAL, KeyFile
from kiosk.hub.participants import Found, find, put

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
KK = "3173052107200012"
SITI = Participant(
    "3173055503830011", "0001234567890", "SITI AMINAH", date(1983, 3, 15), KK, "PBPU", "active", 2,
    "09020107", head=True, arrears_months=3, since=date(2024, 3, 1),
)  # fmt: skip
BUDI = Participant(
    "3173051208800003", "0001234567891", "BUDI", date(1980, 8, 12), KK, "PBI_JK", "inactive", None
)


def test_people_are_found_by_nik_and_by_card(session: Session, key_file: KeyFile) -> None:
    keys = key_file.current()
    put(session, [SITI, BUDI], keys, NOW)
    assert find(session, [SITI.nik], [], keys) == Found({SITI.nik: SITI}, {KK: (SITI,)})
    both = find(session, [SITI.nik], [KK], keys)
    assert both.by_kk == {KK: (BUDI, SITI)}
    assert find(session, ["3173051208800009"], [SITI.nik], keys) == Found({}, {})


def test_nobody_is_known_before_an_extract_came(session: Session, key_file: KeyFile) -> None:
    assert find(session, [SITI.nik], [KK], key_file.current()) == Found({}, {})


def test_a_newer_line_stands_for_the_older(session: Session, key_file: KeyFile) -> None:
    keys = key_file.current()
    put(session, [SITI, replace(SITI, name="OLD")], keys, NOW)
    put(session, [replace(SITI, status="deceased")], keys, NOW)
    assert find(session, [SITI.nik], [], keys).by_nik[SITI.nik].status == "deceased"


def test_who_was_kept_under_an_older_key_is_found(session: Session, key_file: KeyFile) -> None:
    put(session, [SITI], key_file.current(), NOW)
    assert find(session, [SITI.nik], [], key_file.rotate(SEAL)).by_nik == {SITI.nik: SITI}


@pytest.mark.parametrize("told", [SITI.nik, SITI.name, SITI.kk, SITI.card])
def test_the_database_tells_nothing_of_them(session: Session, key_file: KeyFile, told: str) -> None:
    put(session, [SITI], key_file.current(), NOW)
    row = session.connection().execute(text("SELECT p::text, nik, kk, sealed FROM participant AS p")).one()
    assert all(told.encode() not in bytes(value) for value in row[1:])
    assert told not in row[0]

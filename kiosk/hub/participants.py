"""The participants that the hub knows: found by keyed hashes of NIK and No. KK, each sealed to the hub."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from kiosk.domain.directory import Participant
from kiosk.hub.bulk import insert_many
from kiosk.hub.keys import HubKeys
from kiosk.hub.tables import ParticipantRow
from kiosk.sync.canonical import canonical, read_canonical
from kiosk.sync.keys import seal_to

_INFO = b"jkn/participant/v1\x00"
_REPLACE = """ON CONFLICT (nik) DO UPDATE SET
    kk = excluded.kk, key = excluded.key, sealed = excluded.sealed, taken_at = excluded.taken_at"""
_FIND = text(
    "SELECT nik, key, sealed FROM participant WHERE nik = ANY(:niks)"
    " UNION SELECT nik, key, sealed FROM participant WHERE kk = ANY(:kks)"
)
_ANY = text("SELECT EXISTS (SELECT FROM participant)")


@dataclass(frozen=True, slots=True)
class Found:
    """Participants that were looked up together, by NIK and by No. KK, in the order of their NIK."""

    by_nik: Mapping[str, Participant]
    by_kk: Mapping[str, tuple[Participant, ...]]

    @classmethod
    def of(cls, people: Sequence[Participant]) -> Found:
        ordered = sorted(people, key=lambda person: person.nik)
        by_kk: dict[str, tuple[Participant, ...]] = {}
        for person in ordered:
            by_kk[person.kk] = (*by_kk.get(person.kk, ()), person)
        return cls({person.nik: person for person in ordered}, by_kk)


def put(session: Session, people: Sequence[Participant], keys: HubKeys, now: datetime) -> None:
    """Keeps people of an extract; who is known already is replaced."""
    latest = {person.nik: person for person in people}
    rows = [_row(person, keys, now) for person in latest.values()]
    insert_many(session, ParticipantRow, rows, ending=_REPLACE)


def find(session: Session, niks: Collection[str], kks: Collection[str], keys: HubKeys) -> Found:
    """Everybody with one of these NIKs or on one of these cards."""
    connection = session.connection()
    if not connection.execute(_ANY).scalar():
        return Found({}, {})
    wanted = {"niks": [keys.hashed_nik(nik) for nik in niks], "kks": [keys.hashed_kk(kk) for kk in kks]}
    found = (_person(row.nik, row.key, row.sealed, keys) for row in connection.execute(_FIND, wanted))
    return Found.of([person for person in found if person is not None])


def line_of(person: Participant) -> dict[str, Any]:
    """A participant as a line of an extract."""
    return {
        "nik": person.nik,
        "card": person.card,
        "name": person.name,
        "birth_date": person.birth_date.isoformat(),
        "kk": person.kk,
        "segment": person.segment,
        "status": person.status,
        "class": person.care_class,
        "fktp": person.fktp,
        "head": person.head,
        "arrears_months": person.arrears_months,
        "since": person.since.isoformat() if person.since else None,
    }


def _row(person: Participant, keys: HubKeys, now: datetime) -> dict[str, Any]:
    nik = keys.hashed_nik(person.nik)
    to = keys.sealing
    return {
        "nik": nik,
        "kk": keys.hashed_kk(person.kk),
        "key": to.id,
        "sealed": seal_to(to.public, canonical(line_of(person)), _INFO + nik),
        "taken_at": now,
    }


def _person(nik: bytes, key: bytes, sealed: bytes, keys: HubKeys) -> Participant | None:
    """The participant of a row; None where it was sealed to a key that is here no more, or was changed."""
    opener = keys.openers.get(key)
    data = opener.open(sealed, _INFO + nik) if opener else None
    if data is None:
        return None
    line = read_canonical(data)
    care_class, born, since = (line.pop(name) for name in ("class", "birth_date", "since"))
    return Participant(
        **line,
        care_class=care_class,
        birth_date=date.fromisoformat(born),
        since=date.fromisoformat(since) if since else None,
    )

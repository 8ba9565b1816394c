"""Sends kiosks what they work with: extracts of participants, sealed, and new reference lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import zstandard
from sqlalchemy import Engine

from kiosk.domain.directory import Participant
from kiosk.domain.fields import Refusal
from kiosk.domain.rulebook import Rulebook
from kiosk.errors import KioskError
from kiosk.hub.bulk import insert_many
from kiosk.hub.database import transaction
from kiosk.hub.keys import HubKeys
from kiosk.hub.messages import Addressee, Letter, post
from kiosk.hub.participants import line_of, put
from kiosk.hub.tables import AuditRow
from kiosk.services.family_lines import Readable, lines_of
from kiosk.services.importing import Taken, participant_of
from kiosk.sync.canonical import canonical, to_text
from kiosk.sync.statements import DIRECTORY, REFERENCE

PEOPLE_IN_A_PART = 200
BYTES_IN_A_PART = 64 * 1024
_LEVEL = 19
_MOST_PARTS = 1000
"""More parts of a list no kiosk takes."""


@dataclass(frozen=True)
class Sender:
    """What sending needs: the database, the keys, who does it, and the time."""

    engine: Engine
    keys: Callable[[], HubKeys]
    who: str
    now: Callable[[], datetime]


def send_directory(sender: Sender, to: Addressee, stream: Readable, rules: Rulebook) -> Iterator[Taken]:
    """Sends the participants of an extract to a kiosk, sealed, and keeps them for the hub's own judgement.

    Gives what came of each line: kept and sent, or refused with a code; the good ones are durable a part at a
    time. An extract that was interrupted can be sent again from its beginning.
    """
    batch = uuid4()
    people: list[Participant] = []
    numbers: list[int] = []
    part = 0
    for line in lines_of(stream):
        if line.blank:
            continue
        try:
            people.append(participant_of(line, rules))
        except Refusal as refusal:
            yield Taken(line.number, refusal.code)
            continue
        numbers.append(line.number)
        if len(people) == PEOPLE_IN_A_PART:
            part += 1
            yield from _people_sent(sender, to, people, numbers, (batch, part))
            people, numbers = [], []
    if people:
        yield from _people_sent(sender, to, people, numbers, (batch, part + 1))


def _people_sent(
    sender: Sender,
    to: Addressee,
    people: Sequence[Participant],
    numbers: Sequence[int],
    place: tuple[UUID, int],
) -> Iterator[Taken]:
    lines = b"\n".join(canonical(line_of(person)) for person in people)
    payload = {"batch": str(place[0]), "part": place[1], "data": _packed(lines)}
    now = sender.now()
    with transaction(sender.engine) as session:
        keys = sender.keys()
        put(session, people, keys, now)
        insert_many(session, AuditRow, [_line(sender.who, "directory.sent", to.name, now)])
        post(session, [Letter(to, DIRECTORY, payload, sealed=True)], keys.signer, now)
    yield from map(Taken, numbers)


def send_reference(sender: Sender, to: Sequence[Addressee], name: str, data: bytes) -> int:
    """Sends a reference list (`premiums` or `facilities`) to kiosks; in how many parts it goes to each.

    It was read before as kiosks will read it. Raises KioskError `reference.too_large`.
    """
    pieces = [data[start : start + BYTES_IN_A_PART] for start in range(0, len(data), BYTES_IN_A_PART)]
    if len(pieces) > _MOST_PARTS:
        raise KioskError("reference.too_large", name)
    digest = sha256(data).hexdigest()
    payloads = [
        {"list": name, "part": part, "parts": len(pieces), "hash": digest, "data": _packed(piece)}
        for part, piece in enumerate(pieces, 1)
    ]
    now = sender.now()
    for one in to:
        with transaction(sender.engine) as session:
            line = _line(sender.who, "reference.sent", one.name, now) | {"codes": name}
            insert_many(session, AuditRow, [line])
            letters = [Letter(one, REFERENCE, payload) for payload in payloads]
            post(session, letters, sender.keys().signer, now)
    return len(pieces)


def _packed(data: bytes) -> str:
    return to_text(zstandard.ZstdCompressor(level=_LEVEL).compress(data))


def _line(who: str, action: str, subject: str, now: datetime) -> dict[str, Any]:
    return {"at": now, "who": who, "action": action, "subject": subject, "codes": "", "reason": ""}

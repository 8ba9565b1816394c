"""A person's decision on a record, written down and told to its kiosk in the same way as a worker's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from kiosk.domain.fields import Problem
from kiosk.domain.registration import Decision, Outcome
from kiosk.errors import KioskError
from kiosk.hub.answers import write
from kiosk.hub.callers import Caller
from kiosk.hub.cases import Case
from kiosk.hub.deciding import Desk
from kiosk.hub.intake import DUPLICATE, RECEIVED, take_in
from kiosk.hub.judging import Judgement, Reading, Verdict, judging_day, read_record
from kiosk.hub.members import claim
from kiosk.hub.messages import addressees
from kiosk.hub.numbers import settle
from kiosk.hub.opening import opened
from kiosk.hub.waiting import Before, Waiting
from kiosk.sync.content import Content

_ENVELOPE = text(
    "SELECT record, version, kiosk, shard, hash, raw, received_ms, carrier FROM envelope"
    " WHERE record = :record AND version = :version AND kiosk = :kiosk FOR UPDATE"
)
_STATE = text("SELECT state, version FROM registration WHERE record = :record AND kiosk = :kiosk")
_UNDECIDED = text(
    "UPDATE envelope SET decided_at = NULL, decision = NULL"
    " WHERE record = :record AND version = :version AND kiosk = :kiosk"
)
_FORGET = text("DELETE FROM registration WHERE record = :record AND kiosk = :kiosk AND state = 'refused'")
_CALLER = text(
    "SELECT k.n, k.name, k.training, y.id, y.signing, y.opening FROM kiosk k JOIN kiosk_key y ON y.id = k.key"
    " WHERE k.n = :kiosk FOR NO KEY UPDATE OF k"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One version of a record at one kiosk."""

    record: UUID
    version: int
    kiosk: int

    @property
    def values(self) -> dict[str, Any]:
        return {"record": self.record, "version": self.version, "kiosk": self.kiosk}


class Decider:
    """Decides single records for the person at the desk, with the keys and rules of the workers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def accept(self, session: Session, found: Found) -> None:
        """Takes the family in as its kiosk decided it.

        Raises KioskError `desk.not_possible`, with the code of why: it does not open, or one of its people is
        registered elsewhere.
        """
        case = self._case(session, found)
        content, reading = case.content, case.reading
        if content is None or reading is None:
            raise KioskError("desk.not_possible", case.aside)
        case.judgement = Judgement(Verdict.ACCEPTED, (), _decision_of(content))
        keys = self._desk.keys()
        niks = {member.nik for member in reading.family.members if member.nik}
        claim(session, [case], {nik: keys.hashed_nik(nik) for nik in niks})
        if not case.is_accepted:
            raise KioskError("desk.not_possible", "nik.already_registered")
        due = case.claim()
        if due is not None:
            case.settled = settle(session, [due], self._desk.now()).get(found.record)
        self._write(session, case)

    def refuse(self, session: Session, found: Found, code: str) -> None:
        """Sends the record back to its kiosk to be looked at again, one that nobody can open as well."""
        case = self._case(session, found)
        problems = (Problem("record", "desk.refused", params={"code": code}),)
        case.judgement = Judgement(Verdict.REFUSED, problems, Decision(Outcome.REFUSED, problems))
        case.aside = ""
        case.stands = case.content is None  # of such a one nothing is known that could be written down
        self._write(session, case)

    def again(self, session: Session, found: Found, raw: bytes | None) -> None:
        """Puts the record among those that wait for a worker; `raw` where it was never taken in.

        Raises KioskError `desk.not_possible` with the code where the intake refuses it as before.
        """
        if raw is not None:
            self._take_in(session, found, raw)
            return
        session.execute(_FORGET, found.values)
        session.execute(_UNDECIDED, found.values)

    def _take_in(self, session: Session, found: Found, raw: bytes) -> None:
        row = session.execute(_CALLER, {"kiosk": found.kiosk}).first()
        if row is None:
            raise KioskError("desk.not_possible", "envelope.key")
        caller = Caller(row.n, row.name, row.training, bytes(row.id), bytes(row.signing), bytes(row.opening))
        now_ms = round(self._desk.now().timestamp() * 1000)
        [item] = take_in(session, caller, [raw], self._desk.keys(), carrier="desk", now_ms=now_ms)
        if item.status not in {RECEIVED, DUPLICATE}:
            raise KioskError("desk.not_possible", item.code)

    def _case(self, session: Session, found: Found) -> Case:
        """The record in hand, locked, opened and read as far as it goes."""
        row: Row[Any] | None = session.execute(_ENVELOPE, found.values).first()
        if row is None:
            raise KioskError("desk.gone")
        to = addressees(session, [found.kiosk])[found.kiosk]
        waiting = Waiting(
            row.record,
            row.version,
            to,
            row.shard,
            bytes(row.hash),
            bytes(row.raw),
            row.received_ms,
            row.carrier,
        )
        state = session.execute(_STATE, found.values).first()
        before = Before(found.version, state.state, state.version) if state else Before(found.version)
        case = Case(waiting, before)
        try:
            case.content = opened(waiting.raw, self._desk.keys().openers).content
            case.reading = self._read(case.content, waiting)
        except KioskError as error:
            case.aside = error.code
        return case

    def _read(self, content: Content, waiting: Waiting) -> Reading:
        rules, training = self._desk.rules(), waiting.kiosk.training
        day = judging_day(content, waiting.received_ms, rules, training=training)
        return read_record(content, rules.on(day, training=training), rules.terms)

    def _write(self, session: Session, case: Case) -> None:
        write(session, [case], self._desk.keys(), self._desk.who, self._desk.now())


def _decision_of(content: Content) -> Decision:
    """What the kiosk decided, which the receipt of the family says."""
    return Decision(
        outcome=Outcome(content.outcome),
        segment=content.segment,
        main_member=content.main_member,
        care_class=content.care_class,
        people=content.people,
        premium_per_person=content.premium_per_person,
        premium_total=content.premium_total,
        pay_from=_day(content.pay_from),
        pay_until=_day(content.pay_until),
    )


def _day(text_: str | None) -> date | None:
    return date.fromisoformat(text_) if text_ else None

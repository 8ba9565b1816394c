"""Writes down what was decided of records, and tells their kiosks: rows, audit lines, signed messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from kiosk.domain.registration import Decision
from kiosk.hub.bulk import insert_many
from kiosk.hub.cases import Case
from kiosk.hub.judging import Judgement
from kiosk.hub.keys import HubKeys
from kiosk.hub.messages import Letter, post
from kiosk.hub.numbers import Settled
from kiosk.hub.tables import AuditRow, QuarantineRow, RegistrationRow
from kiosk.sync.content import Content
from kiosk.sync.statements import DECISION

ASIDE = "aside"

_REPLACED = text(
    "DELETE FROM registration WHERE (record, kiosk) IN"
    " (SELECT * FROM unnest(CAST(:records AS UUID[]), CAST(:kiosks AS INTEGER[])))"
)
_DECIDED = text(
    "UPDATE envelope AS e SET decided_at = :now, decision = u.decision FROM unnest(CAST(:records AS UUID[]),"
    " CAST(:versions AS INTEGER[]), CAST(:kiosks AS INTEGER[]), CAST(:shards AS INTEGER[]),"
    " CAST(:decisions AS TEXT[])) AS u (record, version, kiosk, shard, decision) WHERE e.record = u.record"
    " AND e.version = u.version AND e.kiosk = u.kiosk AND e.shard = u.shard"
)
_KEPT_AGAIN = """ON CONFLICT (kiosk, digest) DO UPDATE SET
    status = excluded.status, code = excluded.code, times = quarantine.times + 1, closed_at = NULL"""


def write(session: Session, cases: Sequence[Case], keys: HubKeys, who: str, now: datetime) -> None:
    """Makes the decisions on `cases` durable with the transaction, and puts the answers into the inboxes."""
    if not cases:
        return
    _registrations(session, [case for case in cases if case.judgement and not case.stands], now)
    _envelopes(session, cases, now)
    aside = [_aside_row(case, now) for case in cases if case.aside]
    insert_many(session, QuarantineRow, aside, ending=_KEPT_AGAIN)
    insert_many(session, AuditRow, [_audit_row(case, who, now) for case in cases], order="1, 4")
    post(session, [_letter(case, now) for case in cases if case.judgement], keys.signer, now)


def _verdict(case: Case) -> str:
    return case.judgement.verdict.value if case.judgement else ASIDE


def _registrations(session: Session, cases: Sequence[Case], now: datetime) -> None:
    again = [case.waiting for case in cases if case.before and case.before.state]
    if again:
        values = {"records": [one.record for one in again], "kiosks": [one.kiosk.n for one in again]}
        session.connection().execute(_REPLACED, values)
    rows = [_registration_row(case, case.judgement, now) for case in cases if case.judgement]
    insert_many(session, RegistrationRow, rows)


def _registration_row(case: Case, judgement: Judgement, now: datetime) -> dict[str, Any]:
    decision, waiting = judgement.decision, case.waiting
    return {
        "record": waiting.record,
        "kiosk": waiting.kiosk.n,
        "shard": waiting.shard,
        "version": waiting.version,
        "hash": waiting.hash,
        "state": judgement.verdict.value,
        "reference": _content(case).reference,
        "outcome": decision.outcome.value,
        "segment": decision.segment,
        "people": decision.people,
        "premium_total": decision.premium_total,
        "card": card_of(case),
        "pay_until": _iso(decision.pay_until),
        "problems": json.dumps([problem.as_dict() for problem in judgement.problems]),
        "other_reference": judgement.other_reference,
        "decided_at": now,
    }


def _content(case: Case) -> Content:
    assert case.content is not None  # noqa: S101 - nothing is judged that was not opened
    return case.content


def card_of(case: Case) -> str | None:
    """The card number that an accepted record has now; None where none is due, or none is left."""
    if not case.is_accepted or case.judgement is None or case.judgement.decision.premium_total is None:
        return None
    family_card = case.judgement.decision.family_card
    return family_card or (case.settled.number if case.settled else None)


def _envelopes(session: Session, cases: Sequence[Case], now: datetime) -> None:
    found = [case.waiting for case in cases]
    values = {
        "now": now,
        "records": [one.record for one in found],
        "versions": [one.version for one in found],
        "kiosks": [one.kiosk.n for one in found],
        "shards": [one.shard for one in found],
        "decisions": [_verdict(case) for case in cases],
    }
    session.connection().execute(_DECIDED, values)


def _aside_row(case: Case, now: datetime) -> dict[str, Any]:
    waiting = case.waiting
    return {
        "kiosk": waiting.kiosk.n,
        "digest": waiting.digest,
        "status": ASIDE,
        "code": case.aside,
        "record": waiting.record,
        "version": waiting.version,
        "raw": waiting.raw,
        "carrier": waiting.carrier,
        "at": now,
        "times": 1,
    }


def _audit_row(case: Case, who: str, now: datetime) -> dict[str, Any]:
    problems = case.judgement.problems if case.judgement else ()
    codes = [case.aside] if case.aside else [problem.code for problem in problems]
    return {
        "at": now,
        "who": who,
        "action": f"record.{_verdict(case)}",
        "subject": f"{case.waiting.record}/{case.waiting.version}",
        "codes": " ".join(dict.fromkeys(codes)),
        "reason": "",
    }


def _letter(case: Case, now: datetime) -> Letter:
    waiting, judgement = case.waiting, case.judgement
    assert judgement is not None  # noqa: S101 - who is judged is told
    payload: dict[str, Any] = {
        "record": str(waiting.record),
        "version": waiting.version,
        "hash": waiting.hash.hex(),
        "decision": judgement.verdict.value,
        "at": now.isoformat(timespec="milliseconds"),
        "reference": case.content.reference if case.content else "",
        "problems": [problem.as_dict() for problem in judgement.problems],
        "other_reference": judgement.other_reference,
    }
    card = _card_told(case, judgement.decision)
    if judgement.accepted:
        payload |= {"judged_on": _judged_on(case), **figures(judgement.decision), **card}
    else:
        payload["card"] = "none"
    return Letter(waiting.kiosk, DECISION, payload)


def _judged_on(case: Case) -> str:
    return case.reading.rules.today.isoformat() if case.reading else ""


def figures(decision: Decision) -> dict[str, Any]:
    """What an accepted family is told of segment, class, premium and days to pay."""
    return {
        "outcome": decision.outcome.value,
        "segment": decision.segment,
        "class": decision.care_class,
        "premium_per_person": decision.premium_per_person,
        "premium_total": decision.premium_total,
        "pay_from": _iso(decision.pay_from),
        "pay_until": _iso(decision.pay_until),
    }


def _card_told(case: Case, decision: Decision) -> Mapping[str, Any]:
    """What the kiosk is told of the card number behind its virtual accounts."""
    if decision.premium_total is None:
        return {"card": "none", "card_due": False}
    if decision.family_card is not None:
        same = decision.family_card == _content(case).card
        return {"card": "confirmed" if same else decision.family_card, "card_due": False}
    return told_of(case.settled or Settled(None))


def told_of(settled: Settled) -> dict[str, Any]:
    """A number as a decision tells it: `confirmed`, the digits of another one, `none` while one is due."""
    if settled.number is None:
        return {"card": "none", "card_due": True}
    if settled.confirmed:
        return {"card": "confirmed", "card_due": False}
    return {"card": settled.number, "card_due": False, "card_demo": settled.demo}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None

"""Takes the hub's decisions: the state of a registration follows them, by the table and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from kiosk.domain.fields import Problem
from kiosk.domain.identifiers import is_card_number, virtual_account
from kiosk.domain.registration import Decision, Event, Forbidden, Outcome, Registration, after
from kiosk.domain.rulebook import Rulebook
from kiosk.services.ports import AuditLine, UnitOfWork
from kiosk.services.sending import HUB, known_hash, ms_of, wall_of
from kiosk.services.sync_ports import ACCEPTED, REFUSED, HubDecision, HubError, HubVoice, Queued, Said

_EVENTS = {ACCEPTED: Event.ACCEPT, REFUSED: Event.REFUSE}
_MOST_PROBLEMS = 200


class Verdicts:
    """Applies decisions and lapses to the registrations that they name, whole or not at all."""

    def __init__(self, voice: HubVoice, rules: Callable[[], Rulebook]) -> None:
        self._voice = voice
        self._rules = rules

    def decision(self, work: UnitOfWork, said: Said) -> None:
        """Accepts or refuses what it names; a word on another version or content changes only the trail."""
        decision = _decision_in(said)
        event = _EVENTS.get(decision.verdict)
        if event is None:
            raise HubError("inbox.malformed")
        place = (decision.registration, decision.version)
        found = self._meant(work, *place, decision.hash)
        if isinstance(found, str):
            _ignore(work, said, decision.registration, found)
            return
        registration, queued = found
        moved = _moved(registration, event, decision.decided_at)
        if isinstance(moved, Forbidden):
            _ignore(work, said, decision.registration, moved.code)
            return
        decided = moved if moved.purged_at else self._as_decided(moved, decision, said.payload)
        if decided is registration and work.decisions.get(*place) == decision:
            return
        if not queued.sent_at:
            # Only what the hub holds can be decided, so this is as good as the receipt that was lost.
            work.outbox.put(replace(queued, sent_at=decision.decided_at, hash=decision.hash, code=""))
        work.decisions.put(decision)
        work.registrations.replace(decided)
        if event is Event.ACCEPT:
            work.drafts.remove(registration.id)
        fields = tuple(dict.fromkeys(problem.field for problem in decision.problems))
        codes = tuple(dict.fromkeys(problem.code for problem in decision.problems))
        action = f"registration.{decision.verdict}"
        work.audit.append(AuditLine(action, registration.reference, said.now, HUB, fields, codes))

    def lapsed(self, work: UnitOfWork, said: Said) -> None:
        """The premium was not paid in time: the registration has ended."""
        payload = said.payload
        record, at = str(payload["record"]), wall_of(ms_of(str(payload["at"])), said.now)
        found = self._meant(work, record, payload["version"], payload["hash"])
        moved = Forbidden(found) if isinstance(found, str) else after(found[0], Event.LAPSE, at)
        if isinstance(moved, Forbidden):
            _ignore(work, said, record, moved.code)
        elif moved is not found[0]:
            work.registrations.move(moved)
            work.drafts.remove(moved.id)
            work.audit.append(AuditLine("registration.lapsed", moved.reference, said.now, HUB))

    def _meant(
        self, work: UnitOfWork, record: str, version: int, content: str
    ) -> tuple[Registration, Queued] | str:
        """The registration that the hub speaks of, or the code of why it is not the one that is here."""
        registration = work.registrations.by_draft(record)
        if registration is None:
            return "decision.unknown"
        queued = work.outbox.get(record, version)
        if queued is None or version != registration.version:
            return "decision.version"
        if content != known_hash(queued, registration, self._voice):
            return "decision.hash"
        return registration, queued

    def _as_decided(
        self, registration: Registration, said: HubDecision, payload: Mapping[str, Any]
    ) -> Registration:
        """The registration with what the hub decided otherwise: card number, premium, days to pay."""
        if said.verdict != ACCEPTED:
            return registration
        decision = _corrected(registration.decision, payload, said)
        card = said.card if is_card_number(said.card) else registration.card
        if payload.get("card_due") is True and card == registration.card:
            card = None  # the number given here is not one that the hub knows: "nomor menyusul"
        if decision == registration.decision and card == registration.card:
            return registration
        accounts, demo = registration.virtual_accounts, registration.demo_card
        if card != registration.card:
            demo = card is not None and payload.get("card_demo") is True
            banks = self._rules().banks if card is not None else ()
            accounts = {bank.name: virtual_account(bank.va_prefix, card or "") for bank in banks}
        return replace(
            registration,
            decision=decision,
            card=card,
            virtual_accounts=accounts,
            demo_card=demo,
        )


def _moved(registration: Registration, event: Event, at: str) -> Registration | Forbidden:
    """A decision proves that the record was sent, so one that comes before its receipt is taken with it."""
    moved = after(registration, event, at)
    if not isinstance(moved, Forbidden):
        return moved
    sent = after(registration, Event.SEND, at)
    return moved if isinstance(sent, Forbidden) else after(sent, event, at)


def _ignore(work: UnitOfWork, said: Said, record: str, code: str) -> None:
    registration = work.registrations.by_draft(record)
    subject = registration.reference if registration else record
    work.audit.append(AuditLine("decision.ignored", subject, said.now, HUB, (), (code,)))


def _decision_in(said: Said) -> HubDecision:
    payload = said.payload
    problems = payload.get("problems", ())
    if type(payload["version"]) is not int or len(problems) > _MOST_PROBLEMS:
        raise HubError("inbox.malformed")
    return HubDecision(
        registration=str(payload["record"]),
        version=payload["version"],
        verdict=str(payload["decision"]),
        hash=str(payload["hash"]),
        decided_at=wall_of(ms_of(str(payload["at"])), said.now),
        problems=tuple(_problem(one) for one in problems),
        other_reference=str(payload.get("other_reference") or ""),
        card=str(payload.get("card") or ""),
    )


def _problem(found: Mapping[str, Any]) -> Problem:
    severity = found.get("severity", "error")
    params = {
        str(name): value
        for name, value in dict(found.get("params") or {}).items()
        if isinstance(value, str | int)
    }
    return Problem(
        str(found["field"]), str(found["code"]), "warning" if severity == "warning" else "error", params
    )


_NAMES = {
    "segment": "segment",
    "class": "care_class",
    "premium_per_person": "premium_per_person",
    "premium_total": "premium_total",
}


def _corrected(decision: Decision, payload: Mapping[str, Any], said: HubDecision) -> Decision:
    changes: dict[str, Any] = {ours: payload[theirs] for theirs, ours in _NAMES.items() if theirs in payload}
    changes |= {name: _day(payload[name]) for name in ("pay_from", "pay_until") if name in payload}
    if "outcome" in payload:
        changes["outcome"] = Outcome(payload["outcome"])
    fresh = tuple(problem for problem in said.problems if problem not in decision.problems)
    return replace(decision, **changes, problems=decision.problems + fresh)


def _day(text: object) -> date | None:
    return None if text is None else datetime.fromisoformat(str(text)).date()

"""Between rows and domain objects: values of columns one way, objects the other, nothing lost.

Documents are JSON in ASCII, so that any text a terminal can deliver survives; columns hold copies for lists
and look-ups, in which what UTF-8 cannot say is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.identifiers import masked
from kiosk.domain.registration import Decision, Moment, Outcome, Registration, State
from kiosk.services.ports import AuditLine, CodeAttempt, DraftSummary, RegistrationSummary


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a document cannot hold a {type(value).__name__}")


_encode = json.JSONEncoder(separators=(",", ":"), default=_plain, check_circular=False).encode


@lru_cache(maxsize=1024)
def _names(names: tuple[str, ...]) -> str:
    """The same few lists of fields and codes come with every save."""
    return _encode(names)


def storable(text: str) -> str:
    """`text` as a column can hold it: a half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


def moment_columns(moment: Moment) -> dict[str, Any]:
    """The four columns of a moment."""
    return {
        "wall": moment.wall,
        "boot": moment.boot,
        "monotonic_ns": moment.monotonic_ns,
        "trusted": int(moment.trusted),
    }


def moment_from(wall: str, boot: str, monotonic_ns: int, trusted: int) -> Moment:
    """A moment of its four columns."""
    return Moment(wall, boot, monotonic_ns, bool(trusted))


_DECISION_PLAIN = (
    "segment",
    "main_member",
    "care_class",
    "people",
    "premium_per_person",
    "premium_total",
    "refer_to",
    "family_card",
)


def _decision_document(decision: Decision) -> dict[str, Any]:
    plain = {name: getattr(decision, name) for name in _DECISION_PLAIN}
    return plain | {
        "outcome": decision.outcome,
        "problems": [problem.as_dict() for problem in decision.problems],
        "pay_from": _iso(decision.pay_from),
        "pay_until": _iso(decision.pay_until),
    }


def _decision_from(document: Mapping[str, Any]) -> Decision:
    return Decision(
        outcome=Outcome(document["outcome"]),
        problems=tuple(Problem(**problem) for problem in document["problems"]),
        pay_from=_day(document["pay_from"]),
        pay_until=_day(document["pay_until"]),
        **{name: document[name] for name in _DECISION_PLAIN},
    )


def registration_columns(registration: Registration) -> dict[str, Any]:
    """The columns of a registration; `n` is left to the database."""
    decision, created = registration.decision, registration.created
    return {
        "n": None,
        "id": registration.id,
        "reference": registration.reference,
        "outcome": decision.outcome.value,
        "kk": storable(str(registration.family.get("kk") or "")),
        "name": storable(_head_name(registration)),
        "people": decision.people,
        "premium_total": decision.premium_total,
        "created_day": registration.day,
        "created_wall": created.wall,
        "doubtful": int(not created.trusted),
        **progress_columns(registration),
    }


def progress_columns(registration: Registration) -> dict[str, Any]:
    """The columns that change when the hub says something of a registration."""
    return {
        "state": registration.state.value,
        "version": registration.version,
        "state_at": registration.state_at,
        "purged_at": registration.purged_at,
    }


def registration_document(registration: Registration) -> str:
    """What of a registration is in no column, and what is there only in part, as JSON."""
    document = {
        "decision": _decision_document(registration.decision),
        "family": registration.family,
        "created": moment_columns(registration.created),
        "virtual_accounts": registration.virtual_accounts,
        "demo_card": registration.demo_card,
        "verified_phone": registration.verified_phone,
        "source": registration.source,
        "judged_on": registration.judged_on,
        "card": registration.card,
        "served_by": registration.served_by,
        "consent_seconds": registration.consent_seconds,
    }
    return _encode(document)


def registration_from(row: tuple[Any, ...]) -> Registration:
    """A registration of the columns id, reference, state, version, state_at, purged_at and its document."""
    identity, reference, state, version, state_at, purged_at, text = row
    document = json.loads(text)
    decision = _decision_from(document["decision"])
    accounts = document["virtual_accounts"]
    return Registration(
        id=identity,
        reference=reference,
        state=State(state),
        decision=decision,
        family=document["family"],
        created=moment_from(**document["created"]),
        virtual_accounts=accounts,
        demo_card=document["demo_card"],
        verified_phone=document["verified_phone"],
        source=document["source"],
        judged_on=document.get("judged_on", ""),
        card=document["card"] if "card" in document else _card_behind(accounts, decision),
        version=version,
        state_at=state_at,
        purged_at=purged_at,
        served_by=document.get("served_by", ""),
        consent_seconds=document.get("consent_seconds"),
    )


def _card_behind(accounts: Mapping[str, str], decision: Decision) -> str | None:
    """The card number of a document that does not name it: the family's own, or one of a demonstration.

    A virtual account lacks its first two digits, which are zeros in every demonstration block.
    """
    if not accounts:
        return None
    return decision.family_card or "00" + next(iter(accounts.values()))[-11:]


def member_rows(registration: Registration, n: int) -> list[dict[str, Any]]:
    """One row for each member with a NIK, under the registration's `n`."""
    return [
        {"registration": n, "position": position, "nik": storable(member["nik"])}
        for position, member in enumerate(_members(registration))
        if member.get("nik")
    ]


def _members(registration: Registration) -> list[Mapping[str, Any]]:
    return list(registration.family.get("members") or ())


def _head_name(registration: Registration) -> str:
    members = _members(registration)
    head = next((one for one in members if one.get("relation") == "head"), None)
    main = next((one for one in members if one.get("nik") == registration.decision.main_member), None)
    chosen = head or main or (members[0] if members else {})
    return str(chosen.get("name") or "")


def registration_summary(row: tuple[Any, ...]) -> RegistrationSummary:
    """A line of the list, of its columns in the order of RegistrationSummary."""
    reference, state, outcome, kk, name, people, premium_total, wall, doubtful, *progress = row
    version, state_at, purged_at = progress
    return RegistrationSummary(
        reference, State(state), outcome, masked(kk), name, people, premium_total, wall, bool(doubtful),
        version, state_at, purged_at
    )  # fmt: skip


def _people(answers: Mapping[str, str]) -> int:
    """`Draft.member_count` without a regular expression: this is done for every field that is saved."""
    begun = {path[8 : path.find("].")] for path in answers if path.startswith("members[")}
    indexes = [int(index) for index in begun if index.isdecimal()]
    return max(indexes) + 1 if indexes else 0


def draft_columns(draft: Draft, saved_at: str) -> dict[str, Any]:
    """The columns of a draft as it will stand: with the next revision, saved at `saved_at`."""
    return {
        "id": draft.id,
        "revision": draft.revision + 1,
        "started_at": draft.started_at,
        "saved_at": saved_at,
        "kk": storable(draft.answer("kk")),
        "name": storable(draft.answer("members[0].name")),
        "people": _people(draft.answers),
        "at": storable(draft.at),
        "document": _encode({"answers": dict(draft.answers), "facts": dict(draft.facts), "at": draft.at}),
    }


def draft_from(row: tuple[Any, ...]) -> Draft:
    """A draft of its columns id, revision, started_at, saved_at and document."""
    identity, revision, started_at, saved_at, text = row
    return Draft(id=identity, started_at=started_at, revision=revision, saved_at=saved_at, **json.loads(text))


def draft_summary(row: tuple[Any, ...]) -> DraftSummary:
    """A line of the list of drafts, of its columns in the order of DraftSummary."""
    return DraftSummary(*row)


def saved(draft: Draft, saved_at: str) -> Draft:
    """The draft as it stands after a save."""
    return replace(draft, revision=draft.revision + 1, saved_at=saved_at)


def code_columns(attempt: CodeAttempt) -> dict[str, Any]:
    """The columns of a code sent."""
    return {
        "n": None,
        "id": attempt.id,
        "draft_id": attempt.draft_id,
        "phone": attempt.phone,
        "secret": attempt.secret,
        "tries": attempt.tries,
        "closed": attempt.closed,
        **moment_columns(attempt.sent),
    }


def code_from(row: tuple[Any, ...]) -> CodeAttempt:
    """A code of its columns id, draft_id, phone, secret, the moment's four, tries and closed."""
    identity, draft_id, phone, secret, wall, boot, monotonic_ns, trusted, tries, closed = row
    sent = moment_from(wall, boot, monotonic_ns, trusted)
    return CodeAttempt(identity, draft_id, phone, secret, sent, tries, closed)


def participant_columns(person: Participant) -> dict[str, Any]:
    """The columns of a participant."""
    return {
        "nik": person.nik,
        "card": person.card,
        "name": storable(person.name),
        "birth_date": person.birth_date.isoformat(),
        "kk": person.kk,
        "segment": person.segment,
        "status": person.status,
        "care_class": person.care_class,
        "fktp": person.fktp,
        "head": int(person.head),
        "arrears_months": person.arrears_months,
        "since": _iso(person.since),
    }


def participant_from(row: tuple[Any, ...]) -> Participant:
    """A participant of all columns in their order."""
    nik, card, name, born, kk, segment, status, care_class, fktp, head, arrears, since = row
    return Participant(
        nik=nik,
        card=card,
        name=name,
        birth_date=date.fromisoformat(born),
        kk=kk,
        segment=segment,
        status=status,
        care_class=care_class,
        fktp=fktp,
        head=bool(head),
        arrears_months=arrears,
        since=_day(since),
    )


def audit_columns(line: AuditLine) -> dict[str, Any]:
    """The columns of an audit line that its writer fills; number and chain are the trail's."""
    return {
        **moment_columns(line.at),
        "who": storable(line.who),
        "action": storable(line.action),
        "subject": storable(line.subject),
        "fields": _names(line.fields),
        "codes": _names(line.codes),
    }


def audit_from(row: tuple[Any, ...]) -> AuditLine:
    """An audit line of its columns action, subject, the moment's four, who, fields and codes."""
    action, subject, wall, boot, monotonic_ns, trusted, who, fields, codes = row
    at = moment_from(wall, boot, monotonic_ns, trusted)
    return AuditLine(action, subject, at, who, tuple(json.loads(fields)), tuple(json.loads(codes)))

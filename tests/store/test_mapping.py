"""Rows and domain objects: whatever goes in comes out."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft, member_path
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Decision, Moment, Registration
from kiosk.services.ports import AuditLine, CodeAttempt
from kiosk.store import mapping
from tests.store import examples

# Any text that a terminal can hand over, halves of surrogate pairs and control characters included.
ANY_TEXT = st.text(st.characters(), max_size=20)
PLAIN = st.text(string.ascii_lowercase + "._[]0123456789", max_size=12)
NUMBERS = st.integers(-(2**53), 2**53)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
MOMENTS = st.builds(Moment, wall=PLAIN, boot=PLAIN, monotonic_ns=st.integers(0, 2**63 - 1))
PROBLEMS = st.builds(Problem, params=st.dictionaries(PLAIN, ANY_TEXT | NUMBERS, max_size=2))
MEMBERS = st.fixed_dictionaries(
    {"nik": st.none() | ANY_TEXT, "name": st.none() | ANY_TEXT, "relation": st.none() | st.just("head")}
)
FAMILIES = st.dictionaries(ANY_TEXT, JSON, max_size=3).flatmap(
    lambda rest: st.lists(MEMBERS, max_size=3).map(lambda members: rest | {"members": members, "kk": "99"})
)
REGISTRATIONS = st.builds(
    Registration,
    # Every field of a decision is filled by its type, so one that the mapping forgets is lost here.
    decision=st.builds(Decision, problems=st.lists(PROBLEMS, max_size=2).map(tuple)),
    family=FAMILIES,
    created=MOMENTS,
    virtual_accounts=st.dictionaries(PLAIN, PLAIN, max_size=2),
    demo_card=st.booleans(),
    verified_phone=st.booleans(),
    source=PLAIN,
    card=st.none() | PLAIN,
    version=st.integers(1, 9),
    state_at=PLAIN,
    purged_at=PLAIN,
)
PATHS = PLAIN | st.builds(member_path, st.integers(0, 20), st.sampled_from(["nik", "name"]))
DRAFTS = st.builds(
    Draft,
    id=PLAIN,
    started_at=PLAIN,
    answers=st.dictionaries(PATHS, ANY_TEXT, max_size=8),
    facts=st.dictionaries(PLAIN, ANY_TEXT, max_size=3),
    at=ANY_TEXT,
    revision=st.integers(0, 10),
)


def _storable(values: dict[str, Any]) -> bool:
    return all(value.encode() is not None for value in values.values() if isinstance(value, str))


@given(REGISTRATIONS)
def test_a_registration_comes_back_as_it_was(registration: Registration) -> None:
    values = mapping.registration_columns(registration)
    assert _storable(values)
    assert mapping.registration_from(_whole(registration)) == registration


def _whole(registration: Registration) -> tuple[Any, ...]:
    values = mapping.registration_columns(registration)
    names = ("id", "reference", "state", "version", "state_at", "purged_at")
    return (*(values[name] for name in names), mapping.registration_document(registration))


def test_a_document_that_names_no_card_tells_it_by_its_accounts() -> None:
    family_card, demo = "0001234567891", examples.a_registration(7)
    own = replace(demo, decision=replace(demo.decision, family_card=family_card))
    none = replace(demo, virtual_accounts={})
    for registration, card in ((demo, "0000000000007"), (own, family_card), (none, None)):
        *columns, text = _whole(registration)
        document = json.loads(text)
        del document["card"]
        found = mapping.registration_from((*columns, json.dumps(document)))
        assert found.card == card


@given(DRAFTS, PLAIN)
def test_a_draft_comes_back_as_it_was_saved(draft: Draft, saved_at: str) -> None:
    values = mapping.draft_columns(draft, saved_at)
    assert _storable(values)
    row = tuple(values[name] for name in ("id", "revision", "started_at", "saved_at", "document"))
    assert mapping.draft_from(row) == mapping.saved(draft, saved_at)


@given(DRAFTS)
def test_people_begun_are_counted_as_the_draft_counts_them(draft: Draft) -> None:
    assert mapping.draft_columns(draft, "")["people"] == draft.member_count


@given(st.builds(Participant, name=st.text(max_size=20)))
def test_a_participant_comes_back_as_it_was(person: Participant) -> None:
    assert mapping.participant_from(tuple(mapping.participant_columns(person).values())) == person


@given(st.builds(CodeAttempt, sent=MOMENTS))
def test_a_code_comes_back_as_it_was(attempt: CodeAttempt) -> None:
    values = mapping.code_columns(attempt)
    names = (
        "id",
        "draft_id",
        "phone",
        "secret",
        "wall",
        "boot",
        "monotonic_ns",
        "trusted",
        "tries",
        "closed",
    )
    assert mapping.code_from(tuple(values[name] for name in names)) == attempt


@given(st.builds(AuditLine, action=PLAIN, subject=PLAIN, who=PLAIN, at=MOMENTS))
def test_an_audit_line_comes_back_as_it_was(line: AuditLine) -> None:
    values = mapping.audit_columns(line)
    names = ("action", "subject", "wall", "boot", "monotonic_ns", "trusted", "who", "fields", "codes")
    assert mapping.audit_from(tuple(values[name] for name in names)) == line


def test_a_list_shows_the_head_and_masks_the_number() -> None:
    values = mapping.registration_columns(examples.a_registration(7))
    names = (
        "reference",
        "state",
        "outcome",
        "kk",
        "name",
        "people",
        "premium_total",
        "created_wall",
        "doubtful",
        "version",
        "state_at",
        "purged_at",
    )
    summary = mapping.registration_summary(tuple(values[name] for name in names))
    assert summary.name == examples.NAMES[0]
    assert summary.kk == "9902**********00"
    assert examples.kk(7) not in repr(summary)
    assert (summary.people, summary.premium_total) == (4, 400_000)


def test_a_document_holds_no_python_objects() -> None:
    registration = examples.a_registration()
    family = {**registration.family, "since": date(2026, 1, 1)}
    broken = Registration(
        registration.id, "R", registration.state, registration.decision, family, registration.created
    )
    with pytest.raises(TypeError, match="date"):
        mapping.registration_document(broken)

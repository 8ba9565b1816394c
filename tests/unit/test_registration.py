"""The life of a registration: one table in which every state meets every event."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.registration import LIVE, TRANSITIONS, Event, Forbidden, State

S, E = State, Event
MAY = {
    (S.DRAFT, E.SUBMIT): S.SUBMITTED,
    (S.DRAFT, E.EXPIRE): S.EXPIRED,
    (S.DRAFT, E.DISCARD): S.DISCARDED,
    (S.SUBMITTED, E.SEND): S.SENT,
    (S.SUBMITTED, E.CANCEL): S.CANCELLED,
    (S.SENT, E.SEND): S.SENT,
    (S.SENT, E.ACCEPT): S.ACCEPTED,
    (S.SENT, E.REFUSE): S.NEEDS_FIX,
    (S.NEEDS_FIX, E.REFUSE): S.NEEDS_FIX,
    (S.NEEDS_FIX, E.ACCEPT): S.ACCEPTED,
    (S.NEEDS_FIX, E.RESUBMIT): S.SUBMITTED,
    (S.NEEDS_FIX, E.CANCEL): S.CANCELLED,
    (S.ACCEPTED, E.ACCEPT): S.ACCEPTED,
    (S.ACCEPTED, E.LAPSE): S.LAPSED,
    (S.LAPSED, E.LAPSE): S.LAPSED,
}
ENDS = {S.LAPSED, S.CANCELLED, S.EXPIRED, S.DISCARDED}


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_state_answers_every_event(state: State, event: Event) -> None:
    answer = TRANSITIONS[state, event]
    if (state, event) in MAY:
        assert answer is MAY[state, event]
    else:
        assert isinstance(answer, Forbidden)
        assert answer.code.startswith("state.")


def test_the_table_has_no_other_pairs() -> None:
    assert set(TRANSITIONS) == set(product(State, Event))


def test_a_refusal_says_what_stands_in_the_way() -> None:
    said = {
        (S.CANCELLED, E.SEND): "state.ended",
        (S.EXPIRED, E.SUBMIT): "state.ended",
        (S.DRAFT, E.SEND): "state.not_submitted",
        (S.SUBMITTED, E.ACCEPT): "state.not_sent",
        (S.SUBMITTED, E.DISCARD): "state.already_submitted",
        (S.SENT, E.CANCEL): "state.not_now",
    }
    assert {pair: TRANSITIONS[pair] for pair in said} == {
        pair: Forbidden(code) for pair, code in said.items()
    }


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_whatever_happens_nothing_leaves_an_end_and_nothing_is_lost_before_acceptance(
    events: list[Event],
) -> None:
    state, submitted, ended = State.DRAFT, False, None
    for event in events:
        answer = TRANSITIONS[state, event]
        if isinstance(answer, Forbidden):
            continue
        if ended is not None:
            assert answer is ended
        state = answer
        submitted = submitted or state is State.SUBMITTED
        ended = state if state in ENDS else None
        if submitted:
            assert state in LIVE or state in {State.CANCELLED, State.LAPSED}


def test_a_registration_is_live_until_it_ends() -> None:
    assert set(State) - ENDS - {State.DRAFT} == LIVE

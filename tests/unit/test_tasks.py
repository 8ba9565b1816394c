"""The list of what a family still has to do: derived from the flow, each part once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kiosk.domain.flow import Fact, Flow, Step
from kiosk.domain.segments import KnownPeople
from kiosk.domain.tasks import Task, TaskState, tasks
from tests.builders import KK, a_draft, a_family, a_member, a_rulebook

DONE, NEXT, LATER = TaskState.DONE, TaskState.NEXT, TaskState.LATER
REST = [
    Task(Step.CLASS, LATER),
    Task(Step.CONTACT, LATER),
    Task(Step.REVIEW, LATER),
    Task(Step.CONSENT, LATER),
]


def listed(then: Step, answers: Mapping[str, str | None] | None = None, **changes: object) -> list[Task]:
    facts = {Fact.TERMS: "v1", Fact.CAPTCHA: "passed"}
    draft = a_draft(a_family(**changes), answers, facts)
    return list(tasks(Flow(draft, a_rulebook(), KnownPeople()), then))


def test_after_the_card_the_first_member_is_next() -> None:
    assert listed(Step.MEMBERS, members=[]) == [
        Task(Step.KK, DONE),
        Task(Step.MEMBERS, NEXT, 0),
        *REST,
    ]


def test_there_is_always_one_member_more() -> None:
    assert listed(Step.MEMBERS)[:5] == [
        Task(Step.KK, DONE),
        *(Task(Step.MEMBERS, DONE, member) for member in range(3)),
        Task(Step.MEMBERS, NEXT, 3),
    ]


def test_a_member_who_lacks_something_is_not_done() -> None:
    found = listed(Step.MEMBERS, {"members[1].religion": None})
    assert [task.state for task in found if task.step is Step.MEMBERS] == [DONE, LATER, DONE, NEXT]


def test_after_the_class_the_members_are_closed() -> None:
    assert listed(Step.CONTACT) == [
        Task(Step.KK, DONE),
        *(Task(Step.MEMBERS, DONE, member) for member in range(3)),
        Task(Step.CLASS, DONE),
        Task(Step.CONTACT, NEXT),
        *REST[2:],
    ]


@pytest.mark.parametrize("then", [Step.KK, Step.MEMBERS, Step.CLASS, Step.CONTACT, Step.REVIEW, Step.CONSENT])
def test_exactly_one_part_is_next_and_each_is_there_once(then: Step) -> None:
    found = listed(then, kk=KK, members=[a_member()])
    assert [task.step for task in found if task.state is NEXT] == [then]
    assert len({(task.step, task.member) for task in found}) == len(found)

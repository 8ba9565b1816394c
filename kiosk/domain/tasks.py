"""What a family still has to do, as a list: each part of the form, done, next or later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kiosk.domain.draft import split_member_path
from kiosk.domain.flow import Flow, Step


class TaskState(StrEnum):
    """How far one part of the form is."""

    DONE = "done"
    NEXT = "next"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Task:
    """One part of the form: a step, or one member of the family in it."""

    step: Step
    state: TaskState
    member: int | None = None


def tasks(flow: Flow, then: Step) -> tuple[Task, ...]:
    """Every part from the family card on; the next one is that of the step `then`.

    In the members' step there is always one member more than was filled in, until the step is left.
    """
    found: list[Task] = []
    for step in flow.steps:
        if step in {Step.TERMS, Step.ACCOUNT}:
            continue
        if step is Step.MEMBERS:
            found += _members(flow, then)
        elif step.number < then.number:
            found.append(Task(step, TaskState.DONE))
        else:
            found.append(Task(step, TaskState.NEXT if step is then else TaskState.LATER))
    return tuple(found)


def _members(flow: Flow, then: Step) -> Iterator[Task]:
    blocked = {
        place[0]
        for problem in flow.problems_of(Step.MEMBERS)
        if problem.blocks and (place := split_member_path(problem.field))
    }
    count = flow.draft.member_count
    for member in range(count):
        yield Task(Step.MEMBERS, TaskState.LATER if member in blocked else TaskState.DONE, member)
    if then.number <= Step.MEMBERS.number:
        yield Task(Step.MEMBERS, TaskState.NEXT if then is Step.MEMBERS else TaskState.LATER, count)

"""The unfinished families on the first screen: how old each is, where it stopped, what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from kiosk.domain.draft import Draft
from kiosk.domain.flow import Fact, Flow, step_of
from kiosk.domain.rulebook import Rulebook
from kiosk.services.ports import DraftSummary
from screens.context import Context, Services
from screens.display import hidden, initials
from screens.frame import fit
from screens.view import Line, Span

_LOOKED_AT = 50
_ENDING = 2
"""So many of those that will be removed soon have a place in the list, however many were saved since."""


@dataclass(frozen=True, slots=True)
class Saved:
    """One family in the list; `days_left` until it is removed, where that is soon."""

    draft: DraftSummary
    missing: int
    days_left: int | None = None


async def saved_families(context: Context, most: int) -> list[Saved]:
    """Those last saved first, and in the end those that will be removed soon."""
    return await context.work(_listed, context.services, context.rules, most)


def _listed(services: Services, rules: Rulebook, most: int) -> list[Saved]:
    ending = dict(_new_families(services, services.drafts.ending(limit=_LOOKED_AT), _ENDING))
    ids = {summary.id for summary in ending}
    newest = (one for one in services.drafts.page(limit=_LOOKED_AT) if one.id not in ids)
    kept = _new_families(services, newest, most - len(ending))
    return [
        Saved(
            summary,
            _missing(services, rules, draft),
            services.drafts.days_left(summary) if summary.id in ids else None,
        )
        for summary, draft in (*kept, *reversed(ending.items()))
    ]


def _new_families(
    services: Services, summaries: Iterable[DraftSummary], most: int
) -> list[tuple[DraftSummary, Draft]]:
    """The first of these drafts; one that mends a refusal is left out, for it has a card."""
    drafts = ((summary, services.drafts.resume(summary.id)) for summary in summaries)
    new = ((summary, draft) for summary, draft in drafts if draft and not draft.fact(Fact.MENDS))
    return list(islice(new, most))


def _missing(services: Services, rules: Rulebook, draft: Draft) -> int:
    """How many answers and proofs the family lacks."""
    flow = Flow(draft, rules, services.membership.known_for(draft, rules))
    return sum(problem.blocks for problem in flow.problems)


def saved_lines(context: Context, families: Sequence[Saved], first: int) -> list[Line]:
    """The list, each line with the number to be typed, and what will be removed when."""
    lines = [_line(context, number, one) for number, one in enumerate(families, first)]
    ending = [
        (number, one.days_left) for number, one in enumerate(families, first) if one.days_left is not None
    ]
    if ending:
        numbers = ", ".join(str(number) for number, _ in ending)
        days = max(min(left for _, left in ending) + 1, 1)
        lines.append((Span(f"      {context.t('screen.home.ending', numbers=numbers, days=days)}", "warn"),))
    return lines


def _line(context: Context, number: int, one: Saved) -> Line:
    draft = one.draft
    people = context.t("screen.people", count=draft.people)
    step = context.t("screen.home.step", number=step_of(draft.at).number, count=one.missing)
    who = f"{fit(initials(draft.name), 14)} {fit(hidden(draft.kk), 16)}"
    text = f"   {number:>2} {who} {people:9} {fit(_age(context, draft.saved_at), 14)} {step}"
    return (Span(text, "plain" if one.days_left is None else "warn"),)


def _age(context: Context, saved_at: str) -> str:
    """How long ago that was, in days."""
    try:
        days = (context.rules.today - date.fromisoformat(saved_at[:10])).days
    except ValueError:
        return "-"
    if days > 1:
        return context.t("screen.home.days_ago", count=days)
    if days < 0:
        return f"{saved_at[8:10]}-{saved_at[5:7]}-{saved_at[:4]}"
    return context.t("screen.home.yesterday" if days else "screen.home.at", time=saved_at[11:16])

"""What the first screen lists: what is to be mended, what is unfinished, and what was registered today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kiosk.services.mending import Card
from kiosk.services.ports import RegistrationSummary
from screens.cards import LINES, card_lines
from screens.context import Context
from screens.display import initials
from screens.frame import fit
from screens.saved import Saved, saved_families, saved_lines
from screens.view import Line, Span

Entry = Card | Saved | RegistrationSummary
_CARDS, _SAVED, _TODAY = 3, 5, 8
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Lists:
    """The lines of the first screen; their numbers, to be typed, count through all three lists."""

    cards: tuple[Card, ...] = ()
    saved: tuple[Saved, ...] = ()
    today: tuple[RegistrationSummary, ...] = ()
    more: bool = False
    """Whether more was registered today than is listed."""

    @classmethod
    async def read(cls, context: Context) -> Lists:
        services = context.services
        today = context.rules.today.isoformat()
        registered = await context.work(services.queries.page, day=today, limit=_TODAY + 1)
        return cls(
            tuple(await context.work(services.mending.cards, limit=_CARDS)),
            tuple(await saved_families(context, _SAVED)),
            tuple(registered[:_TODAY]),
            more=len(registered) > _TODAY,
        )

    def entry(self, number: int) -> Entry | None:
        """What stands in the line with this number."""
        entries: Sequence[Entry] = (*self.cards, *self.saved, *self.today)
        return entries[number - 1] if 1 <= number <= len(entries) else None

    def fitted(self, room: int) -> Lists:
        """As much of it as has room in so many lines: today's families give way first, refusals last."""
        cards, saved, today = self.cards, self.saved, self.today
        while Lists(cards, saved, today)._height > room:
            if len(today) > _LEAST:
                today = today[:-1]
            elif len(saved) > _LEAST:
                saved = saved[:-1]
            elif len(cards) > 1:
                cards = cards[:-1]
            else:
                break
        more = self.more or len(today) < len(self.today)
        return replace(self, cards=cards, saved=saved, today=today, more=more)

    @property
    def _height(self) -> int:
        cards = LINES * len(self.cards) + 2 if self.cards else 0
        is_ending = any(one.days_left is not None for one in self.saved)
        saved = len(self.saved) + 2 + is_ending if self.saved else 0
        return cards + saved + 1 + max(len(self.today), 1)

    def lines(self, context: Context) -> list[Line]:
        """The lists under their headings."""
        t = context.t
        lines: list[Line] = []
        if self.cards:
            heading = t("screen.mend.cards", count=context.to_mend)
            lines.append((Span("   " + heading, "title"),))
            for number, card in enumerate(self.cards, 1):
                lines += card_lines(context, number, card)
            lines.append(())
        if self.saved:
            lines.append((Span("   " + t("screen.home.drafts"), "title"),))
            lines += [*saved_lines(context, self.saved, len(self.cards) + 1), ()]
        rest = f"  ({t('screen.home.more')})" if self.more else ""
        lines.append((Span("   " + t("screen.home.today"), "title"), Span(rest)))
        first = len(self.cards) + len(self.saved) + 1
        lines += [_today_line(context, number, found) for number, found in enumerate(self.today, first)]
        if not self.today:
            lines.append((Span("   " + t("screen.home.none")),))
        return lines


def _today_line(context: Context, number: int, found: RegistrationSummary) -> Line:
    total = context.language.rupiah(found.premium_total) if found.premium_total else "-"
    people = context.t("screen.people", count=found.people)
    state = context.t(f"state.{found.state}")
    name = fit(initials(found.name), 16 if found.doubtful else 20)
    if found.doubtful:
        total = context.t("screen.doubtful")
    return (Span(f"   {number:>2} {name} {found.reference:13} {people:9} {total:>11} {state}"),)

"""Drafts: every accepted answer is durable before the next question is asked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kiosk.domain.draft import Draft
from kiosk.domain.elapsed import likely_seconds
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact
from kiosk.domain.identifiers import uuid7
from kiosk.domain.mended import why_ended
from kiosk.domain.registration import Moment, Registration
from kiosk.domain.resume_code import is_right, make_code
from kiosk.domain.staff import PROGRAM
from kiosk.errors import KioskError
from kiosk.services.ports import AuditLine, Clock, DraftSummary, Randomness, UnitOfWork, UnitOfWorkFactory

_MANY = 1000


@dataclass(frozen=True, slots=True)
class DraftRules:
    """How long a draft is kept without a change, when that is told, and how often a code may be guessed.

    With 0 days it is kept for ever. After `wrong_in_a_row` wrong codes there is a pause, twice as long each
    time up to the longest.
    """

    days: int = 30
    warn_days: int = 5
    wrong_in_a_row: int = 5
    pause_seconds: int = 60
    longest_pause_seconds: int = 600


def new_id(clock: Clock, randomness: Randomness) -> str:
    """A fresh UUIDv7; its time part is the wall clock's, which orders but proves nothing."""
    milliseconds = int(datetime.fromisoformat(clock.now().wall).timestamp() * 1000)
    return uuid7(max(milliseconds, 0), randomness.take(10, "id"))


class Drafts:
    """Starts, saves, lists, resumes, discards and expires drafts."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        randomness: Randomness,
        rules: DraftRules = DraftRules(),
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._randomness = randomness
        self._rules = rules
        self._guesses = _Guesses(rules)

    def start(self) -> Draft:
        """A new draft in memory; it reaches the store with its first answer."""
        return Draft(id=new_id(self._clock, self._randomness), started_at=self._clock.now().wall)

    def save(
        self, draft: Draft, *, fields: Iterable[str] = (), codes: Iterable[str] = (), who: str = "-"
    ) -> Draft:
        """Stores `draft` and its audit line in one transaction; returns it with its new revision.

        Raises StaleDraftError when somebody else saved it meanwhile, StoreError when it cannot be stored,
        KioskError (one of `ENDED`) for answers to what can be mended no more.
        """
        now = self._clock.now()
        with self._open_work() as work:
            if draft.fact(Fact.MENDS):
                refuse_ended(work, work.registrations.by_draft(draft.id), draft, now)
            saved = work.drafts.save(draft, now.wall)
            work.audit.append(AuditLine("draft.saved", draft.id, now, who, tuple(fields), tuple(codes)))
            work.commit()
        return saved

    def page(self, *, limit: int, offset: int = 0) -> list[DraftSummary]:
        """The drafts last saved first."""
        with self._open_work() as work:
            return work.drafts.page(limit=limit, offset=offset)

    def resume(self, draft_id: str) -> Draft | None:
        with self._open_work() as work:
            return work.drafts.get(draft_id)

    def discard(self, draft_id: str, *, who: str = "-") -> None:
        """Takes a draft away for good and says so in the audit trail."""
        with self._open_work() as work:
            work.drafts.remove(draft_id)
            work.audit.append(AuditLine("draft.discarded", draft_id, self._clock.now(), who))
            work.commit()

    # The end of drafts that nobody goes on with.

    def days_left(self, draft: DraftSummary) -> int | None:
        """After how many whole days the draft will be removed; None for never."""
        if not self._rules.days:
            return None
        try:
            saved = date.fromisoformat(draft.saved_at[:10])
        except ValueError:
            return None
        return max((saved + timedelta(days=self._rules.days) - self._clock.today()).days, 0)

    def ending(self, *, limit: int) -> list[DraftSummary]:
        """The drafts that will be removed within the days of warning, the soonest first."""
        if not self._rules.days:
            return []
        with self._open_work() as work:
            return work.drafts.older(self._told_before(), limit=limit)

    def expire(self) -> int:
        """Removes the drafts that were not changed for the days that they are kept; how many these were.

        Each is told of before: that it will end is noted the first time that it is found within the days of
        warning, or past them where the kiosk was off, and it is removed on a later day at the earliest.
        Nothing is removed while the clock is in doubt, nor what was last saved while it was.
        """
        now = self._clock.now()
        if not self._rules.days or not now.trusted:
            return 0
        today = self._clock.today()
        before = (today - timedelta(days=self._rules.days)).isoformat()
        removed = noted = 0
        with self._open_work() as work:
            for draft in work.drafts.older(self._told_before(), limit=_MANY):
                lines = _since_saved(work, draft.id)
                if not lines or not lines[0].at.trusted:
                    continue
                told = next((line for line in lines if line.action == "draft.ending"), None)
                if told is None:
                    work.audit.append(AuditLine("draft.ending", draft.id, now, PROGRAM))
                    noted += 1
                elif draft.saved_at < before and _day(told.at) < today:
                    work.drafts.remove(draft.id)
                    work.audit.append(AuditLine("draft.expired", draft.id, now, PROGRAM))
                    removed += 1
            if removed or noted:
                work.commit()
        return removed

    def _told_before(self) -> str:
        """The day before which a draft was last saved that is to be told of."""
        days = self._rules.days - self._rules.warn_days - 1
        return (self._clock.today() - timedelta(days=days)).isoformat()

    # Codes on slips.

    def slip(self, draft_id: str, earlier: str = "") -> str:
        """A new code for the draft, by which it can be taken up once; its earlier codes are closed.

        Where `earlier` is one that still opens it, as on a slip that was printed, that one is given again.
        """
        now = self._clock.now()
        code = make_code(int.from_bytes(self._randomness.take(16, f"slip:{draft_id}"), "big"))
        with self._open_work() as work:
            known = work.resume_codes.find(earlier) if earlier else None
            if known is not None and known.draft_id == draft_id and not known.used:
                return earlier
            work.resume_codes.put(code, draft_id, now.wall)
            work.audit.append(AuditLine("draft.slip", draft_id, now))
            work.commit()
        return code

    def take_up(self, code: str) -> Draft | Problem:
        """The draft of a code as `parse_code` gives it; the code is used up when this returns it.

        Problems: `resume.paused` (`seconds`; the code was not looked at), `resume.wrong`, `resume.used`,
        `resume.gone` (the draft was finished or removed).
        """
        now = self._clock.now()
        paused = self._guesses.paused_seconds(now)
        if paused:
            return Problem("code", "resume.paused", params={"seconds": paused})
        with self._open_work() as work:
            known = work.resume_codes.find(code) if is_right(code) else None
            draft = work.drafts.get(known.draft_id) if known else None
            if known is None or known.used or draft is None:
                self._guesses.wrong(now)
                return Problem("code", _why_not(known is not None, gone=draft is None))
            work.resume_codes.use(code)
            work.audit.append(AuditLine("draft.resumed", draft.id, now))
            work.commit()
        self._guesses.right()
        return draft


def _why_not(known: bool, *, gone: bool) -> str:  # noqa: FBT001
    if not known:
        return "resume.wrong"
    return "resume.gone" if gone else "resume.used"


def _since_saved(work: UnitOfWork, draft_id: str) -> list[AuditLine]:
    """The line of the draft's last change, and those after it."""
    lines = work.registrations.history(draft_id)
    last = max((n for n, line in enumerate(lines) if line.action == "draft.saved"), default=len(lines))
    return lines[last:]


def _day(moment: Moment) -> date:
    return date.fromisoformat(moment.wall[:10])


def refuse_ended(
    work: UnitOfWork, registration: Registration | None, draft: Draft, now: Moment
) -> Registration:
    """The registration that `draft` mends.

    Raises KioskError, one of `ENDED`, where it can be mended no more; then the draft, which has no use any
    more, is removed.
    """
    why = why_ended(registration, draft)
    if registration is not None and not why:
        return registration
    work.drafts.remove(draft.id)
    work.audit.append(AuditLine("draft.discarded", draft.id, now, codes=(why,)))
    work.commit()
    raise KioskError(why)


class _Guesses:
    """Counts wrong codes in a row and holds up whoever guesses."""

    def __init__(self, rules: DraftRules) -> None:
        self._rules = rules
        self._wrong = 0
        self._pauses = 0
        self._paused_at: Moment | None = None

    def wrong(self, now: Moment) -> None:
        self._wrong += 1
        if self._wrong >= self._rules.wrong_in_a_row:
            self._wrong, self._pauses, self._paused_at = 0, self._pauses + 1, now

    def right(self) -> None:
        self._wrong, self._pauses, self._paused_at = 0, 0, None

    def paused_seconds(self, now: Moment) -> int:
        """Whole seconds until a code is looked at again; 0 for now."""
        if self._paused_at is None:
            return 0
        length = min(
            self._rules.pause_seconds << min(self._pauses - 1, 20), self._rules.longest_pause_seconds
        )
        return max(0, math.ceil(length - likely_seconds(self._paused_at, now)))

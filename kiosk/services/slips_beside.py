"""A queue slip from the kiosk beside the counter: its code opens the draft here, and takes it away there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact
from kiosk.domain.resume_code import is_right
from kiosk.errors import KioskError, StaleDraftError
from kiosk.services.drafts import Drafts
from kiosk.services.ports import AuditLine, Clock, UnitOfWork, UnitOfWorkFactory

MOVED = "draft.moved"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class OtherKiosk:
    """A kiosk whose store lies on this machine: its id, and how its store is opened for a moment.

    Opening raises KioskError where its settings, key or store cannot be used.
    """

    id: str
    open: Callable[[], AbstractContextManager[UnitOfWorkFactory]]


class Slips:
    """Takes up drafts by the codes on slips, those of the other kiosk as well.

    A draft passes in three steps, each one transaction: a copy that says where it comes from is kept here;
    the draft is taken away there, if it is still as it was copied; the copy becomes the draft. Cut off
    anywhere, at least one of the two has it, and only one ever goes on with it: a copy is opened only when
    the second step is done, by the code or by its line in the list.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        drafts: Drafts,
        *,
        kiosk_id: str,
        other: Callable[[], OtherKiosk | None] = lambda: None,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._drafts = drafts
        self._kiosk_id = kiosk_id
        self._other = other

    def take_up(self, code: str) -> Draft | Problem:
        """The draft of a code, from wherever it is; problems as of `Drafts.take_up`, and `resume.elsewhere`.

        Raises KioskError where the other kiosk's store cannot be used.
        """
        known, copy = self._here(code)
        if not known and is_right(code) and (other := self._other()) is not None:
            with other.open() as open_other:
                problem = self._copy_of_code(other, open_other, code)
            if problem is not None:
                return problem
            copy = self._here(code)[1]
        if copy is None:
            return self._drafts.take_up(code)
        return self.settle(copy, code) or Problem("code", "resume.gone")

    def settle(self, draft: Draft, code: str = "") -> Draft | None:
        """The draft as it may be gone on with; None where the other kiosk has finished or discarded it.

        A draft of this kiosk is given back as it is; `code` is used up. Raises as `take_up`.
        """
        told = draft.fact(Fact.COMES_FROM)
        if not told:
            return draft
        other = self._other()
        source, _, revision = told.rpartition(":")
        if other is None or other.id != source:
            raise KioskError("slips.other")
        with other.open() as open_other:
            for _ in range(_TRIES):
                newer = self._taken_away(open_other, draft.id, int(revision))
                if newer is None:
                    return self._received(draft, source, code)
                if isinstance(newer, bool):
                    self._drop(draft)
                    return None
                draft, revision = self._copied(newer, source, draft.revision), str(newer.revision)
        raise StaleDraftError("draft.stale")

    def _here(self, code: str) -> tuple[bool, Draft | None]:
        """Whether the code is known here, and the draft that it stands for where that is only a copy."""
        with self._open_work() as work:
            known = work.resume_codes.find(code)
            draft = work.drafts.get(known.draft_id) if known else None
        return known is not None, draft if draft and draft.fact(Fact.COMES_FROM) else None

    def _copy_of_code(self, other: OtherKiosk, open_other: UnitOfWorkFactory, code: str) -> Problem | None:
        """Keeps a copy of the other kiosk's draft, with its code; what keeps it from that, if anything."""
        with open_other() as there:
            known = there.resume_codes.find(code)
            draft = there.drafts.get(known.draft_id) if known else None
        if known is None:
            return None  # nobody's code: counted as a wrong one here
        if draft is None or known.used:
            return Problem("code", "resume.gone" if draft is None else "resume.used")
        if draft.fact(Fact.MENDS):
            return Problem("code", "resume.elsewhere")
        with self._open_work() as work:
            if work.drafts.get(draft.id) is None and work.registrations.by_draft(draft.id) is not None:
                return Problem("code", "resume.gone")
            if work.drafts.get(draft.id) is None:
                self._keep(work, draft, other.id, 0)
            work.resume_codes.put(code, draft.id, self._clock.now().wall)
            work.commit()
        return None

    def _copied(self, draft: Draft, source: str, revision: int) -> Draft:
        with self._open_work() as work:
            kept = self._keep(work, draft, source, revision)
            work.commit()
        return kept

    def _keep(self, work: UnitOfWork, draft: Draft, source: str, revision: int) -> Draft:
        """Stores a copy in the place of the one with `revision`, marked with what it is a copy of."""
        marked = draft.with_facts({Fact.COMES_FROM: f"{source}:{draft.revision}"})
        now = self._clock.now()
        kept = work.drafts.save(replace(marked, revision=revision), now.wall)
        work.audit.append(AuditLine("draft.saved", draft.id, now, codes=(f"from.{source}",)))
        return kept

    def _taken_away(self, open_other: UnitOfWorkFactory, draft_id: str, revision: int) -> Draft | bool | None:
        """Removes the draft there: None where that is done, the newer draft, or True where it has ended."""
        mark = f"to.{self._kiosk_id}"
        with open_other() as there:
            draft = there.drafts.get(draft_id)
            if draft is None:
                history = there.registrations.history(draft_id)
                return None if any(one.action == MOVED and mark in one.codes for one in history) else True
            if draft.revision != revision:
                return draft
            there.drafts.remove(draft_id)
            there.audit.append(AuditLine(MOVED, draft_id, self._clock.now(), codes=(mark,)))
            there.commit()
        return None

    def _received(self, draft: Draft, source: str, code: str) -> Draft:
        now = self._clock.now()
        with self._open_work() as work:
            saved = work.drafts.save(draft.with_facts({Fact.COMES_FROM: None}), now.wall)
            work.audit.append(AuditLine("draft.saved", draft.id, now, codes=(f"from.{source}",)))
            work.audit.append(AuditLine("draft.received", draft.id, now, codes=(f"from.{source}",)))
            if code:
                work.resume_codes.use(code)
            work.commit()
        return saved

    def _drop(self, draft: Draft) -> None:
        """Removes a copy whose draft has ended at the other kiosk."""
        with self._open_work() as work:
            work.drafts.remove(draft.id)
            work.audit.append(AuditLine("draft.discarded", draft.id, self._clock.now(), codes=("ended",)))
            work.commit()

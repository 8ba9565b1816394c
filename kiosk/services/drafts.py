"""Drafts: every accepted answer is durable before the next question is asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kiosk.domain.draft import Draft
from kiosk.domain.identifiers import uuid7
from kiosk.services.ports import AuditLine, Clock, DraftSummary, Randomness, UnitOfWorkFactory


def new_id(clock: Clock, randomness: Randomness) -> str:
    """A fresh UUIDv7; its time part is the wall clock's, which orders but proves nothing."""
    milliseconds = int(datetime.fromisoformat(clock.now().wall).timestamp() * 1000)
    return uuid7(max(milliseconds, 0), randomness.take(10, "id"))


class Drafts:
    """Starts, saves, lists, resumes and discards drafts."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, randomness: Randomness) -> None:
        self._open_work = open_work
        self._clock = clock
        self._randomness = randomness

    def start(self) -> Draft:
        """A new draft in memory; it reaches the store with its first answer."""
        return Draft(id=new_id(self._clock, self._randomness), started_at=self._clock.now().wall)

    def save(
        self, draft: Draft, *, fields: Iterable[str] = (), codes: Iterable[str] = (), who: str = "-"
    ) -> Draft:
        """Stores `draft` and its audit line in one transaction; returns it with its new revision.

        Raises StaleDraftError when somebody else saved it meanwhile, StoreError when it cannot be stored.
        """
        now = self._clock.now()
        with self._open_work() as work:
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

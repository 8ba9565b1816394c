"""Removes personal data when the days of grace after a decision are over; a tombstone stays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from kiosk.domain.identifiers import masked_reference
from kiosk.domain.registration import Registration, State, stripped
from kiosk.domain.staff import PROGRAM
from kiosk.services.ports import AuditLine, Clock, UnitOfWork, UnitOfWorkFactory
from kiosk.services.sync_ports import HubReceipt, Tombstone

_LOOKED_AT = 500
_TOGETHER = 5


class Purging:
    """Purges what was decided or taken back more than `grace_days` ago.

    `forget` removes what lies outside the store. Nothing is purged while the clock is in doubt, nor while a
    family that was accepted still waits for its card number.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        grace_days: int,
        forget: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._grace_days = grace_days
        self._forget = forget

    def purge(self) -> int:
        """Removes what is due and returns of how many registrations; raises OSError where `forget` does."""
        if not self._clock.now().trusted:
            return 0
        before = (self._clock.today() - timedelta(days=self._grace_days)).isoformat()
        with self._open_work() as work:
            found = work.registrations.decided(before, limit=_LOOKED_AT)
        due = [one.id for one in found if one.state is State.CANCELLED or not one.waits_for_number]
        for start in range(0, len(due), _TOGETHER):
            self._purge(due[start : start + _TOGETHER])
        return len(due)

    def _purge(self, identities: list[str]) -> None:
        with self._open_work() as work:
            for identity in identities:
                registration = work.registrations.by_draft(identity)
                if registration is not None and not registration.purged_at:
                    self._forget(registration.reference)
                    self._bury(work, registration)
            work.commit()

    def _bury(self, work: UnitOfWork, registration: Registration) -> None:
        now = self._clock.now()
        queued = work.outbox.get(registration.id, registration.version)
        receipt = queued.receipt if queued else None
        work.tombstones.add(
            Tombstone(
                registration=registration.id,
                reference=masked_reference(registration.reference),
                receipt_hash=receipt_hash(receipt) if receipt else "",
                hash=queued.hash if queued else "",
                decided_at=registration.state_at,
                purged_at=now.wall,
            )
        )
        work.registrations.replace(stripped(registration, now.wall))
        for decision in work.decisions.all_of(registration.id):
            work.decisions.put(decision.without_values())
        work.drafts.remove(registration.id)
        work.codes.forget(registration.id)
        work.resume_codes.forget(registration.id)
        work.audit.append(AuditLine("registration.purged", registration.reference, now, PROGRAM))


def receipt_hash(receipt: HubReceipt) -> str:
    """SHA-256 of the signature of a receipt: whoever has the receipt can show that it is the one."""
    return hashlib.sha256(receipt.signature).hexdigest()

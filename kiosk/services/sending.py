"""What goes to the hub next, and what became of it: a receipt moves a registration, all else puts it off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from kiosk.domain.registration import Event, Forbidden, Moment, Registration, State, after
from kiosk.errors import KioskError
from kiosk.services.ports import AuditLine, Clock, UnitOfWork, UnitOfWorkFactory
from kiosk.services.sync_ports import HubVoice, Identity, Outgoing, Queued, ReceiptWord

TOGETHER = 5
"""Changes in one transaction: few enough that whoever types does not feel the wait for it."""

FIRST_WAIT_MS, LONGEST_WAIT_MS = 10 * 60_000, 24 * 3600_000
"""How long a version that the hub did not take waits for its second attempt, and at the most."""

WITHDRAWN = "outbox.withdrawn"
"""Why a version that waited a moment ago is not sealed: two people have taken its registration back."""

_LASTING = frozenset({"record.conflict"})
"""What no later attempt is likely to change."""


@dataclass(frozen=True, slots=True)
class Received:
    """What came of some receipts: how many were news, and the codes of those that were not believed."""

    taken: int = 0
    codes: tuple[str, ...] = ()


def ms_of(wall: str) -> int:
    """Milliseconds since 1970 of an ISO time with its offset; raises ValueError for anything else."""
    moment = datetime.fromisoformat(wall)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return round(moment.timestamp() * 1000)


def wall_of(ms: int, now: Moment) -> str:
    """The wall time here, ISO, of a moment by the hub's clock; ValueError, OverflowError for none."""
    zone = datetime.fromisoformat(now.wall).tzinfo
    return datetime.fromtimestamp(ms / 1000, zone).isoformat(timespec="milliseconds")


class Sending:
    """Gives out what waits, and keeps what the hub said of it."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, voice: HubVoice) -> None:
        self._open_work = open_work
        self._clock = clock
        self._voice = voice

    def due(self, *, limit: int, place: int = 0) -> list[Outgoing]:
        """What may be tried now, oldest first, behind the place in the queue of the last one seen."""
        with self._open_work() as work:
            return work.outbox.due(ms_of(self._clock.now().wall), limit=limit, after=place)

    def all_waiting(self, *, limit: int, place: int = 0) -> list[Outgoing]:
        """What waits, whenever its next attempt is: for a carrier that asks nobody."""
        with self._open_work() as work:
            return work.outbox.due(None, limit=limit, after=place)

    def waiting(self, *, at_most: int = 1_000_000) -> int:
        """How many versions have no receipt yet."""
        with self._open_work() as work:
            return work.outbox.waiting(at_most=at_most)

    def sealed(self, outgoing: Sequence[Outgoing], *, sets_out: bool = True) -> list[bytes]:
        """The envelopes of what goes out, signed with the identity and the audit head of this moment.

        It is marked as on its way before this returns, unless only its name is asked for: from then on the
        hub may have it, whatever is known here. Raises KioskError `kiosk.not_enrolled` where there is nobody
        to seal to, `outbox.withdrawn` where one of them was taken back meanwhile; then none is marked.
        """
        with self._open_work() as work:
            identity, head = work.identity.get(), work.audit.head()
            if identity is not None and sets_out:
                places = [one.queued.n for one in outgoing]
                if work.outbox.set_out(places, self._clock.now().wall) < len(places):
                    raise KioskError(WITHDRAWN)
                work.commit()
        return [self._voice.envelope(one, identity, head) for one in outgoing]

    def receipts(self, words: Iterable[ReceiptWord]) -> Received:
        """Takes receipts, a few at a time: what is news is durable when this returns.

        One that is not signed by the hub, or names another kiosk, record, version or content, changes
        nothing but the trail.
        """
        taken, codes = 0, list[str]()
        rest = iter(words)
        while few := list(islice(rest, TOGETHER)):
            with self._open_work() as work:
                identity, now = work.identity.get(), self._clock.now()
                for word in few:
                    code = self._receipt(work, word, identity, now)
                    taken += code == ""
                    codes += [code] if code not in {"", _KNOWN} else []
                work.commit()
        return Received(taken, tuple(codes))

    def undecided(self, records: Iterable[str]) -> list[str]:
        """Those of these registrations (ids) that the hub has and of which it has not said what becomes."""
        with self._open_work() as work:
            found = [(one, work.registrations.by_draft(one)) for one in records]
        return [one for one, registration in found if registration and registration.state is State.SENT]

    def put_off(self, refused: Iterable[tuple[Queued, str]]) -> None:
        """Sets versions aside with the code of what the hub said of them, to be tried again much later."""
        rest = iter(refused)
        while few := list(islice(rest, TOGETHER)):
            with self._open_work() as work:
                now = self._clock.now()
                for queued, code in few:
                    self._put_off(work, queued, code, now)
                work.commit()

    def exported(self, written: Iterable[Queued]) -> None:
        """Remembers that versions lie on a stick; they wait for a receipt as before."""
        rest = iter(written)
        while few := list(islice(rest, TOGETHER)):
            with self._open_work() as work:
                now = self._clock.now()
                for queued in few:
                    stored = work.outbox.get(queued.registration, queued.version)
                    if stored is None:
                        continue
                    work.outbox.put(replace(stored, exported_at=now.wall))
                    _tell(work, "registration.exported", queued.registration, now)
                work.commit()

    def _receipt(self, work: UnitOfWork, word: ReceiptWord, identity: Identity | None, now: Moment) -> str:
        """Takes one receipt; gives the code of why it is not taken, `_KNOWN` where it is no news."""
        queued = work.outbox.get(word.record, word.version)
        registration = work.registrations.by_draft(word.record)
        if queued is None or registration is None:
            return self._not_taken(work, word.record, "receipt.unknown", now)
        code = self._voice.doubt(word, identity)
        if not code and word.hash != known_hash(queued, registration, self._voice):
            code = "receipt.hash"
        if code:
            return self._not_taken(work, registration.reference, code, now)
        if queued.receipt is not None:
            return _KNOWN
        keep_receipt(work, queued, registration, word, now)
        return ""

    def _not_taken(self, work: UnitOfWork, subject: str, code: str, now: Moment) -> str:
        work.audit.append(AuditLine("receipt.refused", subject, now, HUB, (), (code,)))
        return code

    def _put_off(self, work: UnitOfWork, queued: Queued, code: str, now: Moment) -> None:
        stored = work.outbox.get(queued.registration, queued.version)
        if stored is None or stored.sent_at:
            return
        wait = LONGEST_WAIT_MS if code in _LASTING else min(FIRST_WAIT_MS << stored.tries, LONGEST_WAIT_MS)
        work.outbox.put(
            replace(stored, code=code, tries=stored.tries + 1, next_try_ms=ms_of(now.wall) + wait)
        )
        if stored.code != code:
            _tell(work, "registration.set_aside", queued.registration, now, code)


HUB = "hub"
"""Who did it, in the audit trail, where the hub's word did."""

_KNOWN = "receipt.known"


def known_hash(queued: Queued, registration: Registration, voice: HubVoice) -> str:
    """The hash of a queued content: as the hub named it, else of what is here; empty for neither."""
    if queued.hash:
        return queued.hash
    return voice.content_hash(registration, queued) if registration.version == queued.version else ""


def keep_receipt(
    work: UnitOfWork, queued: Queued, registration: Registration, word: ReceiptWord, now: Moment
) -> None:
    """Ends the waiting of a version, and moves its registration where that is its present version."""
    at = wall_of(word.receipt.received_ms, now)
    work.outbox.put(
        replace(queued, sent_at=queued.sent_at or at, hash=word.hash, receipt=word.receipt, code="")
    )
    if registration.version == queued.version and registration.state is State.SUBMITTED:
        moved = after(registration, Event.SEND, at)
        if not isinstance(moved, Forbidden):
            work.registrations.move(moved)
    work.audit.append(AuditLine("registration.sent", registration.reference, now, HUB))


def _tell(work: UnitOfWork, action: str, identity: str, now: Moment, *codes: str) -> None:
    registration = work.registrations.by_draft(identity)
    if registration is not None:
        work.audit.append(AuditLine(action, registration.reference, now, "-", (), codes))

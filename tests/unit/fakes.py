"""In-memory stand-ins for the ports: a store with real transactions, an obedient clock, chance and phone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from types import TracebackType
from typing import Self

from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft
from kiosk.domain.registration import LIVE, Moment, Registration, State
from kiosk.errors import StaleDraftError, StoreError
from kiosk.services import ports, sync_ports
from tests.unit.sync_fakes import FakeDecisions, FakeIdentity, FakeKeptMessages, FakeOutbox, FakeTombstones

JAKARTA = timezone(timedelta(hours=7))


@dataclass
class FakeClock:
    """A clock that stands still: `advance` lets time pass, `jump` sets only the wall clock."""

    wall: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=JAKARTA)
    monotonic_ns: int = 600 * 10**9
    boot: str = "boot-1"
    trusted: bool = True

    def now(self) -> Moment:
        return Moment(
            self.wall.isoformat(timespec="milliseconds"), self.boot, self.monotonic_ns, self.trusted
        )

    def today(self) -> date:
        return self.wall.date()

    def advance(self, seconds: float) -> None:
        """Time passes by `seconds`, on the wall and in the machine."""
        self.wall += timedelta(seconds=seconds)
        self.monotonic_ns += round(seconds * 10**9)

    def jump(self, seconds: float) -> None:
        """The wall clock alone is set by `seconds`, back where negative."""
        self.wall += timedelta(seconds=seconds)

    def reboot(self, *, off_seconds: float = 0, uptime_seconds: float = 20) -> None:
        """The machine was off for a while and has run for `uptime_seconds` since."""
        self.wall += timedelta(seconds=off_seconds + uptime_seconds)
        self.monotonic_ns = round(uptime_seconds * 10**9)
        self.boot = f"boot-{int(self.boot.removeprefix('boot-')) + 1}"


@dataclass
class FakeRandomness:
    """Bytes as a pure function of seed and purpose; `purposes` remembers what was asked."""

    seed: int = 1
    purposes: list[str] = field(default_factory=list)

    def take(self, count: int, purpose: str) -> bytes:
        self.purposes.append(purpose)
        return hashlib.shake_256(f"{self.seed}:{purpose}".encode()).digest(count)


@dataclass
class FakeSender:
    """A phone network that keeps what it was given, or fails where `broken`."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False

    def send(self, number: str, text: str) -> None:
        if self.broken:
            raise OSError("no space left on device")
        self.sent.append((number, text))


@dataclass
class FakeState:
    """Everything the fake store holds; the values are frozen, so a copy of the containers is a snapshot."""

    drafts: dict[str, Draft] = field(default_factory=dict)
    registrations: dict[str, Registration] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    outbox: dict[tuple[str, int], sync_ports.Queued] = field(default_factory=dict)
    identity: sync_ports.Identity | None = None
    asked_identity: sync_ports.Identity | None = None
    decisions: dict[tuple[str, int], sync_ports.HubDecision] = field(default_factory=dict)
    tombstones: dict[str, sync_ports.Tombstone] = field(default_factory=dict)
    kept: dict[int, sync_ports.KeptMessage] = field(default_factory=dict)
    audit: list[ports.AuditLine] = field(default_factory=list)
    cards: list[sync_ports.CardBlock] = field(default_factory=list)
    codes: dict[str, ports.CodeAttempt] = field(default_factory=dict)
    slips: dict[str, ports.ResumeCode] = field(default_factory=dict)
    people: dict[str, Participant] = field(default_factory=dict)

    def copy(self) -> FakeState:
        return FakeState(
            dict(self.drafts),
            dict(self.registrations),
            dict(self.numbers),
            dict(self.outbox),
            self.identity,
            self.asked_identity,
            dict(self.decisions),
            dict(self.tombstones),
            dict(self.kept),
            list(self.audit),
            list(self.cards),
            dict(self.codes),
            dict(self.slips),
            dict(self.people),
        )


@dataclass
class FakeStore:
    """A store in memory: call it for a unit of work, look at `state` for what is durable.

    With `broken` every commit fails as on a full disk and nothing of it becomes durable.
    """

    state: FakeState = field(default_factory=FakeState)
    broken: bool = False
    commits: int = 0

    def __call__(self) -> FakeUnitOfWork:
        return FakeUnitOfWork(self)


class FakeUnitOfWork:
    """One transaction on a copy of the state; leaving it without `commit` leaves no trace."""

    drafts: ports.DraftRepository
    registrations: ports.RegistrationRepository
    outbox: sync_ports.Outbox
    identity: sync_ports.IdentityKeeper
    decisions: sync_ports.Decisions
    tombstones: sync_ports.Tombstones
    kept_messages: sync_ports.KeptMessages
    audit: ports.AuditTrail
    cards: ports.CardBlocks
    codes: ports.Codes
    resume_codes: ports.ResumeCodes
    directory: ports.MembershipDirectory
    who: str = ""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self._begin()

    def _begin(self) -> None:
        self._state = state = self._store.state.copy()
        self.drafts = FakeDrafts(state)
        self.registrations = FakeRegistrations(state)
        self.outbox = FakeOutbox(state)
        self.identity = FakeIdentity(state)
        self.decisions = FakeDecisions(state)
        self.tombstones = FakeTombstones(state)
        self.kept_messages = FakeKeptMessages(state)
        self.audit = FakeAuditTrail(state)
        self.cards = FakeCardBlocks(state)
        self.codes = FakeCodes(state)
        self.resume_codes = FakeResumeCodes(state)
        self.directory = FakeDirectory(state)

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._begin()

    def commit(self) -> None:
        if self._store.broken:
            raise StoreError("store.full")
        self._store.state = self._state
        self._store.commits += 1
        self._begin()


@dataclass
class FakeDrafts:
    """Drafts by id, newest save first."""

    state: FakeState

    def save(self, draft: Draft, saved_at: str) -> Draft:
        stored = self.state.drafts.get(draft.id)
        if draft.revision != (stored.revision if stored else 0):
            raise StaleDraftError("draft.stale")
        saved = replace(draft, revision=draft.revision + 1, saved_at=saved_at)
        self.state.drafts.pop(draft.id, None)
        self.state.drafts[draft.id] = saved
        return saved

    def get(self, draft_id: str) -> Draft | None:
        return self.state.drafts.get(draft_id)

    def page(self, *, limit: int, offset: int = 0) -> list[ports.DraftSummary]:
        newest_first = [*reversed(self.state.drafts.values())]
        return [
            ports.DraftSummary(
                draft.id,
                draft.answer("kk"),
                draft.answer("members[0].name"),
                draft.member_count,
                draft.at,
                draft.started_at,
                draft.saved_at,
            )
            for draft in newest_first[offset : offset + limit]
        ]

    def older(self, before: str, *, limit: int) -> list[ports.DraftSummary]:
        found = [one for one in self.page(limit=10_000) if one.saved_at < before]
        return sorted(found, key=lambda one: one.saved_at)[:limit]

    def remove(self, draft_id: str) -> None:
        self.state.drafts.pop(draft_id, None)


@dataclass
class FakeRegistrations:
    """Registrations by reference; lists are newest first and `before` is the last reference seen."""

    state: FakeState

    def add(self, registration: Registration) -> None:
        if registration.reference in self.state.registrations:
            raise StoreError("store.duplicate")
        self.state.registrations[registration.reference] = registration

    def replace(self, registration: Registration) -> None:
        if self.by_draft(registration.id) is None:
            raise StoreError("store.unknown")
        self.state.registrations[registration.reference] = registration

    def move(self, registration: Registration) -> None:
        stored = self.by_draft(registration.id)
        if stored is None:
            raise StoreError("store.unknown")
        moved = {name: getattr(registration, name) for name in ("state", "version", "state_at", "purged_at")}
        self.state.registrations[stored.reference] = replace(stored, **moved)

    def decided(self, before: str, *, limit: int) -> list[Registration]:
        ended = {State.ACCEPTED, State.LAPSED, State.CANCELLED}
        found = [
            one
            for one in self.state.registrations.values()
            if one.state in ended and not one.purged_at and one.state_at < before
        ]
        return sorted(found, key=lambda one: one.state_at)[:limit]

    def next_number(self, kiosk: str) -> int:
        number = self.state.numbers.get(kiosk, 0) + 1
        self.state.numbers[kiosk] = number
        return number

    def by_reference(self, reference: str) -> Registration | None:
        return self.state.registrations.get(reference)

    def by_draft(self, draft_id: str) -> Registration | None:
        return next((one for one in self.state.registrations.values() if one.id == draft_id), None)

    def by_nik(self, nik: str, *, limit: int = 20) -> list[Registration]:
        return [found for found in self._newest_first() if nik in _niks(found)][:limit]

    def by_kk(self, kk: str, *, limit: int = 20) -> list[Registration]:
        return [found for found in self._newest_first() if found.family.get("kk") == kk][:limit]

    def live_niks(self, niks: Iterable[str], *, but: str = "") -> frozenset[str]:
        others = (found for found in self._newest_first() if found.id != but)
        live = {nik for found in others if found.state in LIVE for nik in _niks(found)}
        return frozenset(niks) & live

    def page(
        self, *, state: State | None = None, day: str = "", limit: int = 50, before: str = ""
    ) -> list[ports.RegistrationSummary]:
        found = [
            one for one in self._after(before) if _fits(one, state) and (not day or one.created.day == day)
        ]
        return [_summary(one) for one in found[:limit]]

    def batch(self, *, state: State | None, limit: int, before: str = "") -> list[Registration]:
        return [one for one in self._after(before) if _fits(one, state)][:limit]

    def history(self, reference: str) -> list[ports.AuditLine]:
        return [line for line in self.state.audit if line.subject == reference]

    def _newest_first(self) -> list[Registration]:
        return [*reversed(self.state.registrations.values())]

    def _after(self, before: str) -> list[Registration]:
        ordered = self._newest_first()
        references = [one.reference for one in ordered]
        return ordered[references.index(before) + 1 :] if before in references else ordered


def _niks(registration: Registration) -> set[str]:
    return {member["nik"] for member in registration.family.get("members", ()) if member.get("nik")}


def _fits(registration: Registration, state: State | None) -> bool:
    return state is None or registration.state is state


def _summary(registration: Registration) -> ports.RegistrationSummary:
    kk, members = str(registration.family.get("kk", "")), registration.family.get("members", ())
    head = next((member for member in members if member.get("relation") == "head"), None)
    return ports.RegistrationSummary(
        registration.reference,
        registration.state,
        registration.decision.outcome.value,
        f"{kk[:4]}**********{kk[-2:]}",
        str((head or (members[0] if members else {})).get("name", "")),
        registration.decision.people,
        registration.decision.premium_total,
        registration.created.wall,
        not registration.created.trusted,
        registration.version,
        registration.state_at,
        registration.purged_at,
    )


@dataclass
class FakeAuditTrail:
    """The lines in order; the head is the hash over all of them."""

    state: FakeState

    def append(self, line: ports.AuditLine) -> str:
        self.state.audit.append(line)
        return self.head()

    def head(self) -> str:
        digest = ""
        for line in self.state.audit:
            digest = hashlib.sha256(f"{digest}{line}".encode()).hexdigest()
        return digest


@dataclass
class FakeCardBlocks:
    """Leased card numbers, taken from the front."""

    state: FakeState

    def lease(self, first: str, count: int, *, demo: bool, lease: str = "", epoch: str = "") -> None:
        if all(block.first != first for block in self.state.cards):
            last = int(first) + count - 1
            self.state.cards.append(sync_ports.CardBlock(first, int(first), last, demo, lease, epoch))

    def take(self) -> ports.LeasedCard | None:
        for index, block in enumerate(self.state.cards):
            if self._gives(block):
                self.state.cards[index] = replace(block, next=block.next + 1)
                return ports.LeasedCard(str(block.next).zfill(len(block.first)), block.demo)
        return None

    def left(self) -> int:
        return sum(block.last - block.next + 1 for block in self.state.cards if self._gives(block))

    def blocks(self) -> list[sync_ports.CardBlock]:
        return list(self.state.cards)

    def _gives(self, block: sync_ports.CardBlock) -> bool:
        epoch = self.state.identity.epoch if self.state.identity else ""
        has_real = any(not one.demo for one in self.state.cards)
        return block.epoch == epoch and block.next <= block.last and not (has_real and block.demo)


@dataclass
class FakeCodes:
    """Code attempts in the order they were added."""

    state: FakeState

    def add(self, attempt: ports.CodeAttempt) -> None:
        if attempt.id in self.state.codes:
            raise StoreError("store.duplicate")
        self.state.codes[attempt.id] = attempt

    def replace(self, attempt: ports.CodeAttempt) -> None:
        if attempt.id not in self.state.codes:
            raise StoreError("store.unknown")
        self.state.codes[attempt.id] = attempt

    def latest(self, draft_id: str) -> ports.CodeAttempt | None:
        return next((one for one in self._newest_first() if one.draft_id == draft_id), None)

    def sent_to(self, phone: str, *, limit: int = 20) -> list[ports.CodeAttempt]:
        return [one for one in self._newest_first() if one.phone == phone][:limit]

    def forget(self, draft_id: str) -> None:
        for one in [one for one in self.state.codes.values() if one.draft_id == draft_id]:
            del self.state.codes[one.id]

    def _newest_first(self) -> list[ports.CodeAttempt]:
        return [*reversed(self.state.codes.values())]


@dataclass
class FakeResumeCodes:
    """Codes on slips, in clear."""

    state: FakeState

    def put(self, code: str, draft_id: str, made_at: str) -> None:  # noqa: ARG002  the port names it
        for name, known in self.state.slips.items():
            if known.draft_id == draft_id:
                self.state.slips[name] = replace(known, used=True)
        self.state.slips[code] = ports.ResumeCode(draft_id)

    def find(self, code: str) -> ports.ResumeCode | None:
        return self.state.slips.get(code)

    def use(self, code: str) -> None:
        self.state.slips[code] = replace(self.state.slips[code], used=True)

    def forget(self, draft_id: str) -> None:
        for name in [name for name, known in self.state.slips.items() if known.draft_id == draft_id]:
            del self.state.slips[name]


@dataclass
class FakeDirectory:
    """Participants by NIK."""

    state: FakeState

    def by_niks(self, niks: Iterable[str]) -> list[Participant]:
        return [self.state.people[nik] for nik in niks if nik in self.state.people]

    def by_kk(self, kk: str) -> list[Participant]:
        return [person for person in self.state.people.values() if person.kk == kk]

    def put(self, people: Sequence[Participant]) -> None:
        self.state.people |= {person.nik: person for person in people}


def store_is_a_factory(store: FakeStore) -> ports.UnitOfWorkFactory:
    """Lets the type checker see that the fakes honour the ports."""
    return store

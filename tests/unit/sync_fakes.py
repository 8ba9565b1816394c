"""In-memory stand-ins for the ports of syncing, on the state of `tests.unit.fakes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from kiosk.domain.registration import Registration, State
from kiosk.errors import StoreError
from kiosk.services import sync_ports


class SyncState(Protocol):
    """The part of the fake store's state that syncing uses."""

    registrations: dict[str, Registration]
    outbox: dict[tuple[str, int], sync_ports.Queued]
    identity: sync_ports.Identity | None
    asked_identity: sync_ports.Identity | None
    decisions: dict[tuple[str, int], sync_ports.HubDecision]
    tombstones: dict[str, sync_ports.Tombstone]
    kept: dict[int, sync_ports.KeptMessage]


@dataclass
class FakeOutbox:
    """Queued versions by the id of their registration and their number."""

    state: SyncState

    def add(
        self,
        registration: Registration,
        idempotency_key: str,
        *,
        queued_at: str = "",
        schema: int = sync_ports.CONTENT_SCHEMA,
    ) -> None:
        place = (registration.id, registration.version)
        if place in self.state.outbox:
            raise StoreError("store.duplicate")
        self.state.outbox[place] = sync_ports.Queued(
            n=len(self.state.outbox) + 1,
            registration=registration.id,
            version=registration.version,
            key=idempotency_key,
            queued_at=queued_at or registration.created.wall,
            schema=schema,
        )

    def waiting(self, *, at_most: int = 1000) -> int:
        return min(sum(not one.sent_at for one in self.state.outbox.values()), at_most)

    def due(self, now_ms: int | None, *, limit: int, after: int = 0) -> list[sync_ports.Outgoing]:
        whole: Mapping[str, Registration] = {one.id: one for one in self.state.registrations.values()}
        found = [
            sync_ports.Outgoing(queued, whole[queued.registration])
            for queued in sorted(self.state.outbox.values(), key=lambda one: one.n)
            if not queued.sent_at and queued.n > after and (now_ms is None or queued.next_try_ms <= now_ms)
        ]
        return [
            one
            for one in found
            if one.registration.version == one.queued.version and one.registration.state is State.SUBMITTED
        ][:limit]

    def get(self, registration: str, version: int) -> sync_ports.Queued | None:
        return self.state.outbox.get((registration, version))

    def versions(self, registration: str) -> list[sync_ports.Queued]:
        found = [one for one in self.state.outbox.values() if one.registration == registration]
        return sorted(found, key=lambda one: one.version)

    def put(self, queued: sync_ports.Queued) -> None:
        if (queued.registration, queued.version) not in self.state.outbox:
            raise StoreError("store.unknown")
        self.state.outbox[queued.registration, queued.version] = queued

    def set_aside(self, *, limit: int = 50) -> list[sync_ports.Queued]:
        return [one for one in self.state.outbox.values() if one.code and not one.sent_at][:limit]

    def withdraw(self, registration: str, version: int) -> None:
        self.state.outbox.pop((registration, version), None)

    def set_out(self, places: Sequence[int], at: str) -> int:
        found = [(place, one) for place, one in self.state.outbox.items() if one.n in places]
        self.state.outbox |= {place: replace(one, left_at=one.left_at or at) for place, one in found}
        return len(found)


@dataclass
class FakeIdentity:
    """The one identity, if there is one."""

    state: SyncState

    def get(self) -> sync_ports.Identity | None:
        return self.state.identity

    def put(self, identity: sync_ports.Identity) -> None:
        self.state.identity = replace(identity)

    def asked(self) -> sync_ports.Identity | None:
        return self.state.asked_identity

    def ask(self, identity: sync_ports.Identity | None) -> None:
        self.state.asked_identity = identity


@dataclass
class FakeDecisions:
    """Decisions by registration and version."""

    state: SyncState

    def put(self, decision: sync_ports.HubDecision) -> None:
        self.state.decisions[decision.registration, decision.version] = decision

    def get(self, registration: str, version: int) -> sync_ports.HubDecision | None:
        return self.state.decisions.get((registration, version))

    def all_of(self, registration: str) -> list[sync_ports.HubDecision]:
        found = [one for one in self.state.decisions.values() if one.registration == registration]
        return sorted(found, key=lambda one: one.version)


@dataclass
class FakeTombstones:
    """Tombstones by the id of their registration."""

    state: SyncState

    def add(self, tombstone: sync_ports.Tombstone) -> None:
        if tombstone.registration in self.state.tombstones:
            raise StoreError("store.duplicate")
        self.state.tombstones[tombstone.registration] = tombstone

    def get(self, registration: str) -> sync_ports.Tombstone | None:
        return self.state.tombstones.get(registration)


@dataclass
class FakeKeptMessages:
    """Kept messages by their numbers."""

    state: SyncState

    def add(self, message: sync_ports.KeptMessage) -> None:
        self.state.kept.setdefault(message.number, message)

    def remove(self, number: int) -> None:
        self.state.kept.pop(number, None)

    def page(self, *, limit: int, after: int = 0) -> Sequence[sync_ports.KeptMessage]:
        return [one for number, one in sorted(self.state.kept.items()) if number > after][:limit]

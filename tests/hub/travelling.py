"""A real kiosk on a real store, enrolled at the hub of a test, that has nothing but a stick to reach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.bootstrap import Services, services
from kiosk.domain.draft import Draft
from kiosk.domain.registration import Registration, State
from kiosk.hub.carrying import Delivered, StickDesk
from kiosk.services.answering import answers_of, filled
from kiosk.services.inbox import Inbox
from kiosk.services.sending import Sending
from kiosk.services.sync_ports import HubKey, Identity, Queued
from kiosk.sync import usb
from kiosk.sync.carrying import Carrying
from kiosk.sync.parcel import ANSWERS, EXPORT
from kiosk.sync.usb import Parcel
from kiosk.sync.voice import Voice
from tests.faults.families import TODAY, family, settings
from tests.hub.placed import EPOCH, NOW, Hub, Placed

NOW_MS = round(NOW.timestamp() * 1000)


@dataclass
class Traveller:
    """The kiosk, its place at the hub, and the stick between them."""

    house: Services
    placed: Placed
    stick: Path
    hub: Hub
    told: dict[str, Any] = field(default_factory=lambda: {"status": None, "blocks": None})
    families: int = 0

    def __post_init__(self) -> None:
        keys, sender = self.hub.keys, self.placed.sender
        known = ((keys.signer.id, keys.signer.public, "sign"), (keys.sealing.id, keys.sealing.public, "seal"))
        identity = Identity(
            self.placed.name,
            sender.training,
            sender.key.secret,
            self.placed.opener.secret,
            hub_keys=tuple(HubKey(one.hex(), public.hex(), purpose) for one, public, purpose in known),
            url="http://hub.test",
            enrolled_at=NOW.isoformat(),
            epoch=str(EPOCH),
        )
        with self.house.open_work() as work:
            work.identity.put(identity)
            work.commit()
        voice = Voice()
        self.sending = Sending(self.house.open_work, self.house.clock, voice)
        inbox = Inbox(
            self.house.open_work,
            self.house.clock,
            voice,
            rules=self.house.rules,
            install=lambda _name, _data: None,
        )
        self.carrying = Carrying(
            self.sending,
            inbox,
            identity=self._identity,
            told=lambda: self.told,
            queued=self._queued,
            now_ms=lambda: NOW_MS,
        )

    def _identity(self) -> Identity | None:
        with self.house.open_work.reading() as work:
            return work.identity.get()

    def _queued(self, record: str, version: int) -> Queued | None:
        with self.house.open_work.reading() as work:
            return work.outbox.get(record, version)

    @property
    def folder(self) -> Path:
        return usb.folder_of(self.stick, self.placed.name)

    @property
    def desk(self) -> StickDesk:
        return StickDesk(self.hub.engine, self.hub.key_file, who="test", clock=NOW.timestamp)

    def register(self, count: int = 1) -> list[Registration]:
        """Registers invented families."""
        done = []
        for _ in range(count):
            raw, _ = answers_of(family(7, self.families))
            self.families += 1
            draft = filled(Draft(f"0198f2c0-0000-7000-8000-{self.families:012x}", NOW.isoformat()), raw, "v1")
            submitted = self.house.registrar.submit(draft, self.house.rules(), source="file")
            assert submitted.registration is not None, submitted.decision
            done.append(submitted.registration)
        return done

    def to_hub(self) -> Delivered:
        """The stick at the hub."""
        (found,) = self.desk.take(self.stick)
        return found

    def states(self) -> list[State]:
        """The states of all registrations, the first one first."""
        return [one.state for one in self.house.queries.newest(limit=99)][::-1]

    def parcel(self, kind: str = EXPORT) -> Parcel:
        """The newest parcel on the stick."""
        return usb.open_parcel(self.folder, kind, usb.numbers(self.folder, kind)[-1])

    def answers(self) -> Mapping[str, Any]:
        """What the newest answers say of themselves."""
        return self.parcel(ANSWERS).manifest.about


@contextmanager
def a_traveller(
    place: Path, hub: Hub, *, name: str = "K1", training: bool = True, stick: Path | None = None
) -> Iterator[Traveller]:
    """A kiosk with a stick; practice families, since the tests have no others."""
    stick = stick or place / "stick"
    stick.mkdir(exist_ok=True)
    house = services(settings(place / name), today=TODAY, seed=1)
    try:
        yield Traveller(house, hub.kiosk(name, training=training), stick, hub)
    finally:
        house.close()

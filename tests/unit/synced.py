"""A kiosk on a store in memory that has enrolled at a hub which only writes."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.domain.registration import Registration, State
from kiosk.services.inbox import Inbox
from kiosk.services.ports import UnitOfWork
from kiosk.services.registration import Registrar
from kiosk.services.sending import Sending
from kiosk.sync.envelope import Envelope, read
from kiosk.sync.voice import Voice
from tests.builders import a_draft, a_family, a_member, a_rulebook
from tests.unit.fakes import FakeClock, FakeRandomness, FakeStore
from tests.unit.hub_pen import HubPen


@dataclass
class SyncedKiosk:
    """The services of one kiosk and its hub's pen; `installed` are the reference lists that came."""

    store: FakeStore = field(default_factory=FakeStore)
    clock: FakeClock = field(default_factory=FakeClock)
    randomness: FakeRandomness = field(default_factory=FakeRandomness)
    hub: HubPen = field(default_factory=HubPen)
    installed: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store.state.identity = self.hub.identity()
        voice = Voice()
        self.sending = Sending(self.store, self.clock, voice)
        self.inbox = Inbox(
            self.store, self.clock, voice, rules=a_rulebook, install=self.installed.__setitem__
        )
        self.registrar = Registrar(self.store, self.clock, self.randomness, kiosk_id="K1")

    def lease(self, work: UnitOfWork, *, demo: bool = False) -> None:
        """Gives the kiosk card numbers, as its hub does."""
        identity = work.identity.get()
        assert identity is not None
        work.cards.lease("0000000000900", 50, demo=demo, lease="lease-0", epoch=identity.epoch)

    def register(self, number: int = 1) -> Registration:
        """Registers a family of one."""
        self.randomness.seed += 1
        family = a_family(kk=f"990101010120{number:04d}", members=[a_member(serial=number)])
        draft = a_draft(family)
        identity = f"0198f2c0-0000-7000-8000-{number:012x}"
        draft = type(draft)(identity, draft.started_at, draft.answers, draft.facts)
        submitted = self.registrar.submit(draft, a_rulebook(), source="file")
        assert submitted.registration is not None, submitted.decision.problems
        return submitted.registration

    def envelopes(self) -> list[Envelope]:
        """What waits, sealed."""
        return [read(data) for data in self.sending.sealed(self.sending.due(limit=100))]

    def sent(self, number: int = 1) -> Envelope:
        """The envelope of a family that was registered and has its receipt."""
        self.register(number)
        envelope = self.envelopes()[-1]
        assert self.sending.receipts([self.hub.receipt(envelope)]).taken == 1
        return envelope

    def stored(self, envelope: Envelope) -> Registration:
        """The registration as it stands."""
        found = next(
            one for one in self.store.state.registrations.values() if one.id == envelope.header.record
        )
        assert isinstance(found.state, State)
        return found

    def actions(self) -> list[tuple[str, tuple[str, ...]]]:
        """The actions and codes of the trail that the hub's word left."""
        return [(line.action, line.codes) for line in self.store.state.audit if line.who == "hub"]

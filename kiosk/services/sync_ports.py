"""What syncing needs from the store, as protocols, and the plain things that it keeps there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from kiosk.domain.fields import Problem
from kiosk.domain.registration import Moment, Registration
from kiosk.errors import KioskError

CONTENT_SCHEMA = 1
"""The form of the content that is written now; a queued version keeps the one it was queued with."""

RESTORED, NEW_LIFE = "restored", "kiosk.new_life"
"""The epoch of a store put back from a copy, until its new life begins; the line that tells of that."""

ACCEPTED, REFUSED = "accepted", "refused"
"""The verdicts of the hub."""


@dataclass(frozen=True, slots=True)
class HubReceipt:
    """The hub's signed word that it holds a version: its clock, the id of its key, the signature."""

    received_ms: int
    hub_key: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Queued:
    """One version of a registration on its way to the hub.

    `n` is its place in the queue, `key` its idempotency key, which is also the secret salt of its content in
    the form `schema`. `sent_at` is empty until a receipt (or a decision, which proves as much) came, `hash`
    (hexadecimal) is the content's as the hub named it. `code` says what kept the last attempt from a
    receipt, after `tries` attempts that were answered; before `next_try_ms` it is not sent again.
    `exported_at` is when it was last written to a stick, `left_at` when it first set out for the hub: from
    then on the hub may have it, whatever is known here.
    """

    n: int
    registration: str
    version: int
    key: str
    queued_at: str
    schema: int = CONTENT_SCHEMA
    sent_at: str = ""
    hash: str = ""
    receipt: HubReceipt | None = None
    tries: int = 0
    next_try_ms: int = 0
    code: str = ""
    exported_at: str = ""
    left_at: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A queued version together with the registration as it stands."""

    queued: Queued
    registration: Registration


class Outbox(Protocol):
    """The versions of registrations that go to the hub, with their idempotency keys from the first moment.

    `due` gives what waits, oldest first, behind the place `after`: what may be tried at `now_ms`, or
    everything where that is None. `put` keeps what changed of a queued version. `set_out` marks versions as
    on their way, and gives how many of them are still queued.
    """

    def add(
        self,
        registration: Registration,
        idempotency_key: str,
        *,
        queued_at: str = "",
        schema: int = CONTENT_SCHEMA,
    ) -> None: ...
    def waiting(self, *, at_most: int = 1000) -> int: ...
    def due(self, now_ms: int | None, *, limit: int, after: int = 0) -> list[Outgoing]: ...
    def get(self, registration: str, version: int) -> Queued | None: ...
    def versions(self, registration: str) -> list[Queued]: ...
    def put(self, queued: Queued) -> None: ...
    def set_aside(self, *, limit: int = 50) -> list[Queued]: ...
    def withdraw(self, registration: str, version: int) -> None: ...
    def set_out(self, places: Sequence[int], at: str) -> int: ...


@dataclass(frozen=True, slots=True)
class HubKey:
    """A public key of the hub, in hexadecimal: `purpose` is `sign` or `seal`.

    A retired key is not sealed to any more; what it signed before stays true.
    """

    id: str
    public: str
    purpose: str
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this kiosk is to the hub: its two secret keys, the hub's public ones, and where they met.

    `enrolled_at` is empty until the hub has taken the keys. `epoch` names the life of this store: one that
    was restored from a copy begins another (empty: it has yet to begin). `cursor` is the number of the last
    message taken from the inbox; `asking` the lease under which a block of card numbers was asked for, until
    it came.
    """

    kiosk: str
    training: bool
    signing_secret: bytes = field(repr=False)
    opening_secret: bytes = field(repr=False)
    hub_keys: tuple[HubKey, ...] = ()
    url: str = ""
    enrolled_at: str = ""
    epoch: str = ""
    cursor: int = 0
    asking: str = ""


class IdentityKeeper(Protocol):
    """The one identity of this kiosk, if it has one, and the one that it asked the hub to take."""

    def get(self) -> Identity | None: ...
    def put(self, identity: Identity) -> None: ...
    def asked(self) -> Identity | None: ...
    def ask(self, identity: Identity | None) -> None: ...


@dataclass(frozen=True, slots=True)
class HubDecision:
    """What the hub decided of one version of a registration (its id in `registration`).

    `hash` is the content's, hexadecimal; `verdict` accepted or refused. A refusal has problems, and
    `other_reference` where the family is known from elsewhere. `card` is `confirmed`, `none` or the number
    that stands for the one given here.
    """

    registration: str
    version: int
    verdict: str
    hash: str
    decided_at: str
    problems: tuple[Problem, ...] = ()
    other_reference: str = ""
    card: str = ""

    def without_values(self) -> HubDecision:
        """The same decision without anything that may tell of a person: fields and codes stay."""
        named = tuple(Problem(one.field, one.code, one.severity) for one in self.problems)
        return replace(self, problems=named, other_reference="", card="confirmed" if self.card else "")


class Decisions(Protocol):
    """The hub's decisions, one a version."""

    def put(self, decision: HubDecision) -> None: ...
    def get(self, registration: str, version: int) -> HubDecision | None: ...
    def all_of(self, registration: str) -> list[HubDecision]: ...


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a registration whose personal data were removed; `reference` is masked."""

    registration: str
    reference: str
    receipt_hash: str
    hash: str
    decided_at: str
    purged_at: str


class Tombstones(Protocol):
    """What stays of purged registrations."""

    def add(self, tombstone: Tombstone) -> None: ...
    def get(self, registration: str) -> Tombstone | None: ...


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message that this program could not take, as it came; `code` says why."""

    number: int
    kind: str
    sealed: bool
    body: bytes
    hub_key: str
    signature: bytes
    code: str
    kept_at: str


class KeptMessages(Protocol):
    """The messages that wait for a program that understands them."""

    def add(self, message: KeptMessage) -> None: ...
    def remove(self, number: int) -> None: ...
    def page(self, *, limit: int, after: int = 0) -> Sequence[KeptMessage]: ...


@dataclass(frozen=True, slots=True)
class CardBlock:
    """A leased block of card numbers: those from `next` to `last` are left of it."""

    first: str
    next: int
    last: int
    demo: bool
    lease: str = ""
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptWord:
    """A receipt as it came: which version of which record (its id), with which content (hexadecimal)."""

    record: str
    version: int
    hash: str
    receipt: HubReceipt


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of the hub as it came, by its number in the inbox; 0 for an answer outside of it."""

    number: int
    kind: str
    sealed: bool
    body: bytes
    hub_key: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a letter says, or why it cannot be said.

    `forged` is the code of a letter that no trusted key has signed; one that is true but cannot be opened
    or read has neither that nor a payload.
    """

    payload: Mapping[str, Any] | None = None
    forged: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a true letter says, when it was read here, and the letter itself."""

    payload: Mapping[str, Any]
    now: Moment
    letter: Letter


class HubVoice(Protocol):
    """What must be known of the hub's and the kiosk's keys to seal, and to believe."""

    def content_hash(self, registration: Registration, queued: Queued) -> str: ...
    def envelope(self, outgoing: Outgoing, identity: Identity | None, head: str) -> bytes: ...
    def doubt(self, word: ReceiptWord, identity: Identity | None) -> str: ...
    def read(self, letter: Letter, identity: Identity | None) -> Reading: ...
    def unpacked(self, data: object) -> bytes: ...


class HubError(KioskError):
    """The hub said something that this program does not take: `code` names it."""


@dataclass(frozen=True, slots=True)
class SyncNote:
    """How it stands between this kiosk and the hub, for who asks later.

    `contact_at` is the wall time of the hub's last word, `tried_at` that of the last attempt, `code` why that
    failed (empty where it did not), `set_aside` how many records the hub did not take in it, and `drift_ms`
    how far this clock was ahead of the hub's, None where nobody has compared them. `working` stands there
    while a run goes on.
    """

    contact_at: str = ""
    tried_at: str = ""
    code: str = ""
    set_aside: int = 0
    drift_ms: int | None = None
    working: bool = False


class SyncNotes(Protocol):
    """Keeps the note; never fails."""

    def last(self) -> SyncNote: ...
    def remember(self, note: SyncNote) -> None: ...


@dataclass
class SyncOutcome:
    """What a run did. `code` says why it ended early, empty where it did not.

    `sent` counts receipts, `set_aside` the records that the hub did not take, by code; `heard` what the
    inbox said, by word. `numbers` are card numbers that came, `numbers_code` why none did.
    """

    sent: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    numbers: int = 0
    numbers_code: str = ""
    waiting: int = 0
    contact: bool = False
    code: str = ""
    exit_code: int = 0

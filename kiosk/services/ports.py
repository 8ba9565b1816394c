"""What the use cases need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft
from kiosk.domain.registration import Moment, Registration, State

if TYPE_CHECKING:  # what only sending needs is not read before the first screen
    from kiosk.services.sync_ports import (
        CardBlock,
        Decisions,
        IdentityKeeper,
        KeptMessages,
        Outbox,
        Tombstones,
    )


class Clock(Protocol):
    """Tells the time, and how far it can be trusted."""

    def now(self) -> Moment: ...
    def today(self) -> date: ...


class Randomness(Protocol):
    """Gives unforeseeable bytes; in training with a seed, always the same ones for the same purpose."""

    def take(self, count: int, purpose: str) -> bytes: ...


class MessageSender(Protocol):
    """Hands a text message over for sending; returns when it is durable outside this program."""

    def send(self, number: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class DraftSummary:
    """One line of the list of drafts; `kk` is the raw answer, `people` counts members begun."""

    id: str
    kk: str
    name: str
    people: int
    at: str
    started_at: str
    saved_at: str


@dataclass(frozen=True, slots=True)
class RegistrationSummary:
    """One line of the list of registrations: no personal data beyond a masked No. KK and the head's name."""

    reference: str
    state: State
    outcome: str
    kk: str
    name: str
    people: int
    premium_total: int | None
    created_at: str
    doubtful: bool = False
    version: int = 1
    state_at: str = ""
    purged_at: str = ""


@dataclass(frozen=True, slots=True)
class LeasedCard:
    """A card number taken from this kiosk's block; `demo` marks the demonstration block."""

    number: str
    demo: bool


@dataclass(frozen=True, slots=True)
class CodeAttempt:
    """One code sent to one phone for one draft; the code itself is derived from `secret` by HOTP."""

    id: str
    draft_id: str
    phone: str
    secret: str
    sent: Moment
    tries: int = 0
    closed: str = ""


@dataclass(frozen=True, slots=True)
class ResumeCode:
    """What is known of a code on a slip: the draft it stands for, and whether it was taken already."""

    draft_id: str
    used: bool = False


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One change: who did what to which record, naming fields and codes, never values."""

    action: str
    subject: str
    at: Moment
    who: str = "-"
    fields: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class PrintState(StrEnum):
    """How far a piece of paper is."""

    WAITING = "waiting"
    PRINTED = "printed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Printout:
    """What goes on a piece of paper: lines of 42 columns, the one that equals `large` in double size.

    `name` says what it is, without personal data, for printers that write files.
    """

    name: str
    lines: tuple[str, ...]
    large: str = ""


class PrintJob(Protocol):
    """A piece of paper that was asked for; its state changes without anybody waiting for it."""

    @property
    def state(self) -> PrintState: ...


class Printer(Protocol):
    """Puts lines on paper, one piece after the other, and never keeps anybody waiting."""

    def print(self, printout: Printout) -> PrintJob: ...
    def close(self) -> None: ...


class DraftRepository(Protocol):
    """Keeps drafts; `save` refuses with StaleDraftError when the stored revision is not `draft.revision`."""

    def save(self, draft: Draft, saved_at: str) -> Draft: ...
    def get(self, draft_id: str) -> Draft | None: ...
    def page(self, *, limit: int, offset: int = 0) -> list[DraftSummary]: ...
    def older(self, before: str, *, limit: int) -> list[DraftSummary]: ...
    def remove(self, draft_id: str) -> None: ...


class RegistrationRepository(Protocol):
    """Keeps registrations; every look-up goes through an index."""

    def add(self, registration: Registration) -> None: ...
    def replace(self, registration: Registration) -> None: ...
    def move(self, registration: Registration) -> None: ...
    def next_number(self, kiosk: str) -> int: ...
    def by_reference(self, reference: str) -> Registration | None: ...
    def by_draft(self, draft_id: str) -> Registration | None: ...
    def by_nik(self, nik: str, *, limit: int = 20) -> list[Registration]: ...
    def by_kk(self, kk: str, *, limit: int = 20) -> list[Registration]: ...
    def live_niks(self, niks: Iterable[str], *, but: str = "") -> frozenset[str]: ...
    def page(
        self, *, state: State | None = None, day: str = "", limit: int = 50, before: str = ""
    ) -> list[RegistrationSummary]: ...
    def batch(self, *, state: State | None, limit: int, before: str = "") -> list[Registration]: ...
    def history(self, reference: str) -> list[AuditLine]: ...
    def decided(self, before: str, *, limit: int) -> list[Registration]: ...


class AuditTrail(Protocol):
    """The chained record of every change."""

    def append(self, line: AuditLine) -> str: ...
    def head(self) -> str: ...


class CardBlocks(Protocol):
    """The card numbers leased to this kiosk."""

    def lease(self, first: str, count: int, *, demo: bool, lease: str = "", epoch: str = "") -> None: ...
    def blocks(self) -> list[CardBlock]: ...
    def take(self) -> LeasedCard | None: ...
    def left(self) -> int: ...


class Codes(Protocol):
    """The codes sent to phones."""

    def add(self, attempt: CodeAttempt) -> None: ...
    def replace(self, attempt: CodeAttempt) -> None: ...
    def latest(self, draft_id: str) -> CodeAttempt | None: ...
    def sent_to(self, phone: str, *, limit: int = 20) -> list[CodeAttempt]: ...
    def forget(self, draft_id: str) -> None: ...


class ResumeCodes(Protocol):
    """The codes on slips; the store keeps keyed hashes of them."""

    def put(self, code: str, draft_id: str, made_at: str) -> None: ...
    def find(self, code: str) -> ResumeCode | None: ...
    def use(self, code: str) -> None: ...
    def forget(self, draft_id: str) -> None: ...


class MembershipDirectory(Protocol):
    """The participants that are known at this place, from an extract."""

    def by_niks(self, niks: Iterable[str]) -> list[Participant]: ...
    def by_kk(self, kk: str) -> list[Participant]: ...
    def put(self, people: Sequence[Participant]) -> None: ...


class UnitOfWork(Protocol):
    """One transaction over the whole store: everything in it is durable after `commit`, or nothing is."""

    drafts: DraftRepository
    registrations: RegistrationRepository
    outbox: Outbox
    identity: IdentityKeeper
    decisions: Decisions
    tombstones: Tombstones
    kept_messages: KeptMessages
    audit: AuditTrail
    cards: CardBlocks
    codes: Codes
    resume_codes: ResumeCodes
    directory: MembershipDirectory
    who: str
    """Who is signed in, in every line of the trail that names nobody else; empty for nobody."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def commit(self) -> None: ...


class UnitOfWorkFactory(Protocol):
    """Opens a unit of work."""

    def __call__(self) -> UnitOfWork: ...


@dataclass(frozen=True, slots=True)
class CopyNote:
    """The last good copy: its wall time, its file, its lines; and the code of what failed since, if any."""

    at: str = ""
    file: str = ""
    lines: int = 0
    code: str = ""


class CopyMaker(Protocol):
    """Writes one copy with a connection of its own, and remembers what came of it."""

    def head(self) -> str:
        """The head of the audit chain now; empty where there is no line."""
        ...

    def make(self) -> CopyNote:
        """Writes a proved copy to the carrier and thins out the older ones; raises KioskError, OSError."""
        ...

    def remember(self, note: CopyNote) -> None:
        """Keeps the note for who asks later; never fails."""
        ...

    def last(self) -> CopyNote:
        """The note that was kept; an empty one where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Proof:
    """What a check of the whole store found.

    `lines` of the audit chain are good, the last of them with the digest `head`; `first_bad` is the number
    of the first that is not. `what` says what was done to it (altered, deleted, inserted, swapped), `cut` for
    a head from outside that is nowhere in the chain, `unreadable` for a file too damaged to tell; empty where
    all is well. `database` is what is wrong with the file; `without_line` are references that no line tells
    of, `without_record` lines that tell of a registration which is not there; `drafts_without_line` are
    drafts with more or fewer changes than lines, `without_draft` the first lines of drafts that are nowhere.
    """

    lines: int = 0
    head: str = ""
    first_bad: int | None = None
    what: str = ""
    database: tuple[str, ...] = ()
    without_line: tuple[str, ...] = ()
    without_record: tuple[int, ...] = ()
    drafts_without_line: tuple[str, ...] = ()
    without_draft: tuple[int, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether records and trail tell of the same."""
        drafts = self.drafts_without_line or self.without_draft
        return not (self.without_line or self.without_record or drafts)

    @property
    def ok(self) -> bool:
        return self.agrees and not (self.what or self.database)

"""What the staff of a counter need from the outside, as protocols, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk.domain.shift import Shift
from kiosk.domain.staff import Act, Member
from kiosk.services.ports import UnitOfWork


class PinHasher(Protocol):
    """Makes of a PIN what may be stored; slow on purpose, and the only place that knows how."""

    def hash(self, secret: str) -> str:
        """A hash with a salt of its own."""
        ...

    def fits(self, hashed: str, secret: str) -> bool:
        """Whether `secret` is what was hashed."""
        ...

    def digest(self, secret: str, salt: str) -> str:
        """Always the same digest of the same secret and salt, to look one up among several."""
        ...


@dataclass(frozen=True, slots=True)
class Approval:
    """Two people allowed one risky act: on which subject, why, in which shift (0: in none)."""

    n: int
    act: Act
    subject: str
    first: str
    second: str
    reason: str
    at: str = ""
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a report and the signs of misuse need of one registration; `n` is its place in the store.

    `seconds` is how long the consent was before the eyes (None: it was not on a screen), `by` who was signed
    in.
    """

    n: int
    reference: str
    state: str
    people: int
    care_class: int | None
    premium_total: int | None
    at: str
    doubtful: bool
    phone: str = ""
    account: str = ""
    seconds: int | None = None
    source: str = "screen"
    by: str = ""


class StaffRepository(Protocol):
    """Keeps accounts; none is ever removed, so that what it did can always be told."""

    def add(self, member: Member) -> None: ...
    def get(self, staff_id: str) -> Member | None: ...
    def replace(self, member: Member) -> None: ...
    def everybody(self) -> list[Member]: ...
    def count(self) -> int: ...


class ShiftRepository(Protocol):
    """Keeps shifts by their numbers from 1."""

    def add(self, shift: Shift) -> Shift: ...
    def replace(self, shift: Shift) -> None: ...
    def current(self) -> Shift | None: ...
    def unsigned(self) -> list[Shift]: ...
    def page(self, *, limit: int, before: int = 0) -> list[Shift]: ...


class ApprovalRepository(Protocol):
    """Keeps what two people allowed."""

    def add(self, approval: Approval) -> Approval: ...
    def of_shifts(self, first: int, last: int) -> list[Approval]: ...
    def of_subject(self, subject: str) -> list[Approval]: ...


class TakenRepository(Protocol):
    """Reads registrations in a range, along an index."""

    def last_n(self) -> int: ...
    def before(self, n: int) -> Taken | None: ...
    def after(self, n: int) -> Sequence[Taken]: ...
    def of_days(self, first: str, last: str) -> Sequence[Taken]: ...


class AgreedSettings(Protocol):
    """Keeps the settings that were agreed, by name; none is ever removed."""

    def add(self, settings: Mapping[str, str], at: str) -> None: ...
    def last(self) -> dict[str, str] | None: ...


class StaffWork(UnitOfWork, Protocol):
    """A unit of work that also knows the staff."""

    staff: StaffRepository
    shifts: ShiftRepository
    approvals: ApprovalRepository
    taken: TakenRepository
    agreed_settings: AgreedSettings


class StaffWorkFactory(Protocol):
    """Opens such a unit of work; `who` is who is signed in, and stands in every line that it writes."""

    who: str

    def __call__(self) -> StaffWork: ...
    def reading(self) -> StaffWork: ...

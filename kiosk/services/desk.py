"""What a person at the desk of the branch works on: cases that wait, kiosks, and what may be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

LONGEST_REASON = 200
SHORTEST_REASON = 5
"""Characters of a reason: enough to say something, few enough for one line of the record."""


class CaseKind(StrEnum):
    """Why a case waits: it could not be taken in or decided (`aside`), or the rules refused it."""

    ASIDE = "aside"
    REFUSED = "refused"


class Action(StrEnum):
    """What may be done with a case.

    `accept` takes a family in that the rules refused or could not decide, `refuse` sends a record that could
    not be decided back to be mended, `again` tries it once more as if it had just come, `close` takes a case
    off the list.
    """

    ACCEPT = "accept"
    REFUSE = "refuse"
    AGAIN = "again"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in the list: no personal data. `key` names it to `DeskWork`; `code` says why it waits."""

    key: str
    kind: CaseKind
    code: str
    kiosk: str
    training: bool
    at: datetime
    reference: str = ""
    other_reference: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """One line of what was done with the record of a case, and why."""

    at: datetime
    who: str
    action: str
    codes: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case whole: `problems` are field and code of each thing that the rules found."""

    line: CaseLine
    record: str
    version: int
    carrier: str
    received: datetime | None
    trusted: bool
    problems: tuple[tuple[str, str], ...]
    history: tuple[CaseHistory, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class DeskKiosk:
    """A kiosk with what it last told of itself; what it never told is None."""

    name: str
    training: bool
    place: str
    state: str
    seen_at: datetime | None = None
    waiting: int | None = None
    drift_ms: int | None = None
    program: str | None = None
    cards_left: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each wait: cases of both kinds, and records that no worker has decided yet."""

    aside: int
    refused: int
    undecided: int


class DeskWork(Protocol):
    """The work of the desk; every call blocks, and raises StoreError where the hub cannot be reached."""

    def counts(self) -> Counts: ...

    def cases(self, *, limit: int, before: str = "") -> Sequence[CaseLine]:
        """Open cases, those that could not be decided first, then the newest refusals; after `before`."""
        ...

    def case(self, key: str) -> Case | None:
        """A case as it stands now; None where it is no longer open."""
        ...

    def do(self, key: str, action: Action, who: str, reason: str) -> None:
        """Does it, in one transaction with its line in the record.

        Raises KioskError: `desk.gone` (somebody else was faster), `desk.reason` (none that says anything),
        `desk.not_possible` (with the code of why in `detail`).
        """
        ...

    def kiosks(self) -> Sequence[DeskKiosk]: ...

    def shut_out(self, kiosk: DeskKiosk, who: str, reason: str) -> None:
        """Revokes a kiosk; raises KioskError `desk.reason`, `desk.gone`."""
        ...

    def close(self) -> None: ...

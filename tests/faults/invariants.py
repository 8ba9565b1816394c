"""What must hold of a store at any moment, held against what its screens have acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kiosk.bootstrap import Services
from kiosk.domain.draft import Draft
from kiosk.domain.flow import Fact
from kiosk.domain.identifiers import digits_only
from kiosk.domain.registration import Registration, State
from kiosk.domain.staff import NOBODY, PROGRAM
from tests.faults.crew import CLERK, SUPERVISOR

ENDED = frozenset({"draft.discarded", "draft.expired"})
_STORED_STATES = frozenset(State) - {State.DRAFT, State.EXPIRED, State.DISCARDED}

LOST, STATE, REFERENCE, CHAIN, BOTH, OUTBOX = "lost", "state", "reference", "chain", "both", "outbox"
DAY, WHO = "day", "who"
INVARIANTS = (LOST, STATE, REFERENCE, CHAIN, BOTH, OUTBOX, DAY, WHO)


_QUEUED = "SELECT registration, version, sent_at FROM outbox"


Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold, and how."""

    invariant: str
    how: str


@dataclass(slots=True)
class Seen:
    """What the store holds now, read past the services."""

    drafts: dict[str, Draft]
    registrations: dict[str, Registration]
    outbox: dict[str, dict[int, bool]]
    """By registration: its queued versions, and whether the hub has a receipt for each."""
    actions: dict[str, list[str]]
    accounts: list[str]
    names: set[str]
    """Everybody whom a line of the trail names as the one who did it."""


@dataclass(slots=True)
class Acknowledged:
    """What screens have shown as stored: drafts by id, receipts by reference, and the end of the chain."""

    drafts: dict[Name, Draft] = field(default_factory=dict)
    receipts: dict[str, Registration] = field(default_factory=dict)
    given_up: set[Name] = field(default_factory=set)
    _head: tuple[int, bytes] = (0, b"")

    def draft(self, draft: Draft) -> None:
        """A draft in the hand of somebody who was told that it is saved."""
        known = self.drafts.get(name_of(draft))
        if draft.revision and (known is None or known.revision < draft.revision):
            self.drafts[name_of(draft)] = draft

    def receipt(self, shown: Registration) -> None:
        """A registration that a screen shows as stored; an older version may still stand on another one."""
        known = self.receipts.get(shown.reference)
        if known is None or known.version <= shown.version:
            self.receipts[shown.reference] = shown

    def broken_in(self, house: Services) -> Iterator[Broken]:
        """Every invariant that does not hold now."""
        connection = house.open_work._database.take()
        try:
            seen = _look(house, connection)
            yield from self._chain(house, connection)
        finally:
            house.open_work._database.give_back(connection)
        yield from self._lost(seen)
        yield from _states(seen)
        yield from _numbers(seen)
        yield from _days(house, seen)

    def _lost(self, seen: Seen) -> Iterator[Broken]:
        for name, draft in self.drafts.items():
            registered = seen.registrations.get(draft.id)
            if registered is None or name == (draft.id, mended_version(registered)):
                yield from self._lost_draft(name, draft, seen.drafts.get(draft.id))
            elif name == (draft.id, "") and registered.version == 1 and _told(registered) != _answered(draft):
                yield Broken(LOST, "a registration has other answers than its draft")
        for reference, receipt in self.receipts.items():
            found = seen.registrations.get(receipt.id)
            if found is None or found.reference != reference:
                yield Broken(LOST, f"receipt {reference} has no record")
            elif found.version == receipt.version and (found.family, found.virtual_accounts) != (
                receipt.family,
                receipt.virtual_accounts,
            ):
                yield Broken(LOST, f"receipt {reference} has another record")

    def _lost_draft(self, name: Name, draft: Draft, stored: Draft | None) -> Iterator[Broken]:
        """What of a draft that somebody was shown as saved is not there, unless it was thrown away."""
        if name in self.given_up:
            return
        if stored is None or name_of(stored) != name:
            yield Broken(LOST, f"a draft of revision {draft.revision} is gone")
        elif stored.revision < draft.revision:
            yield Broken(LOST, f"revision {draft.revision} is gone, {stored.revision} is there")
        elif stored.revision == draft.revision and (stored.answers, stored.facts) != (
            draft.answers,
            draft.facts,
        ):
            yield Broken(LOST, f"revision {draft.revision} is not what was shown")

    def _chain(self, house: Services, connection: Any) -> Iterator[Broken]:
        found = house.open_work.verify_audit()
        if not found.ok:
            yield Broken(CHAIN, f"{found.reason} at line {found.first_bad}")
        n, digest = self._head
        if n:
            kept = connection.execute("SELECT digest FROM audit WHERE n = ?", (n,)).fetchone()
            if kept is None or kept[0] != digest:
                yield Broken(CHAIN, "the line that was the last one is gone")
        last = connection.execute("SELECT n, digest FROM audit ORDER BY n DESC LIMIT 1").fetchone()
        if last is not None:
            self._head = (last[0], last[1])


def name_of(draft: Draft) -> Name:
    """What a draft is known by: its id, and which version of a registration it mends."""
    return draft.id, draft.fact(Fact.MENDS) or ""


def mended_version(registration: Registration) -> str | None:
    """The version that a draft may hold the mended answers of; None where nothing is to be mended."""
    return str(registration.version) if registration.state is State.NEEDS_FIX else None


def _told(registration: Registration) -> tuple[object, ...]:
    """The answers of a registration that a draft holds in nearly the same words."""
    family = registration.family
    people = tuple((member["nik"], member["name"]) for member in family["members"])
    return family["kk"], people, family["address"]["street"].upper(), str(family["contact"]["phone"])[-8:]


def _answered(draft: Draft) -> tuple[object, ...]:
    def text(path: str) -> str:
        return " ".join(draft.answer(path).split()).upper()

    people = tuple(
        (digits_only(text(f"members[{index}].nik")), text(f"members[{index}].name"))
        for index in range(draft.member_count)
    )
    street, phone = text("address.street"), digits_only(text("contact.phone"))
    return digits_only(text("kk")), people, street, phone[-8:]


def _look(house: Services, connection: Any) -> Seen:
    with house.open_work.reading() as work:
        drafts = {one.id: work.drafts.get(one.id) for one in work.drafts.page(limit=10_000)}
        found = work.registrations.batch(state=None, limit=10_000)
    actions: dict[str, list[str]] = {}
    for subject, action in connection.execute("SELECT subject, action FROM audit ORDER BY n").fetchall():
        actions.setdefault(subject, []).append(action)
    outbox: dict[str, dict[int, bool]] = {}
    for name, version, sent_at in connection.execute(_QUEUED).fetchall():
        outbox.setdefault(name, {})[version] = bool(sent_at)
    return Seen(
        {name: draft for name, draft in drafts.items() if draft is not None},
        {one.id: one for one in found},
        outbox,
        actions,
        [account for one in found for account in set(one.virtual_accounts.values())],
        {name for (name,) in connection.execute("SELECT DISTINCT who FROM audit").fetchall()},
    )


def _states(seen: Seen) -> Iterator[Broken]:
    """A record is a draft, a registration in one state, or ended; the audit trail says the same."""
    for name in seen.drafts.keys() & seen.registrations.keys():
        if seen.drafts[name].fact(Fact.MENDS) != mended_version(seen.registrations[name]):
            yield Broken(BOTH, f"{name[:8]} is a draft and a registration")
    for name, actions in seen.actions.items():
        if "draft.saved" not in actions or (name in seen.registrations and ENDED.intersection(actions)):
            continue  # what ended of a registration is what was mended of it
        ended = ENDED.intersection(actions)
        places = (name in seen.drafts) + (name in seen.registrations) + bool(ended)
        if places != 1 and not (name in seen.drafts and name in seen.registrations):
            yield Broken(STATE, f"{name[:8]} is in {places} states")
        if ended and "draft.saved" in actions[min(map(actions.index, ended)) :]:
            yield Broken(STATE, f"{name[:8]} goes on after its end")
    unknown = seen.drafts.keys() - seen.actions.keys()
    if unknown:
        yield Broken(STATE, f"{len(unknown)} drafts that the trail does not know")
    for registration in seen.registrations.values():
        if registration.state not in _STORED_STATES:
            yield Broken(STATE, f"a registration in the state {registration.state}")
        if seen.actions.get(registration.reference, []).count("registration.submitted") != 1:
            yield Broken(STATE, f"{registration.reference} was not submitted once")


def _numbers(seen: Seen) -> Iterator[Broken]:
    references = Counter(one.reference for one in seen.registrations.values())
    if len(references) != len(seen.registrations):
        yield Broken(REFERENCE, "a reference was given twice")
    if len(set(seen.accounts)) != len(seen.accounts):
        yield Broken(REFERENCE, "a virtual account was given twice")
    for name, registration in seen.registrations.items():
        queued = seen.outbox.get(name, {})
        if registration.state is State.CANCELLED:
            fits = all(queued.values())  # what is taken back waits for nothing
        else:
            fits = list(queued) == list(range(1, registration.version + 1))
        if not fits:
            yield Broken(OUTBOX, f"{registration.reference} is not queued once for each version")
    if seen.outbox.keys() - seen.registrations.keys():
        yield Broken(OUTBOX, "what is queued is no registration")


def _days(house: Services, seen: Seen) -> Iterator[Broken]:
    """The reports that were signed and the one of today hold each registration once, under known names."""
    shifts = house.staffing.shifts
    reports = [one.report for one in shifts.days(limit=1000) if one.report] + [shifts.end_of_day()]
    told = sum(one.families + one.voided for one in reports)
    if told != len(seen.registrations):
        yield Broken(DAY, f"the reports tell of {told} families, {len(seen.registrations)} are there")
    if not all(one.adds_up for one in reports):
        yield Broken(DAY, "a report does not add up")
    for name in seen.names - {CLERK, SUPERVISOR, NOBODY, PROGRAM}:
        yield Broken(WHO, f"{name} did something, and nobody has that name")

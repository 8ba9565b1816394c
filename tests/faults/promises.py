"""What a program promised up to some point, and whether a store found later keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kiosk.domain.draft import Draft
from kiosk.errors import KioskError
from kiosk.store.unit_of_work import SqlUnitOfWork, Store


@dataclass(slots=True)
class Family:
    """One family: every revision that was tried, the last that was promised, and what it became."""

    tried: dict[int, tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)
    saved: int = 0
    submitting: bool = False
    proved: bool = False
    registered: dict[str, Any] | None = None


class Promises:
    """Everything that the program under test was told to be durable; `hear` takes its remarks in order."""

    def __init__(self) -> None:
        self.families: dict[str, Family] = {}
        self.head = ""

    def hear(self, remark: dict[str, Any]) -> None:
        """Takes one remark of `recorded.py`."""
        family = self.families.setdefault(remark["draft"], Family())
        if "saving" in remark:
            family.tried[remark["saving"]] = (remark["answers"], remark["facts"])
        elif "saved" in remark:
            family.saved = remark["saved"]
        elif remark.get("tried") == "submit":
            family.submitting = True
        elif "registered" in remark:
            family.registered = remark
            self.head = remark["head"]
        elif "proved" in remark:
            family.proved = True

    def broken_in(self, store: Store) -> list[str]:
        """What the store lacks or has by half, a line each; empty where every promise is kept."""
        try:
            chain = store.verify_audit(head=self.head)
            broken = [] if chain.ok else [f"audit chain: {chain.reason} at line {chain.first_bad}"]
            with store.reading() as work:
                for name, family in self.families.items():
                    broken += _broken(work, name, family)
                broken += self._broken_as_a_whole(work)
        except KioskError as error:
            return [f"{error.code} while reading"]
        return broken

    def _broken_as_a_whole(self, work: SqlUnitOfWork) -> Iterator[str]:
        found = work.registrations.batch(state=None, limit=10_000)
        references = [registration.reference for registration in found]
        accounts = [number for one in found for number in set(one.virtual_accounts.values())]
        if len(set(references)) != len(references):
            yield "a reference was given twice"
        if len(set(accounts)) != len(accounts):
            yield "a virtual account was given twice"
        if work.outbox.waiting(at_most=10_000) != len(found):
            yield "registrations and outbox differ"
        unknown = {one.id for one in found} - set(self.families)
        unknown |= {draft.id for draft in work.drafts.page(limit=10_000)} - set(self.families)
        if unknown:
            yield f"{len(unknown)} records that nobody made"


def _broken(work: SqlUnitOfWork, name: str, family: Family) -> Iterator[str]:
    registration = work.registrations.by_draft(name)
    draft = work.drafts.get(name)
    history = work.registrations.history(name)
    saves = sum(line.action == "draft.saved" for line in history)
    if registration is not None:
        if not family.submitting:
            yield "a registration that nobody asked for"
        if draft is not None:
            yield "both a draft and a registration"
        lines = [line.action for line in work.registrations.history(registration.reference)]
        if lines != ["registration.submitted"]:
            yield f"a registration with the audit lines {lines}"
        if family.registered is not None:
            told = (
                family.registered["registered"],
                family.registered["family"],
                family.registered["accounts"],
            )
            if told != (registration.reference, registration.family, dict(registration.virtual_accounts)):
                yield "a registration differs from its receipt"
    elif family.registered is not None:
        yield f"registration {family.registered['registered']} is gone"
    elif draft is None:
        if family.saved:
            yield f"a draft with {family.saved} saved fields is gone"
    else:
        yield from _broken_draft(draft, family, saves)
    if family.proved and not any(line.action == "otp.checked" for line in history):
        yield "a phone that was proved is forgotten"


def _broken_draft(draft: Draft, family: Family, saves: int) -> Iterator[str]:
    if draft.revision < family.saved:
        yield f"the last {family.saved - draft.revision} saved fields are gone"
    if (dict(draft.answers), dict(draft.facts)) != family.tried.get(draft.revision):
        yield "a draft holds something else than what was saved"
    if saves != draft.revision:
        yield f"a draft of revision {draft.revision} has {saves} audit lines"

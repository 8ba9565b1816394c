"""What is stored, found by reference, NIK or No. KK, and told as result objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kiosk.domain.fields import Problem
from kiosk.domain.identifiers import digits_only, is_digits, masked, parse_reference
from kiosk.domain.registration import Decision, Registration, State
from kiosk.errors import KioskError
from kiosk.services.ports import AuditLine, RegistrationSummary, UnitOfWorkFactory
from kiosk.services.registration import Submitted

_BATCH = 200


class Queries:
    """Reads registrations; changes nothing."""

    def __init__(self, open_work: UnitOfWorkFactory) -> None:
        self._open_work = open_work

    def registration(self, text: str) -> Registration:
        """The registration with this reference, in any case and with blanks.

        Raises KioskError `reference.check` where the check characters do not fit, else `reference.unknown`.
        """
        reference = parse_reference(text)
        if reference is None:
            raise KioskError("reference.check")
        with self._open_work() as work:
            found = work.registrations.by_reference(str(reference))
        if found is None:
            raise KioskError("reference.unknown")
        return found

    def find(self, text: str) -> list[Registration]:
        """The registrations that `text` names: a reference, or a NIK or No. KK of 16 digits.

        Raises KioskError `reference.check` where it is none of them; knows nobody: an empty list.
        """
        number = digits_only("".join(text.split()))
        if is_digits(number) and len(number) == 16:
            with self._open_work() as work:
                return work.registrations.by_nik(number) or work.registrations.by_kk(number)
        try:
            return [self.registration(text)]
        except KioskError as error:
            if error.code == "reference.unknown":
                return []
            raise

    def of_kk(self, kk: str) -> list[Registration]:
        """The registrations of the family card with this number of 16 digits, newest first."""
        with self._open_work() as work:
            return work.registrations.by_kk(kk)

    def page(
        self, *, state: State | None = None, day: str = "", limit: int = 50, before: str = ""
    ) -> list[RegistrationSummary]:
        """One page of the list, newest first; `before` is the reference that ended the page before."""
        with self._open_work() as work:
            return work.registrations.page(state=state, day=day, limit=limit, before=before)

    def newest(self, *, state: State | None = None, limit: int = 50) -> Iterator[Registration]:
        """At most `limit` registrations (0: all), newest first, read from the store in portions."""
        before, left = "", limit
        while True:
            with self._open_work() as work:
                size = min(_BATCH, left) if limit else _BATCH
                found = work.registrations.batch(state=state, limit=size, before=before)
            yield from found
            left -= len(found)
            if len(found) < size or (limit and left <= 0):
                return
            before = found[-1].reference

    def history(self, registration: Registration) -> list[dict[str, Any]]:
        """The audit lines of one registration, and of the draft that it was: oldest first, without values."""
        with self._open_work() as work:
            lines = [
                *work.registrations.history(registration.id),
                *work.registrations.history(registration.reference),
            ]
        return [_told(line) for line in lines]

    def waiting(self, *, at_most: int = 1000) -> int:
        """How many registrations wait to be sent, counted up to `at_most`."""
        with self._open_work() as work:
            return work.outbox.waiting(at_most=at_most)

    def cards_left(self) -> int:
        """How many leased card numbers are left."""
        with self._open_work() as work:
            return work.cards.left()


def _told(line: AuditLine) -> dict[str, Any]:
    return {
        "at": line.at.wall,
        "action": line.action,
        "who": line.who,
        "fields": list(line.fields),
        "codes": list(line.codes),
    }


def result_object(registration: Registration) -> dict[str, Any]:
    """The result of one registered family, as programs read it: ISO dates, whole rupiah."""
    told = _decided(registration.decision)
    return {
        "reference": registration.reference,
        "state": registration.state.value,
        "version": registration.version,
        "state_at": registration.state_at or None,
        "purged_at": registration.purged_at or None,
        **told,
        "virtual_account": dict(registration.virtual_accounts) or None,
        "pay_from": _iso(registration.decision.pay_from),
        "pay_until": _iso(registration.decision.pay_until),
        "demo_card": registration.demo_card,
        "problems": [problem.as_dict() for problem in registration.decision.problems],
    }


_UNDECIDED = (
    *("reference", "state", "outcome", "segment", "main_member", "class", "premium_per_person", "people"),
    *("premium_total", "virtual_account", "pay_from", "pay_until"),
)


def refusal_object(problems: Iterable[Problem], refer_to: str | None = None) -> dict[str, Any]:
    """The result of one refused family: nothing is stored, the problems say why."""
    told = [problem.as_dict() for problem in problems]
    return {**dict.fromkeys(_UNDECIDED), "outcome": "refused", "problems": told, "refer_to": refer_to}


def draft_object(people: int) -> dict[str, Any]:
    """A draft in the shape of a result: nothing is decided of it yet."""
    return {**dict.fromkeys(_UNDECIDED), "state": State.DRAFT.value, "people": people, "problems": []}


def submitted_object(submitted: Submitted) -> dict[str, Any]:
    """The result of one submission, stored or refused."""
    if submitted.registration is None:
        return refusal_object(submitted.decision.problems, submitted.decision.refer_to)
    return result_object(submitted.registration)


def without_personal_data(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result object for lists: the numbers of people masked."""
    accounts = result["virtual_account"]
    return {
        **result,
        "main_member": masked(result["main_member"]) if result["main_member"] else None,
        "virtual_account": {bank: masked(number) for bank, number in accounts.items()} if accounts else None,
    }


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome.value,
        "segment": decision.segment,
        "main_member": decision.main_member,
        "class": decision.care_class,
        "premium_per_person": decision.premium_per_person,
        "people": decision.people,
        "premium_total": decision.premium_total,
    }


def _iso(day: Any) -> str | None:
    return None if day is None else str(day.isoformat())

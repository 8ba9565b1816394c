"""Signs of misuse: what a supervisor should look at, with the numbers behind it; nobody is blocked by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kiosk.domain.registration import State
from kiosk.services.staff_ports import StaffWorkFactory, Taken


class SignKind(StrEnum):
    """What strikes the eye; the worst to overlook first."""

    PHONE = "phone"
    ACCOUNT = "account"
    CONSENT = "consent"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class SignRules:
    """From how many families, and in which hours, something is a sign; `source` says who chose so."""

    families_a_phone: int = 3
    families_an_account: int = 2
    consent_seconds: int = 5
    night_from: int = 21
    night_until: int = 5
    source: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: `number` is what was counted (families, seconds, the hour), `limit` from where on it is a
    sign.

    `about` are the last four digits of the phone or account, empty for the rest; `references` the families,
    `staff` the ids of who served them (empty for nobody signed in).
    """

    kind: SignKind
    number: int
    limit: int
    references: tuple[str, ...]
    staff: tuple[str, ...]
    about: str = ""
    at: str = ""


class Signs:
    """Looks through the registrations of some days, and through no others."""

    def __init__(self, open_work: StaffWorkFactory, rules: Callable[[], SignRules]) -> None:
        self._open_work = open_work
        self._rules = rules

    def of(self, first: date, last: date) -> list[Sign]:
        """The signs of the days from `first` to `last`, kind by kind, the strongest of each kind first."""
        rules = self._rules()
        with self._open_work.reading() as work:
            found = work.taken.of_days(first.isoformat(), last.isoformat())
        standing = [one for one in found if one.state != State.CANCELLED]
        return [
            *_shared(SignKind.PHONE, standing, lambda one: one.phone, rules.families_a_phone),
            *_shared(SignKind.ACCOUNT, standing, lambda one: one.account, rules.families_an_account),
            *_hasty(standing, rules.consent_seconds),
            *_nightly(found, rules),
        ]


def _shared(
    kind: SignKind, found: Iterable[Taken], value_of: Callable[[Taken], str], limit: int
) -> list[Sign]:
    groups: dict[str, list[Taken]] = defaultdict(list)
    for one in found:
        if value_of(one):
            groups[value_of(one)].append(one)
    many = sorted((group for group in groups.values() if len(group) >= limit), key=len, reverse=True)
    return [_sign(kind, len(group), limit, group, about=value_of(group[0])[-4:]) for group in many]


def _hasty(found: Iterable[Taken], limit: int) -> list[Sign]:
    """Each family whose consent was on the screen for less than it takes to read anything of it."""
    hasty = [one for one in found if one.seconds is not None and one.seconds < limit]
    return [_sign(SignKind.CONSENT, one.seconds or 0, limit, [one]) for one in sorted(hasty, key=_seconds)]


def _seconds(one: Taken) -> int:
    return one.seconds or 0


def _nightly(found: Iterable[Taken], rules: SignRules) -> Iterator[Sign]:
    """Registrations typed at night, by a clock that was not in doubt."""
    for one in found:
        hour = None if one.doubtful else _hour(one.at)
        if hour is not None and _is_night(hour, rules):
            yield _sign(SignKind.NIGHT, hour, rules.night_from, [one])


def _is_night(hour: int, rules: SignRules) -> bool:
    if rules.night_from <= rules.night_until:
        return rules.night_from <= hour < rules.night_until
    return hour >= rules.night_from or hour < rules.night_until


def _hour(wall: str) -> int | None:
    try:
        return datetime.fromisoformat(wall).hour
    except ValueError:
        return None


def _sign(kind: SignKind, number: int, limit: int, group: Sequence[Taken], *, about: str = "") -> Sign:
    return Sign(
        kind=kind,
        number=number,
        limit=limit,
        references=tuple(one.reference for one in group),
        staff=tuple(dict.fromkeys(one.by for one in group)),
        about=about,
        at=group[-1].at,
    )

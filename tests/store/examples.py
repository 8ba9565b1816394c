"""Invented records for tests and measurements of the store."""

from __future__ import annotations

from datetime import date

from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft, member_path
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Decision, Moment, Outcome, Registration, State
from kiosk.services.ports import AuditLine, CodeAttempt

WALL = "2026-11-22T09:00:00.000+07:00"
NAMES = ("KUSUMA PERTIWI", "BAGASKARA", "MELATI SEKARWANGI", "CAHYO RINTIK")


def a_moment(ticks: int = 0, *, wall: str = WALL, boot: str = "boot-1") -> Moment:
    return Moment(wall, boot, ticks)


def nik(number: int, position: int = 0) -> str:
    """A training NIK, another one for each family and position."""
    return f"9901{number:010d}{position:02d}"


def kk(number: int) -> str:
    return f"9902{number:010d}00"


def reference(number: int, kiosk: str = "K1") -> str:
    return f"{kiosk}-{number:04d}-XX"


def identity(number: int) -> str:
    """An id that sorts by number, as a UUIDv7 does."""
    return f"01900000-0000-7000-8000-{number:012x}"


def a_member(number: int, position: int, **changes: object) -> dict[str, object]:
    member: dict[str, object] = {
        "nik": nik(number, position),
        "name": NAMES[position % len(NAMES)],
        "relation": "head" if position == 0 else "child",
        "sex": "L" if position % 2 else "P",
        "birth_place": "KABUPATEN LATIHAN",
        "birth_date": "1980-08-12",
        "marital": "married",
        "religion": "islam",
        "occupation": "wiraswasta",
        "mother_name": "SRI REJEKI",
    }
    return member | changes


def a_registration(
    number: int = 1, *, state: State = State.SUBMITTED, created: Moment | None = None, people: int = 4
) -> Registration:
    """A family of `people` with everything a registration can have."""
    decision = Decision(
        outcome=Outcome.NEW_FAMILY,
        problems=(Problem("fktp", "fktp.other_regency", "warning", {"regency": "9901"}),),
        segment="PBPU",
        main_member=nik(number),
        care_class=2,
        people=people,
        premium_per_person=100_000,
        premium_total=100_000 * people,
        pay_from=date(2026, 12, 6),
        pay_until=date(2026, 12, 22),
    )
    family = {
        "kk": kk(number),
        "login": "none",
        "address": {"street": "Jl. Melati 4", "rt": "003", "rw": "007", "region": "9901011001"},
        "members": [a_member(number, position) for position in range(people)],
        "class": 2,
        "fktp": "99010101",
        "bank": {"name": "BRI", "account": "123456789012345", "owner": NAMES[0]},
        "contact": {"phone": "+6281200000001", "email": "kusuma@example.org"},
        "consent": {"terms": "v1", "accepted": True, "guardian": None},
    }
    return Registration(
        id=identity(number),
        reference=reference(number),
        state=state,
        decision=decision,
        family=family,
        created=created or a_moment(number),
        virtual_accounts={"BRI": f"88888{number:011d}"},
        demo_card=True,
        verified_phone=True,
    )


def a_draft(number: int = 1, *, people: int = 4) -> Draft:
    """A draft whose document is about 4 KB."""
    answers = {"kk": kk(number), "contact.phone": "0812 0000 0001", "address.street": "Jl. Melati 4"}
    for position in range(people):
        for key, value in a_member(number, position).items():
            answers[member_path(position, key)] = str(value)
    facts = {"terms": "v1", "note": "x" * 1400}
    return Draft(identity(number), WALL, answers, facts, at="members[3].name")


def a_line(number: int = 1, *, action: str = "draft.saved", subject: str = "") -> AuditLine:
    return AuditLine(
        action, subject or identity(number), a_moment(number), "-", ("members[0].nik",), ("nik.date",)
    )


def a_code(number: int = 1, *, draft: int = 1, phone: str = "+6281200000001") -> CodeAttempt:
    return CodeAttempt(identity(number), identity(draft), phone, "s3cret", a_moment(number))


def a_participant(number: int = 1, *, family: int = 1) -> Participant:
    return Participant(
        nik=nik(number, 50),
        card=f"{number:013d}",
        name="RATNA DEWI ANGGRAINI",
        birth_date=date(1985, 3, 1),
        kk=kk(family),
        segment="PBPU",
        status="active",
        care_class=3,
        head=True,
        since=date(2024, 3, 1),
    )

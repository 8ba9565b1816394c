"""Invented families drawn from a seed, and their way through the real services, field by field."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kiosk.bootstrap import Services
from kiosk.channels.inbox import SimulatedPhone
from kiosk.config import Config
from kiosk.domain.draft import Draft
from kiosk.domain.family import read_answer
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact, fingerprint
from kiosk.domain.registration import Registration
from kiosk.services.answering import answers_of, filled
from tests.builders import TODAY, a_nik

_FIRST = {
    "L": ("ADI", "BAYU", "CAHYO", "DARMA", "EKO", "FAJAR", "GALIH", "HENDRA"),
    "P": ("AYU", "BUNGA", "CITRA", "DEWI", "ENDAH", "FITRI", "GITA", "HESTI"),
}
_LAST = ("SENJATIRUAN", "MELATIWAN", "RINTIKSARI", "KUSUMALATIH", "PERTIWARA", "BAGASNUSA", "TIRTALARAS")
_FKTP = ("99010001", "99010002", "9901B001")
_BANKS = ("BRI", "BNI", "BTN", "Mandiri", "BCA")
_RELIGIONS = ("islam", "kristen", "katolik", "hindu", "buddha", "konghucu")


def settings(folder: Path, profile: str = "training", **store: Any) -> Config:
    """The settings of a profile with everything it writes in `folder`; `store` changes that table."""
    config = Config()
    return replace(
        config,
        kiosk=replace(config.kiosk, profile=profile),
        store=replace(config.store, dir=str(folder / "data"), keys=str(folder / "keys"), **store),
        sms=replace(config.sms, spool=str(folder / "sms")),
    )


def settings_file(folder: Path, profile: str = "training", **store: object) -> Path:
    """The same settings as a file, for a program started beside the test."""
    lines = [f'dir = "{folder / "data"}"', f'keys = "{folder / "keys"}"']
    lines += [f"{key} = {value}" for key, value in store.items()]
    text = f'[kiosk]\nprofile = "{profile}"\n[store]\n' + "\n".join(lines)
    text += f'\n[sms]\nspool = "{folder / "sms"}"\n'
    file = folder / "kiosk.toml"
    file.write_text(text, "utf-8")
    return file


def family(seed: int, number: int) -> dict[str, Any]:
    """The `number`-th family of a seed as a family file: another card and other people for each number.

    Every family that this gives is accepted by the rules in training on `TODAY`.
    """
    draw = random.Random(f"family {seed} {number}")
    place = (seed * 101 + number) % 9_999 + 1
    last = draw.choice(_LAST)
    head = _adult(draw, "L" if draw.random() < 0.8 else "P", "head", place)
    members = [head]
    if draw.random() < 0.7:
        spouse = {"L": ("P", "wife"), "P": ("L", "husband")}[head["sex"]]
        members.append(_adult(draw, *spouse, place))
    elif head["marital"] == "married":
        head["marital"] = draw.choice(("single", "widowed"))
    members += [_child(draw, last, place, year) for year in range(2010, 2010 + 4 * draw.randrange(4), 4)]
    care_class = draw.randint(1, 3)
    return {
        "kk": f"990101{_day(draw):%d%m%y}{place:04d}",
        "login": "none",
        "address": {
            "street": f"Jl. {draw.choice(('Melati', 'Kenanga', 'Cempaka'))} Latihan {draw.randint(1, 99)}",
            "rt": f"{draw.randint(1, 20):03d}",
            "rw": f"{draw.randint(1, 20):03d}",
            "region": "9901011001",
            "postcode": "99999",
        },
        "members": members,
        "class": care_class,
        "fktp": draw.choice(_FKTP),
        "bank": {
            "name": draw.choice(_BANKS),
            "account": f"{draw.randrange(10**11, 10**12)}",
            "owner": head["name"],
        },
        "contact": {"phone": f"0812{seed % 1000:03d}{place:04d}", "email": f"latihan{number}@example.org"},
        "consent": {"terms": "v1", "accepted": True, "guardian": None},
    }


def _day(draw: random.Random) -> date:
    return date(2008, 1, 1) + timedelta(days=draw.randrange(5000))


def _adult(draw: random.Random, sex: str, relation: str, place: int) -> dict[str, Any]:
    born = date(1962, 1, 1) + timedelta(days=draw.randrange(10_000))
    name = f"{draw.choice(_FIRST[sex])} {draw.choice(_LAST)}"
    own = {"nik": a_nik(born, sex, place), "name": name, "relation": relation, "marital": "married"}
    return own | _about(draw, born, sex)


def _child(draw: random.Random, last: str, place: int, year: int) -> dict[str, Any]:
    born = date(year, 1, 1) + timedelta(days=draw.randrange(1000))
    sex = draw.choice("LP")
    name = f"{draw.choice(_FIRST[sex])} {last}"
    own = {"nik": a_nik(born, sex, place), "name": name, "relation": "child", "marital": "single"}
    return own | _about(draw, born, sex)


def _about(draw: random.Random, born: date, sex: str) -> dict[str, Any]:
    about = {"sex": sex, "birth_date": born.isoformat(), "religion": draw.choice(_RELIGIONS)}
    if draw.random() < 0.4:
        about["birth_place"] = "Kabupaten Latihan"
    return about


def answers(family_file: Mapping[str, Any]) -> dict[str, str]:
    """The raw answers of a family by path, in the order of the file, the consent last."""
    raw, problems = answers_of(family_file)
    assert not problems, problems
    draft = filled(Draft(id="-", started_at="-"), raw, "v1")
    return dict(draft.answers)


Step = tuple[str, Callable[[Services, Draft], Draft | Registration | Problem | None]]
"""A name for the step, and the service call that it makes with the draft in hand.

A Draft is the new draft in hand; a Registration is the end; a Problem is a refusal without any change.
"""


def steps(family_file: Mapping[str, Any]) -> Iterator[Step]:
    """A family's whole way: terms, captcha, every field, the code to the phone, review, consent, submit."""
    yield "terms", lambda house, draft: _saved(house, draft.with_facts({Fact.TERMS: "v1"}), Fact.TERMS)
    yield "captcha", lambda house, draft: _saved(house, draft.with_facts({Fact.CAPTCHA: "passed"}), "captcha")
    for path, raw in answers(family_file).items():
        yield path, _save_field(path, raw)
        if path == "contact.email":
            yield "send code", _send_code
            yield "check code", _check_code
            yield "verified", _record_verified
            yield "review", _record_review
    yield "submit", _submit


def _saved(house: Services, draft: Draft, field: str) -> Draft:
    return house.drafts.save(draft, fields=(field,))


def _save_field(path: str, raw: str) -> Callable[[Services, Draft], Draft]:
    return lambda house, draft: _saved(house, draft.with_answers({path: raw}).moved_to(path), path)


def _phone(house: Services, draft: Draft) -> str:
    return str(read_answer(draft, "contact.phone", house.rules()).value)


def _send_code(house: Services, draft: Draft) -> Problem | None:
    sent = house.verification.send_code(draft.id, _phone(house, draft))
    return sent if isinstance(sent, Problem) else None


def _check_code(house: Services, draft: Draft) -> Problem | None:
    phone = _phone(house, draft)
    assert isinstance(house.phone, SimulatedPhone)
    text = house.phone.latest(phone) or ""
    code = "".join(word for word in text.replace(".", " ").split() if word.isdigit() and len(word) == 6)
    problem = house.verification.check_code(draft.id, phone, code)
    return None if house.verification.is_proved(draft.id, phone) else problem


def _record_verified(house: Services, draft: Draft) -> Draft:
    return _saved(house, draft.with_facts({Fact.VERIFIED: _phone(house, draft)}), Fact.VERIFIED)


def _record_review(house: Services, draft: Draft) -> Draft:
    return _saved(house, draft.with_facts({Fact.REVIEWED: fingerprint(draft)}), Fact.REVIEWED)


def _submit(house: Services, draft: Draft) -> Registration:
    submitted = house.registrar.submit(draft, house.rules())
    assert submitted.registration is not None, submitted.decision
    return submitted.registration


__all__ = ["TODAY", "Step", "answers", "family", "settings", "settings_file", "steps"]

"""Invented families over the whole country as records, for sizes, speeds and the dictionary."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.domain.identifiers import Reference, uuid7
from kiosk.facilities import FacilityBook
from kiosk.reference import facilities_file, regions_file, table
from kiosk.regions import RegionBook
from kiosk.sync.content import REGISTRATION, SCHEMA, Content, encode, pack
from kiosk.sync.envelope import HEAD_BYTES, Header, content_hash, seal, shard_of
from kiosk.sync.keys import SigningKey, key_id


def words(file: str) -> dict[str, list[str]]:
    """Words by what they name: `words.toml`, or `other_words.toml` with others."""
    found: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name(file).read_text("utf-8"))
    return found


_KNOWN = words("words.toml")
_BANKS = ("BRI", "BNI", "BTN", "Mandiri", "BCA")
_RELIGIONS = ("islam",) * 7 + ("kristen", "katolik", "hindu", "buddha", "konghucu")
TODAY = date(2026, 11, 22)


Words = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class _Country:
    villages: tuple[str, ...]
    facilities: tuple[str, ...]
    occupations: tuple[str, ...]


@cache
def _country() -> _Country:
    lines = regions_file(training=False).read_text("utf-8").splitlines()[1:]
    villages = tuple(line.partition(",")[0] for line in lines if len(line.partition(",")[0]) == 10)
    codes = tuple(
        line.partition(",")[0] for line in facilities_file(training=False).read_text("utf-8").splitlines()[1:]
    )
    assert RegionBook(regions_file(training=False)).exists(villages[0])
    assert FacilityBook([facilities_file(training=False)]).find(codes[0]) is not None
    return _Country(villages, codes, tuple(one["value"] for one in table("occupations")["choice"]))


def _name(draw: random.Random, known: Words, sex: str, last: str = "") -> str:
    first = draw.choice(known["men" if sex == "L" else "women"])
    return f"{first} {last or draw.choice(known['families'])}"


def _day(draw: random.Random, first: int, last: int) -> date:
    return date(first, 1, 1) + timedelta(days=draw.randrange((last - first + 1) * 365))


def _member(
    draw: random.Random, known: Words, district: str, sex: str, born: date, **rest: Any
) -> dict[str, Any]:
    day = born.day + 40 * (sex == "P")
    return {
        "nik": f"{district}{day:02d}{born:%m%y}{draw.randint(1, 40):04d}",
        "sex": sex,
        "birth_date": born.isoformat(),
        "birth_place": draw.choice(known["places"]),
        "religion": draw.choice(_RELIGIONS),
        **rest,
    }


def _clock(draw: random.Random) -> str:
    seconds = f"{draw.randint(0, 59):02d}.{draw.randrange(1000):03d}"
    return f"{draw.randint(8, 15):02d}:{draw.randint(0, 59):02d}:{seconds}"


def a_content(seed: int, people: int | None = None, known: Words = _KNOWN) -> Content:
    """The record of an invented family made of `known` words; without `people` of one to six."""
    draw = random.Random(f"content {seed}")
    country = _country()
    village = draw.choice(country.villages)
    district = village[:6]
    last, religion = draw.choice(known["families"]), draw.choice(_RELIGIONS)
    count = people or draw.choice((1, 2, 3, 3, 4, 4, 4, 5, 5, 6))
    wife_name = _name(draw, known, "P")
    members = [
        _member(
            draw, known, district, "L", _day(draw, 1965, 1998), name=_name(draw, known, "L", last),
            relation="head", marital="married" if count > 1 else "single",
            occupation=draw.choice(country.occupations), mother_name=_name(draw, known, "P"),
            religion=religion,
        )
    ]  # fmt: skip
    if count > 1:
        members.append(
            _member(
                draw, known, district, "P", _day(draw, 1968, 2000), name=wife_name, relation="wife",
                marital="married",
                occupation="mengurus rumah tangga", mother_name=_name(draw, known, "P"), religion=religion,
            )
        )  # fmt: skip
    members += [
        _member(
            draw, known, district, sex, _day(draw, 2004, 2025), name=_name(draw, known, sex, last),
            relation="child", marital="single", occupation="pelajar/mahasiswa", mother_name=wife_name,
            religion=religion,
        )
        for sex in (draw.choice("LP") for _ in range(count - 2))
    ]  # fmt: skip
    care_class = draw.choice((1, 2, 3, 3, 3))
    price = {1: 150_000, 2: 100_000, 3: 35_000}[care_class]
    made = TODAY + timedelta(days=draw.randrange(900))
    phone = f"+628{draw.choice((1, 2, 5, 7, 8, 9))}{draw.randrange(10**8, 10**9)}"
    family = {
        "kk": f"{district}{_day(draw, 2008, 2025):%d%m%y}{draw.randint(1, 60):04d}",
        "login": "none",
        "address": {
            "street": f"{draw.choice(known['streets'])} {draw.randint(1, 150)}",
            "rt": f"{draw.randint(1, 20):03d}",
            "rw": f"{draw.randint(1, 15):03d}",
            "region": village,
            "postcode": f"{draw.randint(10_000, 99_000)}",
        },
        "members": members,
        "class": care_class,
        "fktp": draw.choice(country.facilities),
        "bank": {
            "name": draw.choice(_BANKS),
            "account": f"{draw.randrange(10**14, 10**15)}",
            "owner": members[0]["name"],
        },
        "contact": {
            "phone": phone,
            "email": f"{members[0]['name'].split()[0].lower()}{seed % 997}@example.org",
        },
        "consent": {"terms": "v1", "accepted": True, "guardian": None},
    }
    return Content(
        salt=uuid7(draw.randrange(1_790_000_000_000, 1_890_000_000_000), draw.randbytes(10)),
        reference=str(Reference(f"K{draw.randint(1, 99)}", draw.randint(1, 9999))),
        family=family,
        outcome="new_family",
        segment="PBPU",
        main_member=members[0]["nik"],
        care_class=care_class,
        people=count,
        premium_per_person=price,
        premium_total=price * count,
        pay_from=(made + timedelta(days=14)).isoformat(),
        pay_until=(made + timedelta(days=30)).isoformat(),
        card=f"00{draw.randrange(10**11):011d}",
        demo_card=False,
        verified_phone=draw.random() < 0.8,
        source="screen",
        judged_on=made.isoformat(),
        created=f"{made.isoformat()}T{_clock(draw)}+07:00",
        codes=() if draw.random() < 0.7 else ("otp.unverified",),
    )


def an_envelope(content: Content, kiosk: SigningKey, hub: bytes, record: str, version: int = 1) -> bytes:
    """The envelope of a record as kiosk K1 sends it."""
    data = encode(content)
    header = Header(
        kiosk="K1",
        record=record,
        version=version,
        kind=REGISTRATION,
        schema=SCHEMA,
        shard=shard_of(content.family["kk"]),
        created_ms=round(datetime.fromisoformat(content.created).timestamp() * 1000),
        content_hash=content_hash(data),
        audit_head=content_hash(content.salt.encode())[:HEAD_BYTES],
        hub_key=key_id(hub),
        kiosk_key=kiosk.id,
    )
    return seal(header, pack(data), hub_public=hub, signer=kiosk).encode()

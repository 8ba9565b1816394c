"""Enrolling: a code survives being typed, no other hub and no other kiosk can stand in."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from kiosk.sync.enrolment import (
    ALPHABET,
    Application,
    BadEnrolmentError,
    EnrolCode,
    Enrolled,
    PublicKey,
    application_from,
    enrolled_from,
)
from kiosk.sync.keys import OpeningKey, SigningKey

KIOSK, HUB, OTHER = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()
SEALING = OpeningKey.generate()
CODE = EnrolCode.fresh(HUB.public)
APPLICATION = Application(
    "K1",
    training=False,
    signing=KIOSK.public,
    opening=OpeningKey.generate().public,
    epoch="8f14e45f-ceea-467f-a6b0-0f6e1a2b3c4d",
    program="0.2.0",
)


def an_answer(signer: SigningKey = HUB, **changes: Any) -> dict[str, str]:
    enrolled = Enrolled(
        "K1",
        training=False,
        kiosk_key=KIOSK.id,
        signing=(PublicKey(signer.public, "active"),),
        sealing=(PublicKey(SEALING.public, "active"),),
        at=1_795_000_000_000,
    )
    return replace(enrolled, **changes).signed(signer)


def refused(found: dict[str, Any]) -> str:
    with pytest.raises(BadEnrolmentError) as error:
        enrolled_from(found, CODE, APPLICATION)
    return error.value.code


def test_a_code_is_read_however_it_is_typed() -> None:
    for _ in range(50):
        code = EnrolCode.fresh(HUB.public)
        text = str(code)
        assert [len(group) for group in text.split("-")] == [5] * 5
        for typed in (text, text.lower(), text.replace("-", " "), text.replace("-", "").replace("0", "o")):
            assert EnrolCode.parse(typed) == code
        assert EnrolCode.parse(text.replace("1", "l")) == code


def test_one_wrong_sign_is_always_seen() -> None:
    text = str(CODE).replace("-", "")
    for place, sign in enumerate(text):
        for other in set(ALPHABET) - {sign}:
            with pytest.raises(BadEnrolmentError, match=r"^enrol\.code$"):
                EnrolCode.parse(text[:place] + other + text[place + 1 :])


def test_two_signs_that_changed_places_are_always_seen() -> None:
    text = str(CODE).replace("-", "")
    for place, (one, next_) in enumerate(pairwise(text)):
        if one != next_:
            with pytest.raises(BadEnrolmentError, match=r"^enrol\.code$"):
                EnrolCode.parse(text[:place] + next_ + one + text[place + 2 :])


@pytest.mark.parametrize("text", ["", "AAAA", "U" * 25, "0" * 24, "0" * 26, "\u0663" * 25])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(BadEnrolmentError, match=r"^enrol\.code$"):
        EnrolCode.parse(text)


def test_an_application_is_taken_as_it_was_made() -> None:
    told, code, proof = application_from(APPLICATION.as_dict(CODE.key))
    assert (told, code) == (APPLICATION, CODE.key.id)
    assert told.is_proved(proof, CODE.key.public)
    assert not told.is_proved(proof, EnrolCode.fresh(HUB.public).key.public)


@pytest.mark.parametrize(
    "change",
    [
        {"kiosk": "K2"},
        {"training": True},
        {"signing": OTHER.public},
        {"opening": OTHER.public},
        {"epoch": "00000000-0000-4000-8000-000000000000"},
        {"program": "0.3.0"},
    ],
)
def test_an_application_cannot_be_changed_on_its_way(change: dict[str, Any]) -> None:
    """Who sees it pass cannot put keys of their own into it, and cannot make another from it."""
    _, _, proof = application_from(APPLICATION.as_dict(CODE.key))
    assert not replace(APPLICATION, **change).is_proved(proof, CODE.key.public)


_NAMES = ("kiosk", "training", "signing", "opening", "epoch", "program", "code", "proof", "more")
_VALUES: tuple[object, ...] = (None, 7, "", "x", "k1", "ab" * 40, "\x00", True, [], {})
_FITS = {"training": (True,), "program": ("", "x", "k1")}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in _NAMES for value in _VALUES if value not in _FITS.get(name, ())],
)
def test_what_is_no_application_is_refused(name: str, value: object) -> None:
    with pytest.raises(BadEnrolmentError, match=r"^enrol\.malformed$"):
        application_from({**APPLICATION.as_dict(CODE.key), name: value})


def test_the_answer_of_the_codes_hub_is_taken() -> None:
    found = enrolled_from(an_answer(), CODE, APPLICATION)
    assert [key.id for key in found.signing] == [HUB.id]
    assert [key.public for key in found.sealing] == [SEALING.public]


def test_another_hub_cannot_answer() -> None:
    assert refused(an_answer(OTHER)) == "enrol.hub"
    both = (PublicKey(HUB.public, "active"), PublicKey(OTHER.public, "active"))
    assert refused(an_answer(OTHER, signing=both)) == "enrol.hub"


@pytest.mark.parametrize("change", [{"kiosk": "K2"}, {"training": True}, {"kiosk_key": OTHER.id}])
def test_an_answer_to_another_kiosk_is_not_taken(change: dict[str, Any]) -> None:
    assert refused(an_answer(**change)) == "enrol.hub"


def test_a_changed_answer_is_not_taken() -> None:
    good = an_answer()
    for name, value in good.items():
        draw = random.Random(name)
        for place in range(len(value)):
            other = draw.choice(sorted(set("0123456789abcdef") - {value[place]}))
            found = {**good, name: value[:place] + other + value[place + 1 :]}
            assert refused(found) in {"enrol.hub", "enrol.malformed"}
    assert refused({}) == "enrol.malformed"

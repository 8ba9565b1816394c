"""Certificates: a code that one changed character spoils, checked with the classroom's key alone."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.errors import KioskError
from kiosk.language import LANGUAGES, Language
from kiosk.sync.keys import SigningKey, can_verify
from kiosk.training.certificate import (
    ALPHABET,
    Certificate,
    Passed,
    certificate_lines,
    chosen,
    code_lines,
    key_from,
    key_name,
    make_code,
    mark_of,
    read_code,
)

KEY = SigningKey.from_secret(bytes(range(32)))
OTHER = SigningKey.from_secret(bytes(32))
BEST = [("keluarga-baru", 100), ("nama-di-ktp", 94), ("bayi-tanpa-nik", 88), ("listrik-padam", 75), ("a", 76)]


def a_certificate(name: str = "Siti Nurhaliza") -> Certificate:
    return Certificate(
        name, chosen(BEST, at_least=5, points=75), date(2026, 11, 26), trusted=True, version="0.1.0"
    )


def a_code(certificate: Certificate | None = None) -> str:
    return make_code(certificate or a_certificate(), KEY.public, KEY.sign)


@pytest.mark.parametrize("name", ["Siti Nurhaliza", "Ü", "I Gusti Ngurah Adi Putra Wijaya Kusuma S"])
def test_a_code_gives_back_what_was_certified(name: str) -> None:
    for trusted in (True, False):
        whole = Certificate(
            name, (Passed(mark_of("x"), 75),), date(2031, 1, 2), trusted=trusted, version="1.20.3"
        )
        assert read_code(a_code(whole), KEY.public, can_verify) == whole


def test_a_code_is_typed_in_any_case_and_grouping() -> None:
    code = a_code()
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_code(typed, KEY.public, can_verify) == a_certificate()
    assert read_code("".join(code_lines(code)), KEY.public, can_verify) == a_certificate()
    assert max(map(len, code_lines(code))) <= 76
    assert len(code_lines(code)) <= 5


def test_one_changed_character_fails_wherever_it_stands() -> None:
    code = a_code()
    places = [at for at, sign in enumerate(code) if sign != "-"]
    assert len(places) > 150
    for at in places:
        for step in (1, 16):
            changed = ALPHABET[(ALPHABET.index(code[at]) + step) % 32]
            with pytest.raises(KioskError, match=r"certificate\.(code|other_key)"):
                read_code(code[:at] + changed + code[at + 1 :], KEY.public, can_verify)


@pytest.mark.parametrize("wrong", ["", "-", "ABC", "0" * 160, "Ä" * 9, "A" * 5000])
def test_what_is_no_code_is_refused(wrong: str) -> None:
    with pytest.raises(KioskError, match=r"certificate\."):
        read_code(wrong, KEY.public, can_verify)


@pytest.mark.parametrize("change", [lambda code: code[:-1], lambda code: code + "0", lambda code: code[6:]])
def test_a_character_too_few_or_too_many_fails(change: object) -> None:
    assert callable(change)
    with pytest.raises(KioskError, match=r"certificate\."):
        read_code(change(a_code()), KEY.public, can_verify)


def test_another_classroom_s_certificate_needs_its_key() -> None:
    code = make_code(a_certificate(), OTHER.public, OTHER.sign)
    with pytest.raises(KioskError, match=r"certificate\.other_key"):
        read_code(code, KEY.public, can_verify)
    assert read_code(code, key_from(key_name(OTHER.public).lower()), can_verify) == a_certificate()
    with pytest.raises(KioskError, match=r"certificate\.key"):
        key_from("ABC")


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x1b[2Jb", "é" * 21])
def test_a_name_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(KioskError, match=r"certificate\.name"):
        a_code(a_certificate(name))


def test_enough_scenarios_with_enough_points_are_needed() -> None:
    with pytest.raises(KioskError, match=r"certificate\.not_yet"):
        chosen(BEST, at_least=5, points=76)
    many = [(f"s{number}", 75 + number) for number in range(20)]
    assert [one.points for one in chosen(many, at_least=5, points=75)] == list(range(94, 82, -1))


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_who_what_when_and_how_sure_the_day_is(language: str) -> None:
    texts = Language(language)
    sure = certificate_lines(a_certificate(), {mark_of("keluarga-baru"): "Keluarga baru"}, texts)
    assert "26-11-2026" in sure[2]
    assert "Siti Nurhaliza" in sure[1]
    assert "86" in sure[4]
    assert "  100  Keluarga baru" in sure
    assert any(mark_of("a") in line for line in sure)
    unsure = certificate_lines(
        Certificate("A", a_certificate().passed, date(2026, 11, 26), trusted=False, version="0.1.0"),
        {},
        texts,
    )
    assert unsure[2] != sure[2]
    assert not any("training." in line or "{" in line for line in [*sure, *unsure])

# ruff: noqa: RUF001
"""NIK, No. KK, card, virtual account and the reference code: what a slip of the hand may and may not do."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.identifiers import (
    Reference,
    is_card_number,
    is_kiosk_id,
    masked,
    nik_birth_date,
    nik_sex,
    parse_reference,
    uuid7,
    virtual_account,
)
from tests.builders import TODAY, a_nik

SIGNS = string.ascii_uppercase + string.digits + "-"
KIOSKS = ("K", "7", "K7", "OO", "I1L", "ABC", "Z9Z9", "0000", "1234", "PKM1")
NUMBERS = (0, 1, 4, 10, 99, 1234, 9999, 10000, 12345, 70004, 100001, 999_999_999)
REFERENCES = [Reference(kiosk, number) for kiosk in KIOSKS for number in NUMBERS]


def slips(text: str) -> set[str]:
    """Every text that differs in one sign."""
    return {text[:at] + sign + text[at + 1 :] for at in range(len(text)) for sign in SIGNS} - {text}


def swaps(text: str) -> set[str]:
    """Every text with two neighbours exchanged."""
    return {text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1)} - {text}


@pytest.mark.parametrize("reference", REFERENCES, ids=str)
def test_no_slip_and_no_swap_leads_to_another_reference(reference: Reference) -> None:
    for wrong in slips(str(reference)) | swaps(str(reference)):
        assert parse_reference(wrong) in {None, reference}, wrong


def test_a_slip_is_only_forgiven_where_a_letter_looks_like_a_digit() -> None:
    """O for 0 and I or L for 1, in the running number alone; the check signs and the kiosk are exact."""
    for reference in REFERENCES:
        kiosk, number, check = str(reference).split("-")
        forgiven = {wrong for wrong in slips(str(reference)) if parse_reference(wrong) == reference}
        looks = {"0": "O", "1": "IL"}
        expected = {
            f"{kiosk}-{number[:at]}{letter}{number[at + 1 :]}-{check}"
            for at, digit in enumerate(number)
            for letter in looks.get(digit, "")
        }
        assert forgiven == expected


def test_a_hyphen_in_the_wrong_place_is_another_kiosk_and_is_caught() -> None:
    for number in range(10_000, 100_000, 7):
        code = str(Reference("K7", number))
        assert parse_reference(code.replace("K7-", "K-7", 1)) is None
        assert parse_reference(f"K7{code[3]}-{code[4:]}") is None


@given(st.sampled_from([*KIOSKS, "Q5"]), st.integers(0, 999_999_999))
def test_a_reference_comes_back_from_its_text(kiosk: str, number: int) -> None:
    reference = Reference(kiosk, number)
    assert parse_reference(str(reference)) == reference
    assert parse_reference(f"  {str(reference).lower()}\n") == reference


@pytest.mark.parametrize("join", [" ", " - ", "-", "\u2013", "\u2011", "  "])
def test_blanks_and_other_dashes_stand_for_the_hyphen(join: str) -> None:
    reference = Reference("K7", 12345)
    assert parse_reference(str(reference).replace("-", join)) == reference


def test_the_letters_o_i_l_in_the_number_are_digits() -> None:
    kiosk, number, check = str(Reference("K7", 1001)).split("-")
    assert number == "1001"
    for typed in ("IOOI", "LOOL", "ioo1", "1oOl"):
        assert parse_reference(f"{kiosk}-{typed}-{check}") == Reference("K7", 1001)


@pytest.mark.parametrize(
    "text", ["", "-", "--", "K7-0004", "K7-4-XX", "K7-00004-XX", "K7-0004-XX-Y", "KKKKK-0004-XX", "٣-04-XX"]
)  # fmt: skip
def test_what_has_another_shape_is_no_reference(text: str) -> None:
    assert parse_reference(text) is None


@given(st.text(max_size=40))
def test_no_text_makes_the_reader_of_references_fail(text: str) -> None:
    found = parse_reference(text)
    assert found is None or parse_reference(str(found)) == found


def test_a_kiosk_is_named_by_one_to_four_capitals_or_digits() -> None:
    assert all(map(is_kiosk_id, KIOSKS))
    assert not any(map(is_kiosk_id, ["", "k7", "K7-", "KKKKK", "K 7", "Ä", "٣", "K7\n"]))


@pytest.mark.parametrize(
    ("nik", "born"),
    [
        ("9901011208800001", date(1980, 8, 12)),
        ("9901015208800001", date(1980, 8, 12)),
        ("9901012902000001", date(2000, 2, 29)),
        ("9901012902320001", date(1932, 2, 29)),
        ("9901012211260001", date(2026, 11, 22)),
        ("9901012311260001", date(1926, 11, 23)),
        ("9901017112990001", date(1999, 12, 31)),
        ("9901012902990001", None),
        ("9901014001800001", None),
        ("9901017201800001", None),
        ("9901010001800001", None),
        ("9901010113800001", None),
    ],
)
def test_the_birth_date_in_a_nik(nik: str, born: date | None) -> None:
    assert nik_birth_date(nik, TODAY) == born


@given(st.dates(date(1926, 11, 23), TODAY), st.sampled_from("LP"), st.integers(1, 9999))
def test_a_nik_tells_the_birth_date_and_sex_it_was_made_from(born: date, sex: str, serial: int) -> None:
    nik = a_nik(born, sex, serial)
    assert (nik_birth_date(nik, TODAY), nik_sex(nik)) == (born, sex)


def test_the_virtual_account_is_the_prefix_and_the_last_eleven_digits() -> None:
    assert virtual_account("88888", "0001234567890") == "8888801234567890"
    assert virtual_account("89888", "0011234567890") == "8988811234567890"


@pytest.mark.parametrize(
    ("prefix", "card"),
    [("8888", "0001234567890"), ("88888", "001234567890"), ("88888", "٠01234567890"), ("8888\n", "0" * 13)],
)  # fmt: skip
def test_a_malformed_virtual_account_is_never_made(prefix: str, card: str) -> None:
    with pytest.raises(ValueError, match="virtual account"):
        virtual_account(prefix, card)


def test_a_card_number_has_thirteen_ascii_digits() -> None:
    assert is_card_number("0001234567890")
    assert not any(
        map(is_card_number, ["", "000123456789", "00012345678901", "000123456789\u0660", "0001234567890\n"])
    )


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("3173051208800007", "3173**********07"),
        ("0001234567890", "0001*******90"),
        ("123456", "123456"),
        ("", ""),
    ],
)
def test_lists_mask_numbers(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_ids_sort_by_time_and_carry_version_and_variant() -> None:
    early, late = uuid7(1, b"\xff" * 10), uuid7(2, b"\x00" * 10)
    assert early < late
    assert (late[14], late[19] in "89ab", len(late)) == ("7", True, 36)
    with pytest.raises(ValueError, match="ten random bytes"):
        uuid7(1, b"")

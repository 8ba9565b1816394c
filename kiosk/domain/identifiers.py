"""The numbers of the field: NIK, No. KK, card, virtual account, and the reference code of this program."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from datetime import date

from kiosk.domain.fields import Refusal
from kiosk.domain.rulebook import Rulebook

TRAINING_PROVINCE = "99"
PRACTICE_ID = "L"
"""Stands in references of practice where those of real families have the kiosk's id."""

_FEMALE_DAY_OFFSET = 40
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_SEPARATORS = str.maketrans("", "", f" .{_DASHES}")
_PLAIN_HYPHEN = str.maketrans(dict.fromkeys(_DASHES, "-"))
_ALPHABET = string.digits + string.ascii_uppercase


def digits_only(text: str) -> str:
    """`text` without the separators that people write between digits: spaces, dots, hyphens."""
    return text.translate(_SEPARATORS)


def is_digits(text: str) -> bool:
    """True for a non-empty run of the ASCII digits 0-9 and nothing else."""
    return re.fullmatch(r"[0-9]+", text) is not None


def _sixteen(text: str, key: str) -> str:
    number = digits_only(text)
    if not number:
        raise Refusal(f"{key}.missing")
    if not is_digits(number):
        raise Refusal(f"{key}.characters")
    if len(number) != 16:
        raise Refusal(f"{key}.length", count=len(number))
    if len(set(number)) == 1 or number in {"1234567890123456", "0123456789012345"}:
        raise Refusal(f"{key}.placeholder")
    return number


def _check_practice(number: str, key: str, rules: Rulebook) -> None:
    """Training numbers begin with a province that does not exist, so practice and real data cannot mix."""
    practice = number.startswith(TRAINING_PROVINCE)
    if practice and not rules.training:
        raise Refusal(f"{key}.training_only")
    if rules.training and not practice:
        raise Refusal(f"{key}.not_training")


# NIK: PP KK CC DDMMYY SSSS, a woman's day of birth + 40, serial from 0001. Source: Dukcapil Klaten.


def parse_nik(text: str, rules: Rulebook) -> str:
    """Sixteen digits of a NIK that can exist; refuses with `nik.*`."""
    nik = _sixteen(text, "nik")
    if nik_birth_date(nik, rules.today) is None:
        raise Refusal("nik.date")
    if nik[12:] == "0000":
        raise Refusal("nik.serial")
    _check_practice(nik, "nik", rules)
    return nik


def check_nik_region(nik: str, rules: Rulebook) -> None:
    """Warns when no district has the first six digits: old NIKs keep their codes after a region is split."""
    if not rules.regions.exists(nik[:6]):
        raise Refusal("nik.region_unknown", "warning")


def nik_birth_date(nik: str, today: date) -> date | None:
    """The date of birth in a NIK: 20YY unless that lies after `today`, else 19YY; None if no such day is."""
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    if day > _FEMALE_DAY_OFFSET:
        day -= _FEMALE_DAY_OFFSET
    for century in (2000, 1900):
        try:
            born = date(century + year, month, day)
        except ValueError:
            continue
        if born <= today:
            return born
    return None


def nik_sex(nik: str) -> str:
    """`P` (woman) where the day of birth in the NIK has 40 added, else `L` (man)."""
    return "P" if int(nik[6:8]) > _FEMALE_DAY_OFFSET else "L"


# No. KK: six digits of region, six of the date of recording, four of a serial.


def parse_kk(text: str, rules: Rulebook) -> str:
    """Sixteen digits of a No. KK; refuses with `kk.*`."""
    kk = _sixteen(text, "kk")
    _check_practice(kk, "kk", rules)
    return kk


def check_kk_region(kk: str, rules: Rulebook) -> None:
    """Warns when no district has the first six digits."""
    if not rules.regions.exists(kk[:6]):
        raise Refusal("kk.region_unknown", "warning")


def check_kk_date(kk: str, rules: Rulebook) -> None:
    """Warns when digits 7 to 12 are no day that has been."""
    if _recorded_on(kk, rules.today) is None:
        raise Refusal("kk.date", "warning")


def _recorded_on(kk: str, today: date) -> date | None:
    try:
        recorded = date(2000 + int(kk[10:12]), int(kk[8:10]), int(kk[6:8]))
    except ValueError:
        return None
    return recorded if recorded <= today else None


# Card number: 13 opaque digits. Virtual account: five digits of the bank, last eleven of the card.


def is_card_number(text: str) -> bool:
    """True for 13 digits; no inner structure is known."""
    return re.fullmatch(r"[0-9]{13}", text) is not None


def virtual_account(va_prefix: str, card: str) -> str:
    """The 16 digits to pay to: the bank's prefix and the last eleven digits of the card number.

    Source: BPJS spokesman, Kompas 2021-03-09. Raises ValueError on a malformed prefix or card.
    """
    if re.fullmatch(r"[0-9]{5}", va_prefix) is None or not is_card_number(card):
        raise ValueError("a virtual account takes a 5-digit prefix and a 13-digit card number")
    return va_prefix + card[-11:]


# Reference: KIOSK-NUMBER-CC, CC two check characters by ISO 7064 MOD 1271-36 over KIOSK and NUMBER.


def _check_characters(kiosk: str, number: str) -> str:
    """Two signs over both parts; the length of the first tells `K7-1234` from `K-71234`."""
    total = 0
    for char in f"{len(kiosk)}{kiosk}{number}":
        total = (total + _ALPHABET.index(char)) * 36 % 1271
    total = total * 36 % 1271
    check = (1272 - total) % 1271
    return _ALPHABET[check // 36] + _ALPHABET[check % 36]


@dataclass(frozen=True, slots=True)
class Reference:
    """The code under which a family finds its registration again: kiosk, running number, two check signs."""

    kiosk: str
    number: int

    def __str__(self) -> str:
        number = f"{self.number:04d}"
        return f"{self.kiosk}-{number}-{_check_characters(self.kiosk, number)}"


def is_kiosk_id(text: str) -> bool:
    """True for the 1 to 4 capital letters or digits that may name a kiosk."""
    return re.fullmatch(r"[A-Z0-9]{1,4}", text) is not None


def parse_reference(text: str) -> Reference | None:
    """The reference that a person typed, in any case, with blanks beside or instead of the hyphens.

    None if it has another shape or its check signs do not fit.
    The letters O, I and L in the running number are read as 0 and 1, since it holds only digits.
    """
    typed = text.translate(_PLAIN_HYPHEN).upper()
    parts = "".join(typed.split()).split("-") if "-" in typed else typed.split()
    if len(parts) == 1:
        return _unseparated(parts[0])
    if len(parts) != 3 or not is_kiosk_id(parts[0]):
        return None
    number = parts[1].translate(str.maketrans("OIL", "011"))
    if re.fullmatch(r"[0-9]{4,9}", number) is None or (len(number) > 4 and number[0] == "0"):
        return None
    return Reference(parts[0], int(number)) if _check_characters(parts[0], number) == parts[2] else None


def _unseparated(typed: str) -> Reference | None:
    """The one reference that `typed` can be without any separator; None where that is not certain."""
    splits = (f"{typed[:size]}-{typed[size:-2]}-{typed[-2:]}" for size in range(1, 5))
    found = [reference for text in splits if (reference := parse_reference(text)) is not None]
    return found[0] if len(found) == 1 else None


def masked_reference(reference: str) -> str:
    """A reference for whoever knows it already: its kiosk and the last two digits of its number."""
    kiosk, _, rest = reference.partition("-")
    number, _, check = rest.partition("-")
    return f"{kiosk}-{'*' * max(len(number) - 2, 0)}{number[-2:]}-{'*' * len(check)}"


def masked(number: str) -> str:
    """A number for lists: its first four and last two digits, the rest as stars."""
    return number if len(number) < 7 else number[:4] + "*" * (len(number) - 6) + number[-2:]


def masked_name(name: str) -> str:
    """A name for whoever knows it already: the first letter of each word, the rest as stars."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())


def uuid7(unix_milliseconds: int, randomness: bytes) -> str:
    """A version 7 UUID (RFC 9562), which sorts by time; takes ten random bytes."""
    if len(randomness) != 10:
        raise ValueError("a version 7 UUID takes ten random bytes")
    value = unix_milliseconds.to_bytes(6, "big") + randomness
    whole = bytearray(value)
    whole[6] = 0x70 | (whole[6] & 0x0F)
    whole[8] = 0x80 | (whole[8] & 0x3F)
    text = bytes(whole).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

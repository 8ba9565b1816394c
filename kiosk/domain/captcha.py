"""The captcha: five characters drawn large, or the same proof as a sum in words for who cannot see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.domain.fields import tidy
from kiosk.domain.identifiers import digits_only, is_digits

ALPHABET = "234679ACEFHKTX"
"""No two of these look alike: no 0 and O, 1 and I, 5 and S, 8 and B."""

LENGTH = 5
RANDOM_BYTES = 16
MINUTES = 10
HIGHEST_ANSWER = 20

Operation = Literal["plus", "minus"]

_ID_DIGITS = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan")
_EN_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_OPERATIONS = {
    "id": {"plus": "ditambah", "minus": "dikurangi"},
    "en": {"plus": "plus", "minus": "minus"},
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One captcha: the characters to copy, and the sum that may be answered instead.

    `left` is 0 to 39 and `right` 1 to 19; `issued_ns` is the monotonic time from which it lives.
    """

    characters: str
    left: int
    operation: Operation
    right: int
    issued_ns: int

    @property
    def answer(self) -> int:
        """The result of the sum, 0 to 20."""
        return self.left + self.right if self.operation == "plus" else self.left - self.right


def make_challenge(randomness: bytes, issued_ns: int) -> Challenge:
    """The challenge that these bytes choose; ValueError for fewer than 16."""
    if len(randomness) < RANDOM_BYTES:
        raise ValueError(f"a challenge needs {RANDOM_BYTES} bytes")
    rest = int.from_bytes(randomness, "big")
    characters = ""
    for _ in range(LENGTH):
        rest, index = divmod(rest, len(ALPHABET))
        characters += ALPHABET[index]
    rest, subtract = divmod(rest, 2)
    if subtract:
        rest, answer = divmod(rest, HIGHEST_ANSWER + 1)
        right = 1 + rest % (HIGHEST_ANSWER - 1)
        return Challenge(characters, answer + right, "minus", right, issued_ns)
    rest, more = divmod(rest, HIGHEST_ANSWER - 1)
    answer = more + 2
    left = 1 + rest % (answer - 1)
    return Challenge(characters, left, "plus", answer - left, issued_ns)


def number_words(number: int, language: str) -> str:
    """`number` from 0 to 39 in words of `language` (`id` or `en`); ValueError outside."""
    if not 0 <= number <= 39:
        raise ValueError(f"no words for {number}")
    return _english(number) if language == "en" else _indonesian(number)


def question(challenge: Challenge, language: str) -> str:
    """The sum in words: "tiga belas dikurangi lima", "thirteen minus five"."""
    words = _OPERATIONS["en" if language == "en" else "id"]
    left, right = number_words(challenge.left, language), number_words(challenge.right, language)
    return f"{left} {words[challenge.operation]} {right}"


def check(challenge: Challenge, raw: str, now_ns: int) -> str | None:
    """None where `raw` answers the challenge, else `captcha.missing`, `captcha.expired` or `captcha.wrong`.

    Right are the five characters in any case, and the sum in digits or in words of either language; blanks
    and hyphens do not count, and a letter O in a number is a nought. `now_ns` is monotonic, of the same boot.
    """
    typed = digits_only(tidy(raw)).upper()
    if not typed:
        return "captcha.missing"
    if now_ns - challenge.issued_ns >= MINUTES * 60 * 10**9:
        return "captcha.expired"
    if typed == challenge.characters or _number(typed) == challenge.answer:
        return None
    return "captcha.wrong"


def _indonesian(number: int) -> str:
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _ID_DIGITS[ones]
    if tens == 1:
        return {0: "sepuluh", 1: "sebelas"}.get(ones) or f"{_ID_DIGITS[ones]} belas"
    return f"{_ID_DIGITS[tens]} puluh {_ID_DIGITS[ones] if ones else ''}".strip()


def _english(number: int) -> str:
    tens, ones = divmod(number, 10)
    if tens < 2:
        return _EN_SMALL[number]
    word = {2: "twenty", 3: "thirty"}[tens]
    return f"{word}-{_EN_SMALL[ones]}" if ones else word


_BY_WORD = {
    digits_only(number_words(number, language)).upper(): number
    for language in ("id", "en")
    for number in range(40)
} | {"KOSONG": 0}


def _number(typed: str) -> int | None:
    if typed in _BY_WORD:
        return _BY_WORD[typed]
    digits = typed.replace("O", "0")
    return int(digits) if is_digits(digits) and len(digits) <= LENGTH else None

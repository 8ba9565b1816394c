"""The code on a slip by which a draft is taken up again: eight signs, the last of which checks the others.

It says nothing of the draft; only the store knows which one it stands for.
"""

from __future__ import annotations

import re

ALPHABET = "ACDEFGHJKMNPQRTWXY34679"
"""Signs that nobody takes for one another; 23 of them, a prime, so that the check sees every slip of one or
two signs that changed places."""

LENGTH = 8
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015\u2212]+")


def make_code(number: int) -> str:
    """The code of a whole number; all numbers that differ modulo 23^7 have different ones."""
    signs = ""
    for _ in range(LENGTH - 1):
        number, rest = divmod(number, len(ALPHABET))
        signs += ALPHABET[rest]
    return signs + _check_sign(signs)


def parse_code(text: str) -> str | None:
    """The code that a person typed, in any case and grouped in any way; None for what has not its form."""
    signs = _SEPARATORS.sub("", text).upper()
    return signs if len(signs) == LENGTH and set(signs) <= set(ALPHABET) else None


def is_right(code: str) -> bool:
    """Whether the last sign fits the others."""
    return code[-1:] == _check_sign(code[:-1])


def grouped(code: str) -> str:
    """The code as it is shown: ACDE-FGHJ."""
    return f"{code[:4]}-{code[4:]}"


def _check_sign(signs: str) -> str:
    total = sum(place * ALPHABET.index(sign) for place, sign in enumerate(signs, 1))
    return ALPHABET[total % len(ALPHABET)]

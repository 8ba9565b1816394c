"""The people of a counter: who they are, what a PIN must be, how long wrong ones hold up their account."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from kiosk.domain.fields import Problem, tidy
from kiosk.domain.registration import Moment

NOBODY = "-"
"""Who did it, in the audit trail, where nobody was signed in."""

PROGRAM = "program"
"""Who did it, in the audit trail, where the program did so by itself, whoever was signed in."""

PIN_DIGITS, PASSPHRASE_LENGTH, LONGEST_SECRET = 6, 12, 128
LONGEST_NAME = 40
SHORTEST_REASON, LONGEST_REASON = 10, 200
FREE_TRIES, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 3, 5, 600
"""So many wrong PINs cost no time; then the pause begins, and doubles with each one up to the longest."""


class Role(StrEnum):
    """What a person may do: a clerk serves families, a supervisor also answers for the counter."""

    CLERK = "clerk"
    SUPERVISOR = "supervisor"


class Second(StrEnum):
    """What is asked beside the PIN: nothing, a code of an app or the list, or one of the printed list."""

    NONE = ""
    TOTP = "totp"
    LIST = "list"


class Act(StrEnum):
    """The acts that take two people."""

    VOID = "void"
    BULK = "bulk"
    EXPORT_FULL = "export_full"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Member:
    """One account: `id` stands in the audit trail, `name` on screens and receipts.

    `pin_hash`, `second_secret` and the hashes of the one-time codes that are left never leave the services.
    `second_step` is the last step of the clock whose code was taken, so that none is taken twice. `failures`
    counts wrong PINs since the last right one, the last at `failed`.
    """

    id: str
    name: str
    role: Role
    pin_hash: str
    active: bool = True
    second: Second = Second.NONE
    second_secret: str = ""
    second_step: int = 0
    one_time: tuple[str, ...] = ()
    failures: int = 0
    failed: Moment | None = None
    made_at: str = ""

    @property
    def is_supervisor(self) -> bool:
        return self.active and self.role is Role.SUPERVISOR


def normal_secret(raw: str) -> str:
    """A PIN or passphrase as it is compared: one form of each letter, no blanks around it."""
    return unicodedata.normalize("NFKC", raw).strip()


def pin_problem(raw: str, again: str | None = None) -> Problem | None:
    """What is wrong with a new PIN or passphrase, or with typing it `again`; None where all is well.

    Digits alone are a PIN: at least six, not one digit repeated, no run up or down. All else is a passphrase
    of at least twelve characters.
    """
    secret = normal_secret(raw)
    code = _pin_code(secret)
    if not code and again is not None and normal_secret(again) != secret:
        code = "pin.repeat"
    return Problem("pin", code) if code else None


def _pin_code(secret: str) -> str:
    if not secret:
        return "pin.missing"
    if len(secret) > LONGEST_SECRET:
        return "pin.long"
    is_pin = secret.isascii() and secret.isdigit()
    if len(secret) < (PIN_DIGITS if is_pin else PASSPHRASE_LENGTH):
        return "pin.short"
    if len(set(secret)) == 1 or (is_pin and _is_run(secret)):
        return "pin.simple"
    return ""


def _is_run(digits: str) -> bool:
    """Whether each digit follows the one before it, up or down; after 9 comes 0."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
    return steps in ({1}, {9})


def name_problem(raw: str, taken: Collection[str] = ()) -> Problem | None:
    """What is wrong with the name of a new account; `taken` are those of the others."""
    name = clean_name(raw)
    if not name:
        return Problem("name", "staff.name_missing")
    if len(name) > LONGEST_NAME or not name.isprintable():
        return Problem("name", "staff.name_long")
    if name.casefold() in {one.casefold() for one in taken}:
        return Problem("name", "staff.name_taken")
    return None


def clean_name(raw: str) -> str:
    """The name as it is kept: one blank between words, nothing invisible."""
    return tidy(raw)


def reason_problem(raw: str) -> Problem | None:
    """What is wrong with the reason of an act that takes two people."""
    reason = tidy(raw)
    if len(reason) < SHORTEST_REASON:
        return Problem("reason", "reason.short", params={"least": SHORTEST_REASON})
    if len(reason) > LONGEST_REASON:
        return Problem("reason", "reason.long", params={"limit": LONGEST_REASON})
    return None


def pause_after(failures: int) -> int:
    """How many seconds nobody may try again after so many wrong PINs in a row."""
    over = failures - FREE_TRIES
    if over <= 0:
        return 0
    return min(FIRST_PAUSE_SECONDS << min(over - 1, 20), LONGEST_PAUSE_SECONDS)

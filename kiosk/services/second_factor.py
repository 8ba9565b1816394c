"""The second factor: a code of an app where the clock is trusted, else one of a printed list, each once."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kiosk.domain.fields import Problem
from kiosk.domain.registration import Moment
from kiosk.domain.resume_code import grouped, is_right, make_code, parse_code
from kiosk.domain.staff import Member, Second
from kiosk.services.ports import Randomness
from kiosk.services.staff_ports import PinHasher

ISSUER = "Kiosk JKN"
ONE_TIME_CODES = 10
_SECRET_BYTES = 20
_STEP_SECONDS, _DIGITS = 30, 6
_NEAR = (0, -1, 1)
"""The steps of the clock whose codes are taken: this one, the one before, the one after."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed for a person once: the secret for an app (empty: none) and the codes of the list."""

    secret: str
    uri: str
    codes: tuple[str, ...]
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a taken code changes of its account."""

    step: int
    one_time: tuple[str, ...]


def new_sheet(member: Member, kind: Second, randomness: Randomness, hasher: PinHasher, now: Moment) -> Sheet:
    """A fresh sheet for an account; those before it are worth nothing once it is stored."""
    purpose = f"second:{member.id}:{now.wall}"
    secret = uri = ""
    if kind is Second.TOTP:
        import pyotp  # noqa: PLC0415 - needed by few, so not at the start of the program

        secret = base64.b32encode(randomness.take(_SECRET_BYTES, purpose)).decode()
        uri = pyotp.TOTP(secret).provisioning_uri(name=member.id, issuer_name=ISSUER)
    codes = tuple(_one_time_codes(randomness, purpose))
    return Sheet(
        secret, uri, tuple(map(grouped, codes)), tuple(hasher.digest(one, member.id) for one in codes)
    )


def _one_time_codes(randomness: Randomness, purpose: str) -> Iterator[str]:
    for place in range(ONE_TIME_CODES):
        yield make_code(int.from_bytes(randomness.take(16, f"{purpose}:{place}"), "big"))


def code_fits(member: Member, typed: str, now: Moment, hasher: PinHasher) -> Spent | Problem:
    """What taking the code changes, or why it is not taken: `second.missing`, `.clock`, `.wrong`.

    A code of the list is always taken, one of the app only where the clock is trusted, and each once.
    """
    text = typed.strip()
    wants_app = member.second is Second.TOTP and now.trusted
    if not text:
        return Problem(
            "code", "second.missing" if wants_app or member.second is Second.LIST else "second.clock"
        )
    listed = parse_code(text)
    if listed is not None and is_right(listed):
        digest = hasher.digest(listed, member.id)
        left = tuple(one for one in member.one_time if not hmac.compare_digest(one, digest))
        if len(left) < len(member.one_time):
            return Spent(member.second_step, left)
        return Problem("code", "second.wrong")
    if member.second is Second.TOTP and not now.trusted:
        return Problem("code", "second.clock")
    step = _app_step(member, text, now) if wants_app else None
    return Problem("code", "second.wrong") if step is None else Spent(step, member.one_time)


def _app_step(member: Member, text: str, now: Moment) -> int | None:
    """The step of the clock whose code this is, where it was not taken before."""
    digits = "".join(text.split())
    if len(digits) != _DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    import pyotp  # noqa: PLC0415 - needed by few, so not at the start of the program

    app = pyotp.TOTP(member.second_secret)
    present = int(datetime.fromisoformat(now.wall).timestamp()) // _STEP_SECONDS
    found = (
        present + near for near in _NEAR if hmac.compare_digest(app.generate_otp(present + near), digits)
    )
    return next((step for step in found if step > member.second_step), None)

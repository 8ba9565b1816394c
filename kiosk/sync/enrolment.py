"""How a kiosk and a hub come to know each other: a one-time code, and what each says once by it.

The code holds 80 secret bits, from which a signing key follows, and 40 bits of the hash of the hub's signing
key. The kiosk proves by a signature that it has the code, without sending it; the hub keeps only the public
half. The kiosk takes as its hub only the one whose key fits the code, so neither needs to trust the line.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from kiosk.domain.identifiers import is_kiosk_id
from kiosk.errors import KioskError
from kiosk.sync.canonical import canonical, from_hex, from_text, read_canonical, to_text
from kiosk.sync.keys import KEY_ID_BYTES, PUBLIC_BYTES, SIGNATURE_BYTES, SigningKey, can_verify, key_id

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O, U."""

_READ_AS = str.maketrans("OIL", "011", " -\t\u00a0\u2010\u2011\u2012\u2013\u2014\u2212")
_SECRET_BYTES, _PRINT_BYTES = 10, 5
_SIGNS, _GROUP = 24, 5
_KEY_INFO, _ASK_INFO, _REPLY_INFO = b"jkn/enrol-code/v1\x00", b"jkn/enrol-ask/v1\x00", b"jkn/enrol/v1\x00"
_LONGEST_PROGRAM = 32


class BadEnrolmentError(KioskError):
    """Enrolling failed: `enrol.code`, `enrol.malformed`, `enrol.hub` (another hub answered)."""


@dataclass(frozen=True, slots=True)
class EnrolCode:
    """A one-time code: the secret, and by what the hub is known."""

    secret: bytes
    hub_print: bytes

    @classmethod
    def fresh(cls, hub_public: bytes) -> EnrolCode:
        """A new code for the hub with this signing key."""
        return cls(secrets.token_bytes(_SECRET_BYTES), _print_of(hub_public))

    @classmethod
    def parse(cls, text: str) -> EnrolCode:
        """The code that a person typed, in any case and grouped in any way.

        Raises BadEnrolmentError `enrol.code` for one with a slip.
        """
        signs = text.upper().translate(_READ_AS)
        is_code = len(signs) == _SIGNS + 1 and set(signs) <= set(ALPHABET)
        if not is_code or _check_sign(signs[:-1]) != signs[-1]:
            raise BadEnrolmentError("enrol.code")
        number = 0
        for sign in signs[:-1]:
            number = number << 5 | ALPHABET.index(sign)
        held = number.to_bytes(_SECRET_BYTES + _PRINT_BYTES, "big")
        return cls(held[:_SECRET_BYTES], held[_SECRET_BYTES:])

    def __str__(self) -> str:
        number = int.from_bytes(self.secret + self.hub_print, "big")
        signs = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(_SIGNS)))
        signs += _check_sign(signs)
        return "-".join(signs[place : place + _GROUP] for place in range(0, len(signs), _GROUP))

    @property
    def key(self) -> SigningKey:
        """The key that follows from the secret: who has it has the code."""
        return SigningKey.from_secret(sha256(_KEY_INFO + self.secret).digest())

    def is_of(self, hub_public: bytes) -> bool:
        """Whether it was made by the hub with this signing key."""
        return _print_of(hub_public) == self.hub_print


def _print_of(hub_public: bytes) -> bytes:
    return sha256(hub_public).digest()[:_PRINT_BYTES]


def _check_sign(signs: str) -> str:
    """A sum over the field of 32 elements, in which each place weighs differently.

    So one wrong sign, or two that changed places, never fit.
    """
    total = 0
    for sign in signs:
        total = (total ^ ALPHABET.index(sign)) << 1
        total = total ^ 0b100101 if total & 32 else total
    return ALPHABET[total]


@dataclass(frozen=True, slots=True)
class Application:
    """What a kiosk says of itself when it enrols: its name and class, the public halves of its keys.

    `epoch` names the life of its store; `program` is the version of the program.
    """

    kiosk: str
    training: bool
    signing: bytes
    opening: bytes
    epoch: str
    program: str

    def as_dict(self, code: SigningKey) -> dict[str, Any]:
        """What is sent, with the proof that the kiosk has the code; `code` is `EnrolCode.key`."""
        told = self._told()
        return {**told, "code": code.id.hex(), "proof": to_text(code.sign(_ASK_INFO + canonical(told)))}

    def _told(self) -> dict[str, Any]:
        return {
            "kiosk": self.kiosk,
            "training": self.training,
            "signing": self.signing.hex(),
            "opening": self.opening.hex(),
            "epoch": self.epoch,
            "program": self.program,
        }

    def is_proved(self, proof: bytes, code_public: bytes) -> bool:
        """Whether someone with the code said just this."""
        return can_verify(code_public, _ASK_INFO + canonical(self._told()), proof)


def application_from(found: Mapping[str, Any]) -> tuple[Application, bytes, bytes]:
    """The application, the id of the code's key and the proof in what `as_dict` gave.

    The proof is not yet checked. Raises BadEnrolmentError `enrol.malformed`.
    """
    try:
        told = Application(
            found["kiosk"],
            found["training"],
            from_hex(found["signing"], PUBLIC_BYTES),
            from_hex(found["opening"], PUBLIC_BYTES),
            found["epoch"],
            found["program"],
        )
        code, proof = from_hex(found["code"], KEY_ID_BYTES), from_text(found["proof"])
        fits = (
            isinstance(told.kiosk, str)
            and is_kiosk_id(told.kiosk)
            and isinstance(told.training, bool)
            and isinstance(told.epoch, str)
            and str(uuid.UUID(told.epoch)) == told.epoch
            and isinstance(told.program, str)
            and told.program.isascii()
            and told.program.isprintable()
            and len(told.program) <= _LONGEST_PROGRAM
            and len(proof) == SIGNATURE_BYTES
            and len(found) == len(told._told()) + 2
        )
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        raise BadEnrolmentError("enrol.malformed")
    return told, code, proof


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of one of the hub's keys; `state` is `active`, or `old` where another stands in."""

    public: bytes
    state: str

    @property
    def id(self) -> bytes:
        return key_id(self.public)

    def as_dict(self) -> dict[str, str]:
        """The key as it is carried: id, public half and state."""
        return {"id": self.id.hex(), "public": self.public.hex(), "state": self.state}


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the hub says to a kiosk that has enrolled: whose keys it took, and its own keys."""

    kiosk: str
    training: bool
    kiosk_key: bytes
    signing: tuple[PublicKey, ...]
    sealing: tuple[PublicKey, ...]
    at: int

    def signed(self, signer: SigningKey) -> dict[str, str]:
        """What is sent, signed by the hub."""
        statement = canonical(
            {
                "kiosk": self.kiosk,
                "training": self.training,
                "kiosk_key": self.kiosk_key.hex(),
                "signing": [key.as_dict() for key in self.signing],
                "sealing": [key.as_dict() for key in self.sealing],
                "at": self.at,
            }
        )
        signature = signer.sign(_REPLY_INFO + statement)
        return {"statement": to_text(statement), "key": signer.id.hex(), "signature": to_text(signature)}


def enrolled_from(found: Mapping[str, Any], code: EnrolCode, application: Application) -> Enrolled:
    """The hub's answer to `application`, checked against the code that was typed.

    Raises BadEnrolmentError: `enrol.malformed` for what is no answer, `enrol.hub` for that of another hub, to
    another kiosk, or one that was changed on its way.
    """
    try:
        statement, signature = from_text(found["statement"]), from_text(found["signature"])
        told = read_canonical(statement)
        answer = Enrolled(
            str(told["kiosk"]),
            bool(told["training"]),
            from_hex(told["kiosk_key"], KEY_ID_BYTES),
            tuple(_keys(told["signing"])),
            tuple(_keys(told["sealing"])),
            int(told["at"]),
        )
        signer = from_hex(found["key"], KEY_ID_BYTES)
    except (KeyError, TypeError, ValueError):
        raise BadEnrolmentError("enrol.malformed") from None
    public = next((key.public for key in answer.signing if key.id == signer and code.is_of(key.public)), None)
    named = (answer.kiosk, answer.training, answer.kiosk_key)
    asked = (application.kiosk, application.training, key_id(application.signing))
    if public is None or not can_verify(public, _REPLY_INFO + statement, signature) or named != asked:
        raise BadEnrolmentError("enrol.hub")
    return answer


def _keys(found: Iterable[Mapping[str, Any]]) -> Iterable[PublicKey]:
    for one in found:
        key = PublicKey(from_hex(one["public"], PUBLIC_BYTES), str(one["state"]))
        if key.as_dict() != one:
            raise ValueError("not the id of this key")
        yield key

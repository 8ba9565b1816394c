"""A certificate of practice: who did which scenarios how well, signed, in a code that a person can type.

The code holds everything, so that it is checked without a network and without the store that made it. What it
proves is that whoever holds the classroom's key signed just this; not who the person is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from kiosk.errors import KioskError
from kiosk.language import Language

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O, U; what is typed of them is read as 1 and 0."""

LONGEST_NAME, MOST_SCENARIOS = 40, 12
GROUP, GROUPS_A_LINE = 5, 9
KEY_BYTES, SIGNATURE_BYTES = 32, 64

_FORM = 1
_FIRST_DAY = date(2020, 1, 1)
_KEY_ID, _TAG = 4, 3
_LONGEST_CODE = 400
"""Signs: more than any certificate has."""
_READ_AS = str.maketrans("OIL", "011")
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015\u2212]+")


@dataclass(frozen=True, slots=True)
class Passed:
    """One scenario that was passed: a mark of its id, and the points out of 100."""

    mark: str
    points: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is certified; `trusted` is False where the clock was in doubt on that day."""

    name: str
    passed: tuple[Passed, ...]
    day: date
    trusted: bool
    version: str

    @property
    def points(self) -> int:
        """The mean of the scenarios' points, rounded down."""
        return sum(one.points for one in self.passed) // len(self.passed)


def mark_of(scenario: str) -> str:
    """The mark by which a certificate names a scenario: six hexadecimal digits of its id's SHA-256."""
    return sha256(scenario.encode()).hexdigest()[: 2 * _TAG]


def key_name(public: bytes) -> str:
    """How a classroom's key is written: its 32 bytes in the signs of the code."""
    return grouped(_signs(public))


def key_from(text: str) -> bytes:
    """The key that a person typed; raises KioskError `certificate.key`."""
    found = _bytes(text)
    if found is None or len(found) != KEY_BYTES:
        raise KioskError("certificate.key")
    return found


def make_code(certificate: Certificate, public: bytes, sign: Callable[[bytes], bytes]) -> str:
    """The code of a certificate, signed by the key with these public bytes.

    Raises KioskError `certificate.name` for a name that is empty or does not fit.
    """
    body = _body(certificate, public)
    return grouped(_signs(body + sign(body)))


def read_code(text: str, public: bytes, verify: Callable[[bytes, bytes, bytes], bool]) -> Certificate:
    """The certificate in a code, once it has proved to be signed by the key with these public bytes.

    Raises KioskError: `certificate.code` for what is no code or was mistyped or changed,
    `certificate.other_key` for one that another classroom signed.
    """
    whole = _bytes(text)
    if whole is None or len(whole) <= SIGNATURE_BYTES + _KEY_ID or whole[0] != _FORM:
        raise KioskError("certificate.code")
    body, signature = whole[:-SIGNATURE_BYTES], whole[-SIGNATURE_BYTES:]
    if not verify(public, body, signature):
        mine = body[1 : 1 + _KEY_ID] == _id_of(public)
        raise KioskError("certificate.code" if mine else "certificate.other_key")
    return _certificate(body)


def grouped(signs: str) -> str:
    """Signs as they are shown, in groups of five."""
    return "-".join(signs[at : at + GROUP] for at in range(0, len(signs), GROUP))


def code_lines(code: str) -> list[str]:
    """A code in lines that are typed one after the other."""
    groups = code.split("-")
    return ["-".join(groups[at : at + GROUPS_A_LINE]) for at in range(0, len(groups), GROUPS_A_LINE)]


def certificate_lines(certificate: Certificate, titles: Mapping[str, str], language: Language) -> list[str]:
    """What a certificate says, for a screen or a sheet; `titles` are those of known scenarios by mark."""
    text = language.text
    day = f"{certificate.day:%d-%m-%Y}"
    lines = [
        text("training.certificate.title"),
        text("training.certificate.name", name=certificate.name),
        text("training.certificate.day" if certificate.trusted else "training.certificate.doubt", day=day),
        text("training.certificate.version", version=certificate.version),
        text("training.certificate.points", points=certificate.points, count=len(certificate.passed)),
    ]
    for one in certificate.passed:
        title = titles.get(one.mark) or text("training.certificate.unknown", mark=one.mark)
        lines.append(f"  {one.points:>3}  {title}")
    return lines


# The bytes: form, key id, day, trust, version, name, scenarios.


def _body(certificate: Certificate, public: bytes) -> bytes:
    name = " ".join(certificate.name.split()).encode()
    printable = certificate.name.strip().isprintable()
    if not name or not printable or len(name) > LONGEST_NAME:
        raise KioskError("certificate.name")
    days = (certificate.day - _FIRST_DAY).days
    body = bytes([_FORM]) + _id_of(public) + days.to_bytes(2) + bytes([certificate.trusted])
    body += bytes(int(part) for part in certificate.version.split(".")[:3])
    body += bytes([len(name)]) + name
    return body + b"".join(bytes.fromhex(one.mark) + bytes([one.points]) for one in certificate.passed)


def _certificate(body: bytes) -> Certificate:
    at = 1 + _KEY_ID
    day = _FIRST_DAY + timedelta(days=int.from_bytes(body[at : at + 2]))
    trusted, version, length = body[at + 2], body[at + 3 : at + 6], body[at + 6]
    name, rest = body[at + 7 : at + 7 + length], body[at + 7 + length :]
    each = _TAG + 1
    passed = tuple(
        Passed(rest[start : start + _TAG].hex(), rest[start + _TAG]) for start in range(0, len(rest), each)
    )
    return Certificate(name.decode(), passed, day, bool(trusted), ".".join(map(str, version)))


def _id_of(public: bytes) -> bytes:
    return sha256(public).digest()[:_KEY_ID]


def _signs(data: bytes) -> str:
    """Bytes in base32, filled up with zero bits."""
    count = -(-len(data) * 8 // 5)
    number = int.from_bytes(data) << (count * 5 - len(data) * 8)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(count)))


def _bytes(text: str) -> bytes | None:
    """The bytes of signs, however they were grouped; None where a sign is none, or a bit too many is set."""
    signs = _SEPARATORS.sub("", text).upper().translate(_READ_AS)
    if not 0 < len(signs) <= _LONGEST_CODE or not set(signs) <= set(ALPHABET):
        return None
    number = 0
    for sign in signs:
        number = number << 5 | ALPHABET.index(sign)
    size = len(signs) * 5 // 8
    data = (number >> (len(signs) * 5 - size * 8)).to_bytes(size)
    return data if _signs(data) == signs else None


def chosen(best: Sequence[tuple[str, int]], *, at_least: int, points: int) -> tuple[Passed, ...]:
    """The scenarios of a certificate: those with so many points, best first, at most twelve.

    Raises KioskError `certificate.not_yet` with what there is and what there must be.
    """
    passed = sorted((one for one in best if one[1] >= points), key=lambda one: -one[1])
    if len(passed) < at_least:
        raise KioskError("certificate.not_yet", f"{len(passed)}/{at_least}, {points}")
    return tuple(Passed(mark_of(scenario), won) for scenario, won in passed[:MOST_SCENARIOS])

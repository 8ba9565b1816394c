"""A parcel: what a folder on a stick holds, and the signed manifest that says so. See FORMAT.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from kiosk.domain.identifiers import is_kiosk_id
from kiosk.errors import KioskError
from kiosk.sync.canonical import LARGEST, canonical, from_hex, from_text, read_canonical, to_text
from kiosk.sync.envelope import HASH_BYTES, LATEST_MS
from kiosk.sync.keys import KEY_ID_BYTES, SIGNATURE_BYTES, SigningKey, can_verify

FORM = 1
EXPORT, ANSWERS = "export", "answers"
"""What a kiosk sends, and what the hub sends back."""

MOST_PARTS = 1000
LONGEST_PART = 4 * 1024 * 1024
LONGEST_MANIFEST = 1024 * 1024
LAST_NUMBER = 999_999

_INFO = b"jkn/parcel/v1\x00"
_PART_NAME = re.compile(r"[a-z]{1,16}-[0-9]{4}\.(bin|json)")
_NAMES = frozenset(("form", "kind", "kiosk", "training", "number", "made", "key", "parts", "about"))


class BadParcelError(KioskError):
    """What is no parcel, or was changed, or is not for here; `detail` names the file or folder.

    `parcel.malformed`, `parcel.version` (another form of manifest), `parcel.signature`.
    """


def is_part_name(name: str) -> bool:
    """Whether a file of a parcel may be called so."""
    return _PART_NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a parcel: its name, its bytes as counted and hashed, and how many things it holds."""

    name: str
    size: int
    digest: bytes
    count: int

    def as_dict(self) -> dict[str, Any]:
        """The part as the manifest names it."""
        return {"name": self.name, "size": self.size, "sha256": self.digest.hex(), "count": self.count}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a parcel holds and whose it is: `kiosk` sent it, or it is for `kiosk`.

    `number` counts the parcels of one folder, `made_ms` is the sender's clock, `key` names the signing key.
    `about` is what else the sender says, a canonical JSON object.
    """

    kind: str
    kiosk: str
    training: bool
    number: int
    made_ms: int
    key: bytes
    parts: tuple[Part, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The name of the folder that it stands in."""
        return f"{self.kind}-{self.number:06d}"

    @property
    def count(self) -> int:
        """How many things all parts hold."""
        return sum(part.count for part in self.parts)

    def statement(self) -> bytes:
        """The first line of the manifest's file: what is signed."""
        return canonical(
            {
                "form": FORM,
                "kind": self.kind,
                "kiosk": self.kiosk,
                "training": self.training,
                "number": self.number,
                "made": self.made_ms,
                "key": self.key.hex(),
                "parts": [part.as_dict() for part in self.parts],
                "about": dict(self.about),
            }
        )

    @property
    def digest(self) -> bytes:
        """The hash by which an answer names the parcel that it answers."""
        return sha256(self.statement()).digest()

    def signed(self, signer: SigningKey) -> bytes:
        """The bytes of the manifest's file."""
        statement = self.statement()
        return statement + b"\n" + to_text(signer.sign(_INFO + statement)).encode() + b"\n"


def part_of(name: str, data: bytes, count: int) -> Part:
    """What the manifest says of a file with these bytes."""
    return Part(name, len(data), sha256(data).digest(), count)


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A manifest as it was read, and its signature, not yet verified."""

    manifest: Manifest
    signature: bytes

    def is_signed_by(self, public: bytes) -> bool:
        """Whether the key with these public bytes signed just this."""
        return can_verify(public, _INFO + self.manifest.statement(), self.signature)


def read_manifest(data: bytes) -> SignedManifest:
    """The manifest in the bytes of its file.

    Raises BadParcelError: `parcel.version` for another form of manifest (named in `detail`), else
    `parcel.malformed` for anything that `Manifest.signed` would not have written just so.
    """
    statement, _, rest = data.partition(b"\n")
    try:
        found = read_canonical(statement)
        signature = from_text(rest.removesuffix(b"\n").decode("ascii"))
    except ValueError:
        raise BadParcelError("parcel.malformed") from None
    form = found.get("form")
    if type(form) is int and form != FORM:
        raise BadParcelError("parcel.version", str(form))
    try:
        manifest = _manifest(found)
    except (KeyError, TypeError, ValueError):
        raise BadParcelError("parcel.malformed") from None
    whole = statement + b"\n" + to_text(signature).encode() + b"\n"
    if len(signature) != SIGNATURE_BYTES or whole != data or manifest.statement() != statement:
        raise BadParcelError("parcel.malformed")
    return SignedManifest(manifest, signature)


def _manifest(found: Mapping[str, Any]) -> Manifest:
    manifest = Manifest(
        kind=found["kind"],
        kiosk=found["kiosk"],
        training=found["training"],
        number=_whole(found["number"], 1, LAST_NUMBER),
        made_ms=_whole(found["made"], 0, LATEST_MS),
        key=from_hex(found["key"], KEY_ID_BYTES),
        parts=tuple(_part(one) for one in found["parts"]),
        about=found["about"],
    )
    names = {part.name for part in manifest.parts}
    fits = (
        found.keys() == _NAMES
        and manifest.kind in {EXPORT, ANSWERS}
        and isinstance(manifest.kiosk, str)
        and is_kiosk_id(manifest.kiosk)
        and isinstance(manifest.training, bool)
        and isinstance(manifest.about, dict)
        and len(names) == len(manifest.parts) <= MOST_PARTS
    )
    if not fits:
        raise ValueError("no manifest")
    return manifest


def _part(found: Mapping[str, Any]) -> Part:
    part = Part(
        found["name"],
        _whole(found["size"], 0, LONGEST_PART),
        from_hex(found["sha256"], HASH_BYTES),
        _whole(found["count"], 0, LARGEST),
    )
    if len(found) != len(part.as_dict()) or not is_part_name(part.name):
        raise ValueError("no part")
    return part


def _whole(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError("no such number")
    return value

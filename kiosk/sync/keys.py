"""The keys of kiosks and hubs: Ed25519 to sign, X25519 to seal, each named by a hash of its public half."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import ClassVar, Generic, Self, TypeVar, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

KEY_ID_BYTES = 8
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
SEAL_BYTES = 48
"""How much longer a sealed message is than what it holds: 32 bytes of key share, 16 of tag."""

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


def key_id(public: bytes) -> bytes:
    """The 8 bytes by which a key is named: the first of the SHA-256 of its 32 public bytes."""
    return sha256(public).digest()[:KEY_ID_BYTES]


def can_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is that of the Ed25519 key with these 32 public bytes over `message`."""
    try:
        _public_key(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=1024)
def _public_key(public: bytes) -> Ed25519PublicKey:
    """The key in the library's form; a hub asks for the same ones again and again."""
    return Ed25519PublicKey.from_public_bytes(public)


def seal_to(public: bytes, message: bytes, info: bytes) -> bytes:
    """`message` sealed by HPKE (RFC 9180, base mode) to the X25519 key with these 32 public bytes.

    `info` is bound to it: another one opens nothing. Raises ValueError for a key that is none.
    """
    return _SUITE.encrypt(message, X25519PublicKey.from_public_bytes(public), info=info)


K = TypeVar("K", Ed25519PrivateKey, X25519PrivateKey)


@dataclass(frozen=True, slots=True)
class _KeyPair(Generic[K]):
    """Both halves of a key; `secret` is its 32 private bytes and is never shown."""

    _key: K
    _kind: ClassVar[type[Ed25519PrivateKey] | type[X25519PrivateKey]]

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's randomness."""
        return cls(cast("K", cls._kind.generate()))

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """The key with these 32 private bytes; ValueError for another length."""
        return cls(cast("K", cls._kind.from_private_bytes(secret)))

    @property
    def secret(self) -> bytes:
        return self._key.private_bytes_raw()

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        return key_id(self.public)


class SigningKey(_KeyPair[Ed25519PrivateKey]):
    """An Ed25519 key: signs."""

    __slots__ = ()
    _kind = Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of this key's signature over `message`."""
        return self._key.sign(message)


class OpeningKey(_KeyPair[X25519PrivateKey]):
    """An X25519 key: opens what was sealed to it."""

    __slots__ = ()
    _kind = X25519PrivateKey

    def open(self, sealed: bytes, info: bytes) -> bytes | None:
        """What was sealed to this key with this `info`; None where it was not, or was changed."""
        try:
            return _SUITE.decrypt(sealed, self._key, info=info)
        except Exception:  # noqa: BLE001 - the library raises several kinds; each means that it does not open
            return None

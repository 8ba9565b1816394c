"""Hashes PINs with argon2id, sized so that a small machine takes a tenth of a second."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_TIME, _MEMORY_KIB, _LANES = 2, 19 * 1024, 1


class Argon2Hasher:
    """The hasher of PINs; the library is read when the first PIN is."""

    def hash(self, secret: str) -> str:
        """A hash in the words of argon2, with a salt of its own."""
        return _hasher().hash(_bytes(secret))

    def fits(self, hashed: str, secret: str) -> bool:
        """Whether `secret` is what was hashed; what is no hash fits nothing."""
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - as `_hasher`

        try:
            return _hasher().verify(hashed, _bytes(secret))
        except (VerificationError, InvalidHashError):
            return False

    def digest(self, secret: str, salt: str) -> str:
        """Always the same digest of the same secret and salt, in hexadecimal."""
        from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415 - as `_hasher`

        salted = sha256(salt.encode()).digest()[:16]
        made = hash_secret_raw(
            _bytes(secret),
            salted,
            time_cost=_TIME,
            memory_cost=_MEMORY_KIB,
            parallelism=_LANES,
            hash_len=32,
            type=Type.ID,
        )
        return bytes(made).hex()


def _bytes(secret: str) -> bytes:
    """Whatever a terminal can deliver, halves of a surrogate pair among it."""
    return secret.encode("utf-8", "surrogatepass")


def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher as Hasher  # noqa: PLC0415 - nothing slow stands before the first screen

    return Hasher(time_cost=_TIME, memory_cost=_MEMORY_KIB, parallelism=_LANES)

"""Gives unforeseeable bytes, and in training bytes that a seed repeats."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256


class SystemRandomness:
    """Bytes from the operating system; the purpose makes no difference."""

    def take(self, count: int, purpose: str) -> bytes:  # noqa: ARG002  the port names it
        """`count` unforeseeable bytes."""
        return secrets.token_bytes(count)


class SeededRandomness:
    """Bytes that the same seed repeats: for training and tests only, since whoever knows the seed knows them.

    They depend on the seed and the purpose's text alone, so whoever needs fresh ones counts in the purpose.
    Block b is HMAC-SHA256(key = seed in decimal, message = "b:purpose"), counted from 0.
    """

    def __init__(self, seed: int) -> None:
        self._key = str(seed).encode()

    def take(self, count: int, purpose: str) -> bytes:
        """The `count` bytes of `purpose`."""
        blocks = range((count + 31) // 32)
        return b"".join(self._block(block, purpose) for block in blocks)[:count]

    def _block(self, block: int, purpose: str) -> bytes:
        return hmac.digest(self._key, f"{block}:{purpose}".encode(), sha256)

"""Gives unforeseeable bytes, and in training bytes that a seed repeats."""

from __future__ import annotations

import hmac
import secrets
from collections import Counter
from hashlib import sha256


class SystemRandomness:
    """Bytes from the operating system; the purpose makes no difference."""

    def take(self, count: int, purpose: str) -> bytes:  # noqa: ARG002  the port names it
        """`count` unforeseeable bytes."""
        return secrets.token_bytes(count)


class SeededRandomness:
    """Bytes that the same seed repeats: for training and tests only, since whoever knows the seed knows them.

    Each purpose has its own stream: the bytes depend on the seed, the purpose's text and how often that
    purpose was asked before, never on what other purposes took. Block b of call c is
    HMAC-SHA256(key = seed in decimal, message = "c:b:purpose"), both counted from 0.
    """

    def __init__(self, seed: int) -> None:
        self._key = str(seed).encode()
        self._calls: Counter[str] = Counter()

    def take(self, count: int, purpose: str) -> bytes:
        """The next `count` bytes for `purpose`."""
        call = self._calls[purpose]
        self._calls[purpose] += 1
        blocks = range((count + 31) // 32)
        return b"".join(self._block(call, block, purpose) for block in blocks)[:count]

    def _block(self, call: int, block: int, purpose: str) -> bytes:
        return hmac.digest(self._key, f"{call}:{block}:{purpose}".encode(), sha256)

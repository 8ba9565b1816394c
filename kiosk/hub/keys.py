"""The hub's secret keys: a file of its owner alone, shared by all processes of one hub.

It holds the keys that sign receipts and messages, the keys that kiosks seal to, and the key under which a NIK
is hashed. New ones may be made while the hub runs; old ones stay, since records sealed to them are on their
way.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from kiosk.errors import StoreError
from kiosk.sync.keys import OpeningKey, SigningKey

SIGN, SEAL = "sign", "seal"
ACTIVE, OLD, NEXT = "active", "old", "next"
_SECRET_BYTES = 32


@dataclass(frozen=True)
class HubKey:
    """One key with its purpose (`sign` or `seal`) and state.

    Of each purpose one is `active`; `old` ones were, and a `next` one is told to kiosks and not used yet.
    """

    purpose: str
    key: SigningKey | OpeningKey
    state: str
    made: str

    @property
    def id(self) -> bytes:
        return self.key.id

    @property
    def public(self) -> bytes:
        return self.key.public


@dataclass(frozen=True)
class HubKeys:
    """All keys of a hub."""

    all: tuple[HubKey, ...]
    lookup: bytes

    @cached_property
    def signer(self) -> SigningKey:
        """The key that signs now."""
        found = self._active(SIGN)
        assert isinstance(found, SigningKey)  # noqa: S101 - by purpose
        return found

    @cached_property
    def sealing(self) -> OpeningKey:
        """The key that kiosks shall seal to now."""
        found = self._active(SEAL)
        assert isinstance(found, OpeningKey)  # noqa: S101 - by purpose
        return found

    @cached_property
    def openers(self) -> dict[bytes, OpeningKey]:
        """Every key that opens, by its id."""
        return {one.id: one.key for one in self.all if isinstance(one.key, OpeningKey)}

    def _active(self, purpose: str) -> SigningKey | OpeningKey:
        return next(one.key for one in self.all if one.purpose == purpose and one.state == ACTIVE)

    def hashed_nik(self, nik: str) -> bytes:
        """A NIK as the hub's tables know it: nobody without the key file finds the NIK from it."""
        return hmac.digest(self.lookup, b"jkn/nik/v1\x00" + nik.encode(), "sha256")

    def hashed_kk(self, kk: str) -> bytes:
        """The same for a No. KK."""
        return hmac.digest(self.lookup, b"jkn/kk/v1\x00" + kk.encode(), "sha256")

    def publics(self) -> list[dict[str, str]]:
        """The public halves as kiosks are told them: `purpose`, `state`, and `public` in hexadecimal."""
        return [{"purpose": one.purpose, "state": one.state, "public": one.public.hex()} for one in self.all]

    def told(self) -> dict[str, list[dict[str, str]]]:
        """The public halves as a message tells kiosks of them, the newest first of each purpose."""
        return {
            name: [
                {"id": one.id.hex(), "public": one.public.hex(), "state": one.state}
                for one in reversed(self.all)
                if one.purpose == purpose
            ]
            for name, purpose in (("signing", SIGN), ("sealing", SEAL))
        }

    @property
    def announced(self) -> bool:
        """Whether there are keys that kiosks are told of and that are not used yet."""
        return any(one.state == NEXT for one in self.all)

    def with_next(self) -> HubKeys:
        """The same with new keys that are to be told before they are used."""
        fresh = (replace(_fresh(purpose), state=NEXT) for purpose in (SIGN, SEAL))
        return self if self.announced else replace(self, all=(*self.all, *fresh))

    def with_next_active(self) -> HubKeys:
        """The same with the announced keys in the place of those that were active."""
        if not self.announced:
            return self
        states = {ACTIVE: OLD, NEXT: ACTIVE, OLD: OLD}
        return replace(self, all=tuple(replace(one, state=states[one.state]) for one in self.all))

    def rotated(self, purpose: str) -> HubKeys:
        """The same with a new active key of this purpose."""
        kept = tuple(replace(one, state=OLD) if one.purpose == purpose else one for one in self.all)
        return replace(self, all=(*kept, _fresh(purpose)))


class KeyFile:
    """The key file; read again when it was changed, so that no process has to be started anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, int], HubKeys] | None = None

    def current(self) -> HubKeys:
        """The keys; made at the first start.

        Raises StoreError: `hub.keys_mode` where others may read the file, `hub.keys_damaged`, `hub.keys_io`.
        """
        try:
            if not self.path.exists():
                self._create()
            found = self.path.stat()
            mark = (found.st_ino, found.st_mtime_ns)
            if self._read is None or self._read[0] != mark:
                if stat.S_IMODE(found.st_mode) & 0o077:
                    raise StoreError("hub.keys_mode", f"{self.path}; mend it with: chmod 600 '{self.path}'")
                self._read = (mark, _decoded(self.path.read_bytes(), self.path))
        except OSError as error:
            raise StoreError("hub.keys_io", f"{self.path}: {error.strerror}") from None
        return self._read[1]

    def rotate(self, purpose: str) -> HubKeys:
        """Makes a new key of this purpose; the one that was active stays as an old one."""
        return self._change(lambda keys: keys.rotated(purpose))

    def announce(self) -> HubKeys:
        """Makes keys that are to be told to kiosks; where there are such already, these stay."""
        return self._change(HubKeys.with_next)

    def activate(self) -> HubKeys:
        """From now on the announced keys are used; those that were active stay as old ones."""
        return self._change(HubKeys.with_next_active)

    def _change(self, change: Callable[[HubKeys], HubKeys]) -> HubKeys:
        """Puts changed keys in the place of the file, one process after the other."""
        self.current()
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            written = self._written(change(self.current()))
            written.replace(self.path)
            os.fsync(folder)
        finally:
            os.close(folder)
        return self.current()

    def _create(self) -> None:
        """Puts fresh keys in place whole or not at all, and never over those of another process."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written = self._written(HubKeys((_fresh(SIGN), _fresh(SEAL)), secrets.token_bytes(_SECRET_BYTES)))
        try:
            os.link(written, self.path)
        except FileExistsError:
            pass  # another process was first: its keys are the keys
        finally:
            written.unlink()
        _fsync_folder(self.path.parent)

    def _written(self, keys: HubKeys) -> Path:
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_encoded(keys))
            file.flush()
            os.fsync(descriptor)
        return fresh


def _fresh(purpose: str) -> HubKey:
    key = SigningKey.generate() if purpose == SIGN else OpeningKey.generate()
    return HubKey(purpose, key, ACTIVE, datetime.now(UTC).isoformat(timespec="seconds"))


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _encoded(keys: HubKeys) -> bytes:
    held = [
        {"purpose": one.purpose, "state": one.state, "made": one.made, "secret": one.key.secret.hex()}
        for one in keys.all
    ]
    return json.dumps({"version": 1, "lookup": keys.lookup.hex(), "keys": held}, indent=1).encode() + b"\n"


def _decoded(data: bytes, path: Path) -> HubKeys:
    try:
        found = json.loads(data)
        lookup = bytes.fromhex(found["lookup"])
        keys = tuple(_key(one) for one in found["keys"])
        active = sorted(one.purpose for one in keys if one.state == ACTIVE)
        fits = found["version"] == 1 and active == [SEAL, SIGN] and len(lookup) == _SECRET_BYTES
    except (ValueError, KeyError, TypeError, AttributeError):
        fits = False
    if not fits:
        raise StoreError("hub.keys_damaged", f"{path}")
    return HubKeys(keys, lookup)


def _key(held: dict[str, Any]) -> HubKey:
    kind: type[SigningKey | OpeningKey] = {SIGN: SigningKey, SEAL: OpeningKey}[held["purpose"]]
    return HubKey(
        held["purpose"], kind.from_secret(bytes.fromhex(held["secret"])), held["state"], held["made"]
    )

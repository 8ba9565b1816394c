"""The key of the store: a small file that lives outside the data folder."""

from __future__ import annotations

import errno
import hmac
import os
import secrets
import stat
from pathlib import Path

from kiosk.errors import StoreError

KEY_BYTES = 32


def load_or_create_key(path: Path, *, store_exists: bool, folder: Path | None = None) -> bytes:
    """The 32 raw bytes in the file at `path`; made when there is neither a key nor a database.

    Raises StoreError: `store.key_inside` for a path in the data folder `folder`, `store.key_missing` where a
    database waits for a key that is not there (it is never made anew then), `store.key_mode` where others may
    read it, `store.key_damaged` for a wrong size, `store.io` where it cannot be read or written.
    """
    if folder is not None and path.resolve().is_relative_to(folder.resolve()):
        raise StoreError("store.key_inside", f"{path} is inside {folder}")
    try:
        return _load_or_create(path, store_exists=store_exists)
    except OSError as error:
        raise from_os_error(error, path) from None


def from_os_error(error: OSError, path: Path) -> StoreError:
    """The StoreError for what the system refused: `store.full` or `store.io`."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StoreError("store.full" if full else "store.io", f"{path}: {error.strerror}")


def _load_or_create(path: Path, *, store_exists: bool) -> bytes:
    if not path.exists():
        if store_exists:
            raise StoreError("store.key_missing", f"there is a database, but no key at {path}")
        _create(path)
    return _load(path)


def _load(path: Path) -> bytes:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise StoreError("store.key_mode", f"{path} has mode {mode:04o}; mend it with: chmod 600 '{path}'")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise StoreError("store.key_damaged", f"{path} has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _create(path: Path) -> None:
    """Puts a fresh key in place whole or not at all, whatever is unplugged, and never over another."""
    make_private_folder(path.parent, tighten=False)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write_private_file(fresh, secrets.token_bytes(KEY_BYTES))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first: its key is the key
    finally:
        fresh.unlink()
    fsync_folder(path.parent)


def write_private_file(path: Path, content: bytes) -> None:
    """Writes a new file of mode 0600, durable when this returns; FileExistsError where there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def make_private_folder(folder: Path, *, tighten: bool = True) -> None:
    """Makes `folder` and what is above it, mode 0700 whatever the umask; `tighten` mends an existing one."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)
        place.chmod(0o700)
        fsync_folder(place.parent)
    if tighten and stat.S_IMODE(folder.stat().st_mode) != 0o700:
        folder.chmod(0o700)


def fsync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def key_id(key: bytes) -> str:
    """A name for `key` that tells nothing of it: 16 hexadecimal digits."""
    return hmac.digest(key, b"kiosk store key id", "sha256")[:8].hex()


def derived_key(key: bytes, purpose: str) -> bytes:
    """Another 32-byte key for `purpose`, from which `key` cannot be found."""
    return hmac.digest(key, f"kiosk store {purpose}".encode(), "sha256")

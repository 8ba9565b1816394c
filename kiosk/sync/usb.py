"""Parcels on a stick: written so that a stick pulled at any moment leaves whole ones, and read with distrust.

A parcel is a folder. It is written under a temporary name, every file and folder of it is synced, read back
and hashed, and only then it gets its name, in one step. What was there before stays until then.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from kiosk.errors import CarrierError
from kiosk.sync.keys import SigningKey
from kiosk.sync.parcel import (
    LAST_NUMBER,
    LONGEST_MANIFEST,
    BadParcelError,
    Manifest,
    Part,
    SignedManifest,
    is_part_name,
    part_of,
    read_manifest,
)

MANIFEST = "manifest.json"
MARK = "jkn-kiosk-copy"
"""A file of this name in the root of a stick says that a second copy may be kept there."""

_FOLDER = re.compile(r"kiosk-([A-Z0-9]{1,4})")
_PARCEL = re.compile(r"(export|answers)-([0-9]{6})")
_PARTIAL = re.compile(r"\.(export|answers)-([0-9]{6})\.part")
_MOST_NAMES = 10_000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Progress = Callable[[int, int], None]
"""Told how many bytes are done of how many in all."""


@contextmanager
def on_stick(path: Path) -> Iterator[None]:
    """What the carrier of `path` cannot do, as a CarrierError: `stick.full`, `stick.gone`, `stick.io`."""
    try:
        yield
    except OSError as error:
        gone = error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR}
        code = "stick.full" if error.errno in _FULL else "stick.gone" if gone else "stick.io"
        raise CarrierError(code, f"{path}: {error.strerror}") from None


def root_of(folder: Path) -> Path:
    """The folder of a stick that is there; raises CarrierError `stick.absent`."""
    found = folder.absolute()
    if not found.is_dir():
        raise CarrierError("stick.absent", str(found))
    return found


def kiosks_on(root: Path) -> list[str]:
    """The ids of the kiosks that have a folder on this stick."""
    with on_stick(root):
        return sorted(found[1] for name in _names(root) if (found := _FOLDER.fullmatch(name)))


def folder_of(root: Path, kiosk: str) -> Path:
    """Where a kiosk's parcels are."""
    return root / f"kiosk-{kiosk}"


def numbers(folder: Path, kind: str) -> list[int]:
    """The numbers of the whole parcels of this kind, oldest first; none where there is no folder.

    Raises BadParcelError `parcel.strange` where the folder is something else.
    """
    with on_stick(folder):
        if not _is_folder(folder):
            return []
        found = (_PARCEL.fullmatch(name) for name in _names(folder))
        return sorted(int(one[2]) for one in found if one and one[1] == kind)


def _names(folder: Path) -> list[str]:
    names: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            names.append(entry.name)
            if len(names) > _MOST_NAMES:
                raise BadParcelError("parcel.too_many", str(folder))
    return names


def _is_folder(path: Path) -> bool:
    """Whether a folder is there; raises BadParcelError `parcel.strange` for a link or anything else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise BadParcelError("parcel.strange", str(path))
    return True


# Reading.


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel on a stick whose manifest was read; nothing of it is believed before it is verified."""

    folder: Path
    signed: SignedManifest

    @property
    def manifest(self) -> Manifest:
        return self.signed.manifest

    def verify(self, publics: Iterable[bytes]) -> None:
        """Raises BadParcelError `parcel.signature` where none of these keys signed the manifest."""
        if not any(self.signed.is_signed_by(public) for public in publics):
            raise BadParcelError("parcel.signature", str(self.folder))

    def read(self, part: Part) -> bytes:
        """The bytes of a file of it, just those that the manifest names.

        Raises BadParcelError: `parcel.missing`, `parcel.strange` (no plain file), `parcel.hash` (changed).
        """
        file = self.folder / part.name
        data = _read(file, part.size)
        if len(data) != part.size or sha256(data).digest() != part.digest:
            raise BadParcelError("parcel.hash", str(file))
        return data

    def check(self, progress: Progress | None = None) -> None:
        """Reads every file once; raises as `read` does."""
        total, done = sum(part.size for part in self.manifest.parts), 0
        for part in self.manifest.parts:
            done += len(self.read(part))
            if progress:
                progress(done, total)


def open_parcel(folder: Path, kind: str, number: int) -> Parcel:
    """The parcel of this number in a kiosk's folder.

    Raises BadParcelError: `parcel.missing`, `parcel.strange`, `parcel.malformed`, `parcel.version`.
    """
    path = folder / f"{kind}-{number:06d}"
    with on_stick(path):
        if not _is_folder(path):
            raise BadParcelError("parcel.missing", str(path))
    try:
        signed = read_manifest(_read(path / MANIFEST, LONGEST_MANIFEST))
    except BadParcelError as error:
        raise BadParcelError(error.code, f"{path}: {error.detail}" if error.detail else str(path)) from None
    if path.name != signed.manifest.folder or folder.name != f"kiosk-{signed.manifest.kiosk}":
        raise BadParcelError("parcel.moved", str(path))
    return Parcel(path, signed)


def _read(file: Path, most: int) -> bytes:
    """The bytes of a plain file, one more than `most` at the most; links and devices are not followed."""
    with on_stick(file):
        try:
            descriptor = os.open(file, _READ)
        except FileNotFoundError:
            raise BadParcelError("parcel.missing", str(file)) from None
        except OSError as error:
            if error.errno not in {errno.ELOOP, errno.ENXIO}:
                raise
            raise BadParcelError("parcel.strange", str(file)) from None
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadParcelError("parcel.strange", str(file))
            return opened.read(most + 1)


# Writing.


@dataclass(frozen=True, slots=True)
class Contents:
    """A file that is to be written into a parcel: its name, its bytes, how many things it holds."""

    name: str
    data: bytes
    count: int


def write_parcel(
    root: Path,
    contents: Iterable[Contents],
    manifest: Callable[[int, tuple[Part, ...]], Manifest],
    signer: SigningKey,
    *,
    kiosk: str,
    kind: str,
    progress: Progress | None = None,
) -> Manifest:
    """Writes a parcel with these files into the kiosk's folder on the stick, and returns its manifest.

    `manifest` makes it from the number and the files. When this returns, the parcel is durable under its name
    and was read back; before, nothing that was there is touched, but for what an earlier try left behind.
    Raises CarrierError: `stick.full`, `stick.gone`, `stick.io`, or `stick.check` where something else came
    back than was written; BadParcelError `parcel.strange` where a name is taken by something else.
    """
    folder = folder_of(root, kiosk)
    with on_stick(folder):
        if not _is_folder(folder):
            folder.mkdir(mode=0o755)
            _sync_folder(root)
        number = max([0, *numbers(folder, kind), *_clear_partial(folder, kind)]) + 1
        if number > LAST_NUMBER:
            raise CarrierError("stick.full", str(folder))
        partial = folder / f".{kind}-{number:06d}.part"
        partial.mkdir(mode=0o755)
        try:
            made = _fill(partial, contents, lambda parts: manifest(number, parts), signer, progress)
            final = folder / made.folder
            partial.rename(final)
        except BaseException:
            with suppress(OSError):
                _remove(partial)
            raise
        _sync_folder(folder)
        _prove_manifest(final, made, signer)
    return made


def _fill(
    partial: Path,
    contents: Iterable[Contents],
    manifest: Callable[[tuple[Part, ...]], Manifest],
    signer: SigningKey,
    progress: Progress | None,
) -> Manifest:
    parts: list[Part] = []
    for one in contents:
        _write(partial / one.name, one.data)
        parts.append(part_of(one.name, one.data, one.count))
    made = manifest(tuple(parts))
    _write(partial / MANIFEST, made.signed(signer))
    _sync_folder(partial)
    _prove_manifest(partial, made, signer)
    total, done = sum(part.size for part in parts), 0
    for part in parts:
        _prove(partial / part.name, part)
        done += part.size
        if progress:
            progress(done, total)
    return made


def _write(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
        with suppress(OSError):  # so that reading back asks the carrier and not the memory, where it can
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _prove(file: Path, part: Part) -> None:
    try:
        data = _read(file, part.size)
    except BadParcelError:
        raise CarrierError("stick.check", str(file)) from None
    if part_of(part.name, data, part.count) != part:
        raise CarrierError("stick.check", str(file))


def _prove_manifest(folder: Path, made: Manifest, signer: SigningKey) -> None:
    data = made.signed(signer)
    _prove(folder / MANIFEST, part_of(MANIFEST, data, 1))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
        os.sync()  # some file systems of sticks cannot sync a folder alone
    finally:
        os.close(descriptor)


def _clear_partial(folder: Path, kind: str) -> list[int]:
    """Removes what parcels that were never finished left behind; returns the numbers that stay taken."""
    taken = []
    for name in _names(folder):
        found = _PARTIAL.fullmatch(name)
        if found and found[1] == kind:
            try:
                _remove(folder / name)
            except OSError:
                taken.append(int(found[2]))
    return taken


def _remove(folder: Path) -> None:
    """Removes the files of a parcel and its folder, the manifest first, so that half of it is no parcel.

    What else lies there stays, and the folder with it: then this raises OSError.
    """
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    (folder / MANIFEST).unlink(missing_ok=True)
    for name in _names(folder):
        if is_part_name(name):
            (folder / name).unlink()
    folder.rmdir()


def remove_older(root: Path, newest: Manifest, public: bytes) -> int:
    """Removes the parcels that `newest` stands for: of the same kind and key, with smaller numbers.

    Others are left alone, and so is what cannot be removed; returns how many went.
    """
    folder, gone = folder_of(root, newest.kiosk), 0
    for number in numbers(folder, newest.kind):
        if number >= newest.number:
            continue
        with suppress(OSError, BadParcelError, CarrierError):
            found = open_parcel(folder, newest.kind, number)
            found.verify([public])
            _remove(found.folder)
            gone += 1
    return gone

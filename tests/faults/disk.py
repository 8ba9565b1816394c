"""A model of a disk: what may stand on it after a cut, from what was written and what was synced."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.faults.recorder import Operation

MANNERS = ("kept", "dropped", "shuffled", "torn", "last torn")
"""What becomes of the writes that were not synced: all there, none, some, some sectors, all but sectors of
the last. A name in a folder that was not synced may be there or not."""

_SECTORS = (512, 4096)
_VOLATILE = "-shm"

Change = tuple[int, bytes | None]
"""A write at an offset, or with None a cut or growth to that size."""


@dataclass(slots=True)
class Inode:
    """One file: what is surely on the disk, what the program sees, what was changed since the last sync."""

    durable: bytearray = field(default_factory=bytearray)
    current: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)
    is_folder: bool = False

    def change(self, change: Change) -> None:
        _apply(self.current, change)
        self.pending.append(change)

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()

    def after_cut(self, manner: str, draw: random.Random) -> bytes:
        """The content that a cut leaves."""
        if not self.pending or manner == "kept":
            return bytes(self.current)
        if manner == "dropped":
            return bytes(self.durable)
        left = bytearray(self.durable)
        for change in _survivors(self.pending, manner, draw):
            _apply(left, change)
        missing = len(self.current) - len(left)
        if missing > 0 and draw.random() < 0.3:  # the new size was written, the data was not
            left += bytes(missing) if draw.random() < 0.5 else draw.randbytes(missing)
        return bytes(left)


def _survivors(pending: list[Change], manner: str, draw: random.Random) -> Iterable[Change]:
    if manner == "shuffled":
        return [change for change in pending if draw.random() < 0.5]
    sector = draw.choice(_SECTORS)
    if manner == "torn":
        return [part for change in pending for part in _sectors(change, sector) if draw.random() < 0.5]
    return [*pending[:-1], *(part for part in _sectors(pending[-1], sector) if draw.random() < 0.5)]


def _sectors(change: Change, size: int) -> Iterable[Change]:
    offset, data = change
    if data is None:
        yield change
        return
    at = 0
    while at < len(data):
        end = min(len(data), at + size - (offset + at) % size)
        yield offset + at, data[at:end]
        at = end


def _apply(content: bytearray, change: Change) -> None:
    offset, data = change
    if data is None:
        del content[offset:]
    if len(content) < offset:
        content += bytes(offset - len(content))
    if data is not None:
        content[offset : offset + len(data)] = data


@dataclass(frozen=True, slots=True)
class Renaming:
    """Names taken out of and put into a folder in one step."""

    folder: str
    gone: str | None
    new: str | None
    inode: Inode | None


class Disk:
    """Everything below one folder, as one operation after another changes it."""

    def __init__(self, root: str) -> None:
        self._names: dict[str, Inode] = {root: Inode(is_folder=True)}
        self._durable: dict[str, Inode] = dict(self._names)
        self._renamings: list[Renaming] = []
        self._open: dict[int, Inode] = {}

    @property
    def is_settled(self) -> bool:
        """True where every manner of cut leaves the same."""
        return not self._renamings and not any(inode.pending for inode in self._names.values())

    def do(self, operation: Operation) -> None:
        """Carries out one recorded operation."""
        path = operation.path
        match operation.kind:
            case "o":
                self._opened(operation)
            case "c":
                self._open.pop(operation.descriptor, None)
            case "w":
                self._open[operation.descriptor].change((operation.offset, operation.data))
            case "t":
                self._open[operation.descriptor].change((operation.offset, None))
            case "a":
                self._grown(operation)
            case "s":
                self._synced(self._open[operation.descriptor])
            case "r":
                self._rename(path, operation.second, self._names[path])
            case "l":
                self._rename(None, operation.second, self._names[path])
            case "u" | "d":
                self._rename(path, None, None)
            case "m":
                self._rename(None, path, Inode(is_folder=True))

    def _opened(self, operation: Operation) -> None:
        path = operation.path
        if operation.offset & 1:
            self._rename(None, path, Inode())
        inode = self._names.get(path)
        if inode is None:
            raise AssertionError(f"opened, but never made: {path}")
        self._open[operation.descriptor] = inode
        if operation.offset & 2:
            inode.change((0, None))

    def _grown(self, operation: Operation) -> None:
        inode = self._open[operation.descriptor]
        size = operation.offset + operation.length
        if size > len(inode.current):
            inode.change((size, None))

    def _rename(self, gone: str | None, new: str | None, inode: Inode | None) -> None:
        renaming = Renaming((new or gone or "").rpartition("/")[0], gone, new, inode)
        _rename_in(self._names, renaming)
        self._renamings.append(renaming)

    def _synced(self, inode: Inode) -> None:
        if not inode.is_folder:
            inode.sync()
            return
        path = next(name for name, one in self._names.items() if one is inode)
        rest = []
        for renaming in self._renamings:
            if renaming.folder == path:
                _rename_in(self._durable, renaming)
            else:
                rest.append(renaming)
        self._renamings = rest

    def after_cut(self, manner: str, draw: random.Random) -> Mapping[str, bytes | None]:
        """Every file (and folder: None) by path, as a cut in this manner leaves them."""
        names = dict(self._durable)
        for renaming in self._renamings:
            if manner in {"kept", "last torn"} or (manner != "dropped" and draw.random() < 0.5):
                _rename_in(names, renaming)
        left: dict[str, bytes | None] = {}
        for path in sorted(names):
            inode = names[path]
            above = path.rpartition("/")[0]
            if path.endswith(_VOLATILE) or (left and above not in left):
                continue  # made anew at every start, or in a folder whose own name was lost
            left[path] = None if inode.is_folder else inode.after_cut(manner, draw)
        return left


def _rename_in(names: dict[str, Inode], renaming: Renaming) -> None:
    gone, new, inode = renaming.gone, renaming.new, renaming.inode
    if gone is not None:
        names.pop(gone, None)
    if new is None or inode is None:
        return
    names[new] = inode
    if gone is not None and inode.is_folder:
        for inside in [name for name in names if name.startswith(f"{gone}/")]:
            names[new + inside.removeprefix(gone)] = names.pop(inside)

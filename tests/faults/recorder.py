"""Runs a program under the preloaded recorder, and reads what it did to its files."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.faults import Unavailable

ROOT = Path(__file__).resolve().parent.parent.parent
_SOURCE = Path(__file__).with_name("recorder.c")
_HEADER = struct.Struct("<ciqqiii")

WRITE, SYNC, TRUNCATE, OPEN, CREATE, NAME, READ = 1, 2, 4, 8, 16, 32, 64
"""Kinds of operations that can be made to fail; CREATE is the opening that makes a file or folder."""
EVERY = WRITE | SYNC | TRUNCATE | OPEN | CREATE | NAME
GROWING = WRITE | TRUNCATE | CREATE
"""What fails on a full disk."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on a file below the recorded folder; `kind` is the letter that `recorder.c` gives it."""

    kind: str
    descriptor: int
    offset: int
    length: int
    path: str
    second: str
    data: bytes


@cache
def library() -> Path:
    """The compiled recorder; raises Unavailable where it cannot be compiled."""
    compiler = _compiler()
    target = Path(tempfile.mkdtemp(prefix="kiosk-recorder-")) / "recorder.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(target), str(_SOURCE), "-ldl"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        raise Unavailable(f"the recorder cannot be compiled here: {built.stderr.strip()[:300]}")
    return target


def _compiler() -> str:
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "gcc", "libc6-dev"]
        subprocess.run(install, capture_output=True, check=False)
        found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        raise Unavailable("there is no C compiler (cc) to build the recorder with; install gcc")
    return found


def run(
    arguments: list[str],
    folder: Path,
    *,
    log: Path | None = None,
    plan: str = "",
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """The interpreter with `arguments` under the recorder, which looks at what lies below `folder`."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "LD_PRELOAD": str(library()), "FAULT_ROOT": str(folder)}
    environ.update({"FAULT_LOG": str(log or ""), **(env or {})})
    if plan:
        environ["FAULT_PLAN"] = plan
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)


def operations(log: Path) -> Iterator[Operation]:
    """What was recorded, in the order in which it was done."""
    content = log.read_bytes()
    at = 0
    while at < len(content):
        kind, descriptor, offset, length, *sizes = _HEADER.unpack_from(content, at)
        at += _HEADER.size
        parts = []
        for size in sizes:
            parts.append(content[at : at + size])
            at += size
        path, second, data = parts
        yield Operation(kind.decode(), descriptor, offset, length, path.decode(), second.decode(), data)


class Recorder:
    """The recorder as the program under it sees it: remarks into the log, and faults from now on."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)

    def mark(self, **remark: Any) -> None:
        """Puts a remark between the operations."""
        text = json.dumps(remark).encode()
        self._library.fault_mark(text, len(text))

    def arm(self, at: int, error: int, kinds: int, *, sticky: bool, partial: bool = False) -> None:
        """Makes the operation number `at` (from 0) of these kinds fail, and with `sticky` all after it.

        With `partial` a write is done by half first and the next one fails.
        """
        self._library.fault_arm(at, error, kinds, int(sticky), int(partial))

    def disarm(self) -> bool:
        """Lets everything work again; whether anything was made to fail."""
        fired = bool(self._library.fault_fired())
        self._library.fault_arm(-1, 0, 0, 0, 0)
        return fired


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one, since an image is opened thousands of times."""
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kiosk-faults-", dir=place) as folder:
        yield Path(folder).resolve()

"""How fast the chain is walked and the whole check done, in processor time, and that memory stays flat.

`--quick` builds 100,000 lines instead of 1,000,000.
"""

from __future__ import annotations

import atexit
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.store.audit import digest_of
from kiosk.store.proof import existing_store, proved
from kiosk.store.session import Session
from kiosk.store.unit_of_work import store_factory
from tests.bench import Measure
from tests.store import examples

A_SECOND = 100_000
"""Lines a second that must be reached at the least."""


def _count() -> int:
    return 100_000 if "--quick" in sys.argv else 1_000_000


@cache
def _filled(count: int) -> tuple[Path, Path]:
    """A store with a good chain of `count` lines, removed when the program ends: its folder and key file."""
    place = tempfile.TemporaryDirectory()
    atexit.register(place.cleanup)
    folder, key_file = Path(place.name) / "data", Path(place.name) / "keys" / "store.key"
    store = store_factory(folder, key_file)
    with store() as work:
        work.audit.append(examples.a_line(1))
        session: Session = work._session  # type: ignore[assignment]
        (first,) = session.connection.execute("SELECT * FROM audit").fetchall()
        session.connection.executemany(
            f"INSERT INTO audit VALUES ({','.join('?' * 12)})", _lines(first, count)
        )
        work.commit()
    store.close()
    return folder, key_file


def _lines(first: tuple[Any, ...], count: int) -> Iterator[tuple[Any, ...]]:
    """Of drafts that were changed 19 times and discarded."""
    previous = first[-1]
    for n in range(2, count + 1):
        action = "draft.discarded" if n % 20 == 19 or n == count else first[6]
        payload = (n, *first[1:6], action, examples.identity(n // 20), *first[8:10])
        digest = digest_of(previous, payload)
        yield (*payload, previous, digest)
        previous = digest


def _walked() -> float:
    """Processor seconds for the chain alone."""
    folder, key_file = _filled(_count())
    store = store_factory(folder, key_file)
    begun = time.process_time()
    result = store.verify_audit()
    taken = time.process_time() - begun
    store.close()
    if not result.ok or result.lines != _count():
        raise AssertionError(result)
    return taken


def _checked() -> float:
    """Processor seconds for all that kiosk verify does; the file is checked beside the walk."""
    begun = time.process_time()
    found = proved(*_filled(_count()))
    if not found.ok or found.lines != _count():
        raise AssertionError(found)
    return time.process_time() - begun


def _share(seconds: Callable[[], float]) -> float:
    """The best of two, as a share of the time that is allowed."""
    return min(seconds(), seconds()) / (_count() / A_SECOND)


def memory() -> float:
    """Peak memory of a check of all lines, over that of a check of a hundredth of them."""
    peaks = [_peak(*_filled(count)) for count in (_count() // 100, _count())]
    return peaks[1] / peaks[0]


def _peak(folder: Path, key_file: Path) -> int:
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom kiosk.store.proof import proved\n"
        "assert proved(Path(sys.argv[1]), Path(sys.argv[2])).ok\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(key_file)], check=True, capture_output=True, text=True
    )
    return int(told.stdout)


def copy_seconds() -> float:
    """Processor seconds to copy, read back and prove 10 MB."""
    from kiosk.store.backup import Seal, write_copy  # noqa: PLC0415

    folder, key_file = _filled(_count())
    target = folder.parent / "kiosk.copy"
    with existing_store(folder, key_file) as database:
        begun = time.process_time()
        write_copy(database, key_file.read_bytes(), target, Seal("K1", "counter", ""))
        ours = time.process_time() - begun
    print(f"copy of {target.stat().st_size >> 20} MiB in {ours:.1f} s")  # noqa: T201
    return ours / (target.stat().st_size / 1e7)


MEASURES = [
    Measure(
        "walking the audit chain, share of the time for 100,000 lines a second", 1, lambda: _share(_walked)
    ),
    Measure(
        "kiosk verify with the file and records, both threads, share of it", 1.5, lambda: _share(_checked)
    ),
    Measure("memory of a check of all lines, over that of a hundredth of them", 1.25, memory),
    Measure("a sealed copy, proved, seconds for 10 MB", 1, copy_seconds),
]

"""Keeps what is in memory out of files: no core dump, and no look into the process from outside."""

from __future__ import annotations

import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4


def keep_in_memory() -> None:
    """From now on a crash of this process writes no core file, and no other process may trace it.

    Where a system cannot do one of the two, the other is done.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - only this system has the call

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)

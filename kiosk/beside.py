"""The process that syncs beside the screens: how it is started, told and ended, and what it does.

A process of its own, with less right to the processor than the screens, and its own connection to the store.
It is told of news through its standard input, whose end tells it that the program has gone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.services.contact import Contact
    from kiosk.services.sync_ports import SyncNotes
    from kiosk.store.unit_of_work import Store

_NICE = 10
_AGAIN_SECONDS = 60.0
"""A process that ended is started again no sooner than this."""

_FAREWELL_SECONDS = 1.0
_LAST_SECONDS = 20.0
"""How long a run may go on after the program has gone."""


class SyncBeside:
    """The other process as the program sees it; every call returns at once and none fails."""

    def __init__(self, config: Config, open_work: Store, notes: SyncNotes) -> None:
        self._config = config
        self._open_work = open_work
        self._notes = notes
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at: float | None = None
        self._closed = False
        self._enrolled = False

    def contact(self) -> Contact:
        """How this kiosk and its hub get on."""
        from kiosk.services.contact import Contact

        if not self._is_enrolled():
            return Contact()
        note, process = self._notes.last(), self._process
        return Contact(
            enrolled=True,
            at=note.contact_at,
            tried_at=note.tried_at,
            code=note.code,
            working=note.working and process is not None and process.poll() is None,
            minutes=self._config.hub.minutes or 5,
        )

    def send_now(self) -> None:
        """There is something to send: starts the process where there is none, and tells it."""
        if self._is_enrolled():
            with self._lock:
                self._tell()

    def close(self) -> None:
        """Lets the process end, and does not wait for a hub that does not answer."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(_FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_FAREWELL_SECONDS)

    def _is_enrolled(self) -> bool:
        if not self._enrolled:
            from kiosk.errors import StoreError

            with suppress(StoreError), self._open_work.reading() as work:
                self._enrolled = work.identity.get() is not None
        return self._enrolled

    def _tell(self) -> None:
        process = self._running()
        if process is not None and process.stdin is not None:
            with suppress(OSError):  # a full pipe has been told already, a broken one is gone
                os.write(process.stdin.fileno(), b"\n")

    def _running(self) -> subprocess.Popen[bytes] | None:
        if self._process is not None and self._process.poll() is None:
            return self._process
        now = time.monotonic()
        rests = self._started_at is not None and now - self._started_at < _AGAIN_SECONDS
        if self._closed or rests:
            return None
        self._started_at = now
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        with suppress(OSError):
            self._process = _started(self._config)
        return self._process


def _started(config: Config) -> subprocess.Popen[bytes]:
    """The process, told by whose settings it works."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk.beside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    from dataclasses import asdict

    process.stdin.write(json.dumps(asdict(config)).encode() + b"\n")
    process.stdin.flush()
    os.set_blocking(process.stdin.fileno(), False)
    return process


def sender_of(config: Config, open_work: Store) -> SyncBeside:
    """What sends beside the screens, once this kiosk has enrolled."""
    from kiosk.store.sync_note import SyncNoteFile

    return SyncBeside(config, open_work, SyncNoteFile(config.store_dir))


# In the other process.


def main() -> int:
    """Syncs until standard input ends; reads the settings from its first line."""
    with suppress(OSError):
        os.nice(_NICE)
    from kiosk.config import config_from
    from kiosk.errors import KioskError
    from kiosk.log import Log
    from kiosk.memory import keep_in_memory

    keep_in_memory()
    with open(0, "rb", buffering=0, closefd=False) as told:  # nothing behind the first line is taken away
        config = config_from(json.loads(told.readline() or b"{}"))
    log = Log(config.log_dir)
    try:
        _work(config, log)
    except KioskError as error:
        log.event("sync.ended", codes=(error.code,))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: nothing is printed over the screens
        log.crash(error)
        return 70
    finally:
        log.close()
    return 0


def _work(config: Config, log: Any) -> None:
    from dataclasses import replace

    from kiosk.bootstrap import services
    from kiosk.sticks import stick_watch
    from kiosk.sync.pace import Backoff, Pace
    from kiosk.sync.worker import NEWS, PipeListener, Worker
    from kiosk.syncing import Manner, sync_once

    # Copies are the screens' own business.
    house = services(replace(config, copies=replace(config.copies, dir="")))
    pace = Pace()
    said = [""]

    def failed(code: str) -> None:
        if code != said[0]:
            said[0] = code
            log.event("sync.failed", codes=(code,))

    listener = PipeListener(0)
    gone = threading.Event()
    sticks = stick_watch(house, lambda code: log.event("stick.failed", codes=(code,)))

    def listen(seconds: float) -> str:
        heard = listener.wait(seconds)
        if heard == NEWS:
            sticks.stored()
        return heard

    worker = Worker(
        lambda: sync_once(house, Manner(pace=pace, backoff=Backoff(0.5, 30.0), polite=True)),
        listen,
        seconds=max(config.hub.minutes, 1) * 60.0,
        failed=failed,
    )
    threading.Thread(target=_watch_the_other_end, args=(gone,), daemon=True).start()
    sticks.watch()
    try:
        worker.run()
    finally:
        sticks.close()
        gone.set()
        house.close()


def _watch_the_other_end(over: threading.Event) -> None:
    """Ends this process some time after the program has gone, whatever a run waits for."""
    import select

    poll = select.poll()
    poll.register(0, select.POLLHUP)
    while not over.is_set():
        if poll.poll(1000) and not over.wait(_LAST_SECONDS):
            # As safe as a power cut: what was not committed was not said to be done.
            os._exit(0)


if __name__ == "__main__":
    raise SystemExit(main())

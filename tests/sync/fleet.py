"""Simulated kiosks on real stores that sync until nothing is left, as a process that can be killed.

`python -m tests.sync.fleet FOLDER NAME... [--careless]`: each kiosk in its folder below FOLDER, in a thread
of its own, until all that it has registered is decided. Careless, it believes that what it sent arrived.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from kiosk.domain.registration import State
from kiosk.errors import StoreError
from kiosk.services import sending
from kiosk.services.sync_ports import HubReceipt, ReceiptWord
from kiosk.sync import run
from kiosk.sync.http import HubLine, LostReplyError
from kiosk.sync.pace import Backoff, Pace
from kiosk.sync.talk import RECEIVED, ItemAnswer, Named, send_envelopes
from kiosk.sync.voice import Voice
from kiosk.syncing import Manner, sync_once
from tests.faults.families import family
from tests.sync.here import KioskHere

_ON_THE_WAY = (State.SUBMITTED, State.SENT)
_REST = 0.05


def begun(folder: Path, name: str, *, url: str = "") -> KioskHere:
    """The kiosk of this name in its folder."""
    place = folder / name
    place.mkdir(exist_ok=True)
    return KioskHere.in_folder(place, name, url=url)


def register(kiosk: KioskHere, seed: int, numbers: Sequence[int]) -> None:
    """Registers invented families, each a durable transaction as at the counter."""
    for number in numbers:
        made = family(seed, number)
        kiosk.register(number, **{key: value for key, value in made.items() if key != "login"})


def sync_to_the_end(folder: Path, name: str) -> None:
    """Syncs until everything is decided, whatever the line does."""
    with closing(begun(folder, name)) as kiosk:
        manner = Manner(wait_seconds=1.0, pace=_of_a_fast_line(), backoff=Backoff(0.02, 0.5))
        while any(kiosk.house.queries.page(state=state, limit=1) for state in _ON_THE_WAY):
            if sync_once(kiosk.house, manner).code:
                time.sleep(_REST)


def _of_a_fast_line() -> Pace:
    """What is known of a line on which silence need not be borne for long."""
    pace = Pace(floor=0.5)
    for _ in range(10):
        pace.answered(100, 0.01)
    pace.answered(100_000, 0.2)
    return pace


def main(words: list[str]) -> int:
    """Runs the kiosks named."""
    folder, *names = words
    if "--careless" in names:
        names.remove("--careless")
        _become_careless()
    # A record that failed alone is tried again soon, not when a person would look for it.
    sending.FIRST_WAIT_MS = sending.LONGEST_WAIT_MS = 100
    failed: list[str] = []

    def work(name: str) -> None:
        try:
            sync_to_the_end(Path(folder), name)
        except StoreError as error:
            failed.append(f"{name}: {error}")
            raise

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return int(bool(failed))


def _become_careless() -> None:
    """Whatever was sent counts as received, with or without the hub's word."""

    async def hopeful(line: HubLine, names: Sequence[Named], envelopes: Sequence[bytes]) -> list[ItemAnswer]:
        try:
            return await send_envelopes(line, names, envelopes)
        except LostReplyError:
            made_up = HubReceipt(int(time.time() * 1000), "00" * 8, bytes(64))
            words = [ReceiptWord(one.record, one.version, one.hash, made_up) for one in names]
            return [ItemAnswer(RECEIVED, "", word) for word in words]

    run.send_envelopes = hopeful  # type: ignore[attr-defined]  # what it imported
    Voice.doubt = lambda *_: ""  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Chooses what carries on sticks: settings and an open store in, what goes to one and comes from one out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.syncing import refuse_stranger, status_of, sync_services

if TYPE_CHECKING:
    from kiosk.bootstrap import Services
    from kiosk.services.sync_ports import Identity, Queued
    from kiosk.sync.carrying import Carrying, Exported, Imported
    from kiosk.sync.second_copy import SecondCopies
    from kiosk.sync.usb import Progress
    from kiosk.syncing import SyncServices


LOOK_SECONDS = 10.0
"""How often marked sticks are looked for."""


@dataclass(frozen=True)
class Arrived:
    """What came from a stick, and how many card numbers with it."""

    imported: Imported
    numbers: int


def export(house: Services, folder: Path, progress: Progress | None = None) -> Exported:
    """Writes what waits to the stick, durable and read back when this returns.

    Raises KioskError `kiosk.not_enrolled`, `kiosk.other_class`, `kiosk.other_id`, `stick.class`, CarrierError
    where the stick cannot be written, StoreError; then nothing is remembered of it.
    """
    services = sync_services(house)
    refuse_stranger(house.config, services.enrolment.begin_life())
    return _carrying(house, services).export(folder, progress)


def take(house: Services, folder: Path, progress: Progress | None = None) -> Arrived:
    """Takes the hub's answers from the stick, and removes what has had its days of grace since.

    Raises as `export` does, and KioskError `stick.no_answers`.
    """
    services = sync_services(house)
    refuse_stranger(house.config, services.enrolment.begin_life())
    before = house.queries.cards_left()
    imported = _carrying(house, services).take(folder, progress)
    numbers = max(0, house.queries.cards_left() - before)
    services.purging.purge()
    return Arrived(imported, numbers)


class StickWatch:
    """Keeps second copies on marked sticks, in a thread of its own: nobody who types waits for a slow stick.

    A stick is looked for every so many seconds, and whenever something was stored. Nothing here raises: a
    code that was not told last time is told to `failed`.
    """

    def __init__(
        self,
        copies: SecondCopies,
        failed: Callable[[str], None] = lambda _code: None,
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._copies = copies
        self._failed = failed
        self._look = look_seconds
        self._news = threading.Event()
        self._leaving = False
        self._thread: threading.Thread | None = None

    @property
    def problem(self) -> str:
        """The code of what kept the last copy from being made; empty where all went well."""
        return self._copies.problem

    def watch(self) -> None:
        """Looks from now on."""
        self._thread = threading.Thread(target=self._run, name="sticks", daemon=True)
        self._thread.start()

    def stored(self) -> None:
        """Something was stored that waits now."""
        self._news.set()

    def close(self) -> None:
        """Ends after what is under way, and what was stored since."""
        if self._thread is not None:
            self._leaving = True
            self._news.set()
            self._thread.join()

    def _run(self) -> None:
        while True:
            leaving, before = self._leaving, self._copies.problem
            self._copies.refresh()
            if self._copies.problem not in {"", before}:
                self._failed(self._copies.problem)
            if leaving:
                return
            self._news.wait(self._look)
            self._news.clear()


def stick_watch(house: Services, failed: Callable[[str], None] = lambda _code: None) -> StickWatch:
    """The watch over the sticks below the folders of the settings; `failed` is told what keeps a copy off."""
    from kiosk.sync.second_copy import SecondCopies

    copies = SecondCopies(house.config.stick_places, _carrying(house, sync_services(house)))
    return StickWatch(copies, failed)


def _carrying(house: Services, services: SyncServices) -> Carrying:
    from kiosk.services.sending import ms_of
    from kiosk.sync.carrying import Carrying

    def queued(record: str, version: int) -> Queued | None:
        with house.open_work.reading() as work:
            return work.outbox.get(record, version)

    return Carrying(
        services.sending,
        services.inbox,
        identity=services.enrolment.identity,
        told=lambda: _told(house, services),
        queued=queued,
        now_ms=lambda: max(0, ms_of(house.clock.now().wall)),
    )


def _told(house: Services, services: SyncServices) -> Mapping[str, Any]:
    """What the hub is told beside the records: how the kiosk is, and which card numbers it would like."""
    identity = services.enrolment.identity()
    assert identity is not None  # noqa: S101 - nothing is written without one
    status = status_of(house, services, identity, services.notes.last().drift_ms)
    return {"status": dict(status), "blocks": _blocks(house, services, identity)}


def _blocks(house: Services, services: SyncServices, identity: Identity) -> dict[str, Any] | None:
    """A stick comes seldom: numbers are asked for before they run low."""
    with house.open_work.reading() as work:
        leased = [one for one in work.cards.blocks() if one.lease and one.epoch == identity.epoch]
    left = sum(max(0, one.last - one.next + 1) for one in leased)
    want = house.config.cards.keep - left
    if want <= 0:
        return None
    lease = services.enrolment.lease_to_ask_for()
    return {
        "lease": lease,
        "epoch": identity.epoch,
        "want": want,
        "left": left,
        "next": [[int(one.first), one.next] for one in leased],
    }

"""Chooses what syncs: settings and an open store in, a run with the hub out."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kiosk import __version__
from kiosk.config import Config
from kiosk.errors import CarrierError, KioskError

if TYPE_CHECKING:
    from pathlib import Path

    from kiosk.bootstrap import Services
    from kiosk.services.contact import Contact
    from kiosk.services.deliveries import Install
    from kiosk.services.enrolment import Enrolment
    from kiosk.services.inbox import Inbox
    from kiosk.services.ports import UnitOfWorkFactory
    from kiosk.services.purging import Purging
    from kiosk.services.sending import Sending
    from kiosk.services.sync_ports import Identity, SyncNotes, SyncOutcome
    from kiosk.sync.http import HubLine
    from kiosk.sync.pace import Backoff, Pace

LOCK = "sync.lock"
_LOOK_AGAIN_SECONDS = 0.1
_FACILITIES, _PREMIUMS = "facilities", "premiums"


@dataclass(frozen=True)
class SyncServices:
    """The use cases of syncing on one open store."""

    sending: Sending
    inbox: Inbox
    enrolment: Enrolment
    purging: Purging
    notes: SyncNotes


def contact_of(house: Services) -> Contact:
    """How this kiosk and its hub get on, where nothing sends beside the program."""
    from kiosk.services.contact import Contact
    from kiosk.store.sync_note import SyncNoteFile

    with house.open_work.reading() as work:
        identity = work.identity.get()
    if identity is None or not identity.enrolled_at:
        return Contact()
    note = SyncNoteFile(house.config.store_dir).last()
    return Contact(
        enrolled=True,
        at=note.contact_at,
        tried_at=note.tried_at,
        code=note.code,
        minutes=house.config.hub.minutes or 5,
    )


def sync_services(house: Services, *, polite: bool = False) -> SyncServices:
    """What sends and fetches, on the store of `house`; `polite` leaves whoever types there time between."""
    from kiosk.randomness import SystemRandomness
    from kiosk.services.enrolment import Enrolment
    from kiosk.services.inbox import Inbox
    from kiosk.services.purging import Purging
    from kiosk.services.sending import Sending
    from kiosk.store.sync_note import SyncNoteFile
    from kiosk.sync.voice import Voice, new_keys

    config, clock, voice = house.config, house.clock, Voice()
    store: UnitOfWorkFactory = house.open_work.politely if polite else house.open_work
    return SyncServices(
        sending=Sending(store, clock, voice),
        inbox=Inbox(store, clock, voice, rules=house.rules, install=installing(config)),
        enrolment=Enrolment(store, clock, SystemRandomness(), new_keys),
        purging=Purging(
            store, clock, grace_days=config.hub.grace_days, forget=_receipt_forgotten(config.receipts_dir)
        ),
        notes=SyncNoteFile(config.store_dir),
    )


def installing(config: Config) -> Install:
    """Puts reference lists that came from the hub where the program looks for them."""

    def install(name: str, data: bytes) -> None:
        from kiosk.bootstrap import reference_dir
        from kiosk.facilities import import_facilities
        from kiosk.reference import take_premiums

        folder = reference_dir(config)
        if name == _PREMIUMS:
            try:
                take_premiums(data, folder)
            except OSError:
                raise KioskError("reference.io") from None
            return
        if name != _FACILITIES:
            raise KioskError("reference.list")
        fresh = folder / ".from-hub.csv"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh.write_bytes(data)
            import_facilities(fresh, folder, replace=True)
        except OSError:
            raise KioskError("reference.io") from None
        finally:
            fresh.unlink(missing_ok=True)

    return install


def _receipt_forgotten(folder: Path | None) -> Callable[[str], None]:
    def forget(reference: str) -> None:
        if folder is not None:
            (folder / f"{reference}.txt").unlink(missing_ok=True)

    return forget


def enrol(house: Services, code: str, url: str) -> Identity:
    """Makes this kiosk known to the hub that made `code`, and the hub to it.

    Raises KioskError: `enrol.code` for a code with a slip, what the hub refuses with, CarrierError where
    it is not reached; then the same can be tried again.
    """
    from kiosk.sync.enrolment import EnrolCode

    parsed, where = EnrolCode.parse(code), url or house.config.hub.url
    if not where:
        raise KioskError("hub.no_url")
    return asyncio.run(_enrolled(house, parsed, where))


async def _enrolled(house: Services, code: Any, url: str) -> Identity:
    from kiosk.services.sync_ports import HubKey
    from kiosk.sync.enrolment import Application
    from kiosk.sync.http import HubLine, HubRefusalError
    from kiosk.sync.keys import OpeningKey, SigningKey
    from kiosk.sync.talk import enrol as ask

    config, enrolment = house.config, sync_services(house).enrolment
    for is_last in (False, True):
        asked = enrolment.prepare(config.kiosk.id, training=config.is_training, is_hub=code.is_of)
        signer = SigningKey.from_secret(asked.signing_secret)
        opening = OpeningKey.from_secret(asked.opening_secret).public
        application = Application(
            asked.kiosk, asked.training, signer.public, opening, asked.epoch, __version__
        )
        try:
            async with HubLine(url, asked.kiosk, signer, {}) as line:
                told = await ask(line, code, application)
            break
        except HubRefusalError as error:
            if error.code != "enrol.key" or is_last:
                raise
            # These keys were taken under another code, and the answer was lost.
            enrolment.forget_keys()
    keys = (*(("sign", key) for key in told.signing), *(("seal", key) for key in told.sealing))
    hub_keys = tuple(
        HubKey(key.id.hex(), key.public.hex(), purpose, retired=key.state != "active")
        for purpose, key in keys
    )
    return enrolment.taken(asked, hub_keys, url)


def hub_line(identity: Identity, url: str, pace: Pace | None = None) -> HubLine:
    """The line of an enrolled kiosk to its hub."""
    from kiosk.sync.http import HubLine
    from kiosk.sync.keys import SigningKey
    from kiosk.sync.pace import Pace
    from kiosk.sync.run import publics_of

    signer = SigningKey.from_secret(identity.signing_secret)
    return HubLine(url, identity.kiosk, signer, publics_of(identity), pace or Pace())


@dataclass(frozen=True)
class Manner:
    """Whom to tell of the progress, how long to wait for decisions, and what is known of the line.

    `patience_seconds` is how long to wait for another program of this kiosk that syncs.
    """

    progress: Callable[[int, int], None] = lambda _done, _total: None
    wait_seconds: float = 0.0
    patience_seconds: float = 0.0
    pace: Pace | None = None
    backoff: Backoff | None = None
    polite: bool = False


def sync_once(house: Services, manner: Manner = Manner()) -> SyncOutcome:
    """Sends and fetches all there is, and purges what is due; what came of it is remembered.

    Raises KioskError `kiosk.not_enrolled`, `kiosk.other_class`, `kiosk.other_id`, StoreError, and
    CarrierError `sync.busy` where another program of this kiosk syncs.
    """
    services = sync_services(house, polite=manner.polite)
    identity = services.enrolment.begin_life()
    refuse_stranger(house.config, identity)
    assert identity is not None  # noqa: S101 - a kiosk without one was refused
    with only_one(house.config.store_dir, manner.patience_seconds), _noted(services.notes):
        outcome = asyncio.run(_synced(house, services, identity, manner))
        try:
            services.purging.purge()
        except OSError:
            outcome.code = outcome.code or "purge.io"
    return outcome


def refuse_stranger(config: Config, identity: Identity | None) -> None:
    """Raises KioskError where this program is not the kiosk that has enrolled."""
    if identity is None:
        raise KioskError("kiosk.not_enrolled")
    if identity.training != config.is_training:
        raise KioskError("kiosk.other_class")
    if identity.kiosk != config.kiosk.id:
        raise KioskError("kiosk.other_id", identity.kiosk)


async def _synced(house: Services, services: SyncServices, identity: Identity, manner: Manner) -> SyncOutcome:
    from kiosk.sync.run import KioskSide, Numbers, SyncRun

    cards = house.config.cards
    async with hub_line(identity, house.config.hub.url or identity.url, manner.pace) as line:
        side = KioskSide(
            sending=services.sending,
            inbox=services.inbox,
            enrolment=services.enrolment,
            status=lambda me: status_of(house, services, me, line.drift_ms),
            cards=lambda me: _cards(house, me),
        )
        numbers = Numbers(cards.low_water, cards.keep)
        run = SyncRun(line, side, numbers=numbers, progress=manner.progress, backoff=manner.backoff)
        outcome = await run.run(wait_seconds=manner.wait_seconds)
        _remember(house, services.notes, outcome, line.drift_ms)
    return outcome


@contextmanager
def _noted(notes: SyncNotes) -> Iterator[None]:
    """Says that a run goes on, for as long as it does."""
    notes.remember(replace(notes.last(), working=True))
    try:
        yield
    finally:
        notes.remember(replace(notes.last(), working=False))


def _remember(house: Services, notes: SyncNotes, outcome: SyncOutcome, drift_ms: int | None) -> None:
    now, last = house.clock.now().wall, notes.last()
    notes.remember(
        replace(
            last,
            contact_at=now if outcome.contact else last.contact_at,
            tried_at=now,
            code=outcome.code,
            set_aside=outcome.set_aside.total(),
            drift_ms=last.drift_ms if drift_ms is None else drift_ms,
        )
    )


def status_of(
    house: Services, services: SyncServices, identity: Identity, drift_ms: int | None
) -> Mapping[str, Any]:
    """How the kiosk is, as the hub is told."""
    with house.open_work.reading() as work:
        head, left = work.audit.head(), work.cards.left()
    return {
        "waiting": services.sending.waiting(),
        "drift_ms": drift_ms,
        "version": __version__,
        "profile": house.config.profile,
        "cards_left": left,
        "audit_head": head,
        "epoch": identity.epoch,
    }


def _cards(house: Services, identity: Identity) -> tuple[int, tuple[tuple[int, int], ...]]:
    """How many leased numbers are left, and how far each block of this life was given."""
    with house.open_work.reading() as work:
        blocks = [one for one in work.cards.blocks() if one.lease and one.epoch == identity.epoch]
        left = work.cards.left()
    return left, tuple((int(one.first), one.next) for one in blocks)


@contextmanager
def only_one(folder: Path, patience_seconds: float = 0.0) -> Iterator[None]:
    """Lets one program of this kiosk sync at a time; raises CarrierError `sync.busy` for another one.

    Waits for so long until the other one has ended.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + patience_seconds
        while not _locked(descriptor):
            if time.monotonic() >= end:
                raise CarrierError("sync.busy")
            time.sleep(_LOOK_AGAIN_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

"""The program whose stick is recorded, pulled and made to fail: a kiosk exports, a hub answers, it imports.

`python -m tests.faults.stick_program KIOSK STICK SEED [careless] [failing]`, the recorder looking at STICK.
Careless, nothing is synced, and what was written is marked before it is read back. Failing, every operation
on the stick fails once; what that broke is printed as JSON.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.bootstrap import Services, services
from kiosk.domain.draft import Draft
from kiosk.errors import KioskError
from kiosk.services.answering import answers_of, filled
from kiosk.services.inbox import Inbox
from kiosk.services.sending import Sending
from kiosk.services.sync_ports import Identity, Queued
from kiosk.sync import usb
from kiosk.sync.canonical import canonical
from kiosk.sync.carrying import Carrying
from kiosk.sync.envelope import Envelope, read, split
from kiosk.sync.keys import SigningKey
from kiosk.sync.parcel import ANSWERS, EXPORT, BadParcelError, Manifest, Part
from kiosk.sync.statements import Receipt, message
from kiosk.sync.usb import Contents
from kiosk.sync.voice import Voice
from tests.faults.families import TODAY, family, settings
from tests.faults.recorder import EVERY, GROWING, Recorder
from tests.unit.hub_pen import NOW, NOW_MS, HubPen

KIOSK = "K1"
_EACH = 3
"""Families registered before each export."""

_ROUNDS = 3
_MAY_SAY = {"stick.full", "stick.io", "stick.check", "stick.gone"}


def hub_pen(seed: int) -> HubPen:
    """The hub of a seed; the suite reads what it has signed."""
    return HubPen(KIOSK, signing=SigningKey.from_secret(seed.to_bytes(32, "big")))


def kiosk_key(seed: int) -> SigningKey:
    """The key that the kiosk of a seed signs with."""
    return SigningKey.from_secret((seed + 2**64).to_bytes(32, "big"))


def whole_envelopes(root: Path, public: bytes) -> list[Envelope]:
    """What lies on a stick in parcels that hold in every part; others are passed over, as a hub does."""
    found: list[Envelope] = []
    for parcel in whole_parcels(root, EXPORT, public):
        parts = [part for part in parcel.manifest.parts if part.name.startswith("envelopes")]
        batches = (split(parcel.read(part), at_most=part.count) for part in parts)
        found += [one for batch in batches for data in batch if (one := read(data)).is_signed_by(public)]
    return found


def whole_parcels(root: Path, kind: str, public: bytes) -> Iterator[usb.Parcel]:
    """The parcels on a stick that are whole and signed by this key."""
    folder = usb.folder_of(root, KIOSK)
    for number in usb.numbers(folder, kind):
        try:
            parcel = usb.open_parcel(folder, kind, number)
            parcel.verify([public])
            parcel.check()
        except BadParcelError:
            continue
        yield parcel


class _MarkingSending(Sending):
    """Tells the recorder which versions are about to be marked as written."""

    told: Any = None

    def exported(self, written: Iterable[Queued]) -> None:
        listed = list(written)
        self.told([one.registration for one in listed])
        super().exported(listed)


@dataclass
class Trip:
    """A kiosk, its stick, and a hub that answers on it."""

    folder: Path
    stick: Path
    seed: int
    recorder: Recorder = field(default_factory=Recorder)
    marked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.house = services(settings(self.folder), today=TODAY, seed=self.seed)
        self.hub = hub_pen(self.seed)
        self.families = 0
        with self.house.open_work() as work:
            known = self.hub.identity()
            secret = kiosk_key(self.seed).secret
            work.identity.put(
                Identity(**{name: getattr(known, name) for name in _KEPT}, signing_secret=secret)
            )
            work.commit()
        self.sending = _MarkingSending(self.house.open_work, self.house.clock, Voice())
        self.sending.told = self._marking
        self.carrying = carrying_of(self.house, self.sending)

    def _marking(self, records: list[str]) -> None:
        self.marked = records
        self.recorder.mark(marking=records)

    def register(self, count: int = _EACH) -> None:
        """Registers so many families."""
        for _ in range(count):
            raw, problems = answers_of(family(self.seed, self.families))
            assert not problems
            self.families += 1
            draft = filled(Draft(f"0198f2c0-0000-7000-8000-{self.families:012x}", NOW), raw, "v1")
            done = self.house.registrar.submit(draft, self.house.rules(), source="file")
            assert done.registration is not None, done.decision

    def answer(self, decided: int) -> None:
        """What the hub does: a receipt for everything that came, and decisions for the first of them."""
        envelopes = whole_envelopes(self.stick, kiosk_key(self.seed).public)
        receipts = [self._receipt(one) for one in envelopes]
        said = []
        for one in envelopes[:decided]:
            self.hub.number += 1
            header = one.header
            payload = {"record": header.record, "version": 1, "hash": header.content_hash.hex(), "at": NOW}
            payload |= {"decision": "accepted", "reference": "", "problems": [], "other_reference": None}
            said.append(
                message(
                    KIOSK,
                    self.hub.number,
                    "decision",
                    {**payload, "card": "none"},
                    self.hub.signing,
                    training=True,
                ).as_dict()
            )
        files = [
            Contents("receipts-0001.json", canonical({"items": receipts}), len(receipts)),
            Contents("messages-0001.json", canonical({"items": said}), len(said)),
        ]
        signer = self.hub.signing

        def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
            return Manifest(ANSWERS, KIOSK, True, number, NOW_MS, signer.id, parts)  # noqa: FBT003

        made = usb.write_parcel(self.stick, files, manifest, signer, kiosk=KIOSK, kind=ANSWERS)
        self.recorder.mark(answered=[one.header.record for one in envelopes])
        usb.remove_older(self.stick, made, signer.public)

    def _receipt(self, envelope: Envelope) -> dict[str, Any]:
        header = envelope.header
        receipt = Receipt(KIOSK, header.record, 1, header.content_hash, NOW_MS, b"", training=True).signed(
            self.hub.signing
        )
        return {"status": "received", "code": "", **receipt.as_dict()}

    def on_stick(self) -> set[str]:
        """The records that a hub would take from the stick now."""
        return {one.header.record for one in whole_envelopes(self.stick, kiosk_key(self.seed).public)}

    def close(self) -> None:
        self.house.close()


_KEPT = ("kiosk", "training", "opening_secret", "hub_keys", "url", "enrolled_at", "epoch")


def carrying_of(house: Services, sending: Sending) -> Carrying:
    """The kiosk's end, with nothing to tell but what is on the stick."""
    inbox = Inbox(house.open_work, house.clock, Voice(), rules=house.rules, install=lambda _name, _data: None)

    def identity() -> Identity | None:
        with house.open_work.reading() as work:
            return work.identity.get()

    def queued(record: str, version: int) -> Queued | None:
        with house.open_work.reading() as work:
            return work.outbox.get(record, version)

    return Carrying(
        sending, inbox, identity=identity, told=lambda: {"status": None, "blocks": None}, queued=queued,
        now_ms=lambda: NOW_MS,
    )  # fmt: skip


def recorded(trip: Trip) -> None:
    """Exports, answers and imports, some families more each time."""
    for number in range(_ROUNDS):
        trip.register()
        trip.carrying.export(trip.stick)
        trip.answer(decided=number)
        if number == 1:
            trip.carrying.take(trip.stick)


# Operations that fail.


@dataclass(frozen=True, slots=True)
class Fault:
    """How operations fail: with which error, which kinds, once or from then on."""

    error: int
    kinds: int
    sticky: bool


FAULTS = tuple(
    Fault(error, kinds, sticky)
    for error, kinds in ((errno.ENOSPC, GROWING), (errno.EIO, EVERY), (errno.ENODEV, EVERY))
    for sticky in (False, True)
)


def failing(trip: Trip) -> dict[str, Any]:
    """Every operation of an export, and of what the hub writes, fails in every way."""
    points, broken = 0, Counter[str]()
    trip.register()
    trip.carrying.export(trip.stick)
    trip.answer(decided=0)
    before = trip.folder / "stick-before"
    shutil.copytree(trip.stick, before)
    known = trip.on_stick()
    trip.register()
    calls: dict[str, Callable[[], object]] = {
        "export": lambda: trip.carrying.export(trip.stick),
        "answer": lambda: trip.answer(decided=0),
    }
    for fault in FAULTS:
        for name, call in calls.items():
            at, fired = 0, True
            while fired:
                fired, wrong = _struck(trip, fault, at, call)
                where = f"{errno.errorcode[fault.error]} at operation {at} of {name}, sticky {fault.sticky}"
                broken.update(f"{where}: {what}" for what in (*wrong, *_lost(trip, known)))
                points += fired
                at += 1
                for child in trip.stick.iterdir():
                    shutil.rmtree(child)
                shutil.copytree(before, trip.stick, dirs_exist_ok=True)
    return {"points": points, "lost": broken.total(), "notes": [what for what, _ in broken.most_common(20)]}


def _struck(trip: Trip, fault: Fault, at: int, call: Callable[[], object]) -> tuple[bool, list[str]]:
    """Whether operation `at` of a call was made to fail, and what was wrong with how it ended."""
    wrong, trip.marked = [], []
    trip.recorder.arm(at, fault.error, fault.kinds, sticky=fault.sticky)
    try:
        call()
    except KioskError as refused:
        wrong = [] if refused.code in _MAY_SAY else [f"said {refused}"]
    except Exception as failed:  # noqa: BLE001 - it would have ended the program
        wrong = [f"ended in {failed!r}"]
    return trip.recorder.disarm(), wrong


def _lost(trip: Trip, known: set[str]) -> Iterator[str]:
    """A stick must hold after a fault all that was on it before, and all that was marked as written now."""
    missing = (known | set(trip.marked)) - trip.on_stick()
    if missing:
        yield f"{len(missing)} records are not on the stick"


def _be_careless(trip: Trip) -> None:
    """Nothing is synced, and the mark comes before anything is written."""
    export = trip.carrying.export

    def sync_nothing(_: object) -> None:
        return

    def early(folder: Path, progress: object = None) -> object:
        del progress
        trip.sending.exported([one.queued for one in trip.sending.all_waiting(limit=99)])
        return export(folder)

    os.fsync = sync_nothing  # type: ignore[assignment]
    trip.carrying.export = early  # type: ignore[method-assign,assignment]


def main(folder: str, stick: str, seed: str, *words: str) -> None:
    """Runs the trip in the manner that the words say."""
    trip = Trip(Path(folder), Path(stick), int(seed))
    if "careless" in words:
        _be_careless(trip)
    if "failing" in words:
        sys.stdout.write(json.dumps(failing(trip)) + "\n")
    else:
        recorded(trip)
    trip.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Takes in what kiosks wrote on a stick, and writes beside it what the hub has to say: the hub's end.

Envelopes go the same way as over the network, one batch a transaction. What is on the stick may be old, come
twice, or be forged; it is believed as far as its signatures go, and how late it is hurts nobody.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine, text
from sqlmodel import Session

from kiosk.errors import KioskError
from kiosk.hub.audit import note
from kiosk.hub.block_route import BlockAsked
from kiosk.hub.blocks import FRESH_REPORT, Wanted, lease_block
from kiosk.hub.callers import Caller, CallerBook, admit
from kiosk.hub.database import transaction
from kiosk.hub.documents import StatusReport
from kiosk.hub.inbox import messages_after, note_read
from kiosk.hub.intake import STICK, Item, take_in
from kiosk.hub.keys import SIGN, HubKeys, KeyFile
from kiosk.hub.kiosks import subject
from kiosk.hub.reports import Report, note_report
from kiosk.sync import usb
from kiosk.sync.canonical import canonical
from kiosk.sync.envelope import BadEnvelopeError, read, split
from kiosk.sync.keys import SigningKey
from kiosk.sync.parcel import ANSWERS, EXPORT, LONGEST_PART, MOST_PARTS, BadParcelError, Manifest, Part
from kiosk.sync.statements import Message
from kiosk.sync.usb import Contents, Parcel, Progress

TOGETHER = 200
"""Envelopes in one transaction, and items in one file of answers."""

_MOST_FILES = 900
_MESSAGES = 200
_LOOK_SECONDS = 0.2
_UNDECIDED = text("SELECT EXISTS (SELECT FROM envelope WHERE kiosk = :kiosk AND decided_at IS NULL)")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of one kiosk's folder: its parcels, what became of their items, and what it is answered.

    `refused` are folders and files with the codes of why nothing of them was taken; `codes` say what else
    was not done. `more` where messages were left for the next time.
    """

    kiosk: str
    training: bool = False
    parcels: int = 0
    items: Mapping[str, int] = field(default_factory=dict)
    messages: int = 0
    numbers: int = 0
    folder: str = ""
    refused: tuple[tuple[str, str], ...] = ()
    codes: tuple[str, ...] = ()
    more: bool = False


@dataclass(slots=True)
class _Answer:
    """What one kiosk is to be told, as it comes together."""

    items: list[dict[str, Any]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    block: Message | None = None
    numbers: int = 0
    codes: list[str] = field(default_factory=list)
    more: bool = False


class StickDesk:
    """Takes sticks in at a hub; `who` is written down as the one who did it.

    For `wait` seconds it lets the workers decide what came, so that the stick takes the decisions back.
    """

    def __init__(
        self,
        engine: Engine,
        key_file: KeyFile,
        *,
        who: str,
        wait: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._key_file = key_file
        self._who = who
        self._wait = wait
        self._clock = clock
        self._book = CallerBook(engine)

    def take(self, folder: Path, progress: Progress | None = None) -> list[Delivered]:
        """Everything that kiosks wrote there, kiosk by kiosk; each gets its answers on the same stick.

        A kiosk that is not known, is revoked, or whose parcels do not hold is named and passed over. Raises
        CarrierError where the stick fails: what was taken in then stays taken in, and the same stick again
        gives the same receipts. Raises KioskError `stick.empty` where no kiosk wrote anything.
        """
        root = usb.root_of(folder)
        found = usb.kiosks_on(root)
        if not found:
            raise KioskError("stick.empty", str(root))
        return [one for kiosk in found for one in self._folder(root, kiosk, progress)]

    def _folder(self, root: Path, kiosk: str, progress: Progress | None) -> Iterator[Delivered]:
        place, refused = usb.folder_of(root, kiosk), list[tuple[str, str]]()
        parcels: dict[int, list[Parcel]] = {}
        callers: dict[int, Caller] = {}
        try:
            for number in usb.numbers(place, EXPORT):
                try:
                    parcel, caller = self._parcel(place, number)
                except BadParcelError as error:
                    refused.append((error.detail, error.code))
                else:
                    callers[caller.n] = caller
                    parcels.setdefault(caller.n, []).append(parcel)
        except BadParcelError as error:
            refused.append((error.detail, error.code))
        for n, caller in callers.items():
            try:
                yield self._kiosk(root, caller, parcels[n], progress)
            except KioskError as error:
                if error.exit_code != 1:
                    raise
                refused.append((str(place), error.code))
        if refused:
            yield Delivered(kiosk, refused=tuple(refused))

    def _parcel(self, place: Path, number: int) -> tuple[Parcel, Caller]:
        """A parcel that is whole and signed by a kiosk that the hub knows; BadParcelError otherwise."""
        parcel = usb.open_parcel(place, EXPORT, number)
        manifest, name = parcel.manifest, str(parcel.folder)
        caller = self._book.find(manifest.key)
        if caller is None:
            raise BadParcelError("stick.unknown_kiosk", name)
        if caller.name != manifest.kiosk:
            raise BadParcelError("stick.other_kiosk", name)
        if caller.training != manifest.training:
            raise BadParcelError("stick.class", name)
        parcel.verify([caller.signing])
        parcel.check()
        return parcel, caller

    def _kiosk(
        self, root: Path, caller: Caller, parcels: Sequence[Parcel], progress: Progress | None
    ) -> Delivered:
        answer, statuses = _Answer(), Counter[str]()
        total, done = sum(parcel.manifest.count for parcel in parcels), 0
        for parcel in parcels:
            for batch in _batches(parcel):
                items = self._taken_in(caller, batch)
                statuses.update(item.status for item in items)
                answer.items += [_told(item, raw) for item, raw in zip(items, batch, strict=True)]
                done += len(batch)
                if progress:
                    progress(done, total)
        newest = parcels[-1].manifest
        keys = self._key_file.current()
        with self._visit(caller) as session:
            note(session, self._who, "stick.taken", subject(caller.name, training=caller.training))
            self._about(session, caller, newest, answer)
        self._numbers(caller, newest, keys, answer)
        self._let_decide(caller)
        self._messages(caller, newest, answer)
        made = self._write(root, caller, [parcel.manifest for parcel in parcels], keys, answer)
        return Delivered(
            caller.name,
            caller.training,
            len(parcels),
            dict(statuses),
            len(answer.messages),
            answer.numbers,
            str(usb.folder_of(root, caller.name) / made.folder),
            codes=tuple(answer.codes),
            more=answer.more,
        )

    def _visit(self, caller: Caller) -> _Visit:
        return _Visit(self._engine, caller, self._clock())

    def _taken_in(self, caller: Caller, batch: Sequence[bytes]) -> list[Item]:
        """What became of the envelopes, durable when this returns."""
        now_ms = int(self._clock() * 1000)
        with self._visit(caller) as session:
            return take_in(session, caller, batch, self._key_file.current(), carrier=STICK, now_ms=now_ms)

    def _about(self, session: Session, caller: Caller, manifest: Manifest, answer: _Answer) -> None:
        """Keeps what the kiosk tells of itself; nothing that a stick brings is counted as news of today."""
        self._report(session, caller, manifest, answer)
        cursor = manifest.about.get("cursor")
        if type(cursor) is int and cursor >= 0:
            note_read(session, caller, cursor)

    def _report(self, session: Session, caller: Caller, manifest: Manifest, answer: _Answer) -> None:
        told = manifest.about.get("status")
        if told is None:
            return
        try:
            status = StatusReport.model_validate(told)
        except ValidationError:
            answer.codes.append("status.malformed")
            return
        report = Report(
            waiting=status.waiting,
            drift_ms=status.drift_ms,
            program=status.version,
            profile=status.profile,
            cards_left=status.cards_left,
            audit_head=bytes.fromhex(status.audit_head),
            epoch=status.epoch,
        )
        not_fresh = self._clock() - FRESH_REPORT.total_seconds() - 1
        note_report(session, caller, report, min(manifest.made_ms / 1000, not_fresh))

    def _numbers(self, caller: Caller, manifest: Manifest, keys: HubKeys, answer: _Answer) -> None:
        """The block of card numbers that the kiosk asks for, under the lease that it has kept."""
        asked = manifest.about.get("blocks")
        if asked is None:
            return
        now = datetime.fromtimestamp(self._clock(), UTC)
        try:
            found = BlockAsked.model_validate(asked)
            # How far it had come when it wrote this is not told on: by now it may have given more of them.
            wanted = Wanted(found.lease, found.epoch, found.want, found.left)
            with self._visit(caller) as session:
                answer.block = lease_block(session, caller.n, wanted, keys.signer, now)
        except ValidationError:
            answer.codes.append("blocks.malformed")
        except KioskError as error:
            answer.codes.append(error.code)
        else:
            payload = answer.block.payload() or {}
            answer.numbers = int(payload.get("count", 0))

    def _let_decide(self, caller: Caller) -> None:
        """Waits for decisions, in vain where no worker runs."""
        until = time.monotonic() + self._wait
        while time.monotonic() < until:
            with transaction(self._engine) as session:
                if not session.execute(_UNDECIDED, {"kiosk": caller.n}).scalar_one():
                    return
            time.sleep(_LOOK_SECONDS)

    def _messages(self, caller: Caller, manifest: Manifest, answer: _Answer) -> None:
        cursor = manifest.about.get("cursor")
        after = cursor if type(cursor) is int and cursor >= 0 else 0
        files = 0
        while True:
            with self._visit(caller) as session:
                found, answer.more = messages_after(session, caller, after, _MESSAGES)
            files += 1
            answer.messages += found
            if not answer.more or files == _MOST_FILES:
                return
            after = found[-1].number

    def _write(
        self, root: Path, caller: Caller, taken: Sequence[Manifest], keys: HubKeys, answer: _Answer
    ) -> Manifest:
        signer = _trusted(keys, taken[-1])

        def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
            about = {"answers": [one.digest.hex() for one in taken]}
            return Manifest(
                ANSWERS,
                caller.name,
                caller.training,
                number,
                int(self._clock() * 1000),
                signer.id,
                parts,
                about,
            )

        said = [answer.block, *answer.messages] if answer.block else answer.messages
        files = [*_files("receipts", answer.items), *_files("messages", [one.as_dict() for one in said])]
        if len(files) > MOST_PARTS:
            files, answer.more = files[:MOST_PARTS], True
        made = usb.write_parcel(root, files, manifest, signer, kiosk=caller.name, kind=ANSWERS)
        usb.remove_older(root, made, signer.public)
        return made


class _Visit:
    """One transaction for a kiosk that may still speak, during which nobody else speaks in its name."""

    def __init__(self, engine: Engine, caller: Caller, now: float) -> None:
        self._transaction = transaction(engine)
        self._caller = caller
        self._now = now

    def __enter__(self) -> Session:
        session = self._transaction.__enter__()
        try:
            admit(session, self._caller, nonce=None, now=self._now)
        except BaseException as error:
            self._transaction.__exit__(type(error), error, error.__traceback__)
            raise
        return session

    def __exit__(self, *error: Any) -> None:
        self._transaction.__exit__(*error)


def _batches(parcel: Parcel) -> Iterator[list[bytes]]:
    """The envelopes of a parcel, some at a time; what else is in it is of a later program."""
    for part in parcel.manifest.parts:
        if not part.name.startswith("envelopes-"):
            continue
        try:
            found = split(parcel.read(part), at_most=part.count)
        except BadEnvelopeError:
            found = []
        if len(found) != part.count:
            raise BadParcelError("parcel.malformed", str(parcel.folder / part.name))
        for start in range(0, len(found), TOGETHER):
            yield found[start : start + TOGETHER]


def _told(item: Item, raw: bytes) -> dict[str, Any]:
    """An item of the answer: with its receipt, or else with what it was, where that can be read."""
    said: dict[str, Any] = {"status": item.status, "code": item.code}
    if item.receipt is not None:
        return {**said, **item.receipt.as_dict()}
    try:
        header = read(raw).header
    except BadEnvelopeError:
        return said
    return {**said, "record": header.record, "version": header.version, "hash": header.content_hash.hex()}


def _files(name: str, items: Sequence[Mapping[str, Any]]) -> Iterator[Contents]:
    """Items in files that are not too long, in their order; one too long for any is left out."""
    number, batch, size = 0, list[Mapping[str, Any]](), 0
    for item in items:
        length = len(canonical(item)) + 1
        if length > LONGEST_PART - 100:
            break
        if batch and (len(batch) == TOGETHER or size + length > LONGEST_PART - 100):
            number += 1
            yield _file(name, number, batch)
            batch, size = [], 0
        batch.append(item)
        size += length
    yield _file(name, number + 1, batch)


def _file(name: str, number: int, batch: Sequence[Mapping[str, Any]]) -> Contents:
    return Contents(f"{name}-{number:04d}.json", canonical({"items": list(batch)}), len(batch))


def _trusted(keys: HubKeys, manifest: Manifest) -> SigningKey:
    """The newest signing key that the kiosk knew when it wrote the parcel; the present one for none."""
    trusts = manifest.about.get("trusts")
    known = set(trusts) if isinstance(trusts, list) and all(isinstance(one, str) for one in trusts) else set()
    if keys.signer.id.hex() in known:
        return keys.signer
    for one in reversed(keys.all):
        if one.purpose == SIGN and isinstance(one.key, SigningKey) and one.id.hex() in known:
            return one.key
    return keys.signer

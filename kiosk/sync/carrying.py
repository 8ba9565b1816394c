"""Carries what waits to the hub on a stick, and takes from a stick what the hub said: the kiosk's end.

What is sealed, believed and stored is the same as over the network; only the way differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.errors import CarrierError, KioskError
from kiosk.services.inbox import Inbox
from kiosk.services.sending import WITHDRAWN, Sending
from kiosk.services.sync_ports import Identity, Letter, Outgoing, Queued, ReceiptWord
from kiosk.sync import usb
from kiosk.sync.canonical import read_canonical
from kiosk.sync.envelope import joined
from kiosk.sync.keys import SigningKey
from kiosk.sync.parcel import ANSWERS, EXPORT, BadParcelError, Manifest, Part
from kiosk.sync.statements import BadStatementError, message_from, receipt_from
from kiosk.sync.usb import Contents, Parcel, Progress
from kiosk.sync.voice import letter_of, word_of

TOGETHER = 200
"""Envelopes in one file."""

HELD = frozenset({"received", "duplicate"})
"""What an item's status is where the hub holds the version, so that a receipt stands beside it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the folder, how many envelopes, how many versions could not be sealed."""

    folder: Path
    envelopes: int
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Copied:
    """A second copy: its folder, how many envelopes are in it, and the last place in the queue among them."""

    folder: Path
    envelopes: int
    place: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What was taken from a stick; `refused` are folders with the codes of why nothing of them was taken.

    `kept` are messages for a later program, `codes` what else was not taken, and why. `words` say in one
    word each what the messages were.
    """

    parcels: int = 0
    receipts: int = 0
    put_off: int = 0
    messages: int = 0
    kept: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class _Answers:
    """All that stands in one parcel of the hub, read and in form, not yet believed."""

    words: list[ReceiptWord] = field(default_factory=list)
    others: list[tuple[str, int, str]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)


class Carrying:
    """One kiosk's sticks.

    `identity` gives who it is to the hub, `told` what the hub is told of it (`status`, `blocks`), `now_ms`
    the wall clock, `queued` a version in the queue.
    """

    def __init__(
        self,
        sending: Sending,
        inbox: Inbox,
        *,
        identity: Callable[[], Identity | None],
        told: Callable[[], Mapping[str, Any]],
        queued: Callable[[str, int], Queued | None],
        now_ms: Callable[[], int],
    ) -> None:
        self._sending = sending
        self._inbox = inbox
        self._identity = identity
        self._told = told
        self._queued = queued
        self._now_ms = now_ms

    def export(self, folder: Path, progress: Progress | None = None) -> Exported:
        """Writes everything that waits to the stick, and then remembers that it lies there.

        When this returns, it is durable there and was read back, and older parcels of this kiosk are gone.
        Raises KioskError `kiosk.not_enrolled`, `stick.class`; CarrierError and BadParcelError as
        `usb.write_parcel` does: then what was there is there, and nothing is remembered.
        """
        written: list[Queued] = []
        made, left_out = self._write(folder, written, progress)
        self._sending.exported(written)
        identity = self._enrolled()
        root = usb.root_of(folder)
        usb.remove_older(root, made, SigningKey.from_secret(identity.signing_secret).public)
        return Exported(usb.folder_of(root, made.kiosk) / made.folder, made.count, left_out)

    def copy(self, folder: Path, place: int = 0) -> Copied:
        """Writes a second copy of what waits behind a place in the queue, and remembers nothing.

        From the beginning of the queue it stands for all older parcels of this kiosk there; else it comes
        beside them. Raises as `export` does.
        """
        written: list[Queued] = []
        made, _ = self._write(folder, written, None, place)
        if place == 0:
            signer = SigningKey.from_secret(self._enrolled().signing_secret)
            usb.remove_older(usb.root_of(folder), made, signer.public)
        last = max((one.n for one in written), default=place)
        return Copied(usb.folder_of(usb.root_of(folder), made.kiosk) / made.folder, made.count, last)

    def has_more(self, place: int) -> bool:
        """Whether anything waits behind a place in the queue."""
        return bool(self._sending.all_waiting(limit=1, place=place))

    def _enrolled(self) -> Identity:
        identity = self._identity()
        if identity is None or not identity.hub_keys:
            raise KioskError("kiosk.not_enrolled")
        return identity

    def _write(
        self, folder: Path, written: list[Queued], progress: Progress | None, place: int = 0
    ) -> tuple[Manifest, int]:
        identity, root = self._enrolled(), usb.root_of(folder)
        _refuse_other_class(root, identity)
        signer, left_out = SigningKey.from_secret(identity.signing_secret), list[Queued]()

        def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
            about = {
                "cursor": identity.cursor,
                "trusts": [key.id for key in identity.hub_keys if key.purpose == "sign"],
                **self._told(),
            }
            return Manifest(
                EXPORT, identity.kiosk, identity.training, number, self._now_ms(), signer.id, parts, about
            )

        made = usb.write_parcel(
            root,
            self._envelopes(written, left_out, progress, place),
            manifest,
            signer,
            kiosk=identity.kiosk,
            kind=EXPORT,
        )
        return made, len(left_out)

    def _envelopes(
        self, written: list[Queued], left_out: list[Queued], progress: Progress | None, place: int
    ) -> Iterator[Contents]:
        """All that waits as files of envelopes, sealed while they are written."""
        total, number, done = self._sending.waiting(), 0, 0
        while page := self._sending.all_waiting(limit=TOGETHER, place=place):
            place, number = page[-1].queued.n, number + 1
            sealed = self._sealed(page, written, left_out)
            yield Contents(f"envelopes-{number:04d}.bin", joined(sealed), len(sealed))
            done += len(page)
            if progress:
                progress(done, max(done, total))

    def _sealed(self, page: Sequence[Outgoing], written: list[Queued], left_out: list[Queued]) -> list[bytes]:
        """The envelopes of a page; a version that cannot be sealed stands in nobody's way."""
        try:
            sealed = self._sending.sealed(page)
        except (KioskError, ValueError) as error:
            if len(page) > 1:
                return [envelope for one in page for envelope in self._sealed([one], written, left_out)]
            if getattr(error, "code", "") != WITHDRAWN:
                left_out.append(page[0].queued)
            return []
        written += [one.queued for one in page]
        return sealed

    # From the hub.

    def take(self, folder: Path, progress: Progress | None = None) -> Imported:
        """Takes what the hub wrote for this kiosk; the same stick again changes nothing.

        Raises KioskError `kiosk.not_enrolled`, `stick.no_answers`; CarrierError where the stick fails. A
        parcel that is not whole, not of this hub, or for another kiosk or class is refused, and the others
        are taken.
        """
        identity, root = self._enrolled(), usb.root_of(folder)
        place = usb.folder_of(root, identity.kiosk)
        found = usb.numbers(place, ANSWERS)
        if not found:
            raise KioskError("stick.no_answers", str(place))
        done = Imported()
        for number in found:
            try:
                answers = self._read(place, number, identity, progress)
            except BadParcelError as error:
                refused = (error.detail, error.code)
                done = _sum(done, Imported(refused=(refused,)))
            else:
                done = _sum(done, self._apply(answers))
        return done

    def _read(self, place: Path, number: int, identity: Identity, progress: Progress | None) -> _Answers:
        parcel = usb.open_parcel(place, ANSWERS, number)
        manifest, name = parcel.manifest, str(parcel.folder)
        publics = {key.id: key.public for key in identity.hub_keys if key.purpose == "sign"}
        public = publics.get(manifest.key.hex())
        if manifest.training != identity.training:
            raise BadParcelError("stick.class", name)
        if public is None:
            raise BadParcelError("stick.other_hub", name)
        parcel.verify([bytes.fromhex(public)])
        parcel.check(progress)
        answers = _Answers()
        try:
            for part in manifest.parts:
                _read_part(parcel, part, identity, answers)
        except (BadStatementError, KeyError, TypeError, ValueError):
            raise BadParcelError("parcel.malformed", name) from None
        return answers

    def _apply(self, answers: _Answers) -> Imported:
        """Receipts first, since decisions follow on them; after the messages those of new keys once more."""
        first = self._sending.receipts(answers.words)
        inbox = self._inbox.take([one for one in answers.letters if one.number])
        codes = [inbox.code] if inbox.code else []
        again = self._sending.receipts(answers.words) if first.codes and inbox.taken else first
        codes += again.codes
        for letter in answers.letters:
            code = "" if letter.number else self._inbox.answer(letter)
            codes += [code] if code else []
        put_off = [
            (queued, code)
            for record, version, code in answers.others
            if (queued := self._queued(record, version)) is not None and not queued.sent_at
        ]
        self._sending.put_off(put_off)
        receipts = first.taken + (again.taken if again is not first else 0)
        return Imported(1, receipts, len(put_off), inbox.taken, inbox.kept, (), tuple(codes), inbox.words)


def _refuse_other_class(root: Path, identity: Identity) -> None:
    """A stick of real families takes no practice, nor the other way round."""
    folder = usb.folder_of(root, identity.kiosk)
    for kind in (EXPORT, ANSWERS):
        for number in usb.numbers(folder, kind):
            try:
                found = usb.open_parcel(folder, kind, number)
            except (BadParcelError, CarrierError):
                continue
            if found.manifest.training != identity.training:
                raise KioskError("stick.class", str(found.folder))


def _read_part(parcel: Parcel, part: Part, identity: Identity, answers: _Answers) -> None:
    name = part.name.partition("-")[0]
    if name not in {"receipts", "messages"}:
        return
    items = read_canonical(parcel.read(part))["items"]
    if not isinstance(items, list) or len(items) != part.count:
        raise ValueError("no list of so many")
    for item in items:
        if name == "messages":
            said = message_from(identity.kiosk, item, training=identity.training)
            answers.letters.append(letter_of(said))
        elif item["status"] in HELD:
            told = {key: value for key, value in item.items() if key not in {"status", "code"}}
            answers.words.append(word_of(receipt_from(identity.kiosk, told, training=identity.training)))
        elif "record" in item:
            record, version, code = item["record"], item["version"], item["code"] or item["status"]
            if not isinstance(record, str) or type(version) is not int or not isinstance(code, str):
                raise TypeError("no such item")
            answers.others.append((record, version, code))


def _sum(one: Imported, other: Imported) -> Imported:
    return Imported(
        one.parcels + other.parcels,
        one.receipts + other.receipts,
        one.put_off + other.put_off,
        one.messages + other.messages,
        one.kept + other.kept,
        one.refused + other.refused,
        one.codes + other.codes,
        one.words + other.words,
    )

"""A kiosk and its stick: what waits goes out, what the hub said comes in, strange sticks change nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.registration import State
from kiosk.errors import CarrierError, KioskError
from kiosk.services.sync_ports import HubKey, Letter
from kiosk.sync import usb
from kiosk.sync.canonical import canonical, to_text
from kiosk.sync.carrying import Carrying, Imported
from kiosk.sync.envelope import Envelope, read, split
from kiosk.sync.keys import SigningKey
from kiosk.sync.parcel import ANSWERS, EXPORT, BadParcelError, Manifest, Part
from kiosk.sync.statements import BLOCK, message
from kiosk.sync.usb import Contents
from kiosk.sync.voice import letter_of
from tests.unit.hub_pen import NOW_MS
from tests.unit.synced import SyncedKiosk

TOLD = {"status": {"waiting": 0}, "blocks": None}


@dataclass
class Traveller:
    """A kiosk with a stick, and a hub that answers on it."""

    root: Path
    kiosk: SyncedKiosk = field(default_factory=SyncedKiosk)

    def __post_init__(self) -> None:
        self.carrying = Carrying(
            self.kiosk.sending,
            self.kiosk.inbox,
            identity=lambda: self.kiosk.store.state.identity,
            told=lambda: TOLD,
            queued=lambda record, version: self.kiosk.store.state.outbox.get((record, version)),
            now_ms=lambda: NOW_MS,
        )
        self.folder = usb.folder_of(self.root, "K1")

    @property
    def public(self) -> bytes:
        identity = self.kiosk.store.state.identity
        assert identity is not None
        return SigningKey.from_secret(identity.signing_secret).public

    def envelopes(self) -> list[Envelope]:
        """What lies on the stick, as the hub reads it."""
        (number,) = usb.numbers(self.folder, EXPORT)
        parcel = usb.open_parcel(self.folder, EXPORT, number)
        parcel.verify([self.public])
        parcel.check()
        found = [split(parcel.read(part), at_most=part.count) for part in parcel.manifest.parts]
        return [read(data) for batch in found for data in batch]

    def answer(
        self,
        items: Iterable[dict[str, Any]] = (),
        letters: Iterable[Letter] = (),
        *,
        signer: SigningKey | None = None,
        training: bool = True,
    ) -> None:
        """What the hub writes, on the stick."""
        listed = {
            "receipts-0001.json": list(items),
            "messages-0001.json": [carried(letter) for letter in letters],
        }
        files = [Contents(name, canonical({"items": one}), len(one)) for name, one in listed.items()]
        hub = signer or self.kiosk.hub.signing

        def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
            return Manifest(ANSWERS, "K1", training, number, NOW_MS, hub.id, parts, {"answers": []})

        usb.write_parcel(self.root, files, manifest, hub, kiosk="K1", kind=ANSWERS)

    def receipt(self, envelope: Envelope, status: str = "received", **changes: Any) -> dict[str, Any]:
        """An item with the receipt of an envelope."""
        word = self.kiosk.hub.receipt(envelope, **changes)
        receipt = word.receipt
        told = {"record": word.record, "version": word.version, "hash": word.hash, "at": receipt.received_ms}
        signed = {"key": receipt.hub_key, "signature": to_text(receipt.signature)}
        return {"status": status, "code": "", **told, **signed}


def carried(letter: Letter) -> dict[str, Any]:
    told = {"n": letter.number, "kind": letter.kind, "sealed": letter.sealed, "key": letter.hub_key}
    return {**told, "body": to_text(letter.body), "signature": to_text(letter.signature)}


@pytest.fixture
def traveller(tmp_path: Path) -> Traveller:
    return Traveller(tmp_path)


def states(traveller: Traveller) -> list[State]:
    return [one.state for one in traveller.kiosk.store.state.registrations.values()]


def exported(traveller: Traveller) -> list[bool]:
    return [bool(one.exported_at) for one in traveller.kiosk.store.state.outbox.values()]


def test_what_waits_is_written_and_goes_on_waiting(traveller: Traveller) -> None:
    told: list[tuple[int, int]] = []
    for number in (1, 2, 3):
        traveller.kiosk.register(number)
    done = traveller.carrying.export(traveller.root, lambda now, of: told.append((now, of)))
    assert (done.envelopes, done.left_out, done.folder) == (3, 0, traveller.folder / "export-000001")
    assert told == [(3, 3)]
    assert [one.header.record[-1] for one in traveller.envelopes()] == ["1", "2", "3"]
    assert states(traveller) == [State.SUBMITTED] * 3
    assert exported(traveller) == [True] * 3
    about = usb.open_parcel(traveller.folder, EXPORT, 1).manifest.about
    hub = traveller.kiosk.hub
    assert about == {"cursor": 0, "trusts": [hub.signing.id.hex()], **TOLD}


def test_many_are_written_as_several_files(traveller: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.sync.carrying.TOGETHER", 2)
    for number in range(1, 6):
        traveller.kiosk.register(number)
    traveller.carrying.export(traveller.root)
    parts = usb.open_parcel(traveller.folder, EXPORT, 1).manifest.parts
    assert [(part.name, part.count) for part in parts] == [
        ("envelopes-0001.bin", 2),
        ("envelopes-0002.bin", 2),
        ("envelopes-0003.bin", 1),
    ]
    assert len(traveller.envelopes()) == 5


def test_with_nothing_waiting_the_stick_still_asks_for_what_the_hub_has(traveller: Traveller) -> None:
    done = traveller.carrying.export(traveller.root)
    assert done.envelopes == 0
    assert traveller.envelopes() == []


def test_a_second_export_stands_for_the_first(traveller: Traveller) -> None:
    traveller.kiosk.register(1)
    traveller.carrying.export(traveller.root)
    traveller.kiosk.register(2)
    traveller.carrying.export(traveller.root)
    assert len(traveller.envelopes()) == 2
    assert usb.numbers(traveller.folder, EXPORT) == [2]


def test_a_record_that_cannot_be_sealed_stands_in_nobodys_way(traveller: Traveller) -> None:
    for number in (1, 2, 3):
        traveller.kiosk.register(number)
    outbox = traveller.kiosk.store.state.outbox
    place, queued = list(outbox.items())[1]
    outbox[place] = replace(queued, schema=9)
    done = traveller.carrying.export(traveller.root)
    assert (done.envelopes, done.left_out) == (2, 1)
    assert exported(traveller) == [True, False, True]


def test_a_kiosk_that_has_not_enrolled_writes_and_takes_nothing(traveller: Traveller) -> None:
    traveller.kiosk.register(1)
    traveller.kiosk.store.state.identity = None
    for way in (traveller.carrying.export, traveller.carrying.take, traveller.carrying.copy):
        with pytest.raises(KioskError, match=r"kiosk\.not_enrolled"):
            way(traveller.root)
    assert list(traveller.root.iterdir()) == []


def test_a_stick_that_fails_leaves_no_mark(traveller: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    traveller.kiosk.register(1)

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(CarrierError, match=r"stick\.io"):
            traveller.carrying.export(traveller.root)
    assert exported(traveller) == [False]
    assert usb.numbers(traveller.folder, EXPORT) == []
    with pytest.raises(CarrierError, match=r"stick\.absent"):
        traveller.carrying.export(traveller.root / "nowhere")
    traveller.carrying.export(traveller.root)
    assert exported(traveller) == [True]


@pytest.mark.parametrize("kind", [EXPORT, ANSWERS])
def test_practice_is_not_written_to_a_stick_of_real_families(traveller: Traveller, kind: str) -> None:
    traveller.kiosk.register(1)
    other = SigningKey.generate()

    def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
        return Manifest(kind, "K1", False, number, 5, other.id, parts)  # noqa: FBT003

    usb.write_parcel(traveller.root, [], manifest, other, kiosk="K1", kind=kind)
    with pytest.raises(KioskError, match=r"stick\.class.*000001"):
        traveller.carrying.export(traveller.root)
    assert exported(traveller) == [False]


def test_receipts_and_decisions_come_back(traveller: Traveller) -> None:
    for number in (1, 2, 3):
        traveller.kiosk.register(number)
    traveller.carrying.export(traveller.root)
    one, two, _ = traveller.envelopes()
    hub = traveller.kiosk.hub
    refusal: dict[str, Any] = {
        "problems": [{"field": "kk", "code": "kk.length", "severity": "error", "params": {}}]
    }
    letters = [hub.decision(one, "accepted"), hub.decision(two, "refused", **refusal)]
    traveller.answer([traveller.receipt(one), traveller.receipt(two, "duplicate")], letters)
    done = traveller.carrying.take(traveller.root)
    assert done == Imported(parcels=1, receipts=2, messages=2)
    assert states(traveller) == [State.ACCEPTED, State.NEEDS_FIX, State.SUBMITTED]
    assert traveller.carrying.take(traveller.root) == Imported(parcels=1)
    assert states(traveller) == [State.ACCEPTED, State.NEEDS_FIX, State.SUBMITTED]


def test_the_same_record_by_network_and_by_stick(traveller: Traveller) -> None:
    traveller.kiosk.register(1)
    traveller.carrying.export(traveller.root)
    (one,) = traveller.envelopes()
    over_the_network = traveller.kiosk.envelopes()[0]
    assert over_the_network.header.content_hash == one.header.content_hash
    assert traveller.kiosk.sending.receipts([traveller.kiosk.hub.receipt(over_the_network)]).taken == 1
    traveller.answer([traveller.receipt(one, "duplicate")])
    assert traveller.carrying.take(traveller.root) == Imported(parcels=1)
    assert states(traveller) == [State.SENT]
    assert traveller.carrying.export(traveller.root).envelopes == 0


def test_numbers_come_by_stick(traveller: Traveller) -> None:
    identity = traveller.kiosk.store.state.identity
    assert identity is not None
    body: dict[str, Any] = {"lease": "01900000-0000-4000-8000-0000000000aa", "epoch": identity.epoch}
    body |= {"first": "0001234500000", "count": 20, "demo": False}
    signed = message("K1", 0, BLOCK, body, traveller.kiosk.hub.signing, training=True)
    traveller.answer(letters=[letter_of(signed)])
    assert traveller.carrying.take(traveller.root) == Imported(parcels=1)
    with traveller.kiosk.store() as work:
        assert work.cards.left() == 20


def test_what_the_hub_did_not_take_is_set_aside_with_its_code(traveller: Traveller) -> None:
    traveller.kiosk.register(1)
    traveller.carrying.export(traveller.root)
    (one,) = traveller.envelopes()
    told = {"status": "conflict", "code": "record.conflict", "record": one.header.record, "version": 1}
    unknown = told | {"record": "0198f2c0-0000-7000-8000-000000000099"}
    unreadable = {"status": "malformed", "code": "envelope.malformed"}
    traveller.answer([told, unknown, unreadable])
    assert traveller.carrying.take(traveller.root) == Imported(parcels=1, put_off=1)
    assert [one.code for one in traveller.kiosk.store.state.outbox.values()] == ["record.conflict"]
    assert states(traveller) == [State.SUBMITTED]
    assert traveller.carrying.export(traveller.root).envelopes == 1


def test_a_receipt_under_a_new_key_is_taken_after_the_message_that_names_it(traveller: Traveller) -> None:
    traveller.kiosk.register(1)
    traveller.carrying.export(traveller.root)
    (one,) = traveller.envelopes()
    hub = traveller.kiosk.hub
    old, hub.signing = hub.signing, SigningKey.generate()
    receipt = traveller.receipt(one)
    keys = hub.keys()
    listed = [{"id": key.id, "public": key.public, "state": "active"} for key in keys]
    hub.signing, new = old, hub.signing
    letter = hub.letter("keys", {"signing": listed[:1], "sealing": listed[1:]})
    traveller.answer([receipt], [letter])
    assert traveller.carrying.take(traveller.root) == Imported(parcels=1, receipts=1, messages=1)
    assert states(traveller) == [State.SENT]
    identity = traveller.kiosk.store.state.identity
    assert identity is not None
    assert HubKey(new.id.hex(), new.public.hex(), "sign") in identity.hub_keys


def test_a_stick_without_answers_says_so(traveller: Traveller) -> None:
    traveller.carrying.export(traveller.root)
    with pytest.raises(KioskError, match=r"stick\.no_answers"):
        traveller.carrying.take(traveller.root)


def with_receipt(traveller: Traveller) -> Envelope:
    traveller.kiosk.register(1)
    traveller.carrying.export(traveller.root)
    return traveller.envelopes()[0]


def test_answers_of_another_hub_are_refused_by_name(traveller: Traveller) -> None:
    one = with_receipt(traveller)
    traveller.answer([traveller.receipt(one)], signer=SigningKey.generate())
    done = traveller.carrying.take(traveller.root)
    assert done == Imported(refused=((str(traveller.folder / "answers-000001"), "stick.other_hub"),))
    assert states(traveller) == [State.SUBMITTED]


def test_answers_of_the_other_class_are_refused_by_name(traveller: Traveller) -> None:
    one = with_receipt(traveller)
    traveller.answer([traveller.receipt(one)], training=False)
    done = traveller.carrying.take(traveller.root)
    assert [code for _, code in done.refused] == ["stick.class"]
    assert states(traveller) == [State.SUBMITTED]


def test_answers_for_another_kiosk_are_not_looked_at(traveller: Traveller) -> None:
    one = with_receipt(traveller)
    traveller.answer([traveller.receipt(one)])
    other = usb.folder_of(traveller.root, "K2")
    other.mkdir()
    (traveller.folder / "answers-000001").rename(other / "answers-000001")
    with pytest.raises(KioskError, match=r"stick\.no_answers"):
        traveller.carrying.take(traveller.root)
    (other / "answers-000001").rename(traveller.folder / "answers-000002")
    done = traveller.carrying.take(traveller.root)
    assert [code for _, code in done.refused] == ["parcel.moved"]


def test_a_forged_receipt_in_true_answers_changes_nothing(traveller: Traveller) -> None:
    one = with_receipt(traveller)
    forged = traveller.receipt(one) | {"signature": to_text(bytes(64))}
    other_hash = traveller.receipt(one, content_hash=bytes(32))
    traveller.answer([forged, other_hash])
    done = traveller.carrying.take(traveller.root)
    assert (done.receipts, done.codes) == (0, ("receipt.signature", "receipt.hash"))
    assert states(traveller) == [State.SUBMITTED]


def test_messages_with_a_gap_wait_for_those_between(traveller: Traveller) -> None:
    one = with_receipt(traveller)
    hub = traveller.kiosk.hub
    first, second = hub.decision(one, "accepted"), hub.decision(one, "accepted")
    traveller.answer([traveller.receipt(one)], [second])
    done = traveller.carrying.take(traveller.root)
    assert (done.messages, done.codes) == (0, ("inbox.gap",))
    traveller.answer([], [first, second])
    assert traveller.carrying.take(traveller.root).messages == 2
    assert states(traveller) == [State.ACCEPTED]


def test_a_damaged_parcel_is_named_and_the_whole_one_beside_it_taken(traveller: Traveller) -> None:
    one = with_receipt(traveller)
    traveller.answer([])
    traveller.answer([traveller.receipt(one)])
    damaged = traveller.folder / "answers-000001" / "receipts-0001.json"
    damaged.write_bytes(b"x" + damaged.read_bytes()[1:])
    done = traveller.carrying.take(traveller.root)
    assert done == Imported(parcels=1, receipts=1, refused=((str(damaged), "parcel.hash"),))
    assert states(traveller) == [State.SENT]


def test_any_changed_byte_of_the_answers_is_refused_and_nothing_is_lost(traveller: Traveller) -> None:
    one = with_receipt(traveller)
    traveller.answer([traveller.receipt(one)], [traveller.kiosk.hub.decision(one, "accepted")])
    for file in sorted((traveller.folder / "answers-000001").iterdir()):
        good = file.read_bytes()
        for place in range(0, len(good), 5):
            file.write_bytes(good[:place] + bytes((good[place] ^ 2,)) + good[place + 1 :])
            done = traveller.carrying.take(traveller.root)
            assert len(done.refused) == 1, f"{file.name}, byte {place}"
            assert (done.parcels, states(traveller)) == (0, [State.SUBMITTED])
        file.write_bytes(good)
    assert traveller.carrying.take(traveller.root).receipts == 1
    assert states(traveller) == [State.ACCEPTED]


STRANGE_ITEMS: list[Any] = [
    {"status": "received"},
    {"status": "received", "record": 1},
    {"status": []},
    {"status": "refused", "code": 1, "record": "x", "version": 1},
    {"status": "refused", "code": "x", "record": [], "version": 1},
    {"status": "refused", "code": "x", "record": "x", "version": "1"},
    [],
    None,
    "x",
]


@pytest.mark.parametrize("item", STRANGE_ITEMS, ids=str)
def test_strange_items_are_malformed_though_well_signed(traveller: Traveller, item: Any) -> None:
    one = with_receipt(traveller)
    traveller.answer([traveller.receipt(one), item])
    done = traveller.carrying.take(traveller.root)
    assert [code for _, code in done.refused] == ["parcel.malformed"]
    assert states(traveller) == [State.SUBMITTED]


def test_the_count_of_a_part_holds(traveller: Traveller) -> None:
    one = with_receipt(traveller)
    data, hub = canonical({"items": [traveller.receipt(one)]}), traveller.kiosk.hub.signing

    def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
        return Manifest(ANSWERS, "K1", True, number, 5, hub.id, parts)  # noqa: FBT003

    files = [Contents("receipts-0001.json", data, 2), Contents("later-0001.bin", b"of a later program", 1)]
    usb.write_parcel(traveller.root, files, manifest, hub, kiosk="K1", kind=ANSWERS)
    assert [code for _, code in traveller.carrying.take(traveller.root).refused] == ["parcel.malformed"]
    files[0] = replace(files[0], count=1)
    usb.write_parcel(traveller.root, files, manifest, hub, kiosk="K1", kind=ANSWERS)
    assert traveller.carrying.take(traveller.root).receipts == 1


def test_the_second_copy_leaves_no_mark_and_can_be_taken_in(traveller: Traveller) -> None:
    traveller.kiosk.register(1)
    first = traveller.carrying.copy(traveller.root)
    assert (first.envelopes, exported(traveller)) == (1, [False])
    assert len(traveller.envelopes()) == 1
    assert not traveller.carrying.has_more(first.place)
    traveller.kiosk.register(2)
    assert traveller.carrying.has_more(first.place)
    added = traveller.carrying.copy(traveller.root, first.place)
    assert (added.envelopes, usb.numbers(traveller.folder, EXPORT)) == (1, [1, 2])
    whole = traveller.carrying.copy(traveller.root)
    assert (whole.envelopes, whole.place, len(traveller.envelopes())) == (2, added.place, 2)


def test_nothing_on_the_stick_tells_of_a_person(traveller: Traveller) -> None:
    registration = traveller.kiosk.register(1)
    traveller.carrying.export(traveller.root)
    family = json.dumps(registration.family)
    words = {word for word in family.replace('"', " ").split() if len(word) > 5}
    written = b"".join(path.read_bytes() for path in traveller.root.rglob("*") if path.is_file())
    assert words
    assert [word for word in words if word.encode() in written] == []
    assert registration.reference.encode() not in written


def test_a_folder_of_a_kiosk_that_is_a_link_is_refused(traveller: Traveller, tmp_path: Path) -> None:
    traveller.kiosk.register(1)
    (tmp_path / "elsewhere").mkdir()
    traveller.folder.symlink_to(tmp_path / "elsewhere")
    for way in (traveller.carrying.export, traveller.carrying.take):
        with pytest.raises(BadParcelError, match=r"parcel\.strange"):
            way(traveller.root)
    assert exported(traveller) == [False]
    assert list((tmp_path / "elsewhere").iterdir()) == []

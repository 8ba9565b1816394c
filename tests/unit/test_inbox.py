"""The hub's messages: each is taken once, in order, whole; what is not true or not here changes no state."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.registration import State
from kiosk.errors import KioskError
from kiosk.services.inbox import Taken
from kiosk.services.sync_ports import Letter
from kiosk.sync.canonical import to_text
from kiosk.sync.envelope import Envelope, read
from kiosk.sync.keys import OpeningKey, SigningKey
from tests.builders import KK
from tests.unit.hub_pen import LATER, HubPen
from tests.unit.synced import SyncedKiosk

PROBLEM = {"field": "members[0].nik", "code": "nik.already_registered", "severity": "error", "params": {}}


@pytest.fixture
def kiosk() -> SyncedKiosk:
    return SyncedKiosk()


def _cursor(kiosk: SyncedKiosk) -> int:
    assert kiosk.store.state.identity is not None
    return kiosk.store.state.identity.cursor


def test_accepted_is_shown_when_the_hub_says_so_and_not_before(kiosk: SyncedKiosk) -> None:
    envelope = kiosk.sent()
    assert kiosk.stored(envelope).state is State.SENT
    letter = kiosk.hub.decision(envelope, "accepted", LATER, card="confirmed")
    assert kiosk.inbox.take([letter]) == Taken(1)
    stored = kiosk.stored(envelope)
    assert (stored.state, stored.state_at) == (State.ACCEPTED, "2026-11-23T08:00:00.000+07:00")
    assert kiosk.inbox.take([letter]) == Taken(0), "the same message again is passed over"
    assert kiosk.inbox.cursor == 1
    assert kiosk.actions()[-1] == ("registration.accepted", ())


def test_a_refusal_keeps_what_is_wrong_and_where_the_family_is_known_from(kiosk: SyncedKiosk) -> None:
    envelope = kiosk.sent()
    letter = kiosk.hub.decision(envelope, "refused", problems=[PROBLEM], other_reference="K2-0009-XX")
    kiosk.inbox.take([letter])
    assert kiosk.stored(envelope).state is State.NEEDS_FIX
    decision = kiosk.store.state.decisions[envelope.header.record, 1]
    assert [problem.as_dict() for problem in decision.problems] == [PROBLEM]
    assert decision.other_reference == "K2-0009-XX"
    assert kiosk.actions()[-1] == ("registration.refused", ("nik.already_registered",))


def test_a_person_at_the_hub_may_accept_what_its_rules_refused(kiosk: SyncedKiosk) -> None:
    envelope = kiosk.sent()
    refused = kiosk.hub.decision(envelope, "refused", problems=[PROBLEM])
    accepted = kiosk.hub.decision(envelope, "accepted", LATER)
    assert kiosk.inbox.take([refused, accepted]).taken == 2
    assert kiosk.stored(envelope).state is State.ACCEPTED


def test_a_decision_that_comes_before_its_receipt_is_as_good_as_one(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    (envelope,) = kiosk.envelopes()
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted")])
    assert kiosk.stored(envelope).state is State.ACCEPTED
    assert kiosk.sending.waiting() == 0
    assert kiosk.sending.receipts([kiosk.hub.receipt(envelope)]).taken == 1
    assert kiosk.stored(envelope).state is State.ACCEPTED


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "another record": ({"record": "0198f2c0-0000-7000-8000-0000000000aa"}, "decision.unknown"),
    "a version that is not here": ({"version": 2}, "decision.version"),
    "another content": ({"hash": "01" * 32}, "decision.hash"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_decision_on_something_else_changes_nothing_but_the_trail(kiosk: SyncedKiosk, lie: str) -> None:
    changes, code = LIES[lie]
    envelope = kiosk.sent()
    assert kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted", **changes)]).taken == 1
    assert kiosk.stored(envelope).state is State.SENT
    assert kiosk.actions()[-1] == ("decision.ignored", (code,))
    assert kiosk.store.state.decisions == {}


def test_a_word_on_an_older_version_changes_nothing_but_the_trail(kiosk: SyncedKiosk) -> None:
    first = kiosk.sent()
    refused = kiosk.hub.decision(first, "refused", problems=[PROBLEM])
    kiosk.inbox.take([refused])
    before = kiosk.stored(first)
    mended = replace(before, version=2, state=State.SUBMITTED, state_at="")
    with kiosk.store() as work:
        work.registrations.replace(mended)
        work.outbox.add(mended, "0198f2c0-0000-7000-8000-0000000000bb")
        work.commit()
    late = [kiosk.hub.decision(first, "accepted"), kiosk.hub.decision(first, "refused")]
    assert kiosk.inbox.take(late).taken == 2
    assert kiosk.stored(first) == mended
    assert kiosk.actions()[-2:] == [("decision.ignored", ("decision.version",))] * 2
    (second,) = kiosk.envelopes()
    kiosk.sending.receipts([kiosk.hub.receipt(second)])
    kiosk.inbox.take([kiosk.hub.decision(second, "accepted")])
    assert (kiosk.stored(second).state, kiosk.stored(second).version) == (State.ACCEPTED, 2)


@pytest.mark.parametrize("state", [State.CANCELLED, State.LAPSED, State.ACCEPTED])
def test_what_the_table_forbids_does_not_happen(kiosk: SyncedKiosk, state: State) -> None:
    envelope = kiosk.sent()
    ended = replace(kiosk.stored(envelope), state=state)
    kiosk.store.state.registrations[ended.reference] = ended
    kiosk.inbox.take([kiosk.hub.decision(envelope, "refused", problems=[PROBLEM])])
    assert kiosk.stored(envelope) == ended
    assert kiosk.actions()[-1][0] == "decision.ignored"


def test_a_lapse_ends_what_was_accepted_and_nothing_else(kiosk: SyncedKiosk) -> None:
    envelope = kiosk.sent()
    header = envelope.header
    lapse = {
        "record": header.record,
        "version": 1,
        "hash": header.content_hash.hex(),
        "reference": "",
        "at": LATER,
    }
    kiosk.inbox.take([kiosk.hub.letter("lapsed", lapse)])
    assert kiosk.stored(envelope).state is State.SENT
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted"), kiosk.hub.letter("lapsed", lapse)])
    stored = kiosk.stored(envelope)
    assert (stored.state, stored.state_at) == (State.LAPSED, "2026-11-23T08:00:00.000+07:00")
    kiosk.inbox.take([kiosk.hub.letter("lapsed", lapse)])
    assert kiosk.stored(envelope) == stored


def test_a_number_given_by_the_hub_stands_for_the_one_given_here(kiosk: SyncedKiosk) -> None:
    with kiosk.store() as work:
        kiosk.lease(work, demo=True)
        work.commit()
    envelope = kiosk.sent()
    assert kiosk.stored(envelope).demo_card
    due = kiosk.hub.decision(envelope, "accepted", card="none", card_due=True)
    kiosk.inbox.take([due])
    stored = kiosk.stored(envelope)
    assert (stored.card, stored.virtual_accounts, stored.waits_for_number) == (None, {}, True)
    given = kiosk.hub.decision(envelope, "accepted", card="0001234567890")
    kiosk.inbox.take([given])
    stored = kiosk.stored(envelope)
    assert (stored.card, stored.demo_card, stored.state) == ("0001234567890", False, State.ACCEPTED)
    assert stored.virtual_accounts["BRI"].endswith("01234567890")


def test_an_invented_number_of_the_hub_is_marked_as_one(kiosk: SyncedKiosk) -> None:
    envelope = kiosk.sent()
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted", card="0009900100001", card_demo=True)])
    stored = kiosk.stored(envelope)
    assert (stored.card, stored.demo_card) == ("0009900100001", True)


@pytest.mark.parametrize("demo", [True, False])
def test_a_block_of_invented_numbers_gives_invented_numbers(kiosk: SyncedKiosk, *, demo: bool) -> None:
    identity = kiosk.store.state.identity
    assert identity is not None
    block = {"lease": "lease-1", "epoch": identity.epoch, "first": "0009900100001", "count": 3, "demo": demo}
    kiosk.inbox.take([kiosk.hub.letter("block", block)])
    with kiosk.store() as work:
        card = work.cards.take()
    assert card is not None
    assert (card.number, card.demo) == ("0009900100001", demo)


def test_what_the_hub_decided_otherwise_is_what_holds(kiosk: SyncedKiosk) -> None:
    envelope = kiosk.sent()
    warning = {"field": "class", "code": "premium.changed", "severity": "warning", "params": {"was": 100_000}}
    said: dict[str, Any] = {
        "problems": [warning],
        "premium_per_person": 120_000,
        "premium_total": 120_000,
        "pay_from": "2026-12-07",
        "pay_until": "2026-12-23",
        "segment": "PBPU",
        "outcome": "new_family",
        "class": 2,
    }
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted", **said)])
    decision = kiosk.stored(envelope).decision
    assert (decision.premium_total, decision.premium_per_person) == (120_000, 120_000)
    assert decision.pay_from is not None
    assert decision.pay_from.isoformat() == "2026-12-07"
    assert "premium.changed" in {problem.code for problem in decision.problems}


def test_nothing_behind_a_gap_or_a_forged_message_is_taken(kiosk: SyncedKiosk) -> None:
    envelope = kiosk.sent()
    first = kiosk.hub.letter("weather", {})
    second = kiosk.hub.decision(envelope, "accepted")
    third = kiosk.hub.letter("weather", {})
    assert kiosk.inbox.take([first, third]) == Taken(1, 1, "inbox.gap")
    for forged in (
        replace(second, body=second.body.replace(b"accepted", b"refused!")),
        replace(second, kind="lapsed"),
        replace(second, signature=bytes(64)),
        replace(second, sealed=True),
        HubPen().letter("decision", {}, number=2),
    ):
        found = kiosk.inbox.take([forged, third])
        assert (found.taken, found.code) in {(0, "inbox.signature"), (0, "inbox.unknown_key")}
    other = HubPen(kiosk="K2", signing=kiosk.hub.signing).letter("weather", {}, number=2)
    real = HubPen(training=False, signing=kiosk.hub.signing).letter("weather", {}, number=2)
    for stranger in (other, real):
        assert kiosk.inbox.take([stranger]) == Taken(0, 0, "inbox.signature")
    assert _cursor(kiosk) == 1
    assert kiosk.stored(envelope).state is State.SENT
    assert kiosk.inbox.take([third, second]).taken == 2
    assert kiosk.stored(envelope).state is State.ACCEPTED


MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("decision", {}),
    ("decision", {"record": "x", "version": "1", "hash": "", "decision": "accepted", "at": LATER}),
    ("decision", {"record": "x", "version": 1, "hash": "", "decision": "perhaps", "at": LATER}),
    ("decision", {"record": "x", "version": 1, "hash": "", "decision": "accepted", "at": "noon"}),
    ("decision", {"record": "x", "version": 1, "hash": "", "decision": "accepted", "at": "2026-11-23"}),
    ("lapsed", {"record": []}),
    ("block", {"lease": "l", "epoch": "e", "first": "12", "count": 3}),
    ("block", {"lease": "l", "epoch": "e", "first": "0001000000010", "count": -3}),
    ("block", {"lease": "l", "epoch": "e", "first": "\u0660" * 13, "count": 3}),
    ("keys", {"signing": [], "sealing": []}),
    ("keys", {"signing": [{"id": "ab", "public": "zz"}], "sealing": []}),
    ("directory", {"data": "no base64"}),
    ("directory", {"data": to_text(b"no zstd")}),
    ("reference", {"list": "facilities", "part": 2, "parts": 1, "hash": "", "data": ""}),
]


@pytest.mark.parametrize(("kind", "payload"), MALFORMED)
def test_a_message_that_makes_no_sense_is_kept_and_blocks_nobody(
    kiosk: SyncedKiosk, kind: str, payload: dict[str, Any]
) -> None:
    envelope = kiosk.sent()
    before = kiosk.store.state.identity
    letters = [kiosk.hub.letter(kind, payload), kiosk.hub.decision(envelope, "accepted")]
    assert kiosk.inbox.take(letters) == Taken(2, 1)
    assert kiosk.stored(envelope).state is State.ACCEPTED
    (kept,) = kiosk.store.state.kept.values()
    assert (kept.kind, kept.code, kept.body) == (kind, "inbox.malformed", letters[0].body)
    assert before is not None
    assert kiosk.store.state.identity == replace(before, cursor=2)


def test_a_kind_of_tomorrow_is_kept_by_name_and_skipped(kiosk: SyncedKiosk) -> None:
    assert kiosk.inbox.take([kiosk.hub.letter("complaint", {"text": "..."})]) == Taken(1, 1)
    (kept,) = kiosk.store.state.kept.values()
    assert (kept.kind, kept.code) == ("complaint", "inbox.unknown")
    assert kiosk.actions()[-1] == ("inbox.kept", ("inbox.unknown",))


def test_what_is_sealed_to_another_key_is_kept(kiosk: SyncedKiosk) -> None:
    letter = kiosk.hub.letter("directory", {"data": ""}, seal_for=OpeningKey.generate().public)
    assert kiosk.inbox.take([letter]) == Taken(1, 1)
    assert next(iter(kiosk.store.state.kept.values())).code == "inbox.unopened"


def test_an_extract_comes_sealed_and_fills_the_directory(kiosk: SyncedKiosk) -> None:
    identity = kiosk.store.state.identity
    assert identity is not None
    line = {"nik": "9901011208800077", "card": "0001234567890", "name": "HADI", "birth_date": "1980-08-12",
            "kk": KK, "segment": "PBPU", "status": "active", "class": 2, "fktp": "99010001", "head": True,
            "arrears_months": 0, "since": None}  # fmt: skip
    lines = json.dumps(line) + "\n{broken\n"
    payload = {"batch": "b", "part": 1, "parts": 1, "data": to_text(zstandard.compress(lines.encode()))}
    public = OpeningKey.from_secret(identity.opening_secret).public
    assert kiosk.inbox.take([kiosk.hub.letter("directory", payload, seal_for=public)]) == Taken(1)
    assert [person.name for person in kiosk.store.state.people.values()] == ["HADI"]
    assert kiosk.actions()[-1] == ("directory.imported", ("file.line",))


def _parts(kiosk: SyncedKiosk, data: bytes, count: int, *, digest: str = "") -> list[Letter]:
    size = -(-len(data) // count)
    return [
        kiosk.hub.letter(
            "reference",
            {
                "list": "facilities",
                "part": number + 1,
                "parts": count,
                "hash": digest or hashlib.sha256(data).hexdigest(),
                "data": to_text(zstandard.compress(data[number * size : (number + 1) * size])),
            },
        )
        for number in range(count)
    ]


def test_a_reference_list_is_put_in_its_place_when_all_of_it_is_there(kiosk: SyncedKiosk) -> None:
    data = b"code,name,kind,regency,address\n" * 40
    old, new = _parts(kiosk, b"of last year", 2), _parts(kiosk, data, 3)
    kiosk.inbox.take([old[0]])
    kiosk.inbox.take([replace(old[1], number=2)])
    assert kiosk.installed.pop("facilities") == b"of last year"
    kiosk.inbox.take(new[:2])
    assert kiosk.installed == {}
    assert len(kiosk.store.state.kept) == 2
    assert kiosk.inbox.take(new[2:]) == Taken(1)
    assert kiosk.installed == {"facilities": data}
    assert kiosk.store.state.kept == {}


def test_a_list_that_is_not_the_one_promised_is_not_put_anywhere(kiosk: SyncedKiosk) -> None:
    letters = _parts(kiosk, b"changed on the way", 1, digest=hashlib.sha256(b"promised").hexdigest())
    assert kiosk.inbox.take(letters) == Taken(1, 1)
    assert kiosk.installed == {}
    assert next(iter(kiosk.store.state.kept.values())).code == "reference.hash"


def test_a_block_is_this_kiosks_own_in_this_life_of_its_store(kiosk: SyncedKiosk) -> None:
    identity = kiosk.store.state.identity
    assert identity is not None
    kiosk.store.state.identity = replace(identity, asking="lease-1")
    block = {"lease": "lease-1", "epoch": identity.epoch, "first": "0001000000010", "count": 3}
    assert kiosk.inbox.take([kiosk.hub.letter("block", block)]).taken == 1
    with kiosk.store() as work:
        assert work.cards.left() == 3
        known = work.identity.get()
    assert known is not None
    assert known.asking == ""
    again = kiosk.hub.letter("block", block)
    other_life = kiosk.hub.letter("block", block | {"lease": "lease-2", "epoch": "another"})
    nothing = kiosk.hub.letter("block", block | {"lease": "lease-3", "first": None, "count": 0})
    assert kiosk.inbox.take([again, other_life, nothing]).taken == 3
    with kiosk.store() as work:
        assert work.cards.left() == 3
    assert kiosk.actions()[-1] == ("cards.refused", ("cards.other_epoch",))


def test_new_keys_of_the_hub_are_told_by_the_old_ones_and_then_alone_hold(kiosk: SyncedKiosk) -> None:
    first, second = kiosk.sent(1), kiosk.sent(2)
    old, new = kiosk.hub.signing, SigningKey.generate()
    sealing = OpeningKey.generate()
    told = {
        "signing": [{"id": new.id.hex(), "public": new.public.hex()}],
        "sealing": [{"id": sealing.id.hex(), "public": sealing.public.hex()}],
    }
    letters = [kiosk.hub.decision(first, "accepted"), kiosk.hub.letter("keys", told)]
    kiosk.hub.signing = new
    letters.append(kiosk.hub.decision(second, "accepted"))
    assert kiosk.inbox.take(letters) == Taken(3), "in one go, each by the keys that hold at its place"
    kiosk.hub.signing = old
    assert kiosk.inbox.take([kiosk.hub.letter("weather", {})]).code == "inbox.unknown_key"
    kiosk.register(3)
    (envelope,) = kiosk.envelopes()
    assert envelope.header.hub_key == sealing.id
    assert sealing.open(envelope.sealed, envelope.info) is not None


def test_a_message_and_the_cursor_are_one_transaction(kiosk: SyncedKiosk) -> None:
    envelope = kiosk.sent()
    letter = kiosk.hub.decision(envelope, "accepted")
    kiosk.store.broken = True
    with pytest.raises(KioskError, match=r"store\.full"):
        kiosk.inbox.take([letter])
    assert (kiosk.stored(envelope).state, _cursor(kiosk)) == (State.SENT, 0)
    kiosk.store.broken = False
    assert kiosk.inbox.take([letter]).taken == 1


def test_a_kiosk_that_has_not_enrolled_takes_nothing(kiosk: SyncedKiosk) -> None:
    letter = kiosk.hub.letter("weather", {})
    kiosk.store.state.identity = None
    assert kiosk.inbox.take([letter]) == Taken(0, 0, "kiosk.not_enrolled")
    assert kiosk.inbox.cursor == 0


def test_an_answer_outside_the_inbox_moves_no_cursor(kiosk: SyncedKiosk) -> None:
    identity = kiosk.store.state.identity
    assert identity is not None
    block = {"lease": "l", "epoch": identity.epoch, "first": "0001000000010", "count": 3}
    answer = kiosk.hub.letter("block", block, number=1)
    assert kiosk.inbox.answer(answer) == ""
    assert _cursor(kiosk) == 0
    with kiosk.store() as work:
        assert work.cards.left() == 3
    assert kiosk.inbox.answer(replace(answer, body=b"{}")) == "inbox.signature"
    assert kiosk.inbox.answer(kiosk.hub.letter("block", {}, number=1)) == "inbox.malformed"
    assert kiosk.inbox.answer(kiosk.hub.letter("weather", {}, number=1)) == "inbox.unknown"


WORDS = st.lists(
    st.tuples(st.sampled_from(["receipt", "accepted", "refused", "lapsed", "mend"]), st.booleans()),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_whatever_comes_in_whatever_order_the_state_is_what_the_hub_said_of_the_present_version(
    words: Sequence[tuple[str, bool]],
) -> None:
    """Repeated, late and mixed up: each state has a true word of the hub behind it."""
    kiosk = SyncedKiosk()
    registration = kiosk.register()
    versions: list[Envelope] = kiosk.envelopes()
    heard: set[tuple[int, str]] = set()
    for word, old in words:
        envelope = versions[0] if old else versions[-1]
        version = envelope.header.version
        if word == "receipt":
            kiosk.sending.receipts([kiosk.hub.receipt(envelope)])
        elif word == "mend":
            _mend(kiosk, envelope, versions)
            continue
        elif word == "lapsed":
            header = envelope.header
            kiosk.inbox.take(
                [
                    kiosk.hub.letter(
                        "lapsed",
                        {
                            "record": header.record,
                            "version": header.version,
                            "hash": header.content_hash.hex(),
                            "at": LATER,
                        },
                    )
                ]
            )
        else:
            kiosk.inbox.take([kiosk.hub.decision(envelope, word, problems=[])])
        heard.add((version, word))
    stored = kiosk.stored(versions[0])
    of_present = {word for version, word in heard if version == stored.version}
    needed = {
        State.SUBMITTED: set(),
        State.SENT: {"receipt"},
        State.ACCEPTED: {"accepted"},
        State.NEEDS_FIX: {"refused"},
        State.LAPSED: {"accepted", "lapsed"},
    }
    assert needed[stored.state] <= of_present
    if stored.state is State.SUBMITTED:
        assert of_present <= {"lapsed"}
        assert kiosk.sending.waiting() == 1
    assert stored.reference == registration.reference


def _mend(kiosk: SyncedKiosk, envelope: Envelope, versions: list[Envelope]) -> None:
    before = kiosk.stored(envelope)
    if before.state is not State.NEEDS_FIX:
        return
    mended = replace(before, version=before.version + 1, state=State.SUBMITTED, state_at="")
    with kiosk.store() as work:
        work.registrations.replace(mended)
        work.outbox.add(mended, f"0198f2c0-0000-7000-8000-0000000001{mended.version:02x}")
        work.commit()
    (latest,) = kiosk.sending.all_waiting(limit=1)
    versions.append(read(kiosk.sending.sealed([latest])[0]))

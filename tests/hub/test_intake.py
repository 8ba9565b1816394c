"""Sealed records over real HTTP: each taken in once, each answered by itself, nothing changed gets in."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import zstandard
from sqlalchemy import text
from sqlmodel import Session

from kiosk.hub.keys import KeyFile
from kiosk.sync import envelope
from tests.hub.kiosk import ENVELOPES, KioskAtHub
from tests.hub.running import RunningHub, a_hub


def rows(session: Session, query: str) -> list[Any]:
    session.rollback()
    return [tuple(row) for row in session.execute(text(query))]


def held(session: Session) -> list[bytes]:
    return [bytes(raw) for (raw,) in rows(session, "SELECT raw FROM envelope ORDER BY record, version")]


def test_a_record_is_received_with_a_receipt_as_it_came(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    raw = kiosk.seal(1)
    answer = kiosk.send_envelopes([raw])
    assert (answer.status, answer.statuses) == (200, ["received"])
    assert kiosk.has_receipt(raw, answer.json["items"][0])
    header = envelope.read(raw).header
    assert rows(
        session, "SELECT record::text, version, hash, shard, raw, carrier, decided_at FROM envelope"
    ) == [(header.record, 1, header.content_hash, int.from_bytes(header.shard, "big"), raw, "network", None)]


def test_the_same_record_again_gets_the_same_receipt(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    raw, sealed_anew = kiosk.seal(1), kiosk.seal(1)
    assert raw != sealed_anew
    (first,) = kiosk.send_envelopes([raw]).json["items"]
    (second,) = kiosk.send_envelopes([sealed_anew]).json["items"]
    assert second == {**first, "status": "duplicate"}
    assert kiosk.has_receipt(sealed_anew, second)
    assert held(session) == [raw]


def test_the_same_record_twice_in_a_batch_is_taken_once(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    raw = kiosk.seal(1)
    answer = kiosk.send_envelopes([raw, kiosk.seal(2), raw])
    assert answer.statuses == ["received", "received", "duplicate"]
    assert answer.json["items"][2]["signature"] == answer.json["items"][0]["signature"]
    assert len(held(session)) == 2


def test_other_content_under_a_version_is_a_conflict_and_kept(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    raw, other = kiosk.seal(1), kiosk.seal(1, seed=2)
    kiosk.send_envelopes([raw])
    answer = kiosk.send_envelopes([other, kiosk.seal(3)])
    assert answer.statuses == ["conflict", "received"]
    assert answer.json["items"][0] == {"status": "conflict", "code": "record.conflict"}
    assert kiosk.send_envelopes([other]).statuses == ["conflict"]
    assert raw in held(session)
    assert rows(session, "SELECT raw, status, code, times FROM quarantine") == [
        (other, "conflict", "record.conflict", 2)
    ]


def test_a_mended_record_is_the_next_version_in_any_part(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    batch = [kiosk.seal(1, version=version, seed=version) for version in (1, 2, 3)]
    assert kiosk.send_envelopes(batch).statuses == ["received"] * 3
    assert kiosk.send_envelopes(batch).statuses == ["duplicate"] * 3
    assert held(session) == batch


def test_two_kiosks_may_use_the_same_record_id(served: RunningHub) -> None:
    for name in ("K1", "K2"):
        assert served.kiosk(name).send_envelopes([served.kiosks[-1].seal(1)]).statuses == ["received"]


def test_each_item_is_answered_by_itself_in_its_place(served: RunningHub, session: Session) -> None:
    kiosk, other = served.kiosk(), served.kiosk("K2")
    newer = bytearray(kiosk.seal(9))
    newer[3] = 7
    answer = kiosk.send_envelopes(
        [
            kiosk.seal(1),
            b"no envelope",
            bytes(newer),
            kiosk.seal(2, kind=9),
            kiosk.seal(3, schema=99),
            kiosk.seal(4, kiosk="K2"),
            other.seal(5),
            kiosk.seal(6, kiosk_key=bytes(8)),
            kiosk.seal(7, hub_key=bytes(8)),
            kiosk.seal(8, training=True),
            kiosk.seal(10),
        ]
    )
    assert [(item["status"], item["code"]) for item in answer.json["items"]] == [
        ("received", ""),
        ("malformed", "envelope.malformed"),
        ("unsupported", "envelope.version"),
        ("unsupported", "envelope.kind"),
        ("unsupported", "content.schema"),
        ("refused", "envelope.kiosk"),
        ("refused", "envelope.kiosk"),
        ("refused", "envelope.key"),
        ("refused", "envelope.hub_key"),
        ("refused", "kiosk.class"),
        ("received", ""),
    ]
    assert len(held(session)) == 2
    assert rows(session, "SELECT count(*), count(DISTINCT digest) FROM quarantine") == [(9, 9)]


def test_any_changed_byte_of_an_envelope_is_refused(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    good = kiosk.seal(1)
    draw = random.Random(7)
    changed = []
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= draw.randrange(1, 256)
        changed.append(bytes(bad))
    for start in range(0, len(changed), 200):
        answer = kiosk.send_envelopes(changed[start : start + 200])
        assert set(answer.statuses) <= {"malformed", "unsupported", "refused"}
    assert held(session) == []
    assert kiosk.send_envelopes([good]).statuses == ["received"]


def test_what_cannot_be_taken_fills_no_disk(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    for start in range(0, 1200, 200):
        kiosk.send_envelopes([b"%d" % number for number in range(start, start + 200)])
    assert rows(session, "SELECT count(*) FROM quarantine") == [(1000,)]
    assert kiosk.send_envelopes([b"7", kiosk.seal(1)]).statuses == ["malformed", "received"]
    assert rows(session, "SELECT count(*), max(times) FROM quarantine") == [(1000, 2)]


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity"])
def test_a_batch_may_be_compressed(served: RunningHub, encoding: str) -> None:
    kiosk = served.kiosk()
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "zstd": zstandard.compress,
        "identity": bytes,
    }
    body = packers[encoding](envelope.joined([kiosk.seal(1)]))
    answer = kiosk.send("POST", "/v1/envelopes", body, ENVELOPES, fields={"content-encoding": encoding})
    assert answer.statuses == ["received"]


@pytest.mark.parametrize("accepted", ["gzip", "zstd, gzip;q=0.5", "br, zstd;q=0, gzip"])
def test_an_answer_is_compressed_where_that_is_understood(served: RunningHub, accepted: str) -> None:
    kiosk = served.kiosk()
    request = kiosk.request("POST", "/v1/envelopes", envelope.joined([kiosk.seal(1)] * 9), ENVELOPES)
    request.headers["accept-encoding"] = accepted
    answer = kiosk.pass_on(request)
    body = zstandard.ZstdDecompressor().decompressobj().decompress if "zstd," in accepted else gzip.decompress
    assert body(answer.body).startswith(b'{"items":[{"status":"received"')
    assert len(answer.body) < 500


BOMB = zstandard.compress(bytes(10_000_000))


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"\x00", "identity", 400, "envelope.batch"),
        (envelope.joined([b"x"] * 201), "identity", 400, "envelope.batch"),
        (bytes(2 * 1024 * 1024 + 1), "identity", 413, "request.too_large"),
        (BOMB, "zstd", 413, "request.too_large"),
        (gzip.compress(bytes(10_000_000)), "gzip", 413, "request.too_large"),
        (b"not packed", "zstd", 400, "request.compression"),
        (b"not packed", "gzip", 400, "request.compression"),
        (gzip.compress(b"")[:-3], "gzip", 400, "request.compression"),
        (gzip.compress(b"") * 2, "gzip", 400, "request.compression"),
        (zstandard.compress(b"") * 2, "zstd", 400, "request.compression"),
        (zstandard.compress(b"abc")[:-1], "zstd", 400, "request.compression"),
        (b"x", "br", 415, "request.encoding"),
    ],
    ids=range(12),
)
def test_a_body_that_is_none_is_refused_by_name(
    served: RunningHub, body: bytes, encoding: str, status: int, code: str
) -> None:
    kiosk = served.kiosk()
    answer = kiosk.send("POST", "/v1/envelopes", body, ENVELOPES, fields={"content-encoding": encoding})
    assert (answer.status, answer.code) == (status, code)
    assert kiosk.send_envelopes([kiosk.seal(1)]).statuses == ["received"]


def test_another_type_of_body_is_refused(served: RunningHub) -> None:
    answer = served.kiosk().send("POST", "/v1/envelopes", b"{}", "application/json")
    assert (answer.status, answer.code) == (415, "request.content_type")


def test_an_empty_batch_is_no_batch(served: RunningHub) -> None:
    answer = served.kiosk().send("POST", "/v1/envelopes", b"", ENVELOPES)
    assert (answer.status, answer.code) == (415, "request.content_type")


def test_receipts_are_given_again_to_who_asks(served: RunningHub) -> None:
    kiosk = served.kiosk()
    sent, not_sent, other = kiosk.seal(1), kiosk.seal(2), kiosk.seal(1, seed=2)
    (first,) = kiosk.send_envelopes([sent]).json["items"]
    answer = kiosk.ask_receipts([envelope.read(raw).header for raw in (sent, not_sent, other)])
    assert answer.statuses == ["received", "unknown", "conflict"]
    assert answer.json["items"][0] == first
    other_kiosk = served.kiosk("K2")
    assert other_kiosk.ask_receipts([envelope.read(sent).header]).statuses == ["unknown"]


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"items": [{}]}', b'{"items": [{"record": "x", "version": 1, "hash": "00"}]}', b"\xff"],
)
def test_a_question_that_is_none_is_refused(served: RunningHub, body: bytes) -> None:
    answer = served.kiosk().send("POST", "/v1/receipts", body)
    assert (answer.status, answer.code) == (400, "request.malformed")


def test_receipts_of_an_old_signing_key_stay_good(served: RunningHub, key_file: KeyFile) -> None:
    kiosk = served.kiosk()
    raw = kiosk.seal(1)
    (first,) = kiosk.send_envelopes([raw]).json["items"]
    key_file.rotate("sign")
    again = kiosk.pass_on(kiosk.request("POST", "/v1/envelopes", envelope.joined([raw]), ENVELOPES))
    assert again.json["items"] == [{**first, "status": "duplicate"}]


def test_what_was_sealed_to_an_old_key_is_taken(served: RunningHub, key_file: KeyFile) -> None:
    kiosk = served.kiosk()
    raw = kiosk.seal(1)
    key_file.rotate("seal")
    assert kiosk.send_envelopes([raw]).statuses == ["received"]


def test_what_was_signed_before_a_new_enrolment_is_taken(served: RunningHub) -> None:
    before = served.kiosk()
    raw = before.seal(1)
    after = served.kiosk()
    assert after.send_envelopes([raw]).statuses == ["received"]
    refused = before.send_envelopes([raw])
    assert (refused.status, refused.code) == (403, "kiosk.key_old")


def test_nothing_is_promised_before_the_commit(served: RunningHub, session: Session) -> None:
    """Where the very commit fails, the kiosk gets no receipt, the hub has nothing, it may be sent again."""
    kiosk = served.kiosk()
    raw = kiosk.seal(1)
    session.execute(
        text("""
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is full'; END $$;
        CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON nonce DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail();""")
    )
    session.commit()
    try:
        answer = kiosk.send_envelopes([raw])
    finally:
        session.execute(text("DROP TRIGGER fail ON nonce; DROP FUNCTION fail"))
        session.commit()
    assert answer.status == 500
    assert "receipt" not in answer.body.decode()
    assert held(session) == []
    assert kiosk.send_envelopes([raw]).statuses == ["received"]


def test_two_hubs_on_one_database_take_each_record_once(
    database: str, key_file: KeyFile, session: Session
) -> None:
    """Eight kiosks send the same batches to both at once, as when replies are lost and a stick is in use."""
    with a_hub(database, key_file) as first, a_hub(database, key_file) as second:
        kiosks = [first.kiosk(f"K{number}") for number in range(4)]
        batches = {kiosk.name: [kiosk.seal(number) for number in range(20)] for kiosk in kiosks}

        def send(task: tuple[KioskAtHub, str]) -> list[str]:
            kiosk, url = task
            twin = KioskAtHub(url, kiosk.name, signer=kiosk.signer, hub=kiosk.hub)
            answers = [twin.send_envelopes(batches[kiosk.name]) for _ in range(3)]
            twin.close()
            return [status for answer in answers for status in answer.statuses]

        tasks = [(kiosk, hub.url) for kiosk in kiosks for hub in (first, second)]
        with ThreadPoolExecutor(8) as pool:
            statuses = [status for found in pool.map(send, tasks) for status in found]
    assert (statuses.count("received"), statuses.count("duplicate")) == (80, 400)
    assert rows(session, "SELECT count(*), count(DISTINCT (kiosk, record)) FROM envelope") == [(80, 80)]

"""Who may speak to the hub: only who signed, only what was signed, only once; never who was shut out."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from kiosk.hub.database import transaction
from kiosk.hub.keys import KeyFile
from kiosk.hub.kiosks import retire, revoke
from kiosk.sync import envelope
from kiosk.sync.keys import SigningKey
from kiosk.sync.signing import Fields, Request
from tests.hub import postgres
from tests.hub.kiosk import ENVELOPES, KioskAtHub
from tests.hub.running import RunningHub, a_hub


def stored(session: Session) -> int:
    session.rollback()
    return int(session.execute(text("SELECT count(*) FROM envelope")).scalar_one())


def a_batch(kiosk: KioskAtHub, number: int = 1) -> Request:
    return kiosk.request("POST", "/v1/envelopes", envelope.joined([kiosk.seal(number)]), ENVELOPES)


def test_any_changed_byte_of_a_body_is_refused_and_the_right_one_still_gets_in(
    served: RunningHub, session: Session
) -> None:
    kiosk = served.kiosk()
    good = a_batch(kiosk)
    draw = random.Random(3)
    for place in draw.sample(range(len(good.body)), 30):
        body = bytearray(good.body)
        body[place] ^= draw.randrange(1, 256)
        answer = kiosk.pass_on(Request(good.method, good.target, good.headers, bytes(body)))
        assert (answer.status, answer.code) == (401, "request.signature")
    assert stored(session) == 0
    assert kiosk.pass_on(good).statuses == ["received"]


def test_a_changed_signature_is_refused(served: RunningHub) -> None:
    kiosk = served.kiosk()
    good = a_batch(kiosk)
    for name in ("signature", "signature-input", "content-digest", "x-kiosk"):
        value = good.headers.get(name)
        for place in range(0, len(value), 13):
            other = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
            lines = [(one, other if one == name else before) for one, before in good.headers.items()]
            answer = kiosk.pass_on(Request(good.method, good.target, Fields(lines), good.body))
            assert answer.status == 401, (name, place)
            assert answer.code.startswith("request.")
    assert kiosk.pass_on(good).statuses == ["received"]


def test_a_signature_serves_for_no_other_path(served: RunningHub) -> None:
    kiosk = served.kiosk()
    good = kiosk.request("GET", "/v1/inbox?after=0")
    answer = kiosk.pass_on(Request("GET", "/v1/inbox?after=1", good.headers))
    assert (answer.status, answer.code) == (401, "request.signature")


@pytest.mark.parametrize("path", ["/v1/envelopes", "/v1/receipts", "/v1/status"])
def test_nothing_is_done_for_who_does_not_sign(served: RunningHub, path: str) -> None:
    kiosk = served.stranger()
    request = kiosk.request("POST", path, b"{}")
    assert kiosk.pass_on(request).code == "request.unknown_key"
    for name in ("signature", "signature-input"):
        del request.headers[name]
    answer = kiosk.pass_on(request)
    assert (answer.status, answer.code) == (401, "request.unsigned")


def test_a_replayed_request_is_harmless(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    request = a_batch(kiosk)
    assert kiosk.pass_on(request).statuses == ["received"]
    for _ in range(3):
        answer = kiosk.pass_on(request)
        assert (answer.status, answer.code) == (409, "request.replayed")
    assert stored(session) == 1


def test_a_request_is_replayed_at_no_other_process(database: str, key_file: KeyFile) -> None:
    with a_hub(database, key_file) as first, a_hub(database, key_file) as second:
        kiosk = first.kiosk()
        request = a_batch(kiosk)
        assert kiosk.pass_on(request).statuses == ["received"]
        twin = KioskAtHub(second.url, "K1", signer=kiosk.signer)
        assert twin.pass_on(request).code == "request.replayed"
        twin.close()


@pytest.mark.parametrize("ahead", [-601, 605, 10**8, -(10**8)])
def test_a_clock_that_is_far_off_is_told_the_hubs_time(served: RunningHub, ahead: int) -> None:
    kiosk = served.kiosk()
    kiosk.clock_ahead = ahead
    answer = kiosk.send_envelopes([kiosk.seal(1)])
    assert (answer.status, answer.code) == (401, "request.clock")
    assert abs(answer.json["now"] / 1000 - served.reception.now()) < 30
    kiosk.clock_ahead = 0
    assert kiosk.send_envelopes([kiosk.seal(1)]).statuses == ["received"]


def test_a_clock_that_is_a_little_off_is_taken(served: RunningHub) -> None:
    kiosk = served.kiosk()
    for ahead in (-590, 590):
        kiosk.clock_ahead = ahead
        assert kiosk.send("GET", "/v1/inbox").status == 200


def test_a_kiosk_speaks_under_its_own_name(served: RunningHub) -> None:
    kiosk = served.kiosk()
    kiosk.name = "K2"
    answer = kiosk.send("GET", "/v1/inbox")
    assert (answer.status, answer.code) == (401, "request.kiosk")


def test_a_revoked_kiosk_is_refused_at_once_by_every_process(database: str, key_file: KeyFile) -> None:
    with a_hub(database, key_file) as first, a_hub(database, key_file) as second:
        kiosk = first.kiosk()
        twin = KioskAtHub(second.url, "K1", signer=kiosk.signer, hub=kiosk.hub)
        assert twin.send_envelopes([kiosk.seal(1)]).status == 200
        with transaction(first.reception.engine) as session:
            revoke(session, "K1", training=False, who="test")
        for one in (kiosk, twin):
            for answer in (one.send_envelopes([kiosk.seal(2)]), one.send("GET", "/v1/inbox")):
                assert (answer.status, answer.code) == (403, "kiosk.revoked")
        twin.close()


def test_what_a_revoked_key_signed_is_not_taken_from_its_successor(served: RunningHub) -> None:
    stolen = served.kiosk()
    raw = stolen.seal(1)
    with transaction(served.reception.engine) as session:
        revoke(session, "K1", training=False, who="test")
    after = served.kiosk()
    assert after.send_envelopes([raw]).json["items"] == [{"status": "refused", "code": "envelope.key"}]
    assert stolen.send("GET", "/v1/inbox").code == "kiosk.key_old"


def test_a_retired_kiosk_is_refused(served: RunningHub) -> None:
    kiosk = served.kiosk()
    with transaction(served.reception.engine) as session:
        retire(session, "K1", training=False, who="test")
    assert kiosk.send("GET", "/v1/inbox").code == "kiosk.retired"


def test_practice_and_real_data_never_meet(served: RunningHub, session: Session) -> None:
    """Both kiosks have one name; neither gets anything of the other's class in, whoever signed it."""
    real, training = served.kiosk(), served.kiosk(training=True)
    crossed = [
        real.send_envelopes([training.seal(1), real.seal(2, training=True)]),
        training.send_envelopes([real.seal(1), training.seal(2, training=False)]),
    ]
    for answer in crossed:
        assert {(item["status"], item["code"]) for item in answer.json["items"]} == {
            ("refused", "kiosk.class")
        }
    assert stored(session) == 0
    for kiosk in (real, training):
        assert kiosk.send_envelopes([kiosk.seal(1)]).statuses == ["received"]
    session.rollback()
    classes = session.execute(
        text(
            "SELECT k.training, count(*) FROM envelope e JOIN kiosk k ON k.n = e.kiosk GROUP BY 1 ORDER BY 1"
        )
    )
    assert [tuple(row) for row in classes] == [(False, 1), (True, 1)]


def test_too_many_requests_of_one_kiosk_are_told_to_wait(database: str, key_file: KeyFile) -> None:
    with a_hub(database, key_file, requests_a_minute=30) as served:
        hasty, other = served.kiosk(), served.kiosk("K2")
        answers = [hasty.send("GET", "/v1/inbox") for _ in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
        assert (answers[-1].code, answers[-1].fields["retry-after"]) == ("request.too_many", "2")
        assert other.send("GET", "/v1/inbox").status == 200


def test_a_database_that_is_gone_is_said_and_nothing_is_promised(key_file: KeyFile) -> None:
    with a_hub(postgres.blank("gone"), key_file) as served:
        kiosk = served.kiosk()
        with postgres.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("DROP DATABASE gone WITH (FORCE)")
        answer = kiosk.send_envelopes([kiosk.seal(1)])
        assert (answer.status, answer.code, answer.fields.get("retry-after")) == (503, "hub.database", "5")
        assert kiosk.client.get("/healthz").status_code == 503
        assert "kiosk_hub_database_up 0.0" in kiosk.client.get("/metrics").text
        postgres.blank("gone")
        with a_hub(postgres.server_url().replace("/postgres?", "/gone?"), key_file):
            assert kiosk.client.get("/healthz").json() == {"status": "ok"}


def test_a_database_that_was_started_anew_is_noticed_by_nobody(served: RunningHub) -> None:
    kiosk = served.kiosk()
    assert kiosk.send_envelopes([kiosk.seal(1)]).statuses == ["received"]
    with postgres.engine().begin() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
        )  # fmt: skip
    assert kiosk.send_envelopes([kiosk.seal(2)]).statuses == ["received"]
    assert kiosk.client.get("/healthz").status_code == 200


def test_another_path_or_method_is_refused_in_the_same_form(served: RunningHub) -> None:
    client = served.stranger().client
    assert (client.get("/").status_code, client.get("/").json()["code"]) == (404, "request.path")
    assert client.get("/v1/envelopes").json()["code"] == "request.method"
    assert client.get("/docs").status_code == 404


@pytest.mark.parametrize(
    "query", ["?after=-1", "?after=x", "?limit=0", "?limit=201", "?limit=", "?after=1&after=2", "?more=1",
              "?after=99999999999999999", "?after=%D9%A3"],
)  # fmt: skip
def test_a_query_that_is_none_is_refused(served: RunningHub, query: str) -> None:
    answer = served.kiosk().send("GET", f"/v1/inbox{query}")
    assert (answer.status, answer.code) == (400, "request.query")


def test_a_report_is_noted(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    report = {
        "waiting": 3, "drift_ms": -1500, "version": "0.2.0", "profile": "village", "cards_left": 44,
        "audit_head": "ab" * 32, "epoch": kiosk.epoch, "something": "newer",
    }  # fmt: skip
    for waiting in (7, 3):
        answer = kiosk.send("POST", "/v1/status", json.dumps(report | {"waiting": waiting}).encode())
        assert (answer.status, list(answer.json)) == (200, ["now"])
    found = session.execute(
        text(
            "SELECT waiting, drift_ms, program, profile, cards_left, epoch::text, reported_at"
            " FROM kiosk_status"
        )
    ).one()
    assert found[:6] == (3, -1500, "0.2.0", "village", 44, kiosk.epoch)
    assert found.reported_at is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [("waiting", -1), ("waiting", 2**40), ("waiting", "3"), ("waiting", 3.5), ("version", "\x1b[0m"),
     ("profile", "other"), ("audit_head", "x"), ("epoch", "x"), ("drift_ms", 2**60), ("cards_left", None)],
)  # fmt: skip
def test_a_report_that_is_none_is_refused_naming_the_field(served: RunningHub, name: str, value: Any) -> None:
    report: dict[str, Any] = {
        "waiting": 3, "version": "0.2.0", "profile": "village", "cards_left": 44, "audit_head": "",
        "epoch": "8f14e45f-ceea-467f-a6b0-0f6e1a2b3c4d",
    }  # fmt: skip
    answer = served.kiosk().send("POST", "/v1/status", json.dumps(report | {name: value}).encode())
    assert (answer.status, answer.json) == (400, {"code": "request.malformed", "detail": name})


def test_the_log_tells_of_every_request_and_of_nobody(served: RunningHub) -> None:
    kiosk = served.kiosk()
    kiosk.send_envelopes([kiosk.seal(1), b"SITI AMINAH 3173051208800003"])
    kiosk.send("POST", "/v1/status", b'{"version": "SITI AMINAH"}')
    hostile = Request("GET", "/v1/inbox?after=SITI%20AMINAH", Fields([("x-kiosk", "SITI AMINAH")]))
    kiosk.pass_on(hostile)
    kiosk.client.get("/SITI%20AMINAH")
    stranger = KioskAtHub(served.url, "SITI", signer=SigningKey.generate())
    stranger.send("GET", "/v1/inbox")
    stranger.close()
    lines = [json.loads(line) for line in served.log.splitlines()]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("enrol", 200),
        ("envelopes", 200),
        ("status", 400),
        ("inbox", 401),
        ("inbox", 401),
    ]
    assert lines[1]["items"] == {"received": 1, "malformed": 1}
    assert (lines[1]["kiosk"], lines[2]["code"]) == ("K1", "request.malformed")
    assert not any(word in served.log for word in ("SITI", "AMINAH", "3173051208800003"))


def test_figures_for_prometheus(served: RunningHub) -> None:
    kiosk = served.kiosk()
    kiosk.send_envelopes([kiosk.seal(1), kiosk.seal(2), b"x"])
    found = kiosk.client.get("/metrics")
    assert found.headers["content-type"].startswith("text/plain")
    for line in (
        'kiosk_hub_envelopes_total{carrier="network",status="received"} 2.0',
        'kiosk_hub_requests_total{route="envelopes",status="200"} 1.0',
        "kiosk_hub_waiting 2.0",
        "kiosk_hub_quarantine 1.0",
        'kiosk_hub_kiosks{class="real",state="active"} 1.0',
        "kiosk_hub_database_up 1.0",
    ):
        assert line in found.text.splitlines()
    oldest = next(line for line in found.text.splitlines() if line.startswith("kiosk_hub_oldest_waiting_sec"))
    assert 0 <= float(oldest.split()[1]) < 60


def test_nonces_are_forgotten_when_their_time_is_over(served: RunningHub, session: Session) -> None:
    from kiosk.hub.callers import CLOCK_SECONDS, forget_nonces  # noqa: PLC0415

    kiosk = served.kiosk()
    kiosk.send("GET", "/v1/inbox")
    now = served.reception.now()
    for later, left in ((2 * CLOCK_SECONDS, 1), (4 * CLOCK_SECONDS, 0)):
        forget_nonces(session, now + later)
        assert session.execute(text("SELECT count(*) FROM nonce")).scalar() == left

"""Enrolling over real HTTP: a code serves one kiosk once, and only until its time is over."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from kiosk.errors import StoreError, UsageError
from kiosk.hub.database import transaction
from kiosk.hub.founding import open_hub, record_keys, signing_public
from kiosk.hub.keys import KeyFile
from kiosk.hub.kiosks import known_kiosks, make_code, retire, revoke
from kiosk.sync.enrolment import EnrolCode
from kiosk.sync.keys import SigningKey
from tests.hub.kiosk import Answer, KioskAtHub
from tests.hub.running import RunningHub


def refused(answer: Answer) -> str:
    assert answer.status in {400, 401, 403}
    return answer.code


def test_a_kiosk_enrols_and_the_hub_knows_only_public_halves(served: RunningHub, session: Session) -> None:
    kiosk = served.kiosk()
    assert kiosk.hub is not None
    keys = served.reception.key_file.current()
    assert [key.public for key in kiosk.hub.signing] == [keys.signer.public]
    assert [key.public for key in kiosk.hub.sealing] == [keys.sealing.public]
    row = session.execute(
        text("SELECT y.id, y.signing, y.opening, y.state, k.state, k.name, k.epoch::text FROM kiosk_key y"
             " JOIN kiosk k ON k.n = y.kiosk")
    ).one()  # fmt: skip
    assert [bytes(one) for one in row[:3]] == [kiosk.signer.id, kiosk.signer.public, kiosk.opener.public]
    assert row[3:] == ("active", "active", "K1", kiosk.epoch)
    everything = session.execute(text("SELECT public FROM enrol_code")).scalars().all()
    assert len(everything) == 1
    assert bytes(everything[0]) not in {kiosk.signer.secret, kiosk.opener.secret}


def test_a_lost_answer_can_be_had_again(served: RunningHub) -> None:
    kiosk, code = served.stranger(), served.code()
    assert kiosk.enrol(code).status == 200
    assert kiosk.enrol(code).status == 200
    assert kiosk.send("GET", "/v1/inbox").status == 200


def test_a_code_serves_once(served: RunningHub) -> None:
    code = served.code()
    assert served.stranger().enrol(code).status == 200
    assert refused(served.stranger().enrol(code)) == "enrol.used"


def test_a_fresh_code_ends_the_one_before(served: RunningHub) -> None:
    first, second = served.code(), served.code()
    assert refused(served.stranger().enrol(first)) == "enrol.unknown"
    assert served.stranger().enrol(second).status == 200


def test_a_made_up_code_is_unknown(served: RunningHub) -> None:
    served.code()
    made_up = EnrolCode.fresh(served.reception.key_file.current().signer.public)
    assert refused(served.stranger().enrol(made_up)) == "enrol.unknown"


def test_a_code_is_for_one_name_and_class(served: RunningHub) -> None:
    code = served.code()
    assert refused(served.stranger("K2").enrol(code)) == "enrol.kiosk"
    assert refused(served.stranger(training=True).enrol(code)) == "enrol.kiosk"
    assert served.stranger().enrol(code).status == 200


def test_a_code_ends_after_its_days(served: RunningHub, session: Session) -> None:
    code = served.code()
    until = session.execute(text("SELECT until - made_at FROM enrol_code")).scalar()
    assert until == timedelta(days=7)
    session.execute(text("UPDATE enrol_code SET until = now() - interval '1 s'"))
    session.commit()
    assert refused(served.stranger().enrol(code)) == "enrol.expired"


def test_who_sees_an_application_pass_can_do_nothing_with_it(served: RunningHub) -> None:
    """Not with keys of their own, nor by signing the request anew."""
    code = served.code()
    kiosk, thief = served.stranger(), served.stranger()
    seen = kiosk.application.as_dict(code.key)
    forged = {**seen, "signing": thief.signer.public.hex(), "opening": thief.opener.public.hex()}
    assert refused(thief.send("POST", "/v1/enrol", json.dumps(forged).encode())) == "enrol.unknown"
    assert refused(thief.send("POST", "/v1/enrol", json.dumps(seen).encode())) == "request.unknown_key"
    assert kiosk.enrol(code).status == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"kiosk": "K1"}'])
def test_what_is_no_application_is_refused(served: RunningHub, body: bytes) -> None:
    assert refused(served.stranger().send("POST", "/v1/enrol", body or b" ")) == "enrol.malformed"


def test_a_key_that_nothing_can_be_sealed_to_is_refused(served: RunningHub) -> None:
    code, kiosk = served.code(), served.stranger()
    weak = replace(kiosk.application, opening=bytes(32)).as_dict(code.key)
    assert refused(kiosk.send("POST", "/v1/enrol", json.dumps(weak).encode())) == "enrol.key"


def test_a_key_enrols_once(served: RunningHub) -> None:
    first = served.kiosk()
    twin = KioskAtHub(served.url, "K2", signer=first.signer)
    assert refused(twin.enrol(served.code("K2"))) == "enrol.key"
    twin.close()


def test_a_revoked_kiosk_comes_back_with_new_keys_alone(served: RunningHub) -> None:
    kiosk, code = served.stranger(), served.code()
    kiosk.enrol(code)
    with transaction(served.reception.engine) as session:
        revoke(session, "K1", training=False, who="test", reason="stolen")
    assert refused(kiosk.enrol(code)) == "enrol.used"
    assert refused(kiosk.enrol(served.code())) == "enrol.key"
    again = served.kiosk()
    assert again.send("GET", "/v1/inbox").status == 200


def test_codes_of_a_revoked_kiosk_end_with_it(served: RunningHub) -> None:
    code = served.code()
    with transaction(served.reception.engine) as session:
        revoke(session, "K1", training=False, who="test")
    assert refused(served.stranger().enrol(code)) == "enrol.unknown"


def test_what_was_done_is_on_record(served: RunningHub, session: Session) -> None:
    served.kiosk(training=True)
    with transaction(served.reception.engine) as work:
        revoke(work, "K1", training=True, who="ani", reason="lost")
    found = session.execute(text("SELECT who, action, subject, reason FROM audit ORDER BY n"))
    assert [tuple(row) for row in found] == [
        ("test", "kiosk.code", "K1 training", ""),
        ("kiosk:K1", "kiosk.enrol", "K1 training", ""),
        ("ani", "kiosk.revoke", "K1 training", "lost"),
    ]


def test_only_a_kiosk_that_is_there_can_be_ended(session: Session) -> None:
    with pytest.raises(UsageError, match=r"hub\.no_kiosk: K9"):
        revoke(session, "K9", training=False, who="test")
    make_code(session, "K9", SigningKey.generate().public, training=False, who="test")
    with pytest.raises(UsageError, match=r"hub\.no_kiosk: K9 training"):
        retire(session, "K9", training=True, who="test")
    with pytest.raises(UsageError, match=r"hub\.not_active: K9"):
        retire(session, "K9", training=False, who="test")


def test_the_kiosks_are_listed_with_what_they_told(served: RunningHub, session: Session) -> None:
    served.code("K2")
    kiosk = served.kiosk()
    kiosk.send("POST", "/v1/status", json.dumps({
        "waiting": 3, "version": "0.2.0", "profile": "village", "cards_left": 44, "audit_head": "",
        "epoch": kiosk.epoch}).encode())  # fmt: skip
    first, second = known_kiosks(session)
    assert (first.name, first.state, first.waiting, first.program) == ("K1", "active", 3, "0.2.0")
    assert first.seen_at is not None
    assert (second.name, second.state, second.seen_at, second.waiting) == ("K2", "waiting", None, None)


def test_a_place_is_kept_when_a_new_code_names_none(session: Session) -> None:
    public = SigningKey.generate().public
    make_code(session, "K1", public, training=False, place="Balai Desa", who="test")
    make_code(session, "K1", public, training=False, who="test")
    assert [kiosk.place for kiosk in known_kiosks(session)] == ["Balai Desa"]


def test_a_database_belongs_to_its_keys(database: str, key_file: KeyFile, session: Session) -> None:
    engine = open_hub(database, key_file)
    assert signing_public(session) == key_file.current().signer.public
    other = KeyFile(key_file.path.with_name("other.keys"))
    with pytest.raises(StoreError, match=r"^hub\.keys_other$"):
        open_hub(database, other)
    fresh = key_file.rotate("sign")
    record_keys(engine, fresh)
    session.rollback()
    assert signing_public(session) == fresh.signer.public
    engine.dispose()


def test_a_code_needs_a_hub_that_has_begun(session: Session) -> None:
    with pytest.raises(StoreError, match=r"^hub\.no_keys$"):
        signing_public(session)

"""The desk: what waits for a person is listed, decided with a reason, written down, and told to the kiosk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.errors import KioskError, StoreError
from kiosk.hub.database import make_engine
from kiosk.hub.desk import SqlDesk
from kiosk.language import Language
from kiosk.services.desk import Action, CaseKind, Counts, DeskKiosk
from kiosk.sync import envelope
from screens.base import Page, Shell
from screens.desk.context import DeskContext
from screens.desk.queue import QueuePage
from tests.hub.judged import RECEIVED_MS, a_record, record_id, with_member
from tests.hub.placed import Hub, Placed
from tests.screens.driven import Driven, driven

WHO, WHY = "siti", "surat keterangan sudah dilihat"


@pytest.fixture
def desk(hub: Hub) -> SqlDesk:
    return SqlDesk(hub.engine, hub.desk)


@pytest.fixture
def kiosk(hub: Hub) -> Placed:
    return hub.kiosk()


def refused(hub: Hub, kiosk: Placed, seed: int = 1, version: int = 1) -> str:
    """A record that the rules refuse for a name; its id."""
    bad = with_member(a_record(seed, people=2), 1, name="R2D2")
    id_ = hub.put(kiosk, bad, id_=record_id(seed), version=version)
    assert hub.decide() == 1
    return str(id_)


def aside(hub: Hub, kiosk: Placed, seed: int = 1) -> str:
    """A record that joins a family which the hub does not know; its id."""
    id_ = hub.put(kiosk, replace(a_record(seed, people=2), outcome="added_members"))
    assert hub.decide() == 1
    return str(id_)


def the_key(desk: SqlDesk) -> str:
    [line] = desk.cases(limit=9)
    return line.key


def audit(hub: Hub) -> list[tuple[str, str, str]]:
    rows = hub.rows("SELECT who, action, reason FROM audit ORDER BY n")
    return [(row.who, row.action, row.reason) for row in rows]


def test_an_empty_hub_asks_nobody(desk: SqlDesk) -> None:
    assert desk.counts() == Counts(0, 0, 0)
    assert desk.cases(limit=9) == []
    assert desk.kiosks() == []


def test_cases_are_listed_without_names_and_those_that_nobody_decided_first(
    hub: Hub, kiosk: Placed, desk: SqlDesk
) -> None:
    refused(hub, kiosk, 1)
    aside(hub, kiosk, 2)
    first, second = desk.cases(limit=9)
    assert (first.kind, first.code, first.kiosk) == (CaseKind.ASIDE, "outcome.unproven", "K1")
    assert (second.kind, second.code, second.reference) == (
        CaseKind.REFUSED,
        "name.characters",
        a_record(1).reference,
    )
    assert desk.counts() == Counts(1, 1, 0)
    assert "R2D2" not in repr(desk.case(second.key))


def test_the_list_is_paged_over_both_kinds(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    for seed in range(3):
        aside(hub, kiosk, seed)
    for seed in range(3, 6):
        refused(hub, kiosk, seed)
    whole = [line.key for line in desk.cases(limit=20)]
    found: list[str] = []
    while page := desk.cases(limit=2, before=found[-1] if found else ""):
        found += [line.key for line in page]
    assert found == whole
    assert len(set(whole)) == 6


def test_a_refused_family_is_accepted_after_all(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    hub.numbers()
    id_ = refused(hub, kiosk)
    desk.do(the_key(desk), Action.ACCEPT, WHO, WHY)
    no, yes = hub.told(kiosk)
    assert (no["decision"], yes["decision"], yes["record"]) == ("refused", "accepted", id_)
    assert yes["premium_total"] == a_record(1, people=2).premium_total
    assert yes["card"] == "0001000000000"
    assert desk.cases(limit=9) == []
    assert (WHO, "desk.accept", WHY) in audit(hub)
    assert len(hub.rows("SELECT * FROM member WHERE live")) == 2


def test_nobody_is_accepted_over_another_who_has_the_nik(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    first = a_record(1, people=2)
    hub.put(kiosk, first)
    hub.put(hub.kiosk("K2"), a_record(1, "K2", people=2), received_ms=RECEIVED_MS + 1)
    hub.decide()
    hub.decide()
    [line] = desk.cases(limit=9)
    assert line.other_reference == first.reference
    with pytest.raises(KioskError, match=r"desk\.not_possible"):
        desk.do(line.key, Action.ACCEPT, WHO, WHY)
    assert len(hub.rows("SELECT * FROM registration WHERE state = 'accepted'")) == 1


def test_a_mended_version_on_its_way_is_not_overtaken(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    refused(hub, kiosk)
    key = the_key(desk)
    hub.put(kiosk, a_record(1, people=2), id_=record_id(1), version=2)
    with pytest.raises(KioskError, match=r"desk\.not_possible"):
        desk.do(key, Action.ACCEPT, WHO, WHY)
    assert hub.decide() == 1
    with pytest.raises(KioskError, match=r"desk\.gone"):
        desk.do(key, Action.ACCEPT, WHO, WHY)


def test_what_was_set_aside_is_decided_again(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    aside(hub, kiosk)
    key = the_key(desk)
    desk.do(key, Action.AGAIN, WHO, WHY)
    assert desk.counts() == Counts(0, 0, 1)
    assert hub.decide() == 1
    assert desk.counts() == Counts(1, 0, 0), "nothing has changed, so it waits for a person again"
    again = desk.case(the_key(desk))
    assert again is not None
    assert again.line.times == 2


def test_a_refusal_is_decided_again_by_the_rules_of_now(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    refused(hub, kiosk)
    desk.do(the_key(desk), Action.AGAIN, WHO, WHY)
    assert hub.decide() == 1
    assert [told["decision"] for told in hub.told(kiosk)] == ["refused", "refused"]


def test_what_was_set_aside_goes_back_to_the_kiosk(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    id_ = aside(hub, kiosk)
    desk.do(the_key(desk), Action.REFUSE, WHO, WHY)
    [told] = hub.told(kiosk)
    assert (told["record"], told["decision"]) == (id_, "refused")
    assert [problem["code"] for problem in told["problems"]] == ["desk.refused"]
    assert desk.counts() == Counts(0, 1, 0)
    hub.put(kiosk, a_record(1, people=2), id_=id_, version=2)
    hub.decide()
    assert hub.told(kiosk)[-1]["decision"] == "accepted"


def test_what_nobody_can_open_goes_back_to_be_sealed_anew(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    id_ = str(hub.put(kiosk, a_record(1, people=2), content_hash=bytes(32)))
    hub.decide()
    desk.do(the_key(desk), Action.REFUSE, WHO, WHY)
    [told] = hub.told(kiosk)
    assert (told["record"], told["decision"], told["reference"]) == (id_, "refused", "")
    assert desk.counts() == Counts(0, 0, 0)
    hub.put(kiosk, a_record(1, people=2), id_=id_, version=2)
    hub.decide()
    assert hub.told(kiosk)[-1]["decision"] == "accepted"


def test_an_envelope_that_was_not_taken_in_is_tried_again(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    quarantined(hub, kiosk, kiosk.sender.seal(a_record(1, people=2)), "unsupported", "content.schema")
    desk.do(the_key(desk), Action.AGAIN, WHO, WHY)
    assert desk.counts() == Counts(0, 0, 1)
    assert hub.decide() == 1
    assert hub.told(kiosk)[-1]["decision"] == "accepted"


def test_one_that_is_still_not_taken_in_stays(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    raw = kiosk.sender.seal(a_record(1), schema=9)
    quarantined(hub, kiosk, raw, "unsupported", "content.schema")
    with pytest.raises(KioskError) as refusal:
        desk.do(the_key(desk), Action.AGAIN, WHO, WHY)
    assert (refusal.value.code, refusal.value.detail) == ("desk.not_possible", "content.schema")
    assert desk.counts() == Counts(1, 0, 0)


def quarantined(hub: Hub, kiosk: Placed, raw: bytes, status: str, code: str) -> None:
    from sqlalchemy import text  # noqa: PLC0415 - for this one statement

    from kiosk.hub.database import transaction  # noqa: PLC0415

    header = envelope.read(raw).header
    with transaction(hub.engine) as session:
        session.execute(
            text(
                "INSERT INTO quarantine"
                " (kiosk, digest, status, code, record, version, raw, carrier, at, times)"
                " VALUES (:kiosk, sha256(:raw), :status, :code, CAST(:record AS uuid), :version, :raw,"
                " 'network', now(), 1)"
            ),
            {
                "kiosk": kiosk.n, "raw": raw, "status": status, "code": code, "record": header.record,
                "version": header.version,
            },
        )  # fmt: skip


def test_a_case_is_closed_once(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    aside(hub, kiosk)
    key = the_key(desk)
    desk.do(key, Action.CLOSE, WHO, WHY)
    with pytest.raises(KioskError, match=r"desk\.gone"):
        desk.do(key, Action.CLOSE, WHO, WHY)
    assert desk.cases(limit=9) == []
    [row] = hub.rows("SELECT closed_by, reason, raw FROM quarantine")
    assert (row.closed_by, row.reason) == (WHO, WHY)


@pytest.mark.parametrize("reason", ["", "    ", "ya", "x" * 201, "a\x1b[2Jbcdef"])
def test_nothing_is_done_without_a_reason(hub: Hub, kiosk: Placed, desk: SqlDesk, reason: str) -> None:
    refused(hub, kiosk)
    with pytest.raises(KioskError, match=r"desk\.reason"):
        desk.do(the_key(desk), Action.ACCEPT, WHO, reason)
    assert len(hub.told(kiosk)) == 1


def test_a_kiosk_is_shut_out(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    [known] = desk.kiosks()
    desk.shut_out(known, WHO, "hilang dari balai desa")
    assert [(one.name, one.state) for one in desk.kiosks()] == [(kiosk.name, "revoked")]
    assert (WHO, "kiosk.revoke", "hilang dari balai desa") in audit(hub)


def test_a_database_that_is_away_is_said(hub: Hub) -> None:
    away = SqlDesk(make_engine("postgresql://nobody@127.0.0.1:1/none"), hub.desk)
    with pytest.raises(StoreError, match=r"hub\.database"):
        away.counts()
    away.close()


# On the screen.


def opened(desk: Any) -> Any:
    def first(shell: Shell) -> Page:
        return QueuePage(DeskContext(shell, desk, Language("id"), WHO))

    return first


async def begun(page: Driven) -> None:
    """Reads the list, as F5 does."""
    await page.press("f5")


async def test_a_case_is_opened_and_accepted_by_keys(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    refused(hub, kiosk)
    async with driven(opened(desk)) as page:
        await begun(page)
        assert "0 perlu orang  1 ditolak  0 menunggu" in page.lines[0]
        assert a_record(1).reference in page.text
        await page.press("1", "enter")
        assert "Nama lengkap (2): Nama memakai huruf" in page.text
        assert "R2D2" not in page.text
        await page.press("1", "enter", "f10")
        assert "Tulis alasannya dulu" in page.text
        await page.type("sudah dilihat suratnya")
        await page.press("f10")
        assert "Diterima. Kiosk diberi tahu." in page.text
        assert "Tidak ada yang menunggu." in page.text
    assert hub.told(kiosk)[-1]["decision"] == "accepted"


async def test_wrong_numbers_and_going_back_do_nothing(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    refused(hub, kiosk)
    async with driven(opened(desk)) as page:
        await begun(page)
        await page.press("9", "enter")
        assert "Ketik nomor dari daftar ini." in page.text
        await page.press("1", "enter", "7", "enter")
        assert "Ketik nomor dari daftar ini." in page.text
        await page.press("1", "enter", "f3", "f1")
        assert "dicatat dengan nama Anda" in page.text
        await page.press("f3", "f3")
        assert "Yang menunggu seseorang" in page.text
    assert len(hub.told(kiosk)) == 1


async def test_the_list_of_kiosks_shuts_one_out_by_its_number(hub: Hub, kiosk: Placed, desk: SqlDesk) -> None:
    assert kiosk.name == "K1"
    hub.kiosk("K2", training=True)
    async with driven(opened(desk)) as page:
        await page.press("f6")
        assert "K2 latihan" in page.text
        await page.press("1", "delete")
        assert "langsung ditutup" in page.text
        await page.type("dicuri orang")
        await page.press("f10")
        assert "Kiosk K1 sudah ditutup." in page.text
        await page.press("1", "delete")
        assert "tidak sedang aktif" in page.text
    states = {(one.name, one.state) for one in desk.kiosks()}
    assert states == {("K1", "revoked"), ("K2", "active")}


async def test_a_hub_that_is_away_is_said_and_the_desk_stays(hub: Hub) -> None:
    away = SqlDesk(make_engine("postgresql://nobody@127.0.0.1:1/none"), hub.desk)
    async with driven(opened(away)) as page:
        await begun(page)
        assert "Pusat data tidak bisa dihubungi" in page.text
        await page.press("f6")
        assert "Pusat data tidak bisa dihubungi" in page.text
    away.close()


async def test_a_hostile_place_is_shown_as_text(desk: SqlDesk) -> None:
    class Hostile:
        """A desk whose kiosk has a place made of escape codes."""

        counts = staticmethod(lambda: Counts(0, 0, 0))
        kiosks = staticmethod(lambda: [DeskKiosk("K1", False, "[/] \x1b[2J", "active")])  # noqa: FBT003

    async with driven(opened(Hostile())) as page:
        await page.press("f6")
        assert "[/]" in page.text
        assert "\x1b" not in page.text
    desk.close()

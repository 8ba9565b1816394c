"""Where to pay, and the receipt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kiosk.domain.flow import Step
from kiosk.domain.registration import Registration, stripped
from kiosk.language import Language
from kiosk.services.paper import WIDTH
from kiosk.settings import Receipts
from tests.builders import a_draft, a_family, a_member
from tests.screens.conftest import Stager
from tests.screens.hub_words import REAL, accepted, lapsed, refused, registered, sent
from tests.screens.stage import Stage


@pytest.fixture
async def account(stage: Stage) -> Stage:
    await stage.open(Step.CONSENT)
    await stage.keys("F10")
    assert stage.step == Step.ACCOUNT
    return stage


async def test_it_says_where_and_when_to_pay_and_that_nothing_was_sent(account: Stage) -> None:
    for shown in (
        "L-0001-",
        "Pendaftaran Satu Keluarga, 3 jiwa",
        "TERSIMPAN DI KIOSK, BELUM DIKIRIM, BELUM AKTIF",
        "Rp300.000",
        "06-12-2026",
        "22-12-2026",
        "BRI       8888 8099 0000 0001",
        "NOMOR CONTOH, JANGAN DIBAYAR",
    ):
        assert shown in account.text
    assert "1 menunggu kirim" in account.frame()[0]


@pytest.mark.parametrize("key", ["F12", "F10"])
async def test_the_screen_is_cleared(account: Stage, key: str) -> None:
    await account.keys(key)
    assert account.step == "home"
    assert "8888" not in account.text


async def test_at_the_counter_the_next_family_begins_on_the_receipt(staged: Stager) -> None:
    stage = await staged("counter").start()
    draft = a_draft(a_family(**REAL))
    await stage.take_up(stage.services.drafts.start().with_answers(draft.answers), Step.CONSENT)
    await stage.journey.record({**stage.facts_for(stage.draft)})
    await stage.keys("F10")
    assert stage.step == Step.ACCOUNT
    assert "F10 Keluarga berikut" in stage.frame()[23]
    await stage.keys("F10")
    assert stage.step == Step.TERMS
    assert "1 menunggu kirim" in stage.frame()[0]
    await stage.keys("F3")
    assert stage.step == "home"


@pytest.mark.parametrize("key", ["F3", "ENTER", "x", "F9", "DEL"])
async def test_other_keys_do_not_take_it_away(account: Stage, key: str) -> None:
    await account.keys(key)
    assert account.step == Step.ACCOUNT


@pytest.mark.parametrize("language", ["id", "en"])
async def test_the_receipt_fits_a_narrow_printer(staged: Stager, language: str) -> None:
    stage = staged(language=language)
    stage.context.config = replace(stage.config)
    name = "MUHAMMAD ABDURRAHMAN AL-FATIH PUTRA SETIAWAN KUSUMAWARDHANI"
    await stage.open(Step.CONSENT, a_family(members=[a_member(name=name)]))
    await stage.keys("F10", "F5")
    shown = [line.strip() for line in stage.frame()[2:22]]
    assert "**" in shown[0]
    registration = stage.services.queries.newest(limit=1)
    lines = stage.services.receipt(next(iter(registration)), Language(language))
    assert all(len(line) <= WIDTH == 42 for line in lines)
    for _ in range(8):
        await stage.keys("PGDN")
        shown += [line.strip() for line in stage.frame()[2:22]]
    assert {line.strip() for line in lines} <= set(shown)
    await stage.keys("F5")
    assert lines[0].strip() not in stage.text


async def test_the_receipt_masks_the_kk_and_names_what_is_true(account: Stage) -> None:
    await account.keys("F5")
    assert "9901**********12" in account.text
    assert "9901010101200012" not in account.text
    assert "BELUM AKTIF" in account.text
    assert "LATIHAN" in account.text


async def test_an_empty_block_gives_no_number_and_stops_nobody(stage: Stage) -> None:
    with stage.services.open_work() as work:
        while work.cards.left():
            work.cards.take()
        work.commit()
    await stage.open(Step.CONSENT)
    await stage.keys("F10")
    assert stage.step == Step.ACCOUNT
    assert stage.says("receipt.number_later")
    assert "8888" not in stage.text
    assert "JANGAN DIBAYAR" not in stage.text
    await stage.keys("F5", "PGDN", "PGDN")
    assert stage.says("receipt.number_later")
    await stage.keys("F12")
    assert stage.says("screen.home.cards_low", count=0)


async def test_an_unverified_phone_and_warnings_are_said(stage: Stage) -> None:
    members = [a_member(birth_date="1980-08-13")]
    await stage.open(Step.CONTACT, a_family(members=members), at="otp")
    draft = stage.draft.with_facts({"verified_phone": None, "unverified_phone": "+6281234567890"})
    await stage.take_up(draft, Step.CONSENT)
    await stage.keys("F10")
    assert stage.says("problem.otp.unverified")
    await stage.keys("F5", "PGDN", "PGDN", "PGDN")
    assert stage.says("receipt.unverified")


async def test_a_family_that_pays_elsewhere_has_no_number(stage: Stage) -> None:
    from tests.builders import a_baby, a_participant  # noqa: PLC0415

    mother = a_participant("PBI_JK", date(1995, 5, 5), "P", head=True)
    stage.know(mother)
    baby = a_baby(date(2026, 11, 10), mother.nik)
    family = a_family(members=[baby], bank=None, **{"class": None})
    await stage.open(Step.CONSENT, family)
    await stage.keys("F10")
    assert stage.step == Step.ACCOUNT
    assert stage.says("outcome.newborn")
    assert stage.says("receipt.no_premium")
    assert "8888" not in stage.text


async def test_help_and_staff(account: Stage) -> None:
    await account.keys("F1")
    assert account.says("help.page.account")
    await account.keys("F3", "F2")
    assert account.says("screen.staff", place="Puskesmas Cempaka")


async def test_receipts_that_cannot_be_written_are_said(staged: Stager, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    stage = staged()
    receipts = replace(stage.config.receipts, dir=str(tmp_path / "taken" / "receipts"))
    object.__setattr__(stage.services, "config", replace(stage.config, receipts=receipts))
    await stage.open(Step.CONSENT)
    await stage.keys("F10", "F5")
    assert stage.step == Step.ACCOUNT
    assert stage.says("screen.account.no_receipt")
    assert "8888 8099 0000 0001" in stage.text


async def test_looked_at_again_it_goes_back_with_f3(stage: Stage) -> None:
    stage.services.registrar.submit(a_draft(a_family()), stage.services.rules())
    await stage.start()
    await stage.keys("1", "ENTER")
    assert stage.step == Step.ACCOUNT
    assert not stage.says("screen.account.done")
    await stage.keys("F3")
    assert stage.step == "home"


# Looked at again.


async def looked_at(stage: Stage, reference: str) -> None:
    await stage.start()
    await stage.keys(reference, "ENTER")


def receipt(stage: Stage) -> str:
    """What the receipt on the screen says, without the mark of practice on each line."""
    return "\n".join(line.strip().removeprefix("LATIHAN").strip() for line in stage.frame()[2:22])


@pytest.mark.parametrize("language", ["id", "en"])
async def test_it_says_how_it_stands_and_since_when(staged: Stager, language: str) -> None:
    stage = staged(language=language)
    for say, state in ((sent, "sent"), (accepted, "accepted"), (lapsed, "lapsed"), (refused, "needs_fix")):
        one = say(
            stage.services, registered(stage.services, kk=KKS[state], members=[a_member(serial=len(state))])
        )
        await looked_at(stage, one.reference)
        at = "22-11-2026 10:40" if state == "sent" else "22-11-2026 10:41"
        assert stage.says(f"screen.standing.{state}", at=at)
        shown = "receipt.pays_first" if state == "accepted" else f"screen.account.state.{state}"
        assert stage.says(shown)
        assert ("8888" in stage.text) is (state in {"sent", "accepted"})


KKS = {state: f"99010101012000{n}" for n, state in enumerate(("sent", "accepted", "lapsed", "needs_fix"), 51)}


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (None, ("TERSIMPAN DI KIOSK,", "BELUM DIKIRIM,", "BELUM AKTIF")),
        (sent, ("TERKIRIM KE PUSAT 22-11-2026 10:40,", "BELUM DIPUTUSKAN,", "BELUM AKTIF")),
        (accepted, ("DITERIMA PUSAT 22-11-2026 10:41", "AKTIF SETELAH IURAN PERTAMA DIBAYAR")),
        (refused, ("PERLU DIPERBAIKI 22-11-2026 10:41,", "BELUM DITERIMA,", "BELUM AKTIF")),
        (lapsed, ("GUGUR 22-11-2026 10:41,", "TIDAK AKTIF")),
    ],
)
async def test_the_receipt_says_the_state_of_its_moment_and_that_it_is_a_copy(
    stage: Stage, say: Callable[..., Registration] | None, words: tuple[str, ...]
) -> None:
    one = registered(stage.services)
    await looked_at(stage, one.reference)
    if say is not None:
        say(stage.services, one)  # the hub's word comes while the page stands
    await stage.keys("F5")
    lines = receipt(stage).split("\n")
    assert "SALINAN" in lines
    said = " ".join(" ".join(lines).split())
    assert [word for word in words if word not in said] == []
    assert ("BELUM DIKIRIM," in said) is (say is None)


async def test_the_first_receipt_is_no_copy_and_is_true_as_well(account: Stage) -> None:
    await account.keys("F5")
    assert "SALINAN" not in account.text
    assert "BELUM DIKIRIM" in account.text
    (one,) = account.services.queries.newest()
    accepted(account.services, one)
    await account.keys("F5", "F5")
    assert "DITERIMA PUSAT 22-11-2026 10:41" in account.text
    assert "BELUM DIKIRIM" not in account.text


async def test_no_receipt_is_given_out_after_the_days_of_grace(stage: Stage) -> None:
    one = accepted(stage.services, registered(stage.services), "2026-10-22T10:41:00+07:00")
    await looked_at(stage, one.reference)
    await stage.keys("F5")
    assert stage.says("problem.reprint.late")
    assert "TANDA TERIMA" not in stage.text


async def test_after_the_purge_only_what_may_be_told_is_told(stage: Stage) -> None:
    one = accepted(stage.services, registered(stage.services))
    with stage.services.open_work() as work:
        work.registrations.replace(stripped(one, "2026-12-23T09:00:00+07:00"))
        work.commit()
    await looked_at(stage, one.reference)
    assert stage.says("screen.standing.accepted", at="22-11-2026 10:41")
    assert stage.says("screen.account.purged")
    assert "8888" not in stage.text
    await stage.keys("F5")
    assert stage.says("screen.account.no_reprint")


def test_a_copy_does_not_take_the_place_of_the_receipt(tmp_path: Path, staged: Stager) -> None:
    stage = staged()
    one = registered(stage.services)
    config = replace(stage.config, receipts=Receipts(str(tmp_path / "out")))
    services = replace(stage.services, config=config)
    services.receipt(one, Language("id"))
    services.receipt(one, Language("id"), again=True)
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == [f"{one.reference}-SALINAN.txt", f"{one.reference}.txt"]
    assert "SALINAN" not in (tmp_path / "out" / names[1]).read_text("utf-8")


async def test_what_could_not_be_sent_is_said_by_its_code(stage: Stage) -> None:
    one = registered(stage.services)
    with stage.services.open_work() as work:
        queued = work.outbox.get(one.id, 1)
        assert queued is not None
        work.outbox.put(replace(queued, code="conflict"))
        work.commit()
    await looked_at(stage, one.reference)
    assert stage.says("screen.standing.set_aside", code="conflict")


@pytest.mark.parametrize("card", ["0002000000007", "confirmed", "none"])
async def test_a_number_that_the_hub_gave_instead_is_said_to_be_new(stage: Stage, card: str) -> None:
    one = accepted(stage.services, registered(stage.services))
    told = stage.services.standings.of(one)
    assert not told.has_new_number
    with stage.services.open_work() as work:
        decided = work.decisions.get(one.id, 1)
        assert decided is not None
        work.decisions.put(replace(decided, card=card))
        work.commit()
    await looked_at(stage, one.reference)
    assert stage.says("receipt.new_number") is card.isdigit()
    await stage.keys("F5", "PGDN")
    assert ("NOMOR BARU DARI PUSAT" in stage.text) is card.isdigit()

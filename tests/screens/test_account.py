"""Where to pay, and the receipt."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kiosk.domain.flow import Step
from kiosk.language import Language
from kiosk.services.receipt import WIDTH
from tests.builders import a_draft, a_family, a_member
from tests.screens.conftest import Stager
from tests.screens.stage import Stage


@pytest.fixture
async def account(stage: Stage) -> Stage:
    await stage.open(Step.CONSENT)
    await stage.keys("F10")
    assert stage.step == Step.ACCOUNT
    return stage


async def test_it_says_where_and_when_to_pay_and_that_nothing_was_sent(account: Stage) -> None:
    for shown in (
        "K1-0001-",
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
    assert shown[0].startswith("***")
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

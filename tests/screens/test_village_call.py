"""F2 at a kiosk without staff: the code on paper and on the screen; receipts on paper."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.channels.printer_paper import Paper
from kiosk.domain.flow import Step
from kiosk.domain.resume_code import grouped
from kiosk.services.ports import PrintState
from screens.registration.account import AccountPage
from screens.village.call import CallPage
from screens.village.letters import large
from tests.builders import KK
from tests.screens.conftest import Stager
from tests.screens.hub_words import REAL, registered
from tests.screens.stage import Stage, StageClock, settings

Printed = Callable[..., Stage]
REAL_KK = str(REAL["kk"])


@pytest.fixture
def printing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Printed]:
    """Makes a stage whose printer writes into `paper`, or to what is named."""
    monkeypatch.setattr("kiosk.clock.SystemClock", StageClock)
    made: list[Stage] = []

    def make(profile: str = "village", to: str = "") -> Stage:
        folder = tmp_path / "paper"
        folder.mkdir(exist_ok=True)
        config = settings(tmp_path, profile)
        printer = replace(config.printer, kind="text", to=to or str(folder))
        made.append(Stage(replace(config, printer=printer), seed=7))
        return made[-1]

    yield make
    for stage in made:
        stage.services.close()


async def at_a_question(stage: Stage) -> Stage:
    """After the number of the family card, with something typed that was not accepted yet."""
    await stage.menu()
    await stage.keys("F10", "F10", "F10", REAL_KK, "ENTER", "AB")
    return stage


def code_on(stage: Stage) -> str:
    assert isinstance(stage.top, CallPage)
    return stage.top._code


def paper_comes_out(stage: Stage) -> PrintState:
    """Waits for the printer; how the job ended."""
    assert isinstance(stage.top, CallPage)
    assert stage.services.printer is not None
    assert stage.top._job is not None
    stage.services.printer.close()
    return stage.top._job.state


async def test_f2_prints_the_code_and_shows_it_large(printing: Printed, tmp_path: Path) -> None:
    stage = await at_a_question(printing())
    await stage.keys("F2")
    code = code_on(stage)
    assert grouped(code) in stage.text
    assert large(grouped(code))[0] in stage.text
    assert stage.cursor is not None
    assert stage.frame()[stage.cursor[1]][stage.cursor[0] :].strip().startswith(grouped(code))
    assert paper_comes_out(stage) is PrintState.PRINTED
    stage.tick()
    assert stage.says("screen.call.printed")
    (paper,) = (tmp_path / "paper").iterdir()
    text = paper.read_text()
    assert " ".join(grouped(code)) in text
    assert "3173" not in text
    assert "3173" not in stage.text


async def test_the_page_is_drawn_anew_only_when_the_paper_has_come_out(
    printing: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    comes_out = threading.Event()
    monkeypatch.setattr(Paper, "write", lambda _paper, _printout: comes_out.wait(30))
    stage = await at_a_question(printing())
    await stage.keys("F2")
    assert stage.says("screen.call.waiting")
    assert not stage.tick()
    comes_out.set()
    assert paper_comes_out(stage) is PrintState.PRINTED
    assert stage.tick()
    assert stage.says("screen.call.printed")
    assert not stage.tick()


async def test_enter_goes_back_to_what_was_being_typed(printing: Printed) -> None:
    stage = await at_a_question(printing())
    for key in ("ENTER", "F3"):
        await stage.keys("F2")
        assert isinstance(stage.top, CallPage)
        await stage.keys(key)
        assert stage.path == "captcha"
        assert stage.typed == "AB"


async def test_the_code_on_the_paper_holds_until_it_was_used(printing: Printed) -> None:
    stage = await at_a_question(printing())
    await stage.keys("F2")
    code = code_on(stage)
    await stage.keys("ENTER", "F2")
    assert code_on(stage) == code
    await stage.keys("F12")
    assert grouped(code) in stage.text, "leaving gives no other code, which would close the one on the slip"
    await stage.menu()
    await stage.keys(code, "ENTER")
    assert stage.path == "captcha"
    await stage.keys("F2")
    assert code_on(stage) != code


async def test_a_slip_comes_out_once_however_often_it_is_asked_for(printing: Printed, tmp_path: Path) -> None:
    stage = await at_a_question(printing())
    await stage.keys("F2", "ENTER", "F2", "ENTER", "F2")
    paper_comes_out(stage)
    await stage.keys("F12")
    assert stage.says("screen.call.printed")
    assert len(list((tmp_path / "paper").iterdir())) == 1


async def test_one_that_did_not_come_out_is_asked_for_again(printing: Printed, tmp_path: Path) -> None:
    stage = await at_a_question(printing(to=str(tmp_path / "later")))
    await stage.keys("F2")
    assert paper_comes_out(stage) is PrintState.FAILED
    (tmp_path / "later").mkdir()
    await stage.keys("ENTER", "F2")
    assert paper_comes_out(stage) is PrintState.PRINTED


async def test_a_code_used_elsewhere_is_not_given_again(printing: Printed) -> None:
    stage = await at_a_question(printing())
    await stage.keys("F2")
    code = code_on(stage)
    stage.services.drafts.take_up(code)
    await stage.keys("ENTER", "F2")
    assert code_on(stage) != code


async def test_without_a_printer_the_code_is_to_be_written_down(staged: Stager) -> None:
    stage = await at_a_question(staged("village"))
    await stage.keys("F2")
    assert stage.says("screen.call.none")
    assert not stage.tick()


async def test_a_printer_that_is_not_there_is_said_kindly(printing: Printed, tmp_path: Path) -> None:
    stage = await at_a_question(printing(to=str(tmp_path / "lp0")))
    await stage.keys("F2")
    assert paper_comes_out(stage) is PrintState.FAILED
    stage.tick()
    assert stage.says("screen.call.failed")
    assert grouped(code_on(stage)) in stage.text


async def test_help_and_before_anything_was_answered(printing: Printed) -> None:
    stage = await printing().menu()
    for _ in range(3):
        await stage.keys("F2")
        assert stage.says("screen.staff", place="Puskesmas Cempaka")
        await stage.keys("F10")
    await stage.keys("F2")
    assert stage.says("screen.staff", place="Puskesmas Cempaka")
    await stage.keys(REAL_KK, "ENTER", "F2", "F1")
    assert stage.says("help.page.call")


async def test_at_the_counter_f2_shows_no_code(printing: Printed) -> None:
    stage = printing("training")
    await stage.start()
    await stage.keys("F10", "F10", KK, "ENTER", "F2")
    assert not isinstance(stage.top, CallPage)


# Receipts.


async def account(stage: Stage) -> Stage:
    await stage.open(Step.CONSENT)
    await stage.keys("F10")
    assert stage.step == Step.ACCOUNT
    return stage


async def test_enter_prints_the_receipt_and_a_second_one_is_a_copy(printing: Printed, tmp_path: Path) -> None:
    stage = await account(printing("training"))
    for _ in range(2):
        await stage.keys("ENTER")
        assert stage.says("screen.print.waiting") or stage.says("screen.print.printed")
        assert stage.services.printer is not None
        stage.services.printer.close()
        stage.tick()
        assert stage.says("screen.print.printed")
    first, second = sorted((tmp_path / "paper").iterdir(), key=lambda file: len(file.name))
    copy = stage.context.t("receipt.copy")
    assert copy not in first.read_text()
    assert copy in second.read_text()
    assert "BUDI SANTOSO" in first.read_text()


async def test_a_receipt_asked_for_later_is_a_copy(printing: Printed, tmp_path: Path) -> None:
    stage = await account(printing("training"))
    await stage.keys("F12", "1", "ENTER", "ENTER")
    assert stage.services.printer is not None
    stage.services.printer.close()
    (paper,) = (tmp_path / "paper").iterdir()
    assert stage.context.t("receipt.copy") in paper.read_text()


async def test_without_a_printer_nothing_is_offered(stage: Stage) -> None:
    await account(stage)
    before = stage.text
    assert "Enter" not in stage.frame()[23]
    await stage.keys("ENTER")
    assert stage.text == before


async def test_what_comes_next_is_told_where_the_number_is_a_real_one(printing: Printed) -> None:
    stage = printing()
    one = registered(stage.services, **REAL)
    one = replace(one, decision=replace(one.decision, problems=()))
    for demo in (True, False):
        page = AccountPage(stage.context, replace(one, demo_card=demo))
        await stage.context.ready()
        stage.show(page)
        assert stage.says("screen.account.after") is not demo, stage.text
        stage.check()
    assert "PgDn" not in stage.frame()[23], "all of it is seen at once"


@pytest.mark.parametrize("language", ["id", "en"])
async def test_the_key_that_calls_the_staff_is_named_where_a_family_answers(
    printing: Printed, language: str
) -> None:
    stage = await printing().menu()
    if stage.context.language.code != language:
        stage.context.switch_language()
    name = stage.context.t("screen.key.staff")
    last = stage.context.t("screen.key.next")
    await stage.keys("F10", "F10")
    assert name in stage.frame()[-1], "the terms"
    await stage.keys("F10")
    assert name in stage.frame()[-1]
    assert last in stage.frame()[-1], "nothing of use is pushed out"


async def test_the_key_of_the_staff_is_not_named_at_every_question_of_the_counter(printing: Printed) -> None:
    stage = await printing("training").start()
    await stage.keys("F10", "F10")
    assert stage.context.t("screen.key.staff") not in stage.frame()[-1]

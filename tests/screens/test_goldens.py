"""Every page as it is seen, in both layouts and both languages, compared character by character.

`GOLDENS=write pytest tests/screens/test_goldens.py` writes the frames anew; look at what changed.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kiosk.domain.fields import Problem
from kiosk.domain.flow import Step
from kiosk.domain.registration import stripped
from kiosk.language import LANGUAGES
from kiosk.services.contact import Contact
from tests.builders import KK, a_draft, a_family, a_member, a_nik, a_participant
from tests.screens.conftest import Stager
from tests.screens.hub_words import REAL, accepted, refused, registered, sent
from tests.screens.stage import Stage
from tests.screens.test_sending import meet

OTHER_KK = "9901010101200099"
GOLDENS = Path(__file__).parent / "goldens"
Scene = Callable[[Stage], Awaitable[object]]


async def home(stage: Stage) -> None:
    stage.services.registrar.submit(a_draft(), stage.services.rules())
    draft = stage.services.drafts.start().with_answers({"kk": KK, "members[0].name": "RINA LESTARI"})
    stage.services.drafts.save(draft.moved_to("members[0].relation"))
    await stage.start()


async def terms(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F10")


async def captcha(stage: Stage) -> None:
    await terms(stage)
    await stage.keys("F10", KK, "ENTER")


async def login(stage: Stage) -> None:
    stage.know(a_participant("PPU_BU", head=True), a_participant("PBPU", date(1990, 2, 2), "P", 902))
    await captcha(stage)


async def first_member(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, a_family(members=[]), without=(Step.MEMBERS,))


async def third_member(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[2].birth_date")


async def more_members(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[0].nik")
    await stage.keys("PGDN", "PGDN", "PGDN")


async def warning(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[1].birth_date")
    await stage.keys("BACKSPACE", "6", "ENTER")


async def village_list(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="address.region")
    await stage.keys(*["BACKSPACE"] * 10, "F4", "DOWN")


async def help_page(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[0].nik")
    await stage.keys("F1")


async def removal(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[1].nik")
    await stage.keys("DEL")


async def care_class(stage: Stage) -> None:
    await stage.open(Step.CLASS, without=(Step.CLASS,))
    await stage.keys("2")


async def account_number(stage: Stage) -> None:
    await stage.open(Step.CLASS, at="bank.account")
    await stage.keys(*["BACKSPACE"] * 5, "ENTER")


async def code(stage: Stage) -> None:
    await stage.open(Step.CONTACT, without=(Step.CONTACT,))
    await stage.keys("081234567890", "ENTER", "budi@example.org", "ENTER")


async def review(stage: Stage) -> None:
    await stage.open(Step.REVIEW)


async def review_end(stage: Stage) -> None:
    await stage.open(Step.REVIEW, a_family(members=[a_member(birth_date="1980-08-13")]))
    await stage.keys(*(("F10", "F10") if stage.context.is_single else ("PGDN", "PGDN")))


async def after_a_member(stage: Stage) -> None:
    """With the last answer to the last member given again."""
    await stage.open(Step.MEMBERS, at="members[2].mother_name")
    await stage.keys("SITI AMINAH", "ENTER")


async def consent(stage: Stage) -> None:
    await stage.open(Step.CONSENT, without=(Step.CONSENT,))


async def consent_missing(stage: Stage) -> None:
    await consent(stage)
    await stage.keys("ENTER", "F10")


async def account(stage: Stage) -> None:
    await stage.open(Step.CONSENT)
    await stage.keys("F10")


async def cards(stage: Stage) -> None:
    refused(stage.services, registered(stage.services))
    others = [a_member(serial=50, name="WATI SUSANTI")]
    other = registered(stage.services, kk=OTHER_KK, members=others)
    refused(stage.services, other, [Problem("fktp", "fktp.unknown"), Problem("kk", "kk.missing")], "")
    draft = stage.services.drafts.start().with_answers({"kk": KK, "members[0].name": "RINA LESTARI"})
    stage.services.drafts.save(draft.moved_to("members[0].relation"))
    await stage.start()


async def mending(stage: Stage) -> None:
    await cards(stage)
    await stage.keys("2", "ENTER")


async def mended(stage: Stage) -> None:
    await mending(stage)
    await stage.keys(a_nik(date(2012, 3, 12), "L", 33), "ENTER")


async def _page(stage: Stage, reference: str) -> None:
    await stage.menu()
    await stage.keys(reference, "ENTER")


async def page_refused(stage: Stage) -> None:
    await _page(stage, refused(stage.services, registered(stage.services)).reference)


async def page_sent(stage: Stage) -> None:
    await _page(stage, sent(stage.services, registered(stage.services)).reference)


async def page_accepted(stage: Stage) -> None:
    await _page(stage, accepted(stage.services, registered(stage.services)).reference)


async def page_purged(stage: Stage) -> None:
    one = accepted(stage.services, registered(stage.services))
    with stage.services.open_work() as work:
        work.registrations.replace(stripped(one, "2026-12-23T09:00:00+07:00"))
        work.commit()
    await _page(stage, one.reference)


async def receipt_again(stage: Stage) -> None:
    await page_accepted(stage)
    await stage.keys("F5")


async def sending(stage: Stage) -> None:
    now = "2026-11-22T09:00:00.000+07:00"
    meet(stage, Contact(enrolled=True, at=now, tried_at=now))
    refused(stage.services, registered(stage.services))
    one = registered(stage.services, kk=OTHER_KK, members=[a_member(serial=50, name="WATI SUSANTI")])
    with stage.services.open_work() as work:
        queued = work.outbox.get(one.id, 1)
        assert queued is not None
        work.outbox.put(replace(queued, code="conflict"))
        work.commit()
    await stage.start()
    await stage.keys("F7")


SCENES: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        *(home, terms, captcha, login, first_member, third_member, more_members, warning, village_list),
        *(help_page, removal, care_class, account_number, code, review, review_end, consent, after_a_member),
        *(consent_missing, account, cards, mending, mended, page_refused, page_sent, page_accepted),
        *(page_purged, receipt_again, sending),
    )
}


def framed(lines: list[str]) -> str:
    """The frame between bars, so that blanks at the ends can be seen."""
    return "".join(f"|{line}|\n" for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", ["sheet", "single"])
@pytest.mark.parametrize("name", SCENES)
async def test_frame(staged: Stager, name: str, layout: str, language: str) -> None:
    stage = staged(language=language, layout=layout)
    await SCENES[name](stage)
    compare(f"{name}.{layout}.{language}", stage)


def compare(name: str, stage: Stage) -> None:
    """The frame must be the kept one; with GOLDENS=write it becomes it."""
    frame = framed(stage.frame())
    file = GOLDENS / f"{name}.txt"
    if os.environ.get("GOLDENS") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(frame, "utf-8")
    assert frame == file.read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_first_pages_of_the_village(staged: Stager, language: str) -> None:
    stage = await staged("village", language=language).start()
    compare("welcome_village", stage)
    await stage.keys(str(LANGUAGES.index(language) + 1))
    compare(f"home_village.{language}", stage)
    await stage.keys("F10")
    compare(f"about_village.{language}", stage)


async def test_a_registration_in_the_village(staged: Stager) -> None:
    stage = staged("village")
    one = refused(stage.services, registered(stage.services, **REAL))
    await _page(stage, one.reference)
    compare("standing_village", stage)


def test_no_golden_is_left_over() -> None:
    wanted = {
        f"{name}.{layout}.{language}"
        for name in SCENES
        for layout in ("sheet", "single")
        for language in LANGUAGES
    }
    wanted |= {"welcome_village", "standing_village"}
    wanted |= {f"{name}_village.{language}" for name in ("home", "about") for language in LANGUAGES}
    assert {file.stem for file in GOLDENS.glob("*.txt")} == wanted

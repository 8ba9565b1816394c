"""The page of sending, and what the first line tells of the network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from kiosk.services.contact import Contact
from kiosk.services.sync_ports import SyncNote
from kiosk.store.sync_note import SyncNoteFile
from tests.screens.conftest import Stager
from tests.screens.hub_words import refused, registered
from tests.screens.stage import Stage
from tests.unit.hub_pen import HubPen

NOW = "2026-11-22T09:00:01.000+07:00"
EARLIER = "2026-11-22T08:55:00.000+07:00"
GOOD = Contact(enrolled=True, at=NOW, tried_at=NOW)


def met_at(at: str) -> Contact:
    return replace(GOOD, at=at, tried_at=at)


@dataclass
class Sender:
    """Sends nothing; counts how often it was told to."""

    met: Contact
    told: int = 0

    def contact(self) -> Contact:
        return self.met

    def send_now(self) -> None:
        self.told += 1

    def close(self) -> None:
        """There is nothing to end."""


def meet(stage: Stage, contact: Contact) -> Sender:
    """Lets the kiosk and its hub get on like this."""
    sender = Sender(contact)
    object.__setattr__(stage.services, "sender", sender)
    return sender


def note(stage: Stage, *, enrolled: bool = True) -> None:
    """A run of another program has left this note."""
    if enrolled:
        with stage.services.open_work() as work:
            work.identity.put(HubPen().identity())
            work.commit()
    SyncNoteFile(stage.config.store_dir).remember(SyncNote(NOW, NOW))


async def test_without_a_hub_there_is_no_key_for_it(stage: Stage) -> None:
    await stage.start()
    assert "F7" not in stage.frame()[23]
    assert "F2" in stage.frame()[23]
    assert "Luring" in stage.frame()[0]
    await stage.keys("F7")
    assert stage.step == "home"


async def test_it_says_what_waits_and_when_the_hub_answered(stage: Stage) -> None:
    meet(stage, GOOD)
    registered(stage.services)
    await stage.start()
    assert "Daring" in stage.frame()[0]
    await stage.keys("F7")
    assert stage.step == "SendingPage"
    text = " ".join(stage.text.split())
    assert "Menunggu kirim 1 " in text
    assert "Pusat menjawab 22-11-2026 09:00" in text
    await stage.keys("F1")
    assert stage.says("help.page.sending")
    await stage.keys("ENTER", "F3")
    assert stage.step == "home"


async def test_f10_sends_now(stage: Stage) -> None:
    sender = meet(stage, GOOD)
    await stage.start()
    await stage.keys("F7", "F10")
    assert sender.told == 1
    assert stage.says("screen.sending.begun")


async def test_a_program_that_cannot_send_shows_no_key_for_it(stage: Stage) -> None:
    note(stage)
    await stage.start()
    assert "Daring" in stage.frame()[0]
    await stage.keys("F7")
    assert stage.step == "SendingPage"
    assert "F10" not in stage.frame()[23]
    await stage.keys("F10")
    assert not stage.says("screen.sending.begun")


async def test_a_note_without_a_hub_counts_for_nothing(stage: Stage) -> None:
    note(stage, enrolled=False)
    await stage.start()
    assert "Luring" in stage.frame()[0]
    assert "F7" not in stage.frame()[23]


@pytest.mark.parametrize(
    ("contact", "online"),
    [
        (GOOD, True),
        (met_at("2026-11-22T08:50:00+07:00"), True),
        (met_at("2026-11-22T08:48:00+07:00"), False),
        (met_at("2026-11-22T01:59:00+00:00"), True),
        (met_at("2026-11-22T09:10:00+07:00"), False),
        (met_at("2026-11-22"), False),
        (met_at(""), False),
        (replace(GOOD, at=EARLIER, code="hub.unreachable"), False),
        (replace(GOOD, at=EARLIER), True),
        (replace(GOOD, code="kiosk.revoked"), True),
        (replace(GOOD, enrolled=False), False),
    ],
)
async def test_online_is_what_the_last_contact_shows(stage: Stage, contact: Contact, online: object) -> None:
    meet(stage, contact)
    await stage.start()
    assert ("Daring" in stage.frame()[0]) is online
    assert ("Luring" in stage.frame()[0]) is not online


async def test_a_failure_is_said_in_words_or_by_its_code(stage: Stage) -> None:
    meet(stage, replace(GOOD, code="a.code.of.tomorrow"))
    await stage.start()
    await stage.keys("F7")
    assert stage.says("screen.sending.failed", code="a.code.of.tomorrow")
    for code in ("hub.unreachable", "reply.unsigned", "kiosk.revoked"):
        meet(stage, replace(GOOD, code=code))
        await stage.keys("F3", "F7")
        assert stage.says(f"problem.{code}")
    meet(stage, replace(GOOD, working=True))
    await stage.keys("F3", "F7")
    assert stage.says("screen.sending.working")
    meet(stage, Contact(enrolled=True))
    await stage.keys("F3", "F7")
    assert stage.text.count("belum pernah") == 2


async def test_what_the_hub_did_not_take_is_named_by_its_code_alone(stage: Stage) -> None:
    meet(stage, GOOD)
    one = registered(stage.services)
    with stage.services.open_work() as work:
        queued = work.outbox.get(one.id, 1)
        assert queued is not None
        work.outbox.put(replace(queued, code="conflict"))
        work.commit()
    await stage.start()
    await stage.keys("F7")
    assert stage.says("screen.sending.aside", reference=one.reference, code="conflict")
    assert "BUDI" not in stage.text


@pytest.mark.parametrize("language", ["id", "en"])
async def test_the_first_line_has_room_for_all_of_it(staged: Stager, language: str) -> None:
    stage = staged(language=language)
    meet(stage, GOOD)
    refused(stage.services, registered(stage.services))
    stage.context.waiting = 1000
    await stage.start()
    stage.context.waiting = 1000
    first = stage.frame()[0]
    assert "1000 " in first
    assert stage.context.t("screen.to_mend", count=1) in first
    assert stage.context.t("screen.online") in first


async def test_in_the_village_sending_is_nobodys_business(staged: Stager) -> None:
    stage = staged("village")
    meet(stage, GOOD)
    await stage.start()
    assert "F7" not in stage.frame()[23]
    assert "Daring" in stage.frame()[0]
    await stage.keys("F7")
    assert stage.step == "home"

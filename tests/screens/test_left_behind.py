"""What stays behind when a page is left: no message in the spool, no name on the first screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.domain.flow import Step
from tests.screens.conftest import Stager
from tests.screens.stage import Stage

PHONE = "081234567890"


def spool(stage: Stage) -> list[Path]:
    return sorted(path for path in stage.config.sms_spool.rglob("*") if path.is_file())


async def sent(stage: Stage) -> Stage:
    await stage.start()
    journey = await stage.open(Step.CONTACT, at="contact.phone", without=[Step.CONTACT])
    await journey.record({"verified_phone": None})
    await stage.keys(PHONE, "ENTER", "budi@example.org", "ENTER")
    assert stage.path == "otp"
    assert len(spool(stage)) == 1
    return stage


@pytest.mark.parametrize("key", ["F9", "F12"])
async def test_going_on_without_the_code_or_leaving_takes_the_message_away(stage: Stage, key: str) -> None:
    await sent(stage)
    await stage.keys(key)
    assert spool(stage) == []


async def test_a_message_of_a_program_that_was_cut_off_goes_when_its_code_is_dead(staged: Stager) -> None:
    stage = await sent(staged())
    stage.context.told.clear()  # as after a new start
    await stage.start()
    assert len(spool(stage)) == 1
    old = spool(stage)[0].stat().st_mtime - 301
    os.utime(spool(stage)[0], (old, old))
    await stage.start()
    assert spool(stage) == []


async def test_a_message_of_tomorrow_is_not_kept_till_then(stage: Stage) -> None:
    await sent(stage)
    stage.context.told.clear()
    late = spool(stage)[0].stat().st_mtime + 86_400
    os.utime(spool(stage)[0], (late, late))
    await stage.start()
    assert spool(stage) == []


async def test_a_real_channel_is_left_to_its_daemon(staged: Stager) -> None:
    stage = await sent(staged())
    object.__setattr__(stage.services, "phone", None)
    await stage.keys("F12")
    assert len(spool(stage)) == 1

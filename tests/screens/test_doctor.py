"""The doctor as a page: reached from the first screen, worst first, and nothing of anybody's data on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.config import Config
from kiosk.language import LANGUAGES
from kiosk.services.doctor import Finding, Health
from screens.doctor import DoctorPage
from screens.home import HomePage
from tests.builders import TODAY
from tests.screens.stage import Stage, settings


def with_copies(config: Config, folder: Path) -> Config:
    return replace(config, copies=replace(config.copies, dir=str(folder)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("profile", ["counter", "training"])
async def test_f8_on_the_first_screen_opens_it_and_enter_goes_back(
    tmp_path: Path, language: str, profile: str
) -> None:
    today = TODAY if profile == "training" else None
    stage = await Stage(
        settings(tmp_path, profile), language=language, today=today, seed=7 if today else None
    ).start()
    await stage.keys("F8")
    assert isinstance(stage.top, DoctorPage)
    assert stage.context.t("doctor.title") in stage.text
    assert stage.context.t("doctor.name.copies") in stage.text
    await stage.keys("PGDN", "PGDN", "ENTER")
    assert isinstance(stage.top, HomePage)
    stage.services.close()


async def test_f1_says_what_the_words_mean(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F8", "F1")
    assert stage.says("help.page.doctor")
    await stage.keys("F3")
    assert stage.step == "DoctorPage"


async def test_what_must_be_mended_comes_first_with_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await Stage(settings(tmp_path)).start()
    found = [
        Finding("printer", Health.OK, "printer.none"),
        Finding("disk", Health.LOOK, "disk.low", {"free": 90}),
        Finding("key", Health.MEND, "key.mode", {"path": "/keys/" + "x" * 90}),
    ]
    monkeypatch.setattr(type(stage.services), "examine", lambda _: found)
    await stage.keys("F8")
    text = stage.text
    places = [text.index(stage.context.t(f"doctor.name.{check}")) for check in ("key", "disk", "printer")]
    assert places == sorted(places)
    assert "chmod 600" in text
    assert stage.says("doctor.mend")
    stage.services.close()


async def test_a_stick_that_is_not_there_is_said_on_the_first_screen(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stage = await Stage(with_copies(settings(tmp_path), stick)).start()
    assert not stage.says("copies.absent")
    copies = stage.services.copies
    assert copies is not None
    copies._absent = True
    await stage.context.refresh()
    assert stage.says("copies.absent")
    copies._absent = False
    copies._code = "copy.full"
    await stage.context.refresh()
    assert stage.says("copies.full")
    stage.services.close()


async def test_every_finding_has_its_words_in_every_language(tmp_path: Path) -> None:
    """Each of the doctor's sentences fits the page: the stage fails on a missing text or a cut line."""
    from kiosk.language import _catalogue  # noqa: PLC0415

    stage = await Stage(settings(tmp_path)).start()
    names = (
        "free",
        "size",
        "now",
        "newest",
        "count",
        "other",
        "kiosk",
        "codes",
        "days",
        "date",
        "minutes",
        "lines",
        "copied",
        "line",
        "last",
    )
    params = dict.fromkeys((*names, "code", "columns"), "9" * 6) | {"path": "/a" * 60}
    for language in LANGUAGES:
        stage.context.language = type(stage.context.language)(language)
        for key in _catalogue(language).messages:
            parts = key.split(".")
            if parts[0] == "doctor" and len(parts) == 3 and parts[1] not in {"name", "state", "failed"}:
                state = Health.MEND if f"{key}.mend" in _catalogue(language).messages else Health.OK
                page = DoctorPage(stage.context)
                page._findings = [Finding(parts[1], state, f"{parts[1]}.{parts[2]}", params)]
                stage.push(page)
                stage.check()
                assert "doctor." not in stage.text
                stage.pop()
    stage.services.close()

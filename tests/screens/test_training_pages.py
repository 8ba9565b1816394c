"""The classroom on screens: its lists, a lesson from the list, a case with its paper and its debrief."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from kiosk.errors import StoreError
from kiosk.playing import Run
from kiosk.schooling import checked_certificate, rules_on, scenario_files
from kiosk.services.training_ports import LessonNote, RunNote
from kiosk.training.clerk import perfect_keys
from kiosk.training.kept import Kept, kept_in, next_file
from kiosk.training.lessons import course, taps
from kiosk.training.recording import Recording
from kiosk.training.scenario import Scenario, read_scenario
from screens.context import Context
from screens.keys import Key, Press
from screens.training.coach import Coach, as_press
from screens.training.listing import classroom
from screens.training.paper import BriefPage, Watch, first_of
from tests.screens.conftest import Stager
from tests.screens.stage import NAMES, Stage

FIRST, *_, LAST = course().lessons


async def at_lessons(stage: Stage) -> Stage:
    await stage.start()
    await stage.keys("F2", "1", "ENTER")
    assert stage.says("screen.training.lessons")
    return stage


async def do(stage: Stage, keys: str) -> None:
    for tap in taps(keys):
        await stage.companion.press(stage.top, as_press(tap))
        stage.check()


def rooms(stage: Stage) -> list[Path]:
    """The stores of lessons that lie about."""
    return sorted((stage.config.store_dir / "runs").glob("lesson-*"))


async def test_the_staff_key_opens_the_classroom_and_f3_leaves_it(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F2")
    assert "0 dari 10 selesai (30 menit)" in stage.text
    await stage.keys("F1")
    assert stage.says("help.page.menu")
    await stage.keys("ENTER", "F3")
    assert stage.step == "home"


async def test_a_number_that_is_not_there_is_said(stage: Stage) -> None:
    await at_lessons(stage)
    await stage.keys("99", "ENTER")
    assert stage.says("screen.training.no_number")


async def test_a_lesson_goes_on_where_it_was_left(stage: Stage) -> None:
    await at_lessons(stage)
    await stage.keys("1", "ENTER")
    assert isinstance(stage.companion, Coach)
    assert len(rooms(stage)) == 1
    await do(stage, "<enter><help>")
    await do(stage, "<staff>")
    assert stage.says("lesson.left")
    assert "lanjut di 3/10" in stage.text
    assert rooms(stage) == []
    assert stage.services.schooling is not None
    assert stage.services.schooling.lesson(FIRST.id) == LessonNote(FIRST.id, 2)
    await stage.keys("1", "ENTER")
    assert "3/10" in stage.text
    assert stage.says("help.page.home")  # the page that the third exercise is done on


async def test_a_lesson_that_is_done_is_marked_and_the_next_one_follows(stage: Stage) -> None:
    await at_lessons(stage)
    await stage.keys("F10")
    for exercise in FIRST.exercises:
        for tap in exercise.keys:
            await stage.companion.press(stage.top, as_press(tap))
    assert stage.says("lesson.done", title=stage.context.t("lesson.screen.title"))
    assert stage.text.count("selesai") == 2
    assert rooms(stage) == []
    await stage.keys("F10")
    assert "Mengetik jawaban" in stage.text
    assert stage.step == "kk"


async def test_a_lesson_leaves_nothing_in_the_store_of_practice(stage: Stage) -> None:
    await at_lessons(stage)
    await stage.keys(str(len(course().lessons)), "ENTER")
    for exercise in LAST.exercises:
        for tap in exercise.keys:
            await stage.companion.press(stage.top, as_press(tap))
    assert stage.says("lesson.done", title=stage.context.t("lesson.consent.title"))
    assert list(stage.services.queries.newest(limit=5)) == []
    assert list(stage.services.drafts.page(limit=5, offset=0)) == []


async def test_what_was_done_is_known_to_the_next_program(stage: Stage, staged: Stager) -> None:
    schooling = stage.services.schooling
    assert schooling is not None
    schooling.keep_lesson(LessonNote(FIRST.id, 0, "2026-11-22T09:00:00+07:00"))
    other = await at_lessons(staged())
    assert other.text.count("selesai") == 1


async def test_the_classroom_can_be_the_first_page(stage: Stage) -> None:
    page = classroom(stage.context, run="")
    stage.show(page)
    await page.press(Press(Key.TEXT, "1"))  # typed ahead of the store
    await page.press(Press(Key.ENTER))
    stage.check()
    assert stage.says("screen.training.lessons")


async def test_a_lesson_that_cannot_be_opened_is_said_and_leaves_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("store.full")

    await at_lessons(stage)
    with monkeypatch.context() as patch:
        patch.setattr("kiosk.lesson_room.services", full)
        await stage.keys("1", "ENTER")
        assert stage.says("problem.store.full")
    assert rooms(stage) == []
    await stage.keys("1", "ENTER")
    assert isinstance(stage.companion, Coach)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_pressed_the_classroom_stands(stage: Stage, seed: int) -> None:
    draw = random.Random(seed)
    names = [*NAMES, *"1234567890", "arif", "9901"]
    await stage.start()
    await stage.keys("F2", draw.choice("12345"), "ENTER")
    for _ in range(400):
        await stage.keys(draw.choice(names))  # each frame is looked at
    assert not [room for room in rooms(stage) if not isinstance(stage.companion, Coach)]


# Cases.


def scenario(stage: Stage, name: str = "keluarga-baru") -> Scenario:
    return read_scenario(scenario_files(stage.config)[name], rules_on(stage.config))


async def test_a_case_is_played_by_a_program_of_its_own(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F2", "2", "ENTER")
    assert scenario(stage).title in stage.text
    await stage.keys("1", "ENTER")
    assert stage.context.becomes == ("training", "run", "keluarga-baru", "--menu")
    assert stage.left == 0


async def test_a_bad_file_of_a_trainer_is_named_on_the_list(staged: Stager, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "kosong.toml").write_text('title = "Kosong"\nlevle = 1\n', "utf-8")
    stage = staged(scenarios=str(tmp_path / "own"))
    await stage.start()
    await stage.keys("F2", "2", "ENTER")
    assert "kosong.toml" in "".join(stage.text.split())
    assert scenario(stage).title in stage.text


class Played:
    """A run of a case on the stage, as the program of the run shows it."""

    def __init__(self, stage: Stage, run: Run) -> None:
        self.stage = stage
        self.run = run
        self.house = run.services()
        self.context = Context(stage, run.config, lambda: self.house, stage.context.language)

    async def begin(self) -> None:
        page = first_of(self.run, self.context)
        self.stage.show(page)
        self.stage.accompany(Watch(self.run.play.pressed))
        await page.begin()
        self.stage.check()


@pytest.fixture
def played(stage: Stage) -> Played:
    schooling = stage.services.schooling
    assert schooling is not None
    return Played(stage, schooling.begin(scenario(stage), seed=7))


async def test_the_paper_comes_first_and_can_be_looked_at_again_for_nothing(played: Played) -> None:
    stage = played.stage
    await played.begin()
    assert isinstance(stage.top, BriefPage)
    assert "9901 0112 0320 0007" in stage.text
    await stage.keys("PGDN", "PGUP", "F1", "ENTER", "F10", "F10")
    assert stage.step == "kk"
    assert played.run.play.tally.keys == 2, "reading is not counted"
    await stage.keys("F2")
    assert "9901 0112 0320 0007" in stage.text
    await stage.keys("PGDN", "F2")
    assert stage.step == "kk"
    assert played.run.play.tally.keys == 2


async def test_the_watch_starts_with_the_first_key(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("screens.training.paper.monotonic", lambda: now[0])
    await played.begin()
    assert not played.stage.companion.tick()
    await played.stage.keys("F10")
    now[0] += 83
    assert played.stage.companion.tick()
    assert played.stage.frame()[1].rstrip().endswith("1:23")


async def test_a_perfect_run_is_told_as_such_and_a_poor_one_why(played: Played) -> None:
    stage, run = played.stage, played.run
    await played.begin()
    house = played.house
    for stroke in perfect_keys(run.scenario, house.rules(), randomness=house.proofs):
        await stage.keys(stroke.character or stroke.name.upper())
    assert stage.step == "account"
    await stage.keys("F12")
    assert stage.left == 0
    assert run.finish().points == 100
    stage.accompany(None)
    page = classroom(stage.context, run=run.id)
    stage.show(page)
    await page.begin()
    stage.check()
    assert "100 dari 100" in stage.text
    assert stage.says("training.perfect")
    await stage.keys("F10")
    assert stage.says("screen.training.menu")
    await stage.keys("3", "ENTER", "1", "ENTER")
    assert "100 dari 100" in stage.text


# Recordings.


async def at_recordings(stage: Stage, *, titles: int) -> None:
    for number in range(titles):
        file = next_file(stage.config.store_dir, "keluarga-baru")
        Recording(file, title=f"Keluarga {number + 1}").close()
    await stage.start()
    await stage.keys("F2", "5", "ENTER")
    assert stage.says("screen.training.recordings")


async def test_the_next_case_is_recorded_where_that_is_asked_for(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F2", "2", "ENTER", "F5")
    assert stage.says("screen.training.records")
    await stage.keys("1", "ENTER")
    *_, option, file = stage.context.becomes
    assert (option, Path(file).name) == ("--record", "keluarga-baru-1.cast")
    await stage.keys("F5")
    assert stage.says("screen.training.records_not")


async def test_a_recording_is_shown_again_by_a_program_of_its_own(stage: Stage) -> None:
    await at_recordings(stage, titles=2)
    assert "Keluarga 2" in stage.frame()[3], "the newest comes first"
    await stage.keys("2", "ENTER")
    command, word, file, option = stage.context.becomes
    assert (command, word, Path(file).name, option) == ("training", "play", "keluarga-baru-1.cast", "--menu")
    assert stage.left == 0


async def test_a_recording_is_removed_by_its_number_and_del(stage: Stage) -> None:
    await at_recordings(stage, titles=2)
    await stage.keys("DEL")
    await stage.keys("2", "DEL", "F3")
    assert "Keluarga 1" in stage.text, "who was asked and did not mean it"
    await stage.keys("DEL", "F10")
    assert stage.says("screen.training.recording_removed")
    assert [kept.title for kept in kept_in(stage.config.store_dir)] == ["Keluarga 2"]


def test_what_is_no_recording_is_passed_over(tmp_path: Path) -> None:
    assert kept_in(tmp_path) == []
    file = next_file(tmp_path, "a")
    for content in ("", "{}", '{"title": "x"}', '{"title": "x", "timestamp": "soon"}', "[1]"):
        file.write_text(content, "utf-8")
        assert kept_in(tmp_path) == []
    file.write_text('{"title": "x", "timestamp": 5}', "utf-8")
    assert kept_in(tmp_path) == [Kept(file, "x", 5)]
    assert next_file(tmp_path, "a").name == "a-2.cast"


# The certificate.


async def at_certificate(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F2", "4", "ENTER")
    assert stage.says("screen.training.certificate")


async def test_a_certificate_is_not_made_before_enough_was_passed(stage: Stage) -> None:
    await at_certificate(stage)
    await stage.keys("Sari Lestari", "ENTER")
    assert stage.says("problem.certificate.not_yet")
    assert stage.typed == "Sari Lestari", "the name need not be typed again"
    await stage.keys("F3")
    assert stage.says("screen.training.menu")


async def test_a_certificate_stands_with_a_code_that_holds(stage: Stage) -> None:
    schooling = stage.services.schooling
    assert schooling is not None
    now = stage.services.clock.now()
    with stage.services.open_work() as work:
        for name in list(scenario_files(stage.config))[:6]:
            work.runs.put(RunNote(name, name, now, now.wall, 90, {"title": name}))
        work.commit()
    await at_certificate(stage)
    await stage.keys("ENTER")
    assert stage.says("problem.certificate.name")
    await stage.keys("Sari Lestari", "ENTER")
    assert "Sari Lestari" in stage.text
    told = stage.text
    await stage.keys("END")
    code = re.findall(r"^   ([0-9A-Z]{5}(?:-[0-9A-Z]+)*)$", told + "\n" + stage.text, re.M)
    found = checked_certificate(stage.config, " ".join(dict.fromkeys(code)), "")
    assert (found.name, found.points) == ("Sari Lestari", 90)

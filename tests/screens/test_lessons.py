"""The lessons, done on the real pages by the keys that they tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.errors import KioskError
from kiosk.language import LANGUAGES, Language
from kiosk.training.lessons import HOME, Goal, Lesson, Tap, course, draft_before, taps
from screens import navigation
from screens.keys import FUNCTION_KEYS, Key
from screens.training import coach as coaching
from screens.training.coach import Coach, as_press
from screens.training.keys import key_names, spelled
from tests.screens.conftest import Stager
from tests.screens.stage import Stage

COURSE = course()
BY_ID = {lesson.id: lesson for lesson in COURSE.lessons}


class Told:
    """What the coach tells of a lesson."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.ends: list[str] = []

    async def keep(self, step: int) -> None:
        self.steps.append(step)

    async def done(self) -> None:
        self.ends.append("done")

    async def left(self) -> None:
        self.ends.append("left")


async def begun(stage: Stage, lesson: Lesson, step: int = 0) -> tuple[Coach, Told]:
    """A lesson at its first page, and the coach at an exercise."""
    await stage.start()
    if lesson.starts != HOME:
        draft = draft_before(
            lesson.starts, COURSE.family, stage.services.drafts.start(), stage.services.rules()
        )
        stage.services.drafts.save(draft)
        assert await navigation.resume(stage.context, draft.id)
    told = Told()
    title = stage.context.t(f"lesson.{lesson.id}.title")
    coach = Coach(stage.context, lesson, title, keep=told.keep, done=told.done, left=told.left)
    await coach.replay(step)
    stage.accompany(coach)
    stage.check()
    return coach, told


async def press(stage: Stage, keys: tuple[Tap, ...]) -> None:
    for tap in keys:
        await stage.companion.press(stage.top, as_press(tap))
        stage.check()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.id)
async def test_the_keys_of_a_lesson_lead_through_it(staged: Stager, lesson: Lesson, language: str) -> None:
    stage = staged(language=language)
    coach, told = await begun(stage, lesson)
    for exercise in lesson.exercises:
        assert coach.exercise is exercise
        assert " ".join(coach.says().split()) in " ".join(stage.text.split()), "the strip shows all of it"
        for tap in exercise.keys:
            assert coach.exercise is exercise, f"{exercise.name} was done before its last key"
            await press(stage, (tap,))
    assert told.ends == ["done"]
    assert told.steps == list(range(1, len(lesson.exercises)))


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.id)
async def test_a_lesson_goes_on_at_any_exercise(staged: Stager, lesson: Lesson) -> None:
    step = len(lesson.exercises) // 2
    stage = staged()
    coach, told = await begun(stage, lesson, step)
    for exercise in lesson.exercises[step:]:
        assert coach.exercise is exercise
        await press(stage, exercise.keys)
    assert told.ends == ["done"]


def test_about_ten_lessons_take_half_an_hour() -> None:
    assert 9 <= len(COURSE.lessons) <= 11
    assert 25 <= COURSE.minutes <= 35
    assert len({lesson.id for lesson in COURSE.lessons}) == len(COURSE.lessons)


def test_every_key_of_a_lesson_is_one_of_the_key_map() -> None:
    keys = {tap.key for lesson in COURSE.lessons for one in lesson.exercises for tap in one.keys}
    blocked = {key for lesson in COURSE.lessons for key in lesson.blocked}
    assert keys | blocked <= {key.value for key in Key}
    for language in LANGUAGES:
        assert all(Language(language).has(f"lesson.blocked.{key}") for key in blocked)


# Keys are called by what the key map says now.


def lesson_texts(language: str) -> dict[str, str]:
    names = [
        f"lesson.{lesson.id}.{name}"
        for lesson in COURSE.lessons
        for name in ("title", *(one.name for one in lesson.exercises))
    ]
    return {name: Language(language).text(name) for name in (*names, "lesson.hint", "lesson.blocked.finish")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_lesson_names_a_function_key_by_itself(language: str) -> None:
    found = {
        name: text for name, text in lesson_texts(language).items() if re.search(r"\bF\d+|\bEsc \S\b", text)
    }
    assert found == {}


async def test_a_changed_key_changes_what_a_lesson_says(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    coach, _ = await begun(stage, BY_ID["screen"], 1)
    assert "Tekan F1." in coach.says()
    monkeypatch.delitem(FUNCTION_KEYS, 1)
    monkeypatch.setitem(FUNCTION_KEYS, 9, Key.HELP)
    assert "Tekan F9." in coach.says()
    assert key_names(Language("id"))["help_twin"] == "Esc 9"


def test_keys_are_spelled_for_a_person() -> None:
    assert spelled(taps("13<enter><next>"), Language("id")) == "[13], Enter, F10"
    assert key_names(Language("id"))["next_twin"] == "Esc 0"


# What a trainee may do otherwise.


async def test_a_dangerous_key_is_held_back_and_told_why(stage: Stage) -> None:
    coach, told = await begun(stage, BY_ID["person"])
    await press(stage, taps("<finish>"))
    assert stage.step == "members"
    assert stage.message.startswith("F12 membersihkan layar.")
    await press(stage, taps("9"))
    assert "F12 membersihkan" not in stage.text
    assert coach.exercise.name == "nik"
    assert told.steps == []


async def test_a_key_is_not_held_back_where_it_is_the_exercise(stage: Stage) -> None:
    coach, _ = await begun(stage, BY_ID["later"])
    assert "finish" not in BY_ID["later"].blocked
    await press(stage, taps("<enter><later>"))
    assert stage.step == "home"
    assert coach.exercise.name == "slip"


async def test_what_is_only_read_takes_no_other_key(stage: Stage) -> None:
    coach, _ = await begun(stage, BY_ID["typing"])
    await press(stage, taps("9<next>"))
    assert (coach.exercise.name, stage.typed) == ("row", "")
    await press(stage, taps("<enter>"))
    assert coach.exercise.name == "spaces"


async def test_another_answer_is_not_the_goal(stage: Stage) -> None:
    coach, _ = await begun(stage, BY_ID["choices"])
    await press(stage, taps("1<enter>"))
    assert coach.exercise.name == "number"
    await press(stage, taps("<up>kawin<enter>"))
    assert coach.exercise.name == "word"


async def test_who_takes_long_is_told_the_keys(stage: Stage) -> None:
    coach, _ = await begun(stage, BY_ID["pay"], 5)
    assert not any(coach.tick() for _ in range(coaching.HINT_SECONDS - 1))
    assert coach.tick()
    assert coach.says() == "Petunjuk. Tekan berurutan: [410250], Enter"
    await press(stage, taps("410250<enter>"))
    assert "Petunjuk" not in coach.says()


async def test_who_presses_many_keys_is_told_them(stage: Stage) -> None:
    coach, _ = await begun(stage, BY_ID["screen"], 1)
    await press(stage, taps("<down>" * (coaching.HINT_PRESSES + 1)))
    assert coach.says() == "Petunjuk. Tekan berurutan: F1"


async def test_the_staff_key_leaves_a_lesson(stage: Stage) -> None:
    _, told = await begun(stage, BY_ID["wrong"])
    await press(stage, taps("<staff>"))
    assert told.ends == ["left"]


# The file of the lessons.


GOOD = """
today = 2026-11-23
seed = 1
[family]
[[lessons]]
id = "a"
minutes = 1
starts = "home"
exercises = [{ name = "x" }]
"""


@pytest.mark.parametrize(
    ("part", "other", "said"),
    [
        ("seed = 1", "", "seed"),
        ('{ name = "x" }', '{ name = "x", pgae = "help" }', "x: unknown pgae"),
        ("[family]", "][", "Invalid"),
    ],
)
def test_a_bad_file_of_lessons_is_refused(tmp_path: Path, part: str, other: str, said: str) -> None:
    file = tmp_path / "lessons.toml"
    file.write_text(GOOD, "utf-8")
    assert course(file).minutes == 1
    bad = tmp_path / "bad.toml"
    bad.write_text(GOOD.replace(part, other), "utf-8")
    with pytest.raises(KioskError, match=said) as refused:
        course(bad)
    assert refused.value.code == "lesson.file"


def test_a_row_that_the_family_does_not_come_to_is_refused(stage: Stage) -> None:
    draft, rules = stage.services.drafts.start(), stage.services.rules()
    with pytest.raises(ValueError, match="no such row"):
        draft_before("members[7].nik", COURSE.family, draft, rules)


def test_an_exercise_without_a_goal_is_read() -> None:
    assert Goal().is_read
    assert not Goal(page="home").is_read

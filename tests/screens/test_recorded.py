"""What a recording of practice holds: pages that say so, and never one that shows a code or takes one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kiosk.domain.flow import Step
from kiosk.language import Language
from screens.keys import Press
from screens.recorded import Recorded
from screens.shell import Alone, PageShell
from screens.view import HEIGHT, WIDTH, Span, View
from tests.builders import a_family
from tests.screens.conftest import Stager
from tests.screens.stage import Stage

HIDDEN = "(Bagian ini tidak direkam.)"


class Kept:
    """Keeps every frame."""

    def __init__(self) -> None:
        self.frames: list[str] = []

    def frame(self, lines: Sequence[str], cursor: tuple[int, int] | None) -> None:
        assert len(lines) == HEIGHT
        assert cursor is None or cursor[1] < HEIGHT
        self.frames.append("\n".join(lines))


def seen(stage: Stage) -> str:
    """What would be recorded of the page on top."""
    kept = Kept()
    Recorded(Alone(), kept, Language("id")).view(stage.top, WIDTH, HEIGHT)
    return kept.frames[0]


@pytest.mark.parametrize("step", [Step.TERMS, Step.KK, Step.MEMBERS, Step.CLASS, Step.CONTACT, Step.REVIEW])
async def test_the_steps_of_a_family_are_recorded(stage: Stage, step: Step) -> None:
    await stage.open(step)
    assert HIDDEN not in seen(stage)
    assert "LATIHAN" in seen(stage)


async def test_the_page_of_a_code_is_not_recorded_while_it_takes_one(stage: Stage) -> None:
    await stage.open(Step.CONTACT, without=(Step.CONTACT,))
    await stage.keys("0812 3456 7890", "ENTER", "budi@example.org")
    assert HIDDEN not in seen(stage)
    await stage.keys("ENTER")
    assert stage.path == "otp"
    assert seen(stage).strip() == HIDDEN
    await stage.keys("1", "2")
    assert seen(stage).strip() == HIDDEN
    await stage.keys("UP")
    assert HIDDEN not in seen(stage)


async def test_digits_that_are_typed_a_second_time_are_not_recorded(staged: Stager) -> None:
    stage = staged(confirm_nik=True)
    await stage.open(Step.MEMBERS, a_family(members=[]))
    await stage.keys("9901011208800001", "ENTER")
    assert seen(stage).strip() == HIDDEN


async def test_the_code_of_a_slip_is_not_recorded(stage: Stage) -> None:
    await stage.start()
    assert HIDDEN not in seen(stage)
    await stage.keys("ACDEFGHJ")
    assert seen(stage).strip() == HIDDEN


async def test_a_page_that_nobody_thought_of_is_not_recorded() -> None:
    class New:
        """A page that says nothing of recordings."""

        def view(self, width: int, height: int) -> View:
            del width, height
            return View(((Span("123456"),),))

        async def press(self, press: Press) -> None:
            """Takes nothing."""

    kept = Kept()
    Recorded(Alone(), kept, Language("id")).view(New(), WIDTH, HEIGHT)
    assert "123456" not in kept.frames[0]


async def test_a_recording_goes_on_whoever_goes_along() -> None:
    class Lines:
        """A page that may be recorded."""

        recordable = True

        def view(self, width: int, height: int) -> View:
            del width
            return View(((Span("KK"),),) * height)

        async def press(self, press: Press) -> None:
            """Takes nothing."""

    kept = Kept()
    shell = PageShell(lambda: None, lambda _code: None)
    shell.around = lambda companion: Recorded(companion, kept, Language("id"))
    for companion in (None, Alone(), None):
        shell.accompany(companion)
        shell.companion.view(Lines(), WIDTH, HEIGHT)
    shell.close()
    assert len(kept.frames) == 3
    assert all("KK" in frame for frame in kept.frames)

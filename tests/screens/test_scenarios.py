"""Every scenario that comes along, typed key by key into the real pages: a perfect run has 100 points."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from kiosk.playing import Run
from kiosk.resources import data_dir
from kiosk.schooling import scenario_named
from kiosk.services.clerk import Pages, Stroke
from kiosk.training.clerk import perfect_parts
from kiosk.training.scenario import find_scenarios
from screens.context import Context
from screens.training.paper import Watch, first_of
from tests.screens.conftest import Stager
from tests.screens.stage import Stage

SHIPPED = find_scenarios([data_dir() / "training"])


class PowerCutError(Exception):
    """The power goes, but not that of the tests."""


def loses_power() -> None:
    raise PowerCutError


async def typed(stage: Stage, run: Run, strokes: Iterable[Stroke]) -> bool:
    """Types into the program of a run, begun anew; True where the power went."""
    run.lose_power = loses_power
    house = run.services()
    context = Context(stage, run.config, lambda: house, stage.context.language)
    page = first_of(run, context)
    stage.show(page)
    stage.accompany(Watch(run.play.pressed))
    await page.begin()
    was_cut = False
    try:
        await stage.play(strokes)
    except PowerCutError:
        was_cut = True
    house.close()
    return was_cut


async def played(stage: Stage, name: str) -> int:
    """The points of a perfect run."""
    schooling = stage.services.schooling
    assert schooling is not None
    run = schooling.begin(scenario_named(stage.config, name), seed=7)
    house = run.services()
    single = stage.config.screens.layout == "single"
    parts = perfect_parts(run.scenario, house.rules(), pages=Pages(single=single), randomness=house.proofs)
    house.close()
    for number, part in enumerate(parts, 1):
        assert await typed(stage, run, part) is (number < len(parts))
        if number < len(parts):
            run = schooling.begin(run.scenario)  # the same one, as it was kept
    if stage.step == "account":
        await stage.keys("F12")
    assert stage.left == 0, stage.text
    score = run.finish()
    assert score.deductions == ()
    run.clear()
    return score.points


@pytest.mark.parametrize("name", SHIPPED)
async def test_a_perfect_run_has_all_points(stage: Stage, name: str) -> None:
    assert await played(stage, name) == 100


@pytest.mark.parametrize("name", SHIPPED)
async def test_so_it_has_where_one_question_fills_a_page(staged: Stager, name: str) -> None:
    assert await played(staged(layout="single", confirm_nik=True), name) == 100


async def test_nothing_of_the_runs_is_left(stage: Stage) -> None:
    await played(stage, "keluarga-baru")
    runs = Path(stage.config.store_dir) / "runs"
    assert list(runs.iterdir()) == []
    shutil.rmtree(runs)

"""The class with its live totals, and the bank account."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.domain.flow import Step
from kiosk.domain.form import BANK_PATHS
from tests.screens.stage import Stage, settings


@pytest.fixture
async def empty(stage: Stage) -> Stage:
    await stage.open(Step.CLASS, without=(Step.CLASS,))
    assert stage.path == "class"
    return stage


async def test_class_and_account_lead_to_the_contact(empty: Stage) -> None:
    await empty.keys("2", "ENTER", "1", "ENTER", "1234 5678 9012", "ENTER", "ENTER")
    assert empty.step == Step.CONTACT
    assert empty.draft.answer("bank.owner") == "BUDI SANTOSO"


@pytest.mark.parametrize(
    ("typed", "total"), [("1", "Rp450.000"), ("2", "Rp300.000"), ("3", "Rp105.000"), ("iii", "Rp105.000")]
)
async def test_the_total_of_the_family_follows_the_typing(empty: Stage, typed: str, total: str) -> None:
    await empty.keys(typed)
    marked = [line for line in empty.frame() if line.lstrip().startswith(">") and "Rp" in line]
    assert len(marked) == 1
    assert marked[0].rstrip().endswith(total)


async def test_before_a_class_is_typed_all_prices_are_seen_and_none_is_marked(empty: Stage) -> None:
    assert all(total in empty.text for total in ("Rp450.000", "Rp300.000", "Rp105.000"))
    assert not [line for line in empty.frame() if line.lstrip().startswith(">") and "Rp" in line]


@pytest.mark.parametrize(
    ("path", "typed", "code", "params"),
    [
        ("class", "4", "class.choice", {}),
        ("class", "", "class.missing", {}),
        ("bank.name", "6", "bank.choice", {}),
        ("bank.name", "", "bank.missing", {}),
        ("bank.account", "123", "account.format", {"least": 10, "most": 16}),
        ("bank.account", "", "account.missing", {}),
        ("bank.owner", "4711", "name.characters", {}),
    ],
)
async def test_a_wrong_answer_stays(
    stage: Stage, path: str, typed: str, code: str, params: dict[str, int]
) -> None:
    await stage.open(Step.CLASS, at=path)
    before = stage.draft.answer(path)
    await stage.keys(*["BACKSPACE"] * len(before), typed, "ENTER")
    assert stage.path == path
    assert stage.typed == typed
    assert stage.says(f"problem.{code}", **params)
    assert stage.draft.answer(path) == before


@pytest.mark.parametrize("keys", [("3", "F10"), ("3", "ENTER", "ENTER", "ENTER", "ENTER")])
async def test_class_three_leaves_the_bank_out_where_that_may_be(
    tmp_path: Path, keys: tuple[str, ...]
) -> None:
    config = settings(tmp_path)
    registration = replace(config.registration, autodebit_class_3=False, email_required=False)
    stage = Stage(replace(config, registration=registration))
    with closing(stage.services):
        await stage.open(Step.CLASS, without=(Step.CLASS, Step.CONTACT))
        await stage.keys("2", "ENTER")
        assert not stage.says("screen.may_stay_blank")
        await stage.keys("UP", *keys[:2])
        if "F10" not in keys:
            assert stage.says("screen.may_stay_blank")
        await stage.keys(*keys[2:], "0812 3456 7890", "ENTER")
        assert stage.says("screen.may_stay_blank")
        await stage.keys("ENTER")
        assert stage.path == "otp"
        assert not any(stage.draft.answer(path) for path in BANK_PATHS)


async def test_f10_goes_to_what_is_missing(empty: Stage) -> None:
    await empty.keys("2", "F10")
    assert empty.path == "bank.name"
    assert empty.says("problem.bank.missing")


async def test_f4_lists_classes_and_banks(empty: Stage) -> None:
    await empty.keys("F4", "DOWN", "ENTER")
    assert empty.draft.answer("class") == "2"
    await empty.keys("F4", "man", "ENTER")
    assert empty.draft.answer("bank.name") == "Mandiri"


async def test_f3_goes_back_and_forward_with_everything(stage: Stage) -> None:
    await stage.open(Step.CLASS)
    before = stage.draft.answers
    await stage.keys("F3")
    assert stage.step == Step.MEMBERS
    await stage.keys("F10")
    assert stage.step == Step.CLASS
    await stage.keys("F10")
    assert stage.step == Step.CONTACT
    assert stage.draft.answers == before


async def test_f9_keeps_it_for_later(empty: Stage) -> None:
    await empty.keys("2", "ENTER", "F9", "1", "ENTER")
    assert empty.path == "bank.name"

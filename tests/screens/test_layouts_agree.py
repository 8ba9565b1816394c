"""The same answers make the same record, one page a step or one question a page."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain import entry
from kiosk.domain.draft import split_member_path
from kiosk.domain.flow import Step
from kiosk.domain.form import spec_for
from kiosk.domain.registration import Registration
from kiosk.domain.rulebook import Rulebook
from kiosk.services.clerk import Clerk, Stroke
from screens.choose import Chooser
from screens.form import FormPage
from screens.registration.kk import KkPage
from screens.village.check import CheckPage
from screens.village.tasks import TasksPage
from tests.builders import a_draft, a_participant
from tests.faults.families import answers, family
from tests.journeys.families import FAMILIES, MOTHER
from tests.screens.stage import Stage, StageClock, settings

LAYOUTS = ("sheet", "single")
SEED = 7
MANY = range(1, 9)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both layouts have the same time."""
    monkeypatch.setattr("kiosk.clock.SystemClock", StageClock)


class Unseen(Stage):
    """A stage whose frames nobody looks at."""

    def check(self) -> None:
        """The frames are looked at elsewhere."""


def stages(folder: Path, **changes: Any) -> Iterator[Stage]:
    """A kiosk in each layout, each with a store of its own."""
    for layout in LAYOUTS:
        stage = Unseen(settings(folder / layout, layout=layout, **changes), seed=SEED)
        yield stage
        stage.services.close()


def record(stage: Stage) -> bytes:
    """Everything of the one registration that the answers decide, as bytes."""
    (summary,) = stage.services.queries.page(limit=2)
    found = stage.services.queries.registration(summary.reference)
    assert isinstance(found, Registration)
    told = {
        "family": found.family,
        "decision": repr(found.decision),
        "accounts": dict(found.virtual_accounts),
    }
    return json.dumps(told, sort_keys=True, default=str).encode()


# The keys of the perfect clerk at the one layout, typed at both.


async def play(stage: Stage, strokes: Iterable[Stroke]) -> int:
    """The strokes in order; what only one layout has between the answers is passed over. How often it was."""
    passed = 0
    for stroke in strokes:
        while isinstance(stage.top, TasksPage) and stroke.name != "f10":
            await stage.keys("ENTER")
            passed += 1
        while stage.step == Step.REVIEW and isinstance(stage.top, CheckPage) and not stage.top._is_last:
            await stage.keys("F10")
            passed += 1
        await stage.keys(stroke.character or stroke.name.upper())
    return passed


def clerk_at(stage: Stage, file: Mapping[str, Any]) -> Clerk:
    """The perfect clerk of the one layout, whatever layout this kiosk has."""
    services = stage.services
    known_for = services.membership.known_for
    return Clerk(a_draft(file), services.rules(), known_for, randomness=services.proofs)


@pytest.mark.parametrize("number", MANY)
async def test_the_keys_of_one_layout_make_the_same_record_in_the_other(tmp_path: Path, number: int) -> None:
    records = []
    for stage in stages(tmp_path):
        await stage.start()
        passed = await play(stage, clerk_at(stage, family(SEED, number)).keys())
        assert (passed > 0) == stage.context.is_single
        records.append(record(stage))
    assert records[0] == records[1]


@pytest.mark.parametrize("name", ["one", "doubtful", "newborn"])
async def test_so_do_those_of_families_with_difficulties(tmp_path: Path, name: str) -> None:
    records = []
    for stage in stages(tmp_path):
        mother = {"kk": MOTHER["kk"], "name": MOTHER["name"]}
        stage.know(a_participant("PBI_JK", date(1995, 5, 5), "P", 901, **mother))
        await stage.start()
        await play(stage, clerk_at(stage, FAMILIES[name]).keys())
        records.append(record(stage))
    assert records[0] == records[1]


# Answers as people write them, in any form, some of them wrong at first.


def written(draw: random.Random, path: str, raw: str, rules: Rulebook) -> str:
    """One of the ways to write this answer."""
    spec = spec_for(path)
    value = spec.clean(raw, rules, path).value
    if spec.choices is not None and value is not None:
        choice = rules.choices[spec.choices].find(str(value))
        if choice is not None:
            return draw.choice((choice.code, choice.value, *choice.labels.values(), *choice.aliases))
    if isinstance(value, date):
        return draw.choice((value.isoformat(), f"{value:%d-%m-%Y}", f"{value:%d%m%Y}", f"{value:%d/%m/%Y}"))
    if spec.key in {"nik", "kk"}:
        return draw.choice((raw, f"{raw[:6]} {raw[6:12]} {raw[12:]}", f" {raw} "))
    if spec.key in {"name", "mother_name", "birth_place"}:
        return draw.choice((raw, raw.lower(), raw.title(), raw.replace(" ", "  ")))
    return raw


def answers_to(seed: int, number: int, rules: Rulebook) -> dict[str, tuple[str, ...]]:
    """What is typed into each row, one after the other until it is taken."""
    draw = random.Random(f"{seed} {number}")
    typed = {}
    for path, raw in answers(family(seed, number)).items():
        wrong = (draw.choice(("", "?", "zz9", "99")),) if draw.random() < 0.15 else ()
        typed[path] = (*wrong, written(draw, path, raw, rules))
    return typed


class Person:
    """Answers whatever row the kiosk asks for, as it is shown, and says that all is right."""

    def __init__(self, stage: Stage, given: Mapping[str, tuple[str, ...]]) -> None:
        self._stage = stage
        self._given = {path: list(typed) for path, typed in given.items()}
        self._members = 1 + max(place[0] for path in given if (place := split_member_path(path)))
        self.answered: list[tuple[str, str]] = []

    async def register(self) -> None:
        """From the first screen to the receipt."""
        await self._stage.start()
        await self._stage.keys("F10")
        await self._go_on(10_000)

    async def begin(self, most: int) -> str:
        """From the first screen through so many answers; the code to go on with."""
        await self._stage.start()
        await self._stage.keys("F10")
        await self._go_on(most)
        return await self._stage.journey.slip()

    async def take_up(self, stage: Stage, code: str) -> None:
        """Goes on at another kiosk's screen, to the receipt."""
        self._stage = stage
        await stage.start()
        await stage.keys(code, "ENTER")
        await self._go_on(10_000)

    async def _go_on(self, most: int) -> None:
        for _ in range(1000):
            if self._stage.step == Step.ACCOUNT or len(self.answered) >= most:
                return
            await self._next()
        raise AssertionError(f"the family does not come through:\n{self._stage.text}")

    async def _next(self) -> None:
        page = self._stage.top
        if isinstance(page, TasksPage):
            all_here = page.step is Step.MEMBERS and page.journey.draft.member_count == self._members
            await self._stage.keys("F10" if all_here else "ENTER")
        elif isinstance(page, FormPage):
            await self._answer(page)
        elif isinstance(page, Chooser):
            await self._stage.keys("F3")  # what was typed is in no list
        else:
            await self._stage.keys("F10")

    async def _answer(self, page: FormPage) -> None:
        path, place = page.path, split_member_path(page.path)
        if place is not None and place[0] >= self._members:
            await self._stage.keys("F10")
            return
        text = self._text(page, path)
        await self._stage.keys(
            "END", *["BACKSPACE"] * (0 if page.editor.suggested else len(page.editor.text))
        )
        if text:
            await self._stage.paste(text)
        else:
            await self._stage.keys("DEL")
        self.answered.append((path, text))
        await self._stage.keys("ENTER")
        if self._stage.top is page and page.path == path and page.message.role == "warn":
            await self._stage.keys("ENTER")
        if path == "consent.accepted":
            await self._stage.keys("F10")

    def _text(self, page: FormPage, path: str) -> str:
        if isinstance(page, KkPage) and path == entry.CAPTCHA:
            return str(page._desk.challenge.answer)
        if path == entry.CODE:
            phone = self._stage.services.phone
            assert phone is not None
            sent = phone.latest(page._phone) or ""  # type: ignore[attr-defined]
            return next(word for word in sent.replace(".", " ").split() if len(word) == 6 and word.isdigit())
        if path.endswith(entry.NIK_AGAIN):
            nik = self._given[path.replace(entry.NIK_AGAIN, "nik")][-1]
            return nik.strip()[-4:]
        if path in {"consent.accepted", "consent.guardian"} and path not in self._given:
            return "ya" if path.endswith("accepted") else "WALI MELATIWAN"
        waiting = self._given.get(path, [""])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@pytest.mark.parametrize("number", MANY)
async def test_the_same_answers_make_the_same_record(tmp_path: Path, number: int) -> None:
    records, heard = [], []
    for stage in stages(tmp_path, confirm_nik=number % 2 == 0):
        person = Person(stage, answers_to(SEED, number, stage.services.rules()))
        await person.register()
        records.append(record(stage))
        heard.append(person.answered)
    assert heard[0] == heard[1], "the layouts ask for the same, in the same order"
    assert records[0] == records[1]


@pytest.mark.parametrize("number", range(1, 5))
async def test_so_they_do_when_the_layout_is_another_half_way(tmp_path: Path, number: int) -> None:
    """Begun where one question fills a page and gone on with on sheets, at any answer."""
    whole = next(stages(tmp_path / "whole"))
    given = answers_to(SEED, number, whole.services.rules())
    person = Person(whole, given)
    await person.register()
    expected = record(whole)
    whole.services.close()
    most = random.Random(number).randrange(1, len(person.answered))
    for layouts in (("single", "sheet"), ("sheet", "single")):
        folder = tmp_path / layouts[0]
        first, second = (Unseen(settings(folder, layout=layout), seed=SEED) for layout in layouts)
        person = Person(first, given)
        await person.take_up(second, await person.begin(most))
        assert record(second) == expected, f"after {most} answers"
        for stage in (first, second):
            stage.services.close()


async def test_other_answers_make_another_record(tmp_path: Path) -> None:
    """The control: the comparison sees one letter."""
    records = []
    for stage, street in zip(stages(tmp_path), ("Jl. Melati 4", "Jl. Melati 5"), strict=True):
        given = answers_to(SEED, 1, stage.services.rules()) | {"address.street": (street,)}
        await Person(stage, given).register()
        records.append(record(stage))
    assert records[0] != records[1]

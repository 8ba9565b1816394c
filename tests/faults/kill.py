"""Kills: `kill -9` on the real program at every key of a family's journey, then starts it again.

The same keys are first typed at the same pages without a terminal: that tells, for every key, what the
screen shows, what the store holds and where the person is. A killed program must have left what the store
held after that key or after the one before it, and what was held after it once the screen has shown so.

Most of the killed programs are forked from a process that has imported everything, which takes a quarter of
the time; some are started from nothing, as a person does.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import re
import select
import signal
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from kiosk.bootstrap import Services, services
from kiosk.config import Config
from kiosk.domain.registration import Registration
from tests.faults import Result, Suite
from tests.faults.families import TODAY, family, settings, settings_file
from tests.faults.hand import Hand, Place, only_draft, strokes
from tests.faults.ready import Ready, ReadyCareless
from tests.faults.recorder import scratch
from tests.journeys.terminal import Terminal

_SHARES = 2
_LAYOUTS = {"sheet": (200, 260), "single": (100, 240)}
"""How many keys the family of the small count has, in each layout."""
_CONTROL_POINTS = 8
_RESTART_EVERY, _FROM_NOTHING_EVERY = 8, 16
"""Every so many points the program is started again in a terminal, else its pages without one; and every so
many it is started from nothing."""
_SECONDS = re.compile(r"\b\d+ (detik|seconds?)")
MOMENTS = ("at once", "soon", "when it answers", "acknowledged")
PROGRAM, CARELESS = "program", "careless"
_MODULES = {PROGRAM: "kiosk", CARELESS: "tests.faults.careless"}
_READY = {PROGRAM: Ready, CARELESS: ReadyCareless}


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store holds of the one family: its answers and facts, or its registration, or nothing."""

    answers: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    reference: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """The kiosk after so many keys: the screen, the store, and where the person is."""

    screen: str
    stored: Stored
    place: Place


@dataclass(frozen=True, slots=True)
class Journey:
    """A family's keys as bytes, and the state before the first and after each of them."""

    seed: int
    layout: str
    keys: tuple[bytes, ...]
    states: tuple[State, ...]


def steady(lines: list[str]) -> str:
    """A screen without what depends on the second at which it is read."""
    return _SECONDS.sub(r"N \1", "\n".join(line.rstrip() for line in lines)).rstrip()


def _settings(folder: Path, layout: str) -> Config:
    config = settings(folder)
    training = replace(config.training, layout=layout, confirm_nik=layout == "single")
    return replace(config, training=training)


def _settings_file(folder: Path, layout: str) -> Path:
    file = settings_file(folder)
    text = f'[training]\nlayout = "{layout}"\nconfirm_nik = {str(layout == "single").lower()}\n'
    file.write_text(file.read_text("utf-8") + text, "utf-8")
    return file


def rehearsed(folder: Path, seed: int, number: int, layout: str, most: int = 10_000) -> Journey | None:
    """Types the family at pages without a terminal; None where it takes more than `most` keys."""
    house = services(_settings(folder, layout), today=TODAY, seed=seed)
    try:
        keys = strokes(house, family(seed, number))
        if len(keys) > most:
            return None
        states: list[State] = []

        async def play() -> None:
            hand = await Hand(house).start()
            states.append(_state(house, hand))
            for key in keys:
                await hand.press(key)
                states.append(_state(house, hand))

        asyncio.run(play())
        if not states[-1].stored.reference:
            raise AssertionError(f"seed {seed}: family {number} does not come through:\n{states[-1].screen}")
        return Journey(seed, layout, tuple(key.raw for key in keys), tuple(states))
    finally:
        house.close()


def _state(house: Services, hand: Hand) -> State:
    return State(steady(hand.lines()), stored(house), hand.place)


def stored(house: Services) -> Stored:
    """What the store holds; ValueError where it holds a family by half or twice."""
    draft = only_draft(house)
    found: list[Registration] = list(house.queries.newest(limit=2))
    if len(found) > 1 or (draft is not None and found):
        raise ValueError("more than one record of the one family")
    with house.open_work.reading() as work:
        if work.outbox.waiting() != len(found):
            raise ValueError("registrations and outbox differ")
    for registration in found:
        return Stored(reference=registration.reference, family=repr(registration.family))
    if draft is None:
        return Stored()
    return Stored(tuple(sorted(draft.answers.items())), tuple(sorted(draft.facts.items())))


# One point.


def struck(folder: Path, journey: Journey, at: int, number: int, *, program: str = PROGRAM) -> str:
    """Kills the program after key `at`; what was lost by it, in words, "" for nothing.

    `number` decides whether it is started from nothing, and started again.
    """
    folder.mkdir()
    from_nothing = number % _FROM_NOTHING_EVERY == 0
    with _program(folder, journey, program, from_nothing=from_nothing) as terminal:
        try:
            moment = _killed(terminal, journey, at)
        except AssertionError as error:
            return f"key {at}: not in its place: {error}"
        screen = steady(terminal.screen.display)
    seen = at + 1 if screen == journey.states[at + 1].screen else at
    lost, stored_, again = _missing(folder, journey, seen, at)
    if not lost and number % _RESTART_EVERY == 0:
        with _program(folder, journey, from_nothing=from_nothing) as terminal:
            lost = _started_again(terminal, stored_, again)
    return f"key {at} ({moment}): {lost}" if lost else ""


def _program(folder: Path, journey: Journey, program: str = PROGRAM, *, from_nothing: bool) -> Terminal:
    settings_ = str(_settings_file(folder, journey.layout))
    command = ("--config", settings_, "run", "--seed", str(journey.seed), "--today", TODAY.isoformat())
    terminal = (
        Terminal.python("-m", _MODULES[program], *command) if from_nothing else _READY[program](command)
    )
    terminal.patience = 60.0
    return terminal


def _shows(terminal: Terminal, state: State) -> bool:
    return steady(terminal.screen.display) == state.screen


def _killed(terminal: Terminal, journey: Journey, at: int) -> str:
    """Types up to key `at`, waits until the screen says so, types that key and kills; when it was killed."""
    draw = random.Random(f"kill {journey.seed} {at}")
    moment = draw.choice(MOMENTS)
    before, after = journey.states[at], journey.states[at + 1]
    terminal.send(*journey.keys[:at])
    terminal.wait_until(partial(_shows, terminal, before), f"the screen after {at} keys")
    os.write(terminal.fd, journey.keys[at])
    if moment == "soon":
        select.select([], [], [], draw.random() * 0.03)
    elif moment == "when it answers" and before.screen != after.screen:
        select.select([terminal.fd], [], [], terminal.patience)
    elif moment == "acknowledged":
        terminal.wait_until(partial(_shows, terminal, after), f"the screen after key {at}")
    terminal.signal(signal.SIGKILL)
    os.waitid(os.P_PID, terminal.pid, os.WEXITED | os.WNOWAIT)
    while terminal.read(0):
        pass
    return moment


def _missing(folder: Path, journey: Journey, seen: int, at: int) -> tuple[str, Stored, str]:
    """What the store lacks that it held after `seen` keys, or has that it never held; what it holds.

    The last is the screen of somebody who goes on with the family.
    """
    found = Stored()
    house = services(_settings(folder, journey.layout), today=TODAY, seed=journey.seed)
    try:
        chain = house.open_work.verify_audit()
        if not chain.ok:
            return f"the chain is broken: {chain.reason}", found, ""
        found = stored(house)
        fits = [number for number in range(seen, at + 2) if journey.states[number].stored == found]
        if not fits:
            wrong = "what the store holds is neither the state before the key nor the one after it"
            return wrong, found, ""
        wrong, screen = asyncio.run(
            _taken_up(house, found, {journey.states[number].place for number in fits})
        )
    except ValueError as error:
        return str(error), found, ""
    finally:
        house.close()
    return wrong, found, screen


async def _taken_up(house: Services, found: Stored, places: set[Place]) -> tuple[str, str]:
    """Goes on with the family at the first screen; where that is wrong, and the screen that it gives."""
    hand = await Hand(house).start()
    if found == Stored():
        return "", steady(hand.lines())
    await hand.type("1", "enter")
    screen = steady(hand.lines())
    if found.reference:
        return ("" if found.reference in screen else "the receipt is not there any more"), screen
    return ("" if hand.place in places else f"goes on at {hand.place}, not at {places}"), screen


def _started_again(terminal: Terminal, found: Stored, screen: str) -> str:
    """The same in a terminal, with the program started again."""
    if found != Stored():
        terminal.send("1\r")
    try:
        terminal.wait_until(lambda: steady(terminal.screen.display) == screen, "the same screen")
    except AssertionError as error:
        return f"started again it shows something else: {error}"
    return ""


# The suite.


def _share(folder: Path, journey: Journey, points: list[int], program: str) -> list[str]:
    gc.freeze()  # so that the memory of the forked programs stays shared
    return [
        struck(folder / f"{program}-{at}", journey, at, number, program=program)
        for number, at in enumerate(points)
    ]


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Every key of a family, and every other one of a family that sees one question a page.

    With `many` every key of three families in each layout. The control saves only at the end.
    """
    with scratch() as place, ProcessPoolExecutor(_SHARES, mp_context=get_context("spawn")) as pool:
        lost: list[str] = []
        count = 0
        for number, journey in enumerate(_journeys(place, seed, many=many)):
            folder = place / f"family-{number}"
            folder.mkdir()
            points = list(range(0, len(journey.keys), 1 if many or journey.layout == "sheet" else 2))
            count += len(points)
            shares = [
                pool.submit(_share, folder, journey, points[share::_SHARES], PROGRAM)
                for share in range(_SHARES)
            ]
            found = [text for share in shares for text in share.result() if text]
            lost += [f"family {number}, {journey.layout}: {text}" for text in found]
        folder = place / "control"
        folder.mkdir()
        late = random.Random(seed).sample(
            range(len(journey.keys) // 2, len(journey.keys) - 1), _CONTROL_POINTS
        )
        careless = pool.submit(_share, folder, journey, late, CARELESS).result()
    return Result(count, len(lost), sum(map(bool, careless)), tuple(lost[:20]))


def _journeys(place: Path, seed: int, *, many: bool) -> list[Journey]:
    """The families to be struck: of the small count, in each layout the first of the right length."""
    found: list[Journey] = []
    for layout, (fewest, most) in _LAYOUTS.items():
        wanted = len(found) + (3 if many else 1)
        for number in range(1, 200):
            folder = place / f"rehearsal-{layout}-{number}"
            folder.mkdir()
            journey = rehearsed(folder, seed, number, layout, 10_000 if many else most)
            if journey is not None and len(journey.keys) >= fewest:
                found.append(journey)
            if len(found) == wanted:
                break
    return found


SUITES = [Suite("kill", run_suite)]

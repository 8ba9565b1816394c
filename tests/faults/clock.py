"""Clocks: jumps of minutes, months and years, a clock that stands in 1970, within a boot and across boots.

A family comes its whole way through the real services while the wall clock is set at one of its steps. Its
registration goes through, is marked where its time is in doubt, and is judged by the right day; the audit
trail keeps its order by boot and monotonic time; no draft ends before its days; and no code is accepted five
minutes after it was sent.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time
from multiprocessing import get_context
from pathlib import Path

from kiosk.bootstrap import Services, services
from kiosk.clock import JUMP_SECONDS, LONGEST_OFF_SECONDS, SystemClock, find_zone
from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Moment, Registration
from kiosk.language import Language
from tests.faults import Result, Suite
from tests.faults.families import TODAY, Step, family, settings, steps
from tests.faults.recorder import scratch

_ZONE = find_zone("Asia/Jakarta")
_NINE = datetime.combine(TODAY, time(9), _ZONE).timestamp()
_MINUTES, _MONTHS, _YEARS = 180.0, 180 * 86_400.0, 3652 * 86_400.0
_A_STEP, _OFF, _UPTIME = 7.0, 30.0, 20.0
CODE_SECONDS = 300.0
_SHARES = 2


@dataclass(frozen=True, slots=True)
class Jump:
    """What happens to the wall clock: set by so many seconds, or standing at 1970; with a restart or not."""

    name: str
    seconds: float = 0.0
    to_1970: bool = False
    restart: bool = False


JUMPS = tuple(
    Jump(f"{name}{' over a restart' if restart else ''}", seconds, to_1970, restart)
    for restart in (False, True)
    for name, seconds, to_1970 in (
        ("no jump", 0.0, False),
        ("minutes ahead", _MINUTES, False),
        ("minutes back", -_MINUTES, False),
        ("half a year ahead", _MONTHS, False),
        ("ten years ahead", _YEARS, False),
        ("ten years back", -_YEARS, False),
        ("no clock", 0.0, True),
    )
)


@dataclass(slots=True)
class Machine:
    """A machine's true time, and what its wall clock says."""

    now: float = _NINE
    error: float = 0.0
    started: float = _NINE - 3600
    boot: int = 1
    _errors: list[float] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    def suffer(self, jump: Jump) -> None:
        """The machine restarts or not, and its clock is set."""
        if jump.restart:
            self.run(_OFF)
            self.started = self.now
            self.boot += 1
            self.run(_UPTIME)
        self.error += -self.wall() + 1000.0 if jump.to_1970 else jump.seconds

    def wall(self) -> float:
        return self.now + self.error

    def ticks(self) -> int:
        return round((self.now - self.started) * 1e9)

    @property
    def day(self) -> date:
        """The true day."""
        return datetime.fromtimestamp(self.now, _ZONE).date()

    def clock(self, kind: type[SystemClock] = SystemClock) -> SystemClock:
        return kind(None, wall=self.wall, ticks=self.ticks, boot=f"boot-{self.boot}")


class NaiveClock(SystemClock):
    """The control: knows of no boots and no doubt, and tells how much time passed by the wall clock."""

    def now(self) -> Moment:
        moment = super().now()
        wall = datetime.fromisoformat(moment.wall).timestamp()
        return Moment(moment.wall, "boot", round(wall * 1e9))


class Place:
    """A kiosk on such a machine; a restart opens its store anew."""

    def __init__(self, folder: Path, seed: int, kind: type[SystemClock] = SystemClock) -> None:
        self.machine = Machine()
        self._folder, self._seed, self._kind = folder, seed, kind
        self.house = self._opened()

    def _opened(self) -> Services:
        """Practice has days of its own, so what it leaves out is done here: the clock hears of the store."""
        clock = self.machine.clock(self._kind)
        house = services(settings(self._folder), seed=self._seed, clock=clock)
        last = house.open_work.last_moment()
        if last is not None:
            clock.remember(last)
        return house

    def suffer(self, jump: Jump) -> None:
        if jump.restart:
            self.house.close()
        self.machine.suffer(jump)
        if jump.restart:
            self.house = self._opened()

    def step(self, step: Step, draft: Draft) -> Draft | Registration:
        """One step of a family after a few seconds; a code that a restart made useless is asked for anew."""
        self.machine.run(_A_STEP)
        found = step[1](self.house, draft)
        if isinstance(found, Problem) and found.code == "otp.expired":
            self.machine.run(61)
            again = dict(steps(family(self._seed, 1)))
            refused = again["send code"](self.house, draft) or again["check code"](self.house, draft)
            found = None if refused is None else found
        if isinstance(found, Problem):
            raise Blocked(found.code)
        return draft if found is None else found


class Blocked(Exception):
    """The family could not go on."""


# One family and one jump.


def doubted(jump: Jump) -> bool:
    """Whether a machine can know that its clock is wrong after this jump."""
    if jump.to_1970:
        return True
    if jump.restart:
        return not -JUMP_SECONDS <= jump.seconds + _OFF <= LONGEST_OFF_SECONDS
    return abs(jump.seconds) > JUMP_SECONDS


def jumped(folder: Path, seed: int, jump: Jump, at: int) -> list[str]:
    """A family whose clock jumps before step `at`; what was lost by it, in words."""
    place = Place(folder, seed)
    try:
        kept = place.house.drafts.save(place.house.drafts.start().with_answers({"kk": "9901"}))
        draft: Draft | Registration = place.house.drafts.start()
        for number, step in enumerate(steps(family(seed, 1))):
            if number == at:
                place.suffer(jump)
            assert isinstance(draft, Draft)
            draft = place.step(step, draft)
        assert isinstance(draft, Registration)
        place.house.drafts.expire()
        gone = [] if place.house.drafts.resume(kept.id) else ["a draft ended before its days"]
        return [*gone, *_wrong_order(place.house), *_wrong_record(place, draft, jump)]
    except Blocked as blocked:
        return [f"blocked: {blocked}"]
    finally:
        place.house.close()


def _wrong_order(house: Services) -> Iterator[str]:
    if not house.open_work.verify_audit().ok:
        yield "the chain is broken"
    lines = _moments(house)
    boots = [boot for boot, _ in itertools.groupby(lines, key=lambda line: line[0])]
    if len(set(boots)) != len(boots):
        yield "the lines of two boots are mixed"
    for one, other in itertools.pairwise(lines):
        if one[0] == other[0] and one[1] > other[1]:
            yield "a later line has an earlier time of the same boot"


def _moments(house: Services) -> list[tuple[str, int]]:
    connection = house.open_work._database.take()
    try:
        rows: list[tuple[str, int]] = connection.execute(
            "SELECT boot, monotonic_ns FROM audit ORDER BY n"
        ).fetchall()
    finally:
        house.open_work._database.give_back(connection)
    return rows


def _wrong_record(place: Place, record: Registration, jump: Jump) -> Iterator[str]:
    house, doubtful = place.house, doubted(jump)
    if record.created.trusted is doubtful:
        yield "trusted in doubt" if doubtful else "in doubt without need"
    if not doubtful and not jump.seconds and record.created.day != place.machine.day.isoformat():
        yield "another day"
    if doubtful:
        if house.rules().today != place.machine.day:
            yield "judged by a wrong day"
        text = Language("id").text("receipt.doubtful_time").split(":")[0]
        shown = {
            "the receipt": any(text in line for line in house.receipt(record, Language("id"))),
            "the list": any(line.doubtful for line in house.queries.page(day=record.day)),
            "its problems": any(problem.code == "time.doubtful" for problem in record.decision.problems),
        }
        yield from (
            f"{where} does not say that its time is in doubt" for where, says in shown.items() if not says
        )


# Codes.


def expired_code_accepted(folder: Path, seed: int, jump: Jump, kind: type[SystemClock] = SystemClock) -> bool:
    """Whether a code is taken five minutes and more after it was sent, the clock having jumped meanwhile."""
    place = Place(folder, seed, kind)
    draw = random.Random(f"code {seed} {jump.name}")
    try:
        draft = place.house.drafts.start()
        phone = str(family(seed, 1)["contact"]["phone"]).replace("0", "+62", 1)
        place.house.verification.send_code(draft.id, phone)
        assert place.house.phone is not None
        code = _code(place.house.phone.latest(phone) or "")
        before = draw.random() * CODE_SECONDS
        place.machine.run(before)
        place.suffer(jump)
        place.machine.run(CODE_SECONDS + 1 - before)
        return place.house.verification.check_code(draft.id, phone, code) is None
    finally:
        place.house.close()


def _code(text: str) -> str:
    return next(word for word in text.replace(".", " ").split() if word.isdigit() and len(word) == 6)


# The start of a kiosk that is no practice.


def start_forgets(folder: Path, jump: Jump) -> bool:
    """Whether a kiosk in use, started after the jump, does not know what its store knows of the time."""
    machine = Machine()
    config = settings(folder, "counter")
    house = services(config, clock=machine.clock())
    house.drafts.save(house.drafts.start().with_answers({"kk": "3171010101200012"}))
    house.close()
    machine.suffer(jump)
    machine.run(_A_STEP)
    house = services(config, clock=machine.clock())
    try:
        return house.clock.now().trusted is doubted(jump)
    finally:
        house.close()


# The suite.


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Every jump at every step of two families, with `many` of twenty."""
    with ProcessPoolExecutor(_SHARES, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(_suffered, range(seed, seed + 20 if many else seed + 2)))
    lost = [text for one in found for text in one[1]]
    return Result(sum(one[0] for one in found), len(lost), sum(one[2] for one in found), tuple(lost[:20]))


def _suffered(one: int) -> tuple[int, list[str], int]:
    """One family and every jump: points, what was lost, what the control lost."""
    lost: list[str] = []
    points = control = 0
    with scratch() as place:
        folders = (_made(place / str(number)) for number in itertools.count())
        count = sum(1 for _ in steps(family(one, 1)))
        for jump, at in _points(count):
            lost += [
                f"family {one}, {jump.name} at step {at}: {text}"
                for text in jumped(next(folders), one, jump, at)
            ]
            points += 1
        for jump in JUMPS:
            points += 2
            if expired_code_accepted(next(folders), one, jump):
                lost.append(f"family {one}, {jump.name}: an expired code is accepted")
            if start_forgets(next(folders), jump):
                lost.append(f"{jump.name}: not known after a start")
            control += expired_code_accepted(next(folders), one, jump, NaiveClock)
    return points, lost, control


def _points(count: int) -> Iterable[tuple[Jump, int]]:
    """Before the first step there is nothing yet that a restarted kiosk could compare its clock with."""
    for jump in JUMPS:
        for at in range(int(jump.restart), count):
            yield jump, at


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


SUITES = [Suite("clock", run_suite)]

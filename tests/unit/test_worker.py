"""When the worker beside the screens syncs, told by a clock and a listener that obey the test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from kiosk.errors import CarrierError
from kiosk.services.sync_ports import SyncOutcome
from kiosk.sync.pace import Backoff
from kiosk.sync.worker import LEFT, NEWS, PipeListener, Worker

MINUTE = 60.0


@dataclass
class Stage:
    """Time that passes only while the worker listens; `news` are the moments at which somebody speaks."""

    outcomes: Iterator[SyncOutcome | Exception]
    until: float = 3600.0
    news: list[float] = field(default_factory=list)
    now: float = 0.0
    ran_at: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def sync(self) -> SyncOutcome:
        self.ran_at.append(round(self.now, 3))
        outcome = next(self.outcomes, SyncOutcome())
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def listen(self, seconds: float) -> str:
        spoken = next((at for at in self.news if at >= self.now), None)
        if spoken is not None and spoken <= self.now + seconds:
            self.news.remove(spoken)
            self.now = max(self.now, spoken)
            return NEWS
        self.now += seconds
        return LEFT if self.now > self.until else ""

    def run(self) -> list[float]:
        worker = Worker(
            self.sync,
            self.listen,
            5 * MINUTE,
            Backoff(5, 900, draw=lambda: 1.0),
            lambda: self.now,
            self.said.append,
        )
        worker.run()
        return self.ran_at


def stage(*outcomes: SyncOutcome | Exception, until: float = 3600.0, news: tuple[float, ...] = ()) -> Stage:
    return Stage(iter(outcomes), until, list(news))


def test_it_syncs_at_once_then_in_turn() -> None:
    idle = [SyncOutcome()] * 20
    ran = stage(*idle).run()
    assert ran[0] == 0
    assert ran[-1] - ran[-2] == 5 * MINUTE


def test_news_are_sent_at_once_and_many_in_a_row_together() -> None:
    found = stage(*[SyncOutcome()] * 99, until=2000, news=(1500.0, 1500.1, 1500.2))
    ran = found.run()
    assert 1500.3 in ran
    assert len([at for at in ran if 1500 <= at < 1502]) == 1


def test_after_something_was_sent_the_decision_is_looked_for_soon() -> None:
    ran = stage(SyncOutcome(sent=3), until=290).run()
    assert ran == [0, 5, 15, 35, 95, 155, 275]


def test_failures_in_a_row_are_further_and_further_apart() -> None:
    away = CarrierError("hub.unreachable")
    ran = stage(*[away] * 99, until=2200).run()
    assert ran[:9] == [0, 5, 15, 35, 75, 155, 315, 635, 1275]


def test_a_run_that_ended_early_counts_as_a_failure() -> None:
    found = stage(*[SyncOutcome(code="reply.lost", sent=1)] * 99, until=100)
    assert found.run() == [0, 5, 15, 35, 75]
    assert set(found.said) == {"reply.lost"}


def test_whoever_asks_a_hub_that_is_away_asks_it_only_so_often() -> None:
    away = CarrierError("hub.unreachable")
    news = tuple(1000 + at / 10 for at in range(100))
    ran = stage(*[away] * 99, until=1020, news=news).run()
    burst = [at for at in ran if 1000 <= at < 1011]
    assert 2 <= len(burst) <= 3
    assert all(later - at >= 5 for at, later in pairwise(burst))


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ValueError("a value"), OSError("a disk")])
def test_nothing_that_fails_ends_it_or_is_told_with_its_text(error: Exception) -> None:
    found = stage(error, SyncOutcome(), until=400)
    assert len(found.run()) > 1
    assert found.said == [f"sync.{type(error).__name__.lower()}"]


def test_it_ends_when_nobody_is_there() -> None:
    assert stage(until=0.1).run() == [0]


def test_a_pipe_tells_news_silence_and_the_end() -> None:
    reading, writing = os.pipe()
    listener = PipeListener(reading)
    assert listener.wait(0) == ""
    os.write(writing, b"\n\n\n")
    assert listener.wait(5) == NEWS
    assert listener.wait(0) == "", "many words are one piece of news"
    os.close(writing)
    assert listener.wait(5) == LEFT
    os.close(reading)

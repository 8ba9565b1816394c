"""Copies made unasked: when, how often, and that nothing of it can stop a registration."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from kiosk.errors import CarrierError
from kiosk.services.copies import Copies
from kiosk.services.ports import CopyNote

PATIENCE = 20


class Maker:
    """Counts copies; each one may be held up or fail."""

    def __init__(self) -> None:
        self.heads = ["a"]
        self.made = 0
        self.done = threading.Semaphore(0)
        self.notes: list[CopyNote] = []
        self.fails: Exception | None = None
        self.hold: threading.Event | None = None
        self.threads: list[str] = []
        self.entered = threading.Event()

    def head(self) -> str:
        return self.heads[-1]

    def make(self) -> CopyNote:
        self.threads.append(threading.current_thread().name)
        self.entered.set()
        if self.hold is not None:
            assert self.hold.wait(PATIENCE)
        if self.fails is not None:
            raise self.fails
        self.made += 1
        return CopyNote("now", "file", self.made)

    def remember(self, note: CopyNote) -> None:
        self.notes.append(note)
        self.done.release()

    def last(self) -> CopyNote:
        return self.notes[-1] if self.notes else CopyNote()

    def wait(self) -> None:
        assert self.done.acquire(timeout=PATIENCE), "no copy was tried"


class Stick:
    """A folder that is there or not, and tells how often it was looked for."""

    def __init__(self, *, there: bool) -> None:
        self.there = there
        self.looks = threading.Semaphore(0)

    def is_dir(self) -> bool:
        there = self.there
        self.looks.release()
        return there

    def wait(self) -> None:
        """Until it was looked for as it is now, and what followed from that was done."""
        while self.looks.acquire(blocking=False):
            pass
        for _ in range(3):
            assert self.looks.acquire(timeout=PATIENCE), "nobody looks"


class Ticks:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


Builder = Callable[..., Copies]


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def stick() -> Stick:
    return Stick(there=True)


@pytest.fixture
def build(stick: Stick, maker: Maker, ticks: Ticks) -> Iterator[Builder]:
    """Makes `Copies` that look every hundredth of a second; closed in the end."""
    made: list[Copies] = []

    def builder() -> Copies:
        made.append(Copies(cast("Path", stick), 5, maker, ticks=ticks, look=0.01))
        return made[-1]

    yield builder
    for copies in made:
        copies.close()


def test_a_copy_follows_a_registration_in_another_thread(build: Builder, maker: Maker) -> None:
    maker.hold = threading.Event()
    copies = build()
    copies.registered()  # returns though the copy is held up
    maker.hold.set()
    maker.wait()
    assert maker.made == 1
    assert maker.threads == ["copies"]
    assert copies.problem == ""


def test_registrations_within_the_minutes_wait_for_one_copy(
    build: Builder, maker: Maker, ticks: Ticks, stick: Stick
) -> None:
    copies = build()
    copies.registered()
    maker.wait()
    for _ in range(5):
        copies.registered()
    ticks.now = 299.0
    stick.wait()
    assert maker.made == 1
    ticks.now = 300.0
    maker.wait()
    assert maker.made == 2


def test_a_stick_that_comes_later_gets_its_copy(build: Builder, maker: Maker, stick: Stick) -> None:
    stick.there = False
    copies = build()
    copies.registered()
    stick.wait()
    assert copies.problem == "copy.absent"
    assert maker.made == 0
    stick.there = True
    maker.wait()
    assert maker.made == 1


def test_whether_the_stick_is_there_is_told_before_any_registration(
    build: Builder, stick: Stick, maker: Maker
) -> None:
    stick.there = False
    copies = build()
    assert copies.problem == ""
    copies.watch()
    stick.wait()
    assert copies.problem == "copy.absent"
    stick.there = True
    stick.wait()
    assert copies.problem == ""
    assert maker.made == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CarrierError("copy.full"), "copy.full"),
        (OSError(5, "Input/output error"), "copy.io"),
        (RuntimeError("a bug"), "copy.failed"),
    ],
)
def test_a_stick_that_fails_is_told_and_tried_again_after_the_minutes(
    build: Builder, maker: Maker, ticks: Ticks, error: Exception, code: str
) -> None:
    maker.notes = [CopyNote("before", "good", 3)]
    maker.fails = error
    copies = build()
    copies.registered()
    maker.wait()
    assert copies.problem == code
    assert maker.notes[-1] == CopyNote("before", "good", 3, code)
    maker.fails = None
    ticks.now = 301.0
    maker.wait()
    assert copies.problem == ""
    assert maker.made == 1


def test_leaving_copies_what_was_stored_since(build: Builder, maker: Maker) -> None:
    copies = build()
    maker.heads.append("b")
    copies.close()
    assert maker.made == 1
    copies.close()
    assert maker.made == 1


def test_leaving_copies_nothing_where_nothing_was_stored(build: Builder, maker: Maker) -> None:
    build().close()
    assert maker.made == 0


def test_leaving_waits_for_a_copy_under_way_and_makes_no_second_one(build: Builder, maker: Maker) -> None:
    maker.hold = threading.Event()
    maker.heads.append("b")
    copies = build()
    copies._copied = "a"
    copies.registered()
    closer = threading.Thread(target=copies.close)
    assert maker.entered.wait(PATIENCE)
    closer.start()
    maker.hold.set()
    closer.join(PATIENCE)
    assert not closer.is_alive()
    assert maker.made == 1


def test_leaving_without_the_stick_is_quick_and_quiet(build: Builder, maker: Maker, stick: Stick) -> None:
    stick.there = False
    copies = build()
    maker.heads.append("b")
    copies.close()
    assert maker.made == 0


def test_a_problem_of_an_earlier_day_is_still_told(build: Builder, maker: Maker) -> None:
    maker.notes = [CopyNote("before", "good", 3, "copy.full")]
    assert build().problem == "copy.full"

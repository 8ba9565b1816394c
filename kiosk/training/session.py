"""One run of a scenario while it is played: what is counted, what is noticed, and when it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from kiosk.domain.draft import Draft
from kiosk.domain.flow import Fact, Flow, step_of
from kiosk.domain.rulebook import Rulebook
from kiosk.language import Language
from kiosk.services.training_ports import LessonNote, RunNote
from kiosk.training.certificate import Certificate
from kiosk.training.scenario import REGISTERED, Kind, Scenario, numbers_in
from kiosk.training.score import OTHER_DATA, REVEALED, Score

CORRECTING = frozenset({"backspace", "delete"})
REVEAL = "reveal"
"""Kinds of keys that are more than counted."""


class KeyWatcher(Protocol):
    """Is told of every key before a page takes it: what it means, never what it types."""

    def pressed(self, kind: str) -> None: ...


@dataclass
class Tally:
    """What a run has counted so far; plain values, so that a run outlives its program."""

    keys: int = 0
    corrections: int = 0
    seconds_by_step: dict[str, float] = field(default_factory=dict)
    slips: list[str] = field(default_factory=list)
    was_cut: bool = False
    saw_refusal: bool = False
    versions: int = 0

    @property
    def seconds(self) -> float:
        return sum(self.seconds_by_step.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "keys": self.keys,
            "corrections": self.corrections,
            "seconds_by_step": {step: round(spent, 3) for step, spent in self.seconds_by_step.items()},
            "slips": list(self.slips),
            "was_cut": self.was_cut,
            "saw_refusal": self.saw_refusal,
            "versions": self.versions,
        }

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Tally:
        """The tally that `as_dict` told."""
        return cls(**{**told, "seconds_by_step": dict(told["seconds_by_step"]), "slips": list(told["slips"])})


class Play:
    """Watches one run. Keys come from the screens, answers and look-ups from the services of the run.

    `keep` makes the tally durable; it is called after each answer that was stored. `now` is a monotonic
    clock in seconds.
    """

    def __init__(
        self,
        scenario: Scenario,
        tally: Tally,
        keep: Callable[[Tally], None],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.scenario = scenario
        self.tally = tally
        self._keep = keep
        self._now = now
        self._lock = threading.Lock()
        self._step = "terms"
        self._pressed_at: float | None = None
        self._last: dict[str, Draft] = {}

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do: registered, mended where the hub refused that, or turned away."""
        if self.scenario.ends != REGISTERED:
            return self.tally.saw_refusal or self.tally.versions > 0
        wanted = 2 if self.scenario.planted(Kind.HUB_REFUSES) else 1
        return self.tally.versions >= wanted

    @property
    def counts(self) -> bool:
        """Whether keys still count: what is pressed on the receipt at the end is nobody's loss."""
        wanted = 2 if self.scenario.planted(Kind.HUB_REFUSES) else 1
        return self.tally.versions < wanted

    def pressed(self, kind: str) -> None:
        """Counts a key."""
        with self._lock:
            now = self._now()
            if not self.counts:
                return
            tally = self.tally
            tally.keys += 1
            tally.corrections += kind in CORRECTING
            if self._pressed_at is not None:
                spent = max(now - self._pressed_at, 0.0)
                tally.seconds_by_step[self._step] = tally.seconds_by_step.get(self._step, 0.0) + spent
            self._pressed_at = now
            if kind == REVEAL and self._step == "members":
                self._slip(REVEALED)

    def opened(self, draft: Draft) -> None:
        """A draft was taken up: what is in it was not typed now."""
        with self._lock:
            self._last[draft.id] = draft

    def stored(self, draft: Draft, fields: Iterable[str], rules: Rulebook) -> None:
        """Answers became durable; one that was there already and is another now was corrected."""
        changed = tuple(fields)
        with self._lock:
            before = self._last.get(draft.id)
            refused = self.scenario.planted(Kind.HUB_REFUSES)
            for path in changed:
                was = before.answer(path) if before is not None else ""
                mends = bool(draft.fact(Fact.MENDS)) and refused is not None and path == refused.field
                if was and was != draft.answer(path) and not mends:
                    self.tally.corrections += 1
                if path == "kk" or path.endswith("nik"):
                    self._looked_up(draft.answer(path))
            self._last[draft.id] = draft
            self._step = step_of(draft.at).value
            if self.scenario.ends != REGISTERED and not self.tally.saw_refusal:
                known = self.scenario.known_for(draft, rules)
                problems = Flow(draft, rules, known).problems
                told = (problem.code == self.scenario.refused_with for problem in problems)
                self.tally.saw_refusal = any(told)
            self._keep(self.tally)

    def registered(self) -> None:
        """A version of the family became durable."""
        with self._lock:
            self.tally.versions += 1
            self._keep(self.tally)

    def looked_up(self, typed: str) -> None:
        """Somebody was searched for by a number."""
        with self._lock:
            self._looked_up(typed)

    def cut(self) -> None:
        """The power goes now, for the only time."""
        with self._lock:
            self.tally.was_cut = True
            self._keep(self.tally)

    def _looked_up(self, typed: str) -> None:
        asked = self.scenario.planted(Kind.ASKS_FOR_OTHER)
        if asked is not None and numbers_in(asked.value) in numbers_in(typed):
            self._slip(OTHER_DATA)

    def _slip(self, slip: str) -> None:
        """Each kind costs once a run."""
        if slip not in self.tally.slips:
            self.tally.slips.append(slip)
            self._keep(self.tally)


class PlayedRun(Protocol):
    """A run as the screens see it; `finish` blocks, keeps the score and gives it."""

    @property
    def id(self) -> str: ...
    @property
    def scenario(self) -> Scenario: ...
    @property
    def play(self) -> Play: ...
    def finish(self) -> Score: ...


class Room(Protocol):
    """A store for one lesson as the screens see it: `services` makes it, `clear` removes it."""

    @property
    def config(self) -> Any: ...
    def services(self) -> Any: ...
    def clear(self) -> None: ...


class Practice(Protocol):
    """Practice as the screens see it; `current` is the run that is being played, None outside of one."""

    @property
    def current(self) -> PlayedRun | None: ...
    def scenarios(self) -> tuple[list[Scenario], list[str]]: ...
    def runs(self, *, limit: int = 50) -> list[RunNote]: ...
    def run(self, run: str) -> RunNote: ...
    def best(self, scenario: str) -> RunNote | None: ...
    def certificate(self, name: str) -> tuple[Certificate, str]: ...
    def certificate_lines(self, certificate: Certificate, language: Language) -> list[str]: ...
    def lesson(self, lesson: str) -> LessonNote: ...
    def keep_lesson(self, note: LessonNote) -> None: ...
    def lesson_room(self) -> Room: ...

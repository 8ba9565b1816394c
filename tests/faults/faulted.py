"""The program whose operations fail: one family's way, each call tried with every operation in it failing.

`python -m tests.faults.faulted FOLDER SEED FAMILIES [careless]` under the recorder; prints what it found as
JSON. Careless, it promises each answer before it is saved, which must be seen as a loss.
"""

from __future__ import annotations

import errno
import json
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import kiosk.clock
from kiosk.bootstrap import Services, services
from kiosk.clock import SystemClock, ticks_ns
from kiosk.commands.sentences import sentence
from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Registration
from kiosk.errors import StaleDraftError, StoreError
from kiosk.language import Language
from tests.faults.families import TODAY, Step, family, settings, steps
from tests.faults.promises import Promises
from tests.faults.recorder import EVERY, GROWING, READ, Recorder

_HOUR_NS = 3_600 * 10**9
_MAY_SAY = {"store.full", "store.io", "store.failed"}
_CODE_STEPS = {"send code", "check code"}


@dataclass(frozen=True, slots=True)
class Fault:
    """How operations fail: with which error, which kinds, for good or once, a write perhaps by half."""

    name: str
    error: int
    kinds: int
    sticky: bool
    partial: bool = False


FAULTS = (
    Fault("disk full", errno.ENOSPC, GROWING, sticky=True),
    Fault("disk full for a moment", errno.ENOSPC, GROWING, sticky=False),
    Fault("disk full in a write", errno.ENOSPC, GROWING, sticky=True, partial=True),
    Fault("error", errno.EIO, EVERY, sticky=True),
    Fault("error for a moment", errno.EIO, EVERY, sticky=False),
    Fault("nothing can be read", errno.EIO, READ, sticky=True),
    Fault("one read fails", errno.EIO, READ, sticky=False),
)


class PatientClock(SystemClock):
    """The machine's clock, which can be put forward so that a new code may be sent."""

    ahead_ns = 0

    def __init__(self, today: date | None = None, zone: str = "Asia/Jakarta") -> None:
        super().__init__(today, zone, ticks=lambda: ticks_ns() + PatientClock.ahead_ns, boot="boot-1")


@dataclass
class Trial:
    """Families registered while one kind of fault strikes every operation in turn."""

    fault: Fault
    folder: Path
    seed: int
    careless: bool
    recorder: Recorder = field(default_factory=Recorder)
    promises: Promises = field(default_factory=Promises)
    points: int = 0
    broken: Counter[str] = field(default_factory=Counter)

    def open_and_fail(self) -> None:
        """The first start, its every operation failing; the next start must find nothing amiss."""
        at, fired = 0, True
        while fired:
            place = self.folder / "start"
            place.mkdir(parents=True)
            house, fired = self._struck(at, "start", partial(services, settings(place), today=TODAY))
            if house is not None:
                house.close()
            house = services(settings(place), today=TODAY)
            if not house.open_work.verify_audit().ok or not house.queries.cards_left():
                self._note("start", at, "the store is not whole after the fault")
            house.close()
            shutil.rmtree(place)
            at += 1

    def register(self, number: int) -> None:
        """One family's way; every call is made again and again until nothing in it failed."""
        house = services(settings(self.folder, reserve_mib=0), today=TODAY, seed=self.seed)
        draft = house.drafts.start()
        for step in steps(family(self.seed, number)):
            found = self._step(house, step, draft)
            draft = found if isinstance(found, Draft) else draft
            if isinstance(found, Registration):
                told = {"registered": found.reference, "family": found.family, "head": self._head(house)}
                self.promises.hear(
                    {"draft": draft.id, "accounts": dict(found.virtual_accounts)}
                    | json.loads(json.dumps(told, default=dict))
                )
        house.close()
        house = services(settings(self.folder, reserve_mib=0), today=TODAY, seed=self.seed)
        self._check(house, "after a restart", 0)
        house.close()

    def _head(self, house: Services) -> str:
        with house.open_work.reading() as work:
            return work.audit.head()[:8]

    def _step(self, house: Services, step: Step, draft: Draft) -> Any:
        name, call = step
        at = 0
        while True:
            self._announce(name, house, draft)
            found, fired = self._struck(at, name, lambda: call(self._listening(house), draft))
            if isinstance(found, Draft):
                self.promises.hear({"draft": draft.id, "saved": found.revision})
            if fired:
                self._check(house, name, at)
            at += 1
            refused = isinstance(found, Problem)
            if refused or (fired and found is None and name in _CODE_STEPS):
                PatientClock.ahead_ns += _HOUR_NS if name == "send code" else 0
            elif found is not None or not fired:
                return found

    def _announce(self, name: str, house: Services, draft: Draft) -> None:
        if name == "submit":
            self.promises.hear({"draft": draft.id, "tried": "submit"})
        if self.careless and name not in _CODE_STEPS:
            self.promises.hear({"draft": draft.id, "saved": draft.revision + 1})
        del house

    def _listening(self, house: Services) -> Any:
        return _Listening(house, self.promises)

    def _struck(self, at: int, name: str, call: Any) -> tuple[Any, bool]:
        """What a call gave while operation `at` of it failed (None for an error), and whether one did."""
        self.recorder.arm(
            at, self.fault.error, self.fault.kinds, sticky=self.fault.sticky, partial=self.fault.partial
        )
        found, wrong = None, ""
        try:
            found = call()
        except StaleDraftError:
            wrong = "the family cannot go on"
        except StoreError as error:
            if error.code not in _MAY_SAY or sentence(error) == str(error) or not _on_screen(error):
                wrong = f"said {error.code}: {error.detail}"
        except OSError as error:  # the page's context makes a StoreError of it
            wrong = "" if name in _CODE_STEPS else f"ended in {error!r}"
        except Exception as error:  # noqa: BLE001 - whatever it is, it would have ended the program
            wrong = f"ended in {error!r}"
        fired = self.recorder.disarm()
        self.points += fired
        if isinstance(found, Problem) and not found.code.startswith("otp."):
            wrong = f"refused with {found.code}"
        if wrong:
            self._note(name, at, wrong)
            if not fired:
                raise AssertionError(f"{name} fails without a fault: {wrong}")
        return found, fired

    def _check(self, house: Services, name: str, at: int) -> None:
        for what in self.promises.broken_in(house.open_work):
            self._note(name, at, what)

    def _note(self, name: str, at: int, what: str) -> None:
        self.broken[f"{self.fault.name}, operation {at} of {name}: {what}"] += 1


def _on_screen(error: StoreError) -> bool:
    return all(Language(code).has(f"problem.{error.code}") for code in ("id", "en"))


class _Listening:
    """The services, telling the promises what is about to be saved."""

    def __init__(self, house: Services, promises: Promises) -> None:
        self._house = house
        self._promises = promises
        self.drafts = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house, name)

    def save(self, draft: Draft, **named: Any) -> Draft:
        self._promises.hear(
            {
                "draft": draft.id,
                "saving": draft.revision + 1,
                "answers": dict(draft.answers),
                "facts": dict(draft.facts),
            }
        )
        return self._house.drafts.save(draft, **named)


def main(folder: str, seed: str, families: str, *words: str) -> None:
    """Runs every kind of fault over so many families, or the first kind carelessly over one."""
    kiosk.clock.SystemClock = PatientClock  # type: ignore[assignment,misc]
    careless = "careless" in words
    points, broken = 0, Counter[str]()
    for number, fault in enumerate(FAULTS[:1] if careless else FAULTS):
        trial = Trial(fault, Path(folder) / str(number), int(seed), careless)
        if not careless:
            trial.open_and_fail()
        for which in range(int(families)):
            trial.register(which)
        points += trial.points
        broken += trial.broken
    found = {"points": points, "lost": broken.total(), "notes": [what for what, _ in broken.most_common(20)]}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""One run of a scenario: a store of its own, and the program's services on it, which act what is planted."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.bootstrap import services
from kiosk.channels.sms_files import code_texts
from kiosk.config import Config
from kiosk.randomness import SystemRandomness
from kiosk.services.clerk import Pages
from kiosk.services.drafts import DraftRules
from kiosk.services.training_ports import RunNote
from kiosk.services.verification import CodeRules, Verification
from kiosk.settings import Cards, Copies, Hub, Receipts
from kiosk.training.acting import (
    Judge,
    NoSender,
    PlayedDrafts,
    PlayedMending,
    PlayedQueries,
    PlayedRegistrar,
    power_goes,
)
from kiosk.training.clerk import perfect_keys
from kiosk.training.scenario import Kind, Scenario
from kiosk.training.score import Performance, Score, par_of, score
from kiosk.training.session import Play, Tally

if TYPE_CHECKING:
    from kiosk.bootstrap import Services
    from kiosk.schooling import Schooling


class RunConfig(Config):
    """The settings of one run: those of practice, in a store of its own, with no hub and no copies."""

    run: str

    def __init__(self, run: str, **sections: Any) -> None:
        super().__init__(**sections)
        object.__setattr__(self, "run", run)  # no section of the settings, so it is no field

    @property
    def practice_dir(self) -> Path:
        """The data folder of the profile."""
        return super().store_dir

    @property
    def store_dir(self) -> Path:
        return self.practice_dir / "runs" / self.run

    @property
    def reference_dir(self) -> Path:
        return self.practice_dir / "reference"

    @property
    def log_dir(self) -> Path:
        return self.practice_dir / "log"

    @property
    def sms_spool(self) -> Path:
        return super().sms_spool / self.run


def run_config(config: Config, run: str) -> RunConfig:
    """The settings of the run with this id."""
    held = {part.name: getattr(config, part.name) for part in fields(Config)}
    apart = {
        "store": replace(config.store, reserve_mib=0),
        "hub": Hub(),
        "copies": Copies(),
        "receipts": Receipts(),
        "cards": Cards(),
    }
    return RunConfig(run, **{**held, **apart})


class Run:
    """One run while it is played; its store is apart from that of practice, and goes when it is over."""

    def __init__(self, schooling: Schooling, scenario: Scenario, note: RunNote) -> None:
        self.scenario = scenario
        self.id = note.id
        self.config = run_config(schooling.config, note.id)
        self.schooling = schooling
        self.note = note
        self.lose_power = power_goes
        """Acts the power cut; whoever plays a run in a process that others need puts something else here."""
        self._score: Score | None = None
        self.play = Play(scenario, Tally.read(note.document["tally"]), self._keep)

    @property
    def seed(self) -> int | None:
        seed: int | None = self.note.document["seed"]
        return seed

    def _keep(self, tally: Tally) -> None:
        self._put(tally=tally.as_dict())

    def _put(self, *, ended_at: str = "", points: int = -1, **document: Any) -> None:
        self.note = replace(
            self.note, ended_at=ended_at, points=points, document={**self.note.document, **document}
        )
        with self.schooling.open_work() as work:
            work.runs.put(self.note)
            work.commit()

    def services(self) -> Services:
        """The program's services on the run's own store, which act what is planted."""
        house = services(self.config, today=self.scenario.today, seed=self.seed)
        with house.open_work() as work:
            work.directory.put(list(self.scenario.known))
            work.commit()
        return _played(house, self)

    def finish(self) -> Score:
        """The score of what was done, kept for good; once, then the same again."""
        if self._score is None:
            self._score = self._rate()
            self._put(
                ended_at=self.schooling.clock.now().wall,
                points=self._score.points,
                tally=self.play.tally.as_dict(),
                score=self._score.as_dict(),
                title=self.scenario.title,
            )
        return self._score

    def _rate(self) -> Score:
        with closing(services(self.config, today=self.scenario.today)) as house:
            rules = house.rules()
            found = next(iter(house.queries.newest(limit=1)), None)
        tally = self.play.tally
        done = Performance(
            family=dict(found.family) if found is not None else None,
            verified_phone=found is not None and found.verified_phone,
            keys=tally.keys,
            corrections=tally.corrections,
            seconds=tally.seconds,
            slips=tuple(tally.slips),
            versions=tally.versions,
            saw_refusal=tally.saw_refusal,
        )
        strokes = perfect_keys(
            self.scenario,
            rules,
            default_facility=self.config.kiosk.fktp,
            pages=Pages(single=self.config.screens.layout == "single"),
        )
        return score(self.scenario, done, par_of(strokes), rules)

    def clear(self) -> None:
        """Removes the store of a run that is finished; it is closed by then."""
        if self._score is not None:
            shutil.rmtree(self.config.store_dir, ignore_errors=True)
            shutil.rmtree(self.config.sms_spool, ignore_errors=True)


def _played(house: Services, run: Run) -> Services:

    config, clock, work, play = house.config, house.clock, house.open_work, run.play
    random = SystemRandomness()
    draft_rules = DraftRules(config.drafts.days, config.drafts.warn_days)
    changes: dict[str, Any] = {
        "drafts": PlayedDrafts(
            work, clock, random, draft_rules, play=play, rules=house.rules, cut=run.lose_power
        ),
        "registrar": PlayedRegistrar(
            work, clock, random, kiosk_id=config.reference_id, play=play, judge=Judge(play, work, clock)
        ),
        "mending": PlayedMending(work, work.reading, clock, random, play=play),
        "queries": PlayedQueries(work.reading, play=play),
        "schooling": replace(run.schooling, current=run),
    }
    if run.scenario.planted(Kind.OTP_NEVER_COMES):
        chosen = config.registration
        rules = CodeRules(chosen.code_minutes, chosen.code_tries, chosen.codes_an_hour)
        changes["verification"] = Verification(
            work, clock, house.proofs, NoSender(), texts=code_texts(), rules=rules
        )
    return replace(house, **changes)

"""Chooses what practice needs: scenarios, the runs that are kept, and a run's services on its own store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk import __version__
from kiosk.bootstrap import light, services
from kiosk.channels.sms_files import code_texts
from kiosk.config import Config
from kiosk.errors import KioskError
from kiosk.randomness import SystemRandomness
from kiosk.resources import data_dir
from kiosk.services.clerk import Pages
from kiosk.services.drafts import DraftRules, new_id
from kiosk.services.training_ports import LessonNote, RunNote
from kiosk.services.verification import CodeRules, Verification
from kiosk.settings import Cards, Copies, Hub, Receipts
from kiosk.store.keyfile import load_or_create_key
from kiosk.sync.keys import SigningKey, can_verify
from kiosk.training.acting import (
    Judge,
    NoSender,
    PlayedDrafts,
    PlayedMending,
    PlayedQueries,
    PlayedRegistrar,
    power_goes,
)
from kiosk.training.certificate import (
    Certificate,
    certificate_lines,
    chosen,
    key_from,
    make_code,
    mark_of,
    read_code,
)
from kiosk.training.clerk import perfect_keys, refuse_what_cannot_be_typed
from kiosk.training.scenario import Kind, Scenario, find_scenarios, read_scenario
from kiosk.training.score import Performance, Score, marks, par_of, read_score, score
from kiosk.training.session import Play, Tally

if TYPE_CHECKING:
    from kiosk.bootstrap import Services
    from kiosk.clock import SystemClock
    from kiosk.domain.rulebook import Rulebook
    from kiosk.language import Language
    from kiosk.lesson_room import LessonRoom
    from kiosk.store.unit_of_work import Store


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


def rules_on(config: Config) -> Callable[[date], Rulebook]:
    """The rules of practice by day."""

    practice = config.of_class(training=True)
    return lambda day: light(practice, today=day)


def scenario_files(config: Config) -> dict[str, Path]:
    """The files of scenarios by id: those that come along, and those of the trainer's folder."""

    own = config.training.scenarios
    folders = [data_dir() / "training", *([Path(own).expanduser()] if own else [])]
    return find_scenarios(folders)


def scenario_named(config: Config, name: str) -> Scenario:
    """The scenario with this id, or in this file where `name` ends with `.toml`.

    Raises KioskError `scenario.unknown`, `scenario.file`.
    """
    file = Path(name) if name.endswith(".toml") else scenario_files(config).get(name)
    if file is None:
        raise KioskError("scenario.unknown", ", ".join(scenario_files(config)))
    rules = rules_on(config)
    scenario = read_scenario(file, rules)
    refuse_what_cannot_be_typed(scenario, rules(scenario.today))
    return scenario


def readable_scenarios(config: Config, *, typed: bool = False) -> tuple[list[Scenario], list[str]]:
    """Every scenario that can be played, easy ones first, and what is wrong with each other file.

    With `typed` each is typed through as well, which takes longer and finds what no reading does.
    """
    rules = rules_on(config)
    good: list[Scenario] = []
    faults: list[str] = []
    for file in scenario_files(config).values():
        try:
            found = read_scenario(file, rules)
            if typed:
                refuse_what_cannot_be_typed(found, rules(found.today))
            good.append(found)
        except KioskError as error:
            faults.append(error.detail)
    return sorted(good, key=lambda one: (one.level, one.title)), faults


def scenario_titles(config: Config) -> dict[str, str]:
    """The titles of the scenarios that are here, by the marks that certificates have of them."""
    return {mark_of(one.id): one.title for one in readable_scenarios(config)[0]}


def certificate_key(config: Config, *, make: bool = True) -> SigningKey:
    """The classroom's key, made when it is first needed; it lies beside the key of practice.

    Raises KioskError `certificate.other_key` where there is none and none is to be made; StoreError.
    """
    path = config.key_file.with_name("training-certificates.key")
    if not make and not path.exists():
        raise KioskError("certificate.other_key")
    return SigningKey.from_secret(load_or_create_key(path, store_exists=False, folder=config.store_dir))


def checked_certificate(config: Config, code: str, key: str = "") -> Certificate:
    """The certificate in a code that this classroom, or the one with the key named, has signed.

    Raises KioskError `certificate.code`, `certificate.other_key`, `certificate.key`.
    """
    public = key_from(key) if key else certificate_key(config, make=False).public
    return read_code(code, public, can_verify)


@dataclass(frozen=True)
class Schooling:
    """Practice of one profile: what there is to play, and what was played."""

    config: Config
    open_work: Store
    clock: SystemClock
    current: Run | None = None
    """The run that is being played with the services that have this."""

    def scenarios(self) -> tuple[list[Scenario], list[str]]:
        """Every scenario that can be played, easy ones first, and what is wrong with each other file."""
        return readable_scenarios(self.config)

    def runs(self, *, limit: int = 50) -> list[RunNote]:
        """The runs that are kept, newest first."""
        with self.open_work.reading() as work:
            return list(work.runs.newest(limit=limit))

    def run(self, run: str) -> RunNote:
        """The run with this id, or the newest for an empty one; raises KioskError `run.unknown`."""
        with self.open_work.reading() as work:
            found = work.runs.get(run) if run else next(iter(work.runs.newest(limit=1)), None)
        if found is None:
            raise KioskError("run.unknown")
        return found

    def best(self, scenario: str) -> RunNote | None:
        """The finished run of this scenario with the most points."""
        with self.open_work.reading() as work:
            return work.runs.best(scenario)

    def lesson(self, lesson: str) -> LessonNote:
        """How far a lesson was done."""
        with self.open_work.reading() as work:
            return work.lessons.get(lesson)

    def keep_lesson(self, note: LessonNote) -> None:
        """Keeps how far a lesson was done."""
        with self.open_work() as work:
            work.lessons.put(note)
            work.commit()

    def certificate(self, name: str) -> tuple[Certificate, str]:
        """A certificate for whoever has passed enough scenarios, and its code.

        Raises KioskError `certificate.not_yet`, `certificate.name`; StoreError for the key.
        """
        rule = marks().table["certificate"]
        with self.open_work.reading() as work:
            notes = [work.runs.best(scenario) for scenario in scenario_files(self.config)]
        best = [(note.scenario, note.points) for note in notes if note is not None]
        now = self.clock.now()
        found = Certificate(
            name=" ".join(name.split()),
            passed=chosen(best, at_least=rule["scenarios"], points=rule["points"]),
            day=date.fromisoformat(now.day),
            trusted=now.trusted,
            version=__version__,
        )
        key = certificate_key(self.config)
        return found, make_code(found, key.public, key.sign)

    def certificate_lines(self, certificate: Certificate, language: Language) -> list[str]:
        """What a certificate says, with the titles of the scenarios that are here."""
        return certificate_lines(certificate, scenario_titles(self.config), language)

    def lesson_room(self) -> LessonRoom:
        """Where a lesson is taken."""
        from kiosk.lesson_room import LessonRoom  # noqa: PLC0415 - it stands on this module

        return LessonRoom(self.config)

    def begin(self, scenario: Scenario, *, seed: int | None = None, again: bool = False) -> Run:
        """A run of the scenario: the one that was cut short, or a new one; always a new one with `again`."""

        with self.open_work() as work:
            note = work.runs.unfinished(scenario.id)
            if note is not None and again:
                work.runs.put(replace(note, ended_at=self.clock.now().wall))
                shutil.rmtree(run_config(self.config, note.id).store_dir, ignore_errors=True)
            if note is None or again:
                run = new_id(self.clock, SystemRandomness())
                document = {"seed": seed, "tally": Tally().as_dict()}
                note = RunNote(run, scenario.id, self.clock.now(), document=document)
                work.runs.put(note)
            work.commit()
        return Run(self, scenario, note)


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


def score_of(note: RunNote) -> Score | None:
    """The score that a finished run was given; None while it goes on."""
    told: Mapping[str, Any] | None = note.document.get("score")
    return read_score(told) if told else None


def local_time(wall: str) -> str:
    """A stored time as a list shows it."""
    return datetime.fromisoformat(wall).strftime("%d-%m-%Y %H.%M") if wall else ""

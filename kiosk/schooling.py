"""Chooses what practice needs: scenarios, the runs that are kept, and a run's services on its own store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk import __version__
from kiosk.bootstrap import light
from kiosk.config import Config
from kiosk.errors import KioskError
from kiosk.playing import Run, run_config
from kiosk.randomness import SystemRandomness
from kiosk.resources import data_dir
from kiosk.services.drafts import new_id
from kiosk.services.training_ports import LessonNote, RunNote
from kiosk.store.keyfile import load_or_create_key
from kiosk.sync.keys import SigningKey, can_verify
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
from kiosk.training.scenario import Scenario, find_scenarios, read_scenario
from kiosk.training.score import Performance, Score, marks, par_of, read_score, score
from kiosk.training.session import Tally

if TYPE_CHECKING:
    from kiosk.clock import SystemClock
    from kiosk.domain.registration import Registration
    from kiosk.domain.rulebook import Rulebook
    from kiosk.language import Language
    from kiosk.lesson_room import LessonRoom
    from kiosk.store.unit_of_work import Store


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

    def rated(self, scenario: Scenario, registration: Registration) -> Score:
        """What a registration is worth by a scenario, as if its keys and its time had been the fewest."""
        rules = rules_on(self.config)(scenario.today)
        par = par_of(perfect_keys(scenario, rules, default_facility=self.config.kiosk.fktp))
        done = Performance(
            family=registration.family,
            verified_phone=registration.verified_phone or registration.source != "screen",
            keys=par.keys,
            corrections=par.corrections,
            seconds=par.seconds,
            versions=2,
        )
        return score(scenario, done, par, rules)

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


def score_of(note: RunNote) -> Score | None:
    """The score that a finished run was given; None while it goes on."""
    told: Mapping[str, Any] | None = note.document.get("score")
    return read_score(told) if told else None

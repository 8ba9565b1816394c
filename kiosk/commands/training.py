"""`kiosk training`: scenarios are listed, played and scored."""

from __future__ import annotations

import json
import os
import signal
import sys
import termios
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.bootstrap import services
from kiosk.commands.recording import recorded
from kiosk.commands.screens import become
from kiosk.commands.tables import printed, visible
from kiosk.errors import UsageError
from kiosk.language import Language
from kiosk.log import Log
from kiosk.memory import keep_in_memory

if TYPE_CHECKING:
    from kiosk.bootstrap import Services
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.schooling import Schooling
    from kiosk.services.training_ports import RunNote
    from kiosk.training.certificate import Certificate
    from kiosk.training.scenario import Scenario
    from kiosk.training.score import Score

_LONGEST = 2.0
"""Seconds that a recording stands still at the most."""

_BACK = b"\x1b[0m\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[2J\x1b[3J\x1b[H"
"""Brings a terminal back that a killed program has left, with nothing of it on the screen."""


def schooling_of(house: Services) -> Schooling:
    """Practice of the profile `training`."""
    if house.schooling is None:
        raise UsageError("usage.training_profile")
    return house.schooling


def run_list(arguments: Arguments, config: Config) -> int:
    """Lists the scenarios with the best points of each; 1 where a file cannot be played, and why."""
    from kiosk.schooling import readable_scenarios

    with closing(services(config)) as house:
        practice = schooling_of(house)
        scenarios, faults = readable_scenarios(config, typed=True)
        best = {one.id: note.points for one in scenarios if (note := practice.best(one.id))}
    if arguments.json:
        rows = [
            {"id": one.id, "level": one.level, "title": one.title, "best": best.get(one.id)}
            for one in scenarios
        ]
        print(json.dumps(rows))
    else:
        printed(
            ("id", "level", "best", "title"),
            [(one.id, str(one.level), str(best.get(one.id, "-")), one.title) for one in scenarios],
        )
    for fault in faults:
        sys.stderr.write(f"kiosk: this scenario cannot be played: {fault}\n")
    return 1 if faults else 0


def run_score(arguments: Arguments, config: Config) -> int:
    """Tells what a run is worth, and each thing that cost points; 1 while it is not finished."""
    from kiosk.schooling import score_of

    if arguments.scenario is not None or arguments.of is not None:
        return _rate(arguments, config)
    with closing(services(config)) as house:
        note = schooling_of(house).run(arguments.run)
    found = score_of(note)
    if found is None:
        told: dict[str, Any] = {"run": note.id, "scenario": note.scenario, "points": None}
        print(json.dumps(told) if arguments.json else f"{note.scenario}: the run {note.id} is not finished")
        return 1
    _print_score(arguments, config, note, found)
    return 0


def _rate(arguments: Arguments, config: Config) -> int:
    """What a registration of practice is worth as the end of a scenario, however it came about."""
    from kiosk.schooling import scenario_named
    from kiosk.training.debrief import debrief_lines

    if arguments.scenario is None or arguments.of is None or arguments.run:
        raise UsageError("usage.arguments", "--scenario and --of go together, without RUN")
    scenario = scenario_named(config, arguments.scenario)
    with closing(services(config)) as house:
        found = schooling_of(house).rated(scenario, house.queries.registration(arguments.of))
    if arguments.json:
        print(json.dumps({"scenario": scenario.id, "reference": arguments.of, **found.as_dict()}))
    else:
        for line in debrief_lines(scenario.title, found, Language(config.kiosk.language)):
            print(visible(line))
    return 0


def run_certificate(arguments: Arguments, config: Config) -> int:
    """Prints a certificate of what was passed, its code, and the key by which others check it."""
    from kiosk.schooling import certificate_key
    from kiosk.training.certificate import code_lines, key_name

    language = Language(config.kiosk.language)
    with closing(services(config)) as house:
        practice = schooling_of(house)
        found, code = practice.certificate(arguments.name)
        lines = practice.certificate_lines(found, language)
    key = key_name(certificate_key(config).public)
    if arguments.json:
        print(json.dumps({**_told(found), "code": code, "key": key}))
        return 0
    lines += ["", f"{language.text('training.certificate.code')}:", *code_lines(code)]
    lines += ["", f"{language.text('training.certificate.key')}:", *code_lines(key)]
    lines += ["", language.text("training.certificate.proves")]
    print("\n".join(map(visible, lines)))
    return 0


def run_verify(arguments: Arguments, config: Config) -> int:
    """Checks a certificate without a network or a store, and says what it proves."""
    from kiosk.schooling import checked_certificate, scenario_titles
    from kiosk.training.certificate import certificate_lines

    found = checked_certificate(config, " ".join(arguments.code), arguments.key)
    language = Language(config.kiosk.language)
    if arguments.json:
        print(json.dumps(_told(found)))
    else:
        lines = certificate_lines(found, scenario_titles(config), language)
        print("\n".join(map(visible, [*lines, "", language.text("training.certificate.proves")])))
    return 0


def _told(found: Certificate) -> dict[str, Any]:
    return {
        "name": found.name,
        "points": found.points,
        "scenarios": [{"mark": one.mark, "points": one.points} for one in found.passed],
        "version": found.version,
        "date": found.day.isoformat(),
        "trusted": found.trusted,
    }


def run_run(arguments: Arguments, config: Config) -> int:
    """Plays a scenario on this terminal, and tells what it was worth."""
    from kiosk.schooling import scenario_named
    from kiosk.training.scenario import Kind

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("usage.terminal")
    scenario = scenario_named(config, arguments.scenario)
    if scenario.planted(Kind.POWER_CUT):
        return _supervised(arguments, config, scenario)
    return _play(arguments, config, scenario)


def _play(arguments: Arguments, config: Config, scenario: Scenario) -> int:
    keep_in_memory()
    from screens.start import start
    from screens.training.paper import Watch, first_of

    log = Log(config.log_dir)
    with closing(services(config)) as house, recorded(arguments, config, scenario.title) as around:
        run = schooling_of(house).begin(scenario, seed=arguments.seed, again=arguments.again)
        try:
            code = start(
                run.config,
                run.services,
                log.crash,
                opens=partial(first_of, run),
                companion=Watch(run.play.pressed),
                around=around,
            )
            if code:  # cut short: the next time it goes on
                return code
            score = run.finish()
            run.clear()
        finally:
            log.close()
    if arguments.menu:
        become(arguments, ("training", "menu", "--debrief", run.id))
    _print_score(arguments, config, run.note, score)
    return 0


def run_play(arguments: Arguments, config: Config) -> int:
    """Shows a recording again; where standard output is no terminal, without waiting."""
    if not arguments.menu:
        return _show(arguments)
    with suppress(KeyboardInterrupt):  # who has seen enough
        _show(arguments)
        print(Language(config.kiosk.language).text("screen.training.played"), flush=True)
        sys.stdin.readline()
    become(arguments, ("training", "menu"))
    return 0


def _show(arguments: Arguments) -> int:
    from kiosk.training.recording import read_recording, waits

    for wait, data in waits(read_recording(Path(arguments.file)), speed=arguments.speed, longest=_LONGEST):
        if sys.stdout.isatty():
            time.sleep(wait)
        sys.stdout.write(data)
        sys.stdout.flush()
    sys.stdout.write("\x1b[0m\x1b[?25h\x1b[24;1H\n")
    return 0


def _supervised(arguments: Arguments, config: Config, scenario: Scenario) -> int:
    """Plays it in a process of its own, which loses its power on the way and is started once more."""
    modes = termios.tcgetattr(sys.stdin.fileno())
    while True:
        child = os.fork()
        if child == 0:
            code = _child(arguments, config, scenario)
            sys.stdout.flush()
            os._exit(code)
        status = _waited_for(child)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            return os.waitstatus_to_exitcode(status)
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSAFLUSH, modes)
        os.write(sys.stdout.fileno(), _BACK)
        print(Language(config.kiosk.language).text("training.power_cut"), flush=True)
        if not sys.stdin.readline():
            return 1
        arguments.again, arguments.go_on = False, True


def _child(arguments: Arguments, config: Config, scenario: Scenario) -> int:
    """What `kiosk` itself does around a command, since this process never comes back to it."""
    from kiosk.commands.sentences import sentence
    from kiosk.errors import KioskError

    try:
        return _play(arguments, config, scenario)
    except KioskError as error:
        sys.stderr.write(f"kiosk: {sentence(error)}\n")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - as in kiosk.cli: no personal data is printed
        log = Log(config.log_dir)
        reference = log.crash(error)
        log.close()
        sys.stderr.write(f"kiosk: the program failed. Reference {reference}, in {log.file}\n")
        return 70


def _waited_for(child: int) -> int:
    """How the child ended; what this process is told to do meanwhile, the child is told."""

    def tell(number: int, _: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, number)

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        return os.waitpid(child, 0)[1]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_score(arguments: Arguments, config: Config, note: RunNote, score: Score) -> None:
    from kiosk.training.debrief import debrief_lines

    if arguments.json:
        told = {"run": note.id, "scenario": note.scenario, "tally": note.document["tally"]}
        print(json.dumps({**told, **score.as_dict()}))
    else:
        for line in debrief_lines(note.document["title"], score, Language(config.kiosk.language)):
            print(visible(line))

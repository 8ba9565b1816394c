"""`kiosk hub decide`: a worker that decides the records that kiosks have sent."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from kiosk.bootstrap import light, reference_dir
from kiosk.commands.hub_crew import parent_of_this
from kiosk.commands.hub_place import open_hub_of, say
from kiosk.domain.rulebook import Facility
from kiosk.facilities import STORE_NAME as FACILITIES_NAME
from kiosk.reference import PREMIUMS_NAME, changed_ns, first_day, known_terms

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.domain.rulebook import Facilities, Rulebook
    from kiosk.hub.judging import Rules

_MOST_KNOWN = 50_000


def run_decide(arguments: Arguments, config: Config) -> int:
    """Decides until the signal TERM or INT, or with `--once` until nothing waits."""
    with open_hub_of(arguments, config) as (engine, key_file):
        from kiosk.hub.crew import end_with
        from kiosk.hub.deciding import Desk, decide_once
        from kiosk.hub.events import EventLog
        from kiosk.hub.working import decide_forever, ended_by_signals

        log = EventLog(sys.stdout)
        desk = Desk(key_file.current, RulesInForce(config), who=f"decider:{os.getpid()}", log=log)
        with ended_by_signals() as stop:
            if arguments.once:
                decided = 0
                while not stop.is_set() and (done := decide_once(engine, desk)):
                    decided += done
                print(f"{decided} decided")
                return 0
            parent = parent_of_this()
            if parent is not None:
                end_with(parent, stop)
            else:
                say("deciding; Ctrl+C or the signal TERM ends it")
            decide_forever(engine, desk, stop, log)
        log.write("stopped")
    return 0


class RulesInForce:
    """What the hub judges by: the rules of both classes, made anew when a newer list of premiums came."""

    def __init__(self, config: Config) -> None:
        self._config = config
        classes = (config.of_class(training=training) for training in (False, True))
        self._premiums = tuple(reference_dir(one) / PREMIUMS_NAME for one in classes)
        self._made: tuple[tuple[int, ...], Rules] | None = None

    def __call__(self) -> Rules:
        changed = tuple(map(changed_ns, self._premiums))
        if self._made is None or self._made[0] != changed:
            self._made = (changed, self._rules())
        return self._made[1]

    def _rules(self) -> Rules:
        from kiosk.hub.judging import Rules

        real, practice = (self._of_class(training=training) for training in (False, True))
        return Rules(real, practice, known_terms(), max(map(first_day, self._premiums)))

    def _of_class(self, *, training: bool) -> Rulebook:
        config = self._config.of_class(training=training)
        rules = light(config)
        return replace(rules, facilities=_Facilities(config, rules.facilities))


class _Facilities:
    """The hub's own list of facilities; before there is one, those of the kiosks are as good as any."""

    def __init__(self, config: Config, found: Facilities) -> None:
        self._own = reference_dir(config) / FACILITIES_NAME
        self._found = found
        self._changed = 0
        self._known: dict[str, Facility | None] = {}

    def find(self, code: str) -> Facility | None:
        changed = changed_ns(self._own)
        if changed != self._changed or len(self._known) > _MOST_KNOWN:
            self._changed, self._known = changed, {}
        if code not in self._known:
            self._known[code] = self._found.find(code) or (None if changed else Facility(code, ""))
        return self._known[code]

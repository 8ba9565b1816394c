"""The services of a run: the program's own, which tell the run of what they do and act what is planted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Event, Forbidden, Registration, after
from kiosk.domain.rulebook import Rulebook
from kiosk.services.drafts import Drafts
from kiosk.services.mending import Mending
from kiosk.services.ports import AuditLine, Clock, UnitOfWorkFactory
from kiosk.services.queries import Queries
from kiosk.services.registration import Registrar, Submitted
from kiosk.services.sync_ports import REFUSED, HubDecision
from kiosk.training.scenario import Kind
from kiosk.training.session import Play

TRAINER = "training"
"""Who decides in place of a hub, in the audit trail of a run."""


class NoSender:
    """A network that takes every message and brings none."""

    def send(self, number: str, text: str) -> None:
        """Loses it."""


def power_goes() -> None:
    """Ends this process as a power cut does: at once, and nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


class PlayedDrafts(Drafts):
    """Tells of each stored answer; after the one that the scenario names, the power goes, once."""

    def __init__(
        self, *given: Any, play: Play, rules: Callable[[], Rulebook], cut: Callable[[], None] = power_goes
    ) -> None:
        super().__init__(*given)
        self._play = play
        self._rules_now = rules
        self._cut = cut

    def save(
        self, draft: Draft, *, fields: Iterable[str] = (), codes: Iterable[str] = (), **more: Any
    ) -> Draft:
        named = tuple(fields)
        saved = super().save(draft, fields=named, codes=codes, **more)
        self._play.stored(saved, named, self._rules_now())
        planted = self._play.scenario.planted(Kind.POWER_CUT)
        if planted is not None and planted.field in named and not self._play.tally.was_cut:
            self._play.cut()
            self._cut()
        return saved

    def resume(self, draft_id: str) -> Draft | None:
        found = super().resume(draft_id)
        if found is not None:
            self._play.opened(found)
        return found


class PlayedRegistrar(Registrar):
    """Tells of the registration; what the scenario has a hub refuse is refused as soon as it is stored."""

    def __init__(self, *given: Any, play: Play, judge: Judge, **named: Any) -> None:
        super().__init__(*given, **named)
        self._play = play
        self._judge = judge

    def submit(self, draft: Draft, rules: Rulebook, **more: Any) -> Submitted:
        done = super().submit(draft, rules, **more)
        if done.registration is not None:
            self._play.registered()
            self._judge.decide(done.registration)
        return done


class PlayedMending(Mending):
    """Tells of what was opened to be mended, and of the mended version."""

    def __init__(self, *given: Any, play: Play) -> None:
        super().__init__(*given)
        self._play = play

    def open(self, reference: str, rules: Rulebook) -> Any:
        opened = super().open(reference, rules)
        self._play.opened(opened.draft)
        return opened

    def submit(self, draft: Draft, rules: Rulebook, **more: Any) -> Submitted:
        done = super().submit(draft, rules, **more)
        if done.registration is not None:
            self._play.registered()
        return done


class PlayedQueries(Queries):
    """Tells of every number that somebody was searched for by."""

    def __init__(self, *given: Any, play: Play) -> None:
        super().__init__(*given)
        self._play = play

    def find(self, text: str) -> list[Registration]:
        self._play.looked_up(text)
        return super().find(text)

    def of_kk(self, kk: str) -> list[Registration]:
        self._play.looked_up(kk)
        return super().of_kk(kk)


class Judge:
    """Refuses the first version in place of a hub, where the scenario plants that.

    What it writes is what the word of a hub would leave behind; it has no key and sends nothing.
    """

    def __init__(self, play: Play, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._play = play
        self._open_work = open_work
        self._clock = clock

    def decide(self, registration: Registration) -> None:
        """Refuses it where that is planted; durable when this returns."""
        planted = self._play.scenario.planted(Kind.HUB_REFUSES)
        if planted is None or registration.version > 1:
            return
        now = self._clock.now()
        with self._open_work() as work:
            queued = work.outbox.get(registration.id, registration.version)
            sent = after(registration, Event.SEND, now.wall)
            refused = sent if isinstance(sent, Forbidden) else after(sent, Event.REFUSE, now.wall)
            if queued is None or isinstance(refused, Forbidden):
                return
            work.outbox.put(replace(queued, sent_at=now.wall))
            work.decisions.put(
                HubDecision(
                    registration=registration.id,
                    version=registration.version,
                    verdict=REFUSED,
                    hash="",
                    decided_at=now.wall,
                    problems=(Problem(planted.field, planted.code),),
                )
            )
            work.registrations.replace(refused)
            line = AuditLine(
                "registration.refused",
                registration.reference,
                now,
                TRAINER,
                (planted.field,),
                (planted.code,),
            )
            work.audit.append(line)
            work.commit()

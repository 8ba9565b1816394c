"""Gathers the facts that the doctor judges, each when its turn comes and none able to stop the others."""

from __future__ import annotations

import locale
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

from kiosk.channels import sms_files
from kiosk.clock import SystemClock
from kiosk.config import Config
from kiosk.domain.registration import Moment
from kiosk.facilities import STORE_NAME
from kiosk.language import is_filled, missing
from kiosk.reference import table
from kiosk.services import doctor
from kiosk.services.doctor import Check, Finding
from kiosk.store.copying import read_note
from kiosk.store.health import StoreFacts, key_problem, look, open_to_others
from kiosk.store.reserve import Reserve
from kiosk.store.sync_note import SyncNoteFile

_MONO = frozenset({"", "dumb", "vt100", "vt220", "linux-m"})


class Space(Protocol):
    """What a file system says of its room."""

    @property
    def f_bavail(self) -> int: ...
    @property
    def f_frsize(self) -> int: ...


def terminal_size() -> tuple[int, int] | None:
    """Columns and lines of the terminal that this program is used from; None where there is none."""
    for descriptor in (1, 0, 2):
        with suppress(OSError):
            if os.isatty(descriptor):
                return tuple(os.get_terminal_size(descriptor))  # type: ignore[return-value]
    return None


@dataclass(frozen=True, slots=True)
class Machine:
    """What the doctor asks of the machine; tests put another in its place."""

    statvfs: Callable[[Path], Space] = os.statvfs
    seconds: Callable[[], float] = time.time
    terminal: Callable[[], tuple[int, int] | None] = terminal_size
    clock: SystemClock | None = None


class Examination:
    """All checks of one profile, in the order in which they are told."""

    def __init__(self, config: Config, machine: Machine | None = None) -> None:
        self._config = config
        self._machine = machine or Machine()

    def findings(self) -> list[Finding]:
        """What every check found; what only an open store can tell is left out where it did not open."""
        return doctor.examine(self._on_the_machine())

    def _on_the_machine(self) -> Iterator[Check]:
        yield "disk", self._disk
        yield "reserve", self._reserve
        yield "clock", self._clock
        yield "key", self._key
        yield "folder", self._folder
        yield "database", self._database
        if not self._facts.problem:
            yield from self._in_the_store()
        yield "reference", self._reference
        yield "facilities", self._facilities
        yield "sms", self._sms
        yield "copies", self._copies
        yield "sync", self._sync
        yield "languages", self._languages
        yield "printer", self._printer
        yield "receipts", self._receipts
        yield "terminal", self._terminal

    def _in_the_store(self) -> Iterator[Check]:
        facts = self._facts
        yield "schema", lambda: doctor.schema(facts.steps, facts.known_steps)
        yield "chain", self._chain
        yield "cards", self._cards
        yield "enrolment", self._enrolment
        yield "waiting", self._waiting
        yield "aside", lambda: doctor.set_aside(facts.aside, facts.aside_codes)
        yield "drafts", self._drafts
        if self._config.profile == "counter":
            yield "staff", self._staff

    @cached_property
    def _facts(self) -> StoreFacts:
        return look(self._config.store_dir, self._config.key_file)

    def _chain(self) -> Finding:
        facts, note = self._facts, read_note(self._config.store_dir)
        return doctor.chain(facts.chain_lines, facts.first_bad, lacking=facts.lacking, copied=note.lines)

    @cached_property
    def _moment(self) -> Moment:
        """Now, as trusted as the newest record lets it be; practice has days of its own."""
        clock = self._machine.clock or SystemClock(zone=self._config.kiosk.timezone)
        if self._newest is not None and self._facts.newest is not None:
            clock.remember(self._facts.newest)
        return clock.now()

    @property
    def _now(self) -> datetime:
        return datetime.fromisoformat(self._moment.wall)

    @property
    def _newest(self) -> datetime | None:
        newest = self._facts.newest
        return None if newest is None or self._config.is_training else _time(newest.wall)

    def _disk(self) -> Finding:
        return doctor.disk(self._free())

    def _free(self) -> int:
        found = self._machine.statvfs(_nearest(self._config.store_dir))
        return found.f_bavail * found.f_frsize

    def _reserve(self) -> Finding:
        size = self._config.store.reserve_mib
        kept = Reserve(self._config.store_dir, size)
        return doctor.reserve(size, whole=kept.is_whole(), room=self._free() >= 2 * size * doctor.MIB)

    def _clock(self) -> Finding:
        return doctor.clock(self._now, self._newest, trusted=self._moment.trusted)

    def _key(self) -> Finding:
        problem = key_problem(self._config.key_file, self._config.store_dir)
        return doctor.key(problem, str(self._config.key_file), has_store=self._facts.problem != "none")

    def _folder(self) -> Finding:
        return doctor.folder([str(path) for path in open_to_others(self._config.store_dir)])

    def _database(self) -> Finding:
        facts = self._facts
        return doctor.database(facts.problem, str(self._config.store_dir), finished=facts.finished)

    def _cards(self) -> Finding:
        facts, settings = self._facts, self._config.cards
        return doctor.cards(
            facts.cards_left, settings.low_water, demo=facts.cards_demo, training=self._config.is_training
        )

    def _waiting(self) -> Finding:
        facts = self._facts
        oldest = _time(facts.oldest_waiting)
        return doctor.waiting(facts.waiting, oldest, self._now, hub=bool(facts.enrolled_as))

    def _enrolment(self) -> Finding:
        config = self._config
        return doctor.enrolment(self._facts.enrolled_as, config.kiosk.id, config.hub.url)

    def _sync(self) -> Finding:
        note = SyncNoteFile(self._config.store_dir).last()
        return doctor.sync(note, self._now, self._config.hub.minutes)

    def _drafts(self) -> Finding:
        saved = [found for text in self._facts.drafts_saved if (found := _time(text)) is not None]
        expiry = self._config.drafts
        return doctor.drafts(saved, self._now, expiry.days, expiry.warn_days)

    def _staff(self) -> Finding:
        facts = self._facts
        signs_in, unsigned = self._config.counter.sign_in, _time(facts.unsigned_since)
        return doctor.staff(facts.staff, facts.supervisors, unsigned, self._now, signs_in=signs_in)

    def _reference(self) -> Finding:
        checked = table("premiums")["date"]
        return doctor.reference(checked, self._now.date(), self._config.doctor.reference_days)

    def _facilities(self) -> Finding:
        imported = self._config.store_dir / "reference" / STORE_NAME
        count = None
        if imported.is_file():
            with imported.open("rb") as file:
                count = max(sum(1 for _ in file) - 1, 0)
        return doctor.facilities(count, training=self._config.is_training)

    def _sms(self) -> Finding:
        spool = self._config.sms_spool
        oldest = self._machine.seconds() - doctor.SMS_MINUTES * 60
        old = sum(path.stat().st_mtime < oldest for path in sms_files.waiting(spool))
        return doctor.sms(
            simulated=self._config.sms_simulated,
            training=self._config.is_training,
            writable=_is_writable(spool),
            old=old,
            path=str(spool),
        )

    def _copies(self) -> Finding:
        to, store = self._config.copies_dir, _nearest(self._config.store_dir)
        there = to is not None and to.is_dir()
        return doctor.copies(
            str(to or ""),
            read_note(self._config.store_dir),
            there=there,
            same_disk=to is not None and there and to.stat().st_dev == store.stat().st_dev,
        )

    def _languages(self) -> Finding:
        chosen = {*self._config.kiosk.languages.split(), self._config.kiosk.language}
        return doctor.languages({code: len(missing(code)) for code in chosen if not is_filled(code)})

    def _printer(self) -> Finding:
        to = self._config.printer_to
        usable = to is not None and not to.is_file() and os.access(to, os.W_OK)
        return doctor.printer(str(to or ""), there=usable)

    def _receipts(self) -> Finding:
        folder = self._config.receipts_dir
        return doctor.receipts(str(folder or ""), writable=folder is not None and _is_writable(folder))

    def _terminal(self) -> Finding:
        encoding = sys.__stdout__.encoding if sys.__stdout__ else locale.getpreferredencoding()
        mono = os.environ.get("TERM", "") in _MONO or bool(os.environ.get("NO_COLOR"))
        return doctor.terminal(
            self._machine.terminal(), utf8="utf" in (encoding or "").lower(), colours=not mono
        )


def _time(wall: str) -> datetime | None:
    """The time that a record says; None for what is no time with its offset."""
    try:
        found = datetime.fromisoformat(wall)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _nearest(place: Path) -> Path:
    """The folder itself, or what is above it where it is not there yet."""
    return next((one for one in (place, *place.parents) if one.exists()), Path("/"))


def _is_writable(folder: Path) -> bool:
    """Whether files can be made in `folder`, or the folder where it is not there yet."""
    nearest = _nearest(folder)
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)

"""Decides records: some at a time in one transaction, from the sealed envelope to the signed answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from kiosk.domain.fields import Problem
from kiosk.domain.registration import Decision, Outcome
from kiosk.domain.segments import KnownPeople
from kiosk.errors import KioskError
from kiosk.hub import participants, waiting
from kiosk.hub.answers import write
from kiosk.hub.cases import Case
from kiosk.hub.database import transaction
from kiosk.hub.events import EventLog
from kiosk.hub.judging import Judgement, Rules, Verdict, judge, judging_day, read_record
from kiosk.hub.keys import HubKeys
from kiosk.hub.members import claim
from kiosk.hub.numbers import settle
from kiosk.hub.opening import ClosedError, opened
from kiosk.hub.waiting import Waiting
from kiosk.sync.envelope import Header

ACCEPTED_ONCE = "record.accepted"
SUPERSEDED = "record.superseded"
FAILED = "record.failed"
"""The code of a record that this program cannot judge although it could be taken in."""

_FINAL = frozenset({"accepted", "lapsed"})


@dataclass(frozen=True)
class Desk:
    """What deciding needs: keys, rules, the time, a log, and the name under which it is written down."""

    keys: Callable[[], HubKeys]
    rules: Callable[[], Rules]
    who: str = "decider"
    log: EventLog = field(default_factory=EventLog)
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


def decide_once(engine: Engine, desk: Desk, *, most: int = 50) -> int:
    """Decides at most `most` records that wait, or sets them aside for a person; how many it was.

    Everything about a record is durable together, or it waits as before. Where some cannot be decided
    together, each is decided alone, and one that still fails is set aside. Raises OperationalError where the
    database is not there, or found two workers in each other's way: then the same can be tried again.
    """
    try:
        with transaction(engine) as session:
            return decide(session, waiting.take(session, most), desk)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - one record must not keep the others from being decided
        desk.log.crash(error)
    done = 0
    for _ in range(most):
        decided = _alone(engine, desk)
        if not decided:
            break
        done += decided
    return done


def _alone(engine: Engine, desk: Desk) -> int:
    with transaction(engine) as session:
        found = waiting.take(session, 1)
        try:
            with session.begin_nested():
                return decide(session, found, desk)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - it is set aside with its code, and the next one goes on
            desk.log.crash(error)
        cases = [Case(one, aside=FAILED) for one in found]
        write(session, cases, desk.keys(), desk.who, desk.now())
        return len(cases)


def decide(session: Session, found: Sequence[Waiting], desk: Desk) -> int:
    """Decides records that this transaction has locked; how many of them, as some may have to wait a turn."""
    if not found:
        return 0
    keys = desk.keys()
    known = waiting.before(session, found)
    cases = [Case(one, known.get(one.place)) for one in found]
    for case in cases:
        _read(case, keys, desk)
    niks = {nik for case in cases if case.reading for nik in case.reading.niks}
    hashed = {nik: keys.hashed_nik(nik) for nik in niks}
    _judge(session, cases, hashed, keys, desk)
    claim(session, cases, hashed)
    claims = [one for case in cases if case.is_accepted and (one := case.claim())]
    settled = settle(session, claims, desk.now())
    for case in cases:
        case.settled = settled.get(case.waiting.record)
    done = [case for case in cases if not case.postponed]
    write(session, done, keys, desk.who, desk.now())
    return len(done)


def _read(case: Case, keys: HubKeys, desk: Desk) -> None:
    """Opens the record; what cannot be opened or read is for a person."""
    one, rules = case.waiting, desk.rules()
    try:
        found = opened(one.raw, keys.openers)
        header, case.content = found.header, found.content
        _check_row(one, header)
        _by_versions(case)
        if case.judgement is None:
            training = one.kiosk.training
            day = judging_day(case.content, one.received_ms, rules, training=training)
            case.reading = read_record(case.content, rules.on(day, training=training), rules.terms)
    except KioskError as error:
        case.aside = error.code
    except Exception as error:  # noqa: BLE001 - whatever a record holds, it keeps no other from being decided
        desk.log.crash(error)
        case.aside = FAILED


def _check_row(row: Waiting, header: Header) -> None:
    """The row that it was filed under says the same as the header that the kiosk signed."""
    if (header.kiosk, header.training) != (row.kiosk.name, row.kiosk.training):
        raise ClosedError("envelope.kiosk")
    if (header.record, header.version, header.content_hash) != (str(row.record), row.version, row.hash):
        raise ClosedError("envelope.header")


def _by_versions(case: Case) -> None:
    """Only the newest version of a record counts, and an accepted one cannot be changed by a later one."""
    before = case.before
    if before is None:
        return
    if before.state in _FINAL:
        _refuse_by_name(case, ACCEPTED_ONCE)
    elif before.newest > case.waiting.version:
        _refuse_by_name(case, SUPERSEDED)


def _refuse_by_name(case: Case, code: str) -> None:
    problems = (Problem("record", code),)
    case.judgement = Judgement(Verdict.REFUSED, problems, Decision(Outcome.REFUSED, problems))
    case.stands = True


def _judge(
    session: Session, cases: Sequence[Case], hashed: dict[str, bytes], keys: HubKeys, desk: Desk
) -> None:
    """Judges what could be read, with what the hub knows of the people in all of them."""
    open_cases = [case for case in cases if case.is_open]
    if not open_cases:
        return
    cards = {case.reading.family.kk for case in open_cases if case.reading}
    people = participants.find(session, hashed.keys(), cards, keys)
    held = waiting.holders(session, hashed.values())
    for case in open_cases:
        reading = case.reading
        if reading is None:
            continue
        known = KnownPeople(
            on_kk=people.by_kk.get(reading.family.kk, ()),
            by_nik=tuple(people.by_nik[nik] for nik in sorted(reading.niks) if nik in people.by_nik),
        )
        taken = {nik: held[hashed[nik]] for nik in reading.niks if hashed[nik] in held}
        try:
            case.judgement = judge(reading, known, taken)
        except KioskError as error:
            case.aside = error.code
        except Exception as error:  # noqa: BLE001 - as in `_read`
            desk.log.crash(error)
            case.aside = FAILED

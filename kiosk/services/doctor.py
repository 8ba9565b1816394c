"""The doctor: looks at everything that a kiosk stands on, and says of each part whether it must be mended.

The judgements are functions of plain facts; who gathers the facts is chosen in `kiosk.examination`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from kiosk.errors import KioskError
from kiosk.services.ports import CopyNote

if TYPE_CHECKING:
    from kiosk.services.sync_ports import SyncNote

MIB = 1024 * 1024
FULL_MIB, LOW_MIB = 20, 200
"""Free space below which nothing more should be begun, and below which somebody should look."""

FIRST_YEAR, LAST_YEAR = 2026, 2050
BEHIND_SECONDS = 120
AHEAD_DAYS = 90
WAITING_DAYS = 7
SMS_MINUTES = 10
FEWEST_SUPERVISORS, UNSIGNED_DAYS = 2, 3


class Health(StrEnum):
    """How a part is: well; to be looked at when there is time; to be mended."""

    OK = "ok"
    LOOK = "look"
    MEND = "mend"


class Texts(Protocol):
    """A language."""

    def text(self, key: str, **params: str | int) -> str: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part: `text` names the sentences in the catalogue, `params` fill them in."""

    check: str
    state: Health
    text: str
    params: Mapping[str, str | int] = field(default_factory=dict)

    def name(self, language: Texts) -> str:
        return language.text(f"doctor.name.{self.check}")

    def says(self, language: Texts) -> str:
        return language.text(f"doctor.{self.text}", **self.params)

    def mend(self, language: Texts) -> str:
        """How to mend it; empty where nothing is to be done."""
        return "" if self.state is Health.OK else language.text(f"doctor.{self.text}.mend", **self.params)


Check = tuple[str, Callable[[], Finding]]


def examine(checks: Iterable[Check]) -> list[Finding]:
    """Does every check, whatever happens to the others."""
    return [_guarded(name, check) for name, check in checks]


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except KioskError as error:
        return Finding(name, Health.MEND, "failed", {"code": error.code})
    except Exception as error:  # noqa: BLE001 - on a broken machine anything can fail, and the rest still counts
        return Finding(name, Health.MEND, "failed", {"code": type(error).__name__})


def must_be_mended(findings: Iterable[Finding]) -> bool:
    """Whether any part is to be mended."""
    return any(finding.state is Health.MEND for finding in findings)


def _found(check: str, state: Health, word: str, **params: str | int) -> Finding:
    return Finding(check, state, f"{check}.{word}", params)


def disk(free_bytes: int) -> Finding:
    """How much room is left for the store."""
    free = free_bytes // MIB
    if free < FULL_MIB:
        return _found("disk", Health.MEND, "full", free=free)
    return (
        _found("disk", Health.LOOK, "low", free=free)
        if free < LOW_MIB
        else _found("disk", Health.OK, "ok", free=free)
    )


def reserve(size_mib: int, *, whole: bool, room: bool) -> Finding:
    """Whether the space for the family in hand is held, or there is room to make it at the next start."""
    if not size_mib:
        return _found("reserve", Health.LOOK, "none")
    if whole or room:
        return _found("reserve", Health.OK, "ok" if whole else "later", size=size_mib)
    return _found("reserve", Health.LOOK, "gone", size=size_mib)


def clock(now: datetime, newest: datetime | None, *, trusted: bool) -> Finding:
    """Whether the clock can be right: by its year and the newest record (both times have an offset)."""
    shown = f"{now:%d-%m-%Y %H:%M}"
    if not FIRST_YEAR <= now.year <= LAST_YEAR:
        return _found("clock", Health.MEND, "year", now=shown)
    if newest is not None:
        seconds = (now - newest).total_seconds()
        if seconds < -BEHIND_SECONDS:
            return _found("clock", Health.MEND, "behind", now=shown, newest=f"{newest:%d-%m-%Y %H:%M}")
        if seconds > AHEAD_DAYS * 86400:
            return _found("clock", Health.LOOK, "ahead", now=shown, newest=f"{newest:%d-%m-%Y %H:%M}")
    return (
        _found("clock", Health.OK, "ok", now=shown)
        if trusted
        else _found("clock", Health.LOOK, "doubtful", now=shown)
    )


def key(problem: str, path: str, *, has_store: bool) -> Finding:
    """The key file: `problem` is empty or one of missing, mode, size, inside, unreadable."""
    if problem == "missing" and not has_store:
        return _found("key", Health.OK, "later")
    return _found("key", Health.MEND, problem, path=path) if problem else _found("key", Health.OK, "ok")


def folder(open_paths: Sequence[str]) -> Finding:
    """The modes of the store's folder and files: `open_paths` are those that others may read."""
    if open_paths:
        return _found("folder", Health.MEND, "open", path=open_paths[0], count=len(open_paths))
    return _found("folder", Health.OK, "ok")


def database(problem: str, path: str, *, finished: bool = True) -> Finding:
    """Whether the store opens and is whole: `problem` is empty, none, or the code of an error."""
    if problem == "none":
        return _found("database", Health.OK, "none")
    if problem:
        word = problem.removeprefix("store.")
        known = {"wrong_key", "damaged", "plain", "locked", "newer", "full"}
        return _found(
            "database", Health.MEND, word if word in known else "unreadable", path=path, code=problem
        )
    return _found("database", Health.OK, "ok") if finished else _found("database", Health.LOOK, "unfinished")


def chain(lines: int, first_bad: int | None, *, lacking: int = 0, copied: int = 0) -> Finding:
    """The newest lines of the audit chain; `first_bad` is the first that does not hold.

    That its end was cut off shows in `lacking`, newest records whose lines are not there, and in `copied`,
    the lines that the last copy had.
    """
    if first_bad is not None:
        return _found("chain", Health.MEND, "broken", line=first_bad)
    if copied > lines:
        return _found("chain", Health.MEND, "shorter", lines=lines, copied=copied)
    if lacking:
        return _found("chain", Health.MEND, "cut", lines=lines, count=lacking)
    return _found("chain", Health.OK, "ok", lines=lines)


def schema(done: int, known: int) -> Finding:
    """How many steps of its history the store has, and how many this program knows."""
    if done > known:
        return _found("schema", Health.MEND, "newer")
    return _found("schema", Health.OK, "ok" if done == known else "older")


def reference(premiums: date, today: date, most_days: int) -> Finding:
    """How old the premiums are."""
    age = (today - premiums).days
    params: dict[str, str | int] = {"date": f"{premiums:%d-%m-%Y}", "days": age}
    return (
        _found("reference", Health.LOOK, "old", **params)
        if age > most_days
        else _found("reference", Health.OK, "ok", **params)
    )


def facilities(count: int | None, *, training: bool) -> Finding:
    """The imported list of facilities: how many, or None where the invented one is in use."""
    if count is None:
        return _found(
            "facilities", Health.OK if training else Health.LOOK, "practice" if training else "demo"
        )
    return _found("facilities", Health.OK, "ok", count=count)


def sms(*, simulated: bool, training: bool, writable: bool, old: int, path: str) -> Finding:
    """Whether text messages leave: `old` have waited in the spool for longer than ten minutes."""
    if simulated:
        return _found("sms", Health.OK if training else Health.LOOK, "practice" if training else "simulated")
    if not writable:
        return _found("sms", Health.MEND, "closed", path=path)
    if old:
        return _found("sms", Health.MEND, "stuck", count=old, minutes=SMS_MINUTES)
    return _found("sms", Health.OK, "ok")


def cards(left: int, low_water: int, *, demo: bool, training: bool) -> Finding:
    """The card numbers that are left."""
    if demo and not training:
        return _found("cards", Health.LOOK, "demo", count=left)
    if left == 0:
        return _found("cards", Health.LOOK, "none")
    return _found(
        "cards",
        Health.LOOK if left < low_water else Health.OK,
        "low" if left < low_water else "ok",
        count=left,
    )


def waiting(count: int, oldest: datetime | None, now: datetime, *, hub: bool) -> Finding:
    """What waits to be sent, and for how long."""
    if not count or oldest is None:
        return _found("waiting", Health.OK, "none")
    days = max((now - oldest).days, 0)
    late = hub and days >= WAITING_DAYS
    return _found(
        "waiting", Health.LOOK if late else Health.OK, "late" if late else "ok", count=count, days=days
    )


def drafts(saved: Sequence[datetime], now: datetime, days: int, warn_days: int) -> Finding:
    """Drafts by when they were last saved; they expire after `days` (0: never), told `warn_days` before."""
    ending = sum((now - one).days >= max(days - warn_days, 0) for one in saved) if days else 0
    if ending:
        return _found("drafts", Health.LOOK, "ending", count=ending, days=days)
    return _found("drafts", Health.OK, "ok", count=len(saved))


def copies(folder_: str, note: CopyNote, *, there: bool, same_disk: bool) -> Finding:
    """The automatic copy: where it goes, whether that is there, and what came of the last one."""
    last = note.at[:16].replace("T", " ") or "-"
    if not folder_:
        return _found("copies", Health.LOOK, "none", last=last)
    if not there:
        return _found("copies", Health.LOOK, "absent", path=folder_, last=last)
    if note.code:
        word = note.code.removeprefix("copy.")
        known = {"full", "io", "check"}
        return _found(
            "copies",
            Health.MEND,
            word if word in known else "failed",
            path=folder_,
            last=last,
            code=note.code,
        )
    if same_disk:
        return _found("copies", Health.LOOK, "same_disk", path=folder_, last=last)
    return _found("copies", Health.OK, "ok" if note.at else "first", last=last, lines=note.lines)


def enrolment(enrolled_as: str, kiosk: str, hub_url: str) -> Finding:
    """Whether the hub knows this kiosk, under its own name."""
    if not enrolled_as:
        return _found("enrolment", Health.LOOK if hub_url else Health.OK, "missing" if hub_url else "none")
    if enrolled_as != kiosk:
        return _found("enrolment", Health.MEND, "other", other=enrolled_as, kiosk=kiosk)
    return _found("enrolment", Health.OK, "ok", kiosk=kiosk)


def set_aside(count: int, codes: Sequence[str]) -> Finding:
    """What the hub did not take in."""
    if not count:
        return _found("aside", Health.OK, "none")
    return _found("aside", Health.LOOK, "some", count=count, codes=", ".join(codes))


def sync(note: SyncNote, now: datetime, minutes: int) -> Finding:
    """When the hub was last reached, and what keeps it from being."""
    last = note.contact_at[:16].replace("T", " ") or "-"
    if note.code:
        return _found("sync", Health.LOOK, "failed", last=last, code=note.code)
    if not note.contact_at:
        return _found("sync", Health.OK, "none")
    late = (now - datetime.fromisoformat(note.contact_at)).days >= 1 and minutes > 0
    return _found("sync", Health.LOOK if late else Health.OK, "late" if late else "ok", last=last)


def staff(
    count: int, supervisors: int, unsigned: datetime | None, now: datetime, *, signs_in: bool
) -> Finding:
    """The accounts: that more than one person can unlock and allow, and that days are signed."""
    if not count:
        return _found("staff", Health.OK, "first" if signs_in else "none")
    if supervisors < FEWEST_SUPERVISORS:
        return _found("staff", Health.LOOK, "alone", count=count)
    if unsigned is not None and (now - unsigned).days >= UNSIGNED_DAYS:
        return _found("staff", Health.LOOK, "unsigned", date=f"{unsigned:%d-%m-%Y}")
    return _found("staff", Health.OK, "ok", count=count)


def languages(lacking: Mapping[str, int]) -> Finding:
    """The languages to choose from: how many sentences those to be filled in still lack, by their codes."""
    if not lacking:
        return _found("languages", Health.OK, "ok")
    code = min(lacking, key=lambda one: lacking[one])
    return _found("languages", Health.LOOK, "unfilled", code=code, count=lacking[code])


def printer(path: str, *, there: bool) -> Finding:
    """The printer: whether what it writes to, if anything, is there and may be written to."""
    if not path:
        return _found("printer", Health.OK, "none")
    return (
        _found("printer", Health.OK, "ok", path=path)
        if there
        else _found("printer", Health.MEND, "closed", path=path)
    )


def receipts(path: str, *, writable: bool) -> Finding:
    """The folder for receipts."""
    if not path:
        return _found("receipts", Health.OK, "none")
    return (
        _found("receipts", Health.OK, "ok")
        if writable
        else _found("receipts", Health.MEND, "closed", path=path)
    )


def terminal(size: tuple[int, int] | None, *, utf8: bool, colours: bool) -> Finding:
    """The terminal: `size` is columns and lines, None where there is none."""
    if size is None:
        return _found("terminal", Health.OK, "none")
    columns, lines = size
    if columns < 80 or lines < 24:
        return _found("terminal", Health.MEND, "small", columns=columns, lines=lines)
    if not utf8:
        return _found("terminal", Health.LOOK, "encoding")
    return _found("terminal", Health.OK, "ok" if colours else "mono", columns=columns, lines=lines)

"""Bulk intake: families from a file, each decided and stored alone, and participants from an extract."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kiosk.domain.directory import STATUSES, Participant
from kiosk.domain.family import read_family
from kiosk.domain.fields import Refusal, one_problem_a_field, tidy
from kiosk.domain.identifiers import digits_only, is_card_number, is_digits
from kiosk.domain.rulebook import Rulebook
from kiosk.services.answering import answers_of, filled
from kiosk.services.drafts import Drafts
from kiosk.services.family_lines import Entry, Line, Readable, lines_of
from kiosk.services.ports import AuditLine, Clock, UnitOfWorkFactory
from kiosk.services.queries import refusal_object, submitted_object
from kiosk.services.registration import Registrar

BATCH = 1_000
"""Participants stored in one transaction."""


class Importer:
    """Takes in files of families and participant extracts."""

    def __init__(
        self, open_work: UnitOfWorkFactory, clock: Clock, drafts: Drafts, registrar: Registrar
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._drafts = drafts
        self._registrar = registrar

    def register(
        self, entries: Iterable[Entry], rules: Rulebook, *, who: str = "-"
    ) -> Iterator[dict[str, Any]]:
        """The result object of each family, in order; each is durable when its result is given out.

        Raises StoreError when the store fails; the families before stay registered.
        """
        for entry in entries:
            if entry.family is None:
                yield refusal_object(entry.problems)
                continue
            answers, shape = answers_of(entry.family)
            draft = filled(self._drafts.start(), answers, rules.terms_version)
            wrong = (*entry.problems, *shape)
            if wrong:
                yield refusal_object(one_problem_a_field((*wrong, *read_family(draft, rules)[1])))
            else:
                yield submitted_object(self._registrar.submit(draft, rules, source="file", who=who))

    def directory(self, stream: Readable, rules: Rulebook, *, who: str = "-") -> Iterator[Taken]:
        """What came of each line of a participant extract; the good ones are durable a thousand at a time.

        Lines are given out when they are stored or refused, so not in their order.
        """
        batch: dict[str, Participant] = {}
        numbers: list[int] = []
        for line in lines_of(stream):
            if line.blank:
                continue
            try:
                person = participant_of(line, rules)
            except Refusal as refusal:
                yield Taken(line.number, refusal.code)
                continue
            batch[person.nik] = person
            numbers.append(line.number)
            if len(numbers) == BATCH:
                yield from self._stored(batch, numbers, who)
                batch, numbers = {}, []
        yield from self._stored(batch, numbers, who)

    def _stored(self, batch: Mapping[str, Participant], numbers: list[int], who: str) -> Iterator[Taken]:
        if not batch:
            return
        with self._open_work() as work:
            work.directory.put(list(batch.values()))
            work.audit.append(AuditLine("directory.imported", "directory", self._clock.now(), who))
            work.commit()
        yield from (Taken(number) for number in numbers)


@dataclass(frozen=True, slots=True)
class Taken:
    """One line of an extract: stored, or refused with a code."""

    line: int
    code: str = ""


def participant_of(line: Line, rules: Rulebook) -> Participant:
    """The participant of one line of an extract; raises Refusal with a code and no personal data."""
    row = _row(line)
    unknown = sorted(set(row) - _KEYS)
    if unknown:
        raise Refusal("key.unknown")
    return Participant(
        nik=_number(row, "nik", rules),
        card=_card(row),
        name=_text(row, "name", "name.missing"),
        birth_date=_day(row, "birth_date") or _refuse("birth_date.missing"),
        kk=_number(row, "kk", rules),
        segment=_one_of(row, "segment", rules.segments),
        status=_one_of(row, "status", STATUSES),
        care_class=_class(row),
        fktp=_text(row, "fktp"),
        head=_typed(row, "head", bool, default=False),
        arrears_months=_months(row),
        since=_day(row, "since"),
    )


_KEYS = frozenset(
    "nik card name birth_date kk segment status class fktp head arrears_months since".split()  # noqa: SIM905
)


def _refuse(code: str) -> Any:
    raise Refusal(code)


def _row(line: Line) -> dict[str, Any]:
    try:
        row = json.loads(line.data.decode()) if line.data is not None else None
    except UnicodeDecodeError as error:
        raise Refusal("file.encoding") from error
    except (ValueError, RecursionError) as error:
        raise Refusal("file.line") from error
    if not isinstance(row, dict):
        raise Refusal("file.line")
    return row


def _typed(row: Mapping[str, Any], key: str, kind: type, *, default: Any) -> Any:
    value = row.get(key)
    if value is None:
        return default
    if type(value) is not kind:
        raise Refusal("key.type")
    return value


def _text(row: Mapping[str, Any], key: str, missing: str = "") -> str:
    text = tidy(_typed(row, key, str, default=""))
    if not text and missing:
        raise Refusal(missing)
    if len(text) > 200 or not text.isprintable():
        raise Refusal(f"{key}.characters")
    return text


def _number(row: Mapping[str, Any], key: str, rules: Rulebook) -> str:
    number = digits_only(_text(row, key, f"{key}.missing"))
    if not is_digits(number):
        raise Refusal(f"{key}.characters")
    if len(number) != 16:
        raise Refusal(f"{key}.length")
    if number.startswith("99") != rules.training:
        raise Refusal(f"{key}.not_training" if rules.training else f"{key}.training_only")
    return number


def _card(row: Mapping[str, Any]) -> str:
    card = digits_only(_text(row, "card", "card.missing"))
    return card if is_card_number(card) else str(_refuse("card.format"))


def _day(row: Mapping[str, Any], key: str) -> date | None:
    text = _text(row, key)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Refusal(f"{key}.format") from error


def _one_of(row: Mapping[str, Any], key: str, allowed: Iterable[str]) -> str:
    value = _text(row, key, f"{key}.missing")
    return value if value in allowed else str(_refuse(f"{key}.choice"))


def _class(row: Mapping[str, Any]) -> int | None:
    value = row.get("class")
    if value is None:
        return None
    if type(value) is not int or value not in {1, 2, 3}:
        raise Refusal("class.choice")
    return value


def _months(row: Mapping[str, Any]) -> int:
    months = int(_typed(row, "arrears_months", int, default=0))
    return months if 0 <= months < 10_000 else int(_refuse("arrears_months.format"))

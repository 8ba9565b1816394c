"""The perfect clerk: the fewest keys that register a family, by the same form that the screens draw."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from kiosk.domain import captcha, entry
from kiosk.domain.draft import Draft, member_path, split_member_path
from kiosk.domain.family import NO_NIK, as_family_file, read_answer, read_family
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Flow, Step
from kiosk.domain.form import BANK_PATHS, spec_for
from kiosk.domain.registration import Decision
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople, assess, refused
from kiosk.services.answering import answers_of, filled
from kiosk.services.ports import Randomness
from kiosk.services.verification import DIGITS, code_of, new_secret

ENTER, DELETE, BACKSPACE, SAME, LATER, NEXT = "enter", "delete", "backspace", "f6", "f9", "f10"
FINISH = "f12"
CAPTCHA, CODE = "captcha", "code"
"""Stand for one key of a captcha or of a code that nobody can know beforehand."""

_SHORT = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_XTERM = {
    ENTER: b"\r",
    # Not Backspace: a terminal that is still being set up would take it as an order to itself.
    DELETE: b"\x1b[3~",
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f3": b"\x1bOR",
    "f4": b"\x1bOS",
    "f5": b"\x1b[15~",
    SAME: b"\x1b[17~",
    LATER: b"\x1b[20~",
    NEXT: b"\x1b[21~",
    FINISH: b"\x1b[24~",
    BACKSPACE: b"\x7f",
}


@dataclass(frozen=True, slots=True)
class Stroke:
    """One key: its name as Textual has it, and the character that it types, if any."""

    name: str
    character: str = ""

    @property
    def known(self) -> bool:
        return self.name not in {CAPTCHA, CODE}

    @property
    def raw(self) -> bytes:
        """The bytes that an xterm sends for it."""
        return self.character.encode() if self.character else _XTERM[self.name]


def typed(text: str) -> tuple[Stroke, ...]:
    """The keys that type `text`."""
    return tuple(Stroke(key_name(character), character) for character in text)


def key_name(character: str) -> str:
    """The name that Textual gives to the key of a character: letters and digits are themselves."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return _SHORT.get(name, name)


@dataclass(frozen=True, slots=True)
class Pages:
    """Which pages a kiosk has around the questions: those of one without staff, and those between them
    where one question fills a page."""

    public: bool = False
    single: bool = False


def _in_common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )


class NotTypeable(Exception):
    """The form would not take this family's answer at `problem.field`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def decision_on(draft: Draft, rules: Rulebook, known: KnownPeople) -> Decision:
    """What would become of a family with these answers, if it were submitted now."""
    family, problems = read_family(draft, rules)
    if any(problem.blocks for problem in problems):
        return refused(problems)
    return assess(family, known, rules)


class Clerk:
    """Types one family, from the first screen to the receipt.

    `wanted` is the draft of a family file, `known_for` tells who is known of a draft, `may_send` whether
    a number can be sent a code now, `pages` how this kiosk shows the form; `randomness` is what the screens
    will draw captcha and code from, and without it their keys are placeholders.
    """

    def __init__(
        self,
        wanted: Draft,
        rules: Rulebook,
        known_for: Callable[[Draft, Rulebook], KnownPeople],
        *,
        may_send: Callable[[str], bool] = lambda _phone: True,
        default_facility: str = "",
        pages: Pages = Pages(),
        randomness: Randomness | None = None,
    ) -> None:
        self._may_send = may_send
        self._wanted = wanted
        self._rules = rules
        self._known_for = known_for
        self._default_facility = default_facility
        self._pages = pages
        self._randomness = randomness
        self._known = KnownPeople()
        self.draft = Draft(id=wanted.id, started_at=wanted.started_at)

    def keys(self) -> Iterator[Stroke]:
        """Every key in order; raises NotTypeable where the form would hold the person."""
        for _, strokes in self.answers():
            yield from strokes

    def answers(self) -> Iterator[tuple[str, tuple[Stroke, ...]]]:
        """The keys row by row with the path of the row, "" for those that only go on to the next page.

        Raises NotTypeable where the form would hold the person. `draft` has the answer when it is given out.
        """
        if self._pages.public:
            yield "", (Stroke(NEXT), Stroke(NEXT))  # the language, and what one has to know beforehand
        yield "", (Stroke(NEXT), Stroke(NEXT))  # a new family, and its agreement to the terms
        yield from self._rows_of(Step.KK)
        for member in range(self._wanted.member_count):
            yield from self._list_of_tasks()
            yield from self._rows_of(Step.MEMBERS, member)
        yield "", (Stroke(NEXT),)
        if self.flow.route.asks_class():
            yield from self._class_and_bank()
            yield from self._list_of_tasks()
        yield from self._rows_of(Step.CONTACT)
        yield from self._review()
        yield from self._rows_of(Step.CONSENT)
        yield "", (Stroke(NEXT),)

    def _list_of_tasks(self) -> Iterator[tuple[str, tuple[Stroke, ...]]]:
        if self._pages.single:
            yield "", (Stroke(ENTER),)

    def _review(self) -> Iterator[tuple[str, tuple[Stroke, ...]]]:
        """All at once, or each member, then where they live, then how it is paid for."""
        parts = self._wanted.member_count + 2 if self._pages.single else 1
        yield "", (Stroke(NEXT),) * parts

    @property
    def flow(self) -> Flow:
        """The flow of what is typed so far."""
        return Flow(self.draft, self._rules, self._known)

    def _rows_of(self, step: Step, member: int = 0) -> Iterator[tuple[str, tuple[Stroke, ...]]]:
        path = ""
        while True:
            paths = entry.rows(step, self.flow, member)
            at = paths.index(path) + 1 if path else 0
            if at == len(paths):
                return
            path = paths[at]
            yield path, tuple(self._row(path))

    def _row(self, path: str) -> Iterator[Stroke]:
        if path == entry.CAPTCHA:
            yield from (*self._captcha(), Stroke(ENTER))
        elif path == entry.CODE:
            yield from self._proof_of_phone()
        elif path.endswith(entry.NIK_AGAIN):
            nik = self._value(path.replace(entry.NIK_AGAIN, "nik"))
            yield from (*typed(str(nik)[-4:]), Stroke(ENTER))
        elif self._begins_without_nik(path):
            yield Stroke(LATER)
        else:
            yield from self._answer(path)

    def _begins_without_nik(self, path: str) -> bool:
        found = split_member_path(path)
        if found is None or found[1] != "nik" or not self._wanted.answer(member_path(found[0], NO_NIK)):
            return False
        self.draft = self.draft.with_answers({member_path(found[0], NO_NIK): "yes", path: None})
        return True

    # One row that is stored.

    def _answer(self, path: str) -> tuple[Stroke, ...]:
        wanted = self._value(path)
        stands = entry.suggestion(path, self.flow, self._default_facility)
        ways = sorted(self._ways(path, wanted, stands), key=lambda way: len(way[0]))
        if not ways:
            raise NotTypeable(Problem(path, f"{spec_for(path).key}.missing"))
        keys, raw = ways[0]
        raw = entry.expanded(path, raw, self.draft)
        self.draft = self.draft.with_answers({path: raw})
        self._known = self._known_for(self.draft, self._rules)
        problem = next(iter(entry.problems_at(path, self.draft, self._rules, self._known)), None)
        if problem is not None and problem.blocks:
            raise NotTypeable(problem)
        return (*keys, Stroke(ENTER)) if problem is not None else keys

    def _ways(self, path: str, wanted: Any, stands: str) -> Iterator[tuple[tuple[Stroke, ...], str]]:
        """Every way to the wanted value: the keys, and the raw answer that they leave in the row."""
        if wanted is None:
            yield ((Stroke(DELETE), Stroke(ENTER)) if stands else (Stroke(ENTER),)), ""
            return
        if stands and self._reads(path, stands) == wanted:
            yield (Stroke(ENTER),), stands
        for text in self._short_forms(path, wanted):
            if self._reads(path, text) == wanted:
                yield (*typed(text), Stroke(ENTER)), text
        yield from self._same_as_before(path, wanted)

    def _same_as_before(self, path: str, wanted: Any) -> Iterator[tuple[tuple[Stroke, ...], str]]:
        value = str(wanted)
        begun = value.lower().rpartition(" ")[0] if path.endswith(".name") else ""
        raw = entry.same_as_before(path, self.draft, begun)
        if not raw:
            return
        if not entry.same_completes(path):
            if value.startswith(raw):
                yield (Stroke(SAME), *typed(value[len(raw) :]), Stroke(ENTER)), value
        elif self._reads(path, raw) == wanted:
            yield (*typed(begun), Stroke(SAME)), raw

    def _short_forms(self, path: str, wanted: Any) -> Iterator[str]:
        """Texts that may read as `wanted`, whoever is shortest."""
        spec = spec_for(path)
        if spec.key == "accepted":
            yield "y"
            return
        if spec.choices is not None:
            for choice in self._rules.choices[spec.choices].choices:
                yield from (choice.code, choice.value, *choice.labels.values(), *choice.aliases)
        if isinstance(wanted, date):
            yield wanted.strftime("%d%m%Y")
            return
        value = str(wanted)
        if spec.key in {"rt", "rw"}:
            yield value.lstrip("0") or "0"
        if spec.key == "region":
            yield value[-4:]
        if spec.key == "phone":
            yield "0" + value.removeprefix("+62")
        yield value.lower()
        yield value
        yield self._wanted.answer(path)

    def _value(self, path: str) -> Any:
        value = read_answer(self._wanted, path, self._rules).value
        return "none" if path == "login" and value is None else value

    def _reads(self, path: str, raw: str) -> Any:
        raw = entry.expanded(path, raw, self.draft)
        return spec_for(path).clean(raw, self._rules, path).value

    def _class_and_bank(self) -> Iterator[tuple[str, tuple[Stroke, ...]]]:
        """The class, and the bank account unless the family leaves it out where that may be."""
        given = any(self._wanted.answer(path) for path in BANK_PATHS)
        if given or not entry.may_stay_blank(BANK_PATHS[0], self._wanted, self._rules):
            yield from self._rows_of(Step.CLASS)
        else:
            *keys, _ = self._answer("class")
            yield "class", (*keys, Stroke(NEXT))

    # A row that is changed later.

    def as_stored(self) -> Draft:
        """The draft with its answers as values, as they stand where a stored family is opened again."""
        family = as_family_file(self.flow.family, self._rules.terms_version)
        return filled(self.draft, answers_of(json.loads(json.dumps(family)))[0], self._rules.terms_version)

    def change(self, path: str) -> tuple[Stroke, ...]:
        """The keys in a row that has another answer already: typed anew, or mended from its end."""
        stands, wanted = self.draft.answer(path), self._value(path)
        if entry.is_mended(path):
            text = str(wanted)
            kept = _in_common(stands, text)
            keys = (*(Stroke(BACKSPACE),) * (len(stands) - kept), *typed(text[kept:]), Stroke(ENTER))
        else:
            forms = [form for form in self._short_forms(path, wanted) if self._reads(path, form) == wanted]
            if not forms:
                raise NotTypeable(Problem(path, f"{spec_for(path).key}.missing"))
            text = min(forms, key=len)
            keys = (*typed(text), Stroke(ENTER))
        self.draft = self.draft.with_answers({path: entry.expanded(path, text, self.draft)})
        problem = next(iter(entry.problems_at(path, self.draft, self._rules, self._known)), None)
        if problem is not None and problem.blocks:
            raise NotTypeable(problem)
        return (*keys, Stroke(ENTER)) if problem is not None else keys

    # Rows that are proofs.

    def _captcha(self) -> tuple[Stroke, ...]:
        if self._randomness is None:
            return (Stroke(CAPTCHA),) * captcha.LENGTH
        challenge = captcha.make_challenge(self._randomness.take(captcha.RANDOM_BYTES, "captcha:1"), 0)
        return typed(min(str(challenge.answer), challenge.characters.lower(), key=len))

    def _proof_of_phone(self) -> tuple[Stroke, ...]:
        """The code, or going on without one where the number has had all its codes of this hour."""
        if self._may_send(str(self._value("contact.phone"))):
            return (*self._code(), Stroke(ENTER))
        return (Stroke(LATER),)

    def _code(self) -> tuple[Stroke, ...]:
        if self._randomness is None:
            return (Stroke(CODE),) * DIGITS
        return typed(code_of(new_secret(self._randomness, str(self._value("contact.phone")), 1)))

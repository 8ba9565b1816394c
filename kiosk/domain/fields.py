"""The shape of one field: how a raw answer becomes a value or a problem."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kiosk.domain.rulebook import Rulebook

Severity = Literal["error", "warning"]
Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one answer: an error blocks, a warning asks to look again."""

    field: str
    code: str
    severity: Severity = "error"
    params: Mapping[str, str | int] = dataclasses.field(default_factory=dict)

    @property
    def blocks(self) -> bool:
        return self.severity == "error"

    def as_dict(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "code": self.code,
            "severity": self.severity,
            "params": dict(self.params),
        }


class Refusal(Exception):
    """Raised by a parser or check: the problem's code, its severity and what the sentence needs."""

    def __init__(self, code: str, severity: Severity = "error", **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.severity = severity
        self.params = params

    def at(self, path: str) -> Problem:
        return Problem(path, self.code, self.severity, self.params)


Parser = Callable[[str, Rulebook], Any]
Check = Callable[[Any, Rulebook], None]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The outcome of cleaning one raw answer: the value, None where an error stands, and the problems."""

    value: Any
    problems: tuple[Problem, ...] = ()

    @property
    def blocked(self) -> bool:
        return any(problem.blocks for problem in self.problems)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a form, for screens, files, prompts and the hub alike.

    `parse` turns tidy text into a value, `checks` look at the value in order; each raises `Refusal`.
    `missing` is the code for a blank answer to a required field. `choices` names a code table.
    `max_length` is in characters of the raw answer. `sensitive` answers are masked in lists and logs.
    """

    key: str
    parse: Parser
    checks: tuple[Check, ...] = ()
    required: bool = True
    missing: str = ""
    choices: str | None = None
    max_length: int = 120
    sensitive: bool = False

    def clean(self, raw: str, rules: Rulebook, path: str = "") -> Cleaned:
        """The value of `raw` and its first problem, reported at `path` (default: the field's own key)."""
        where = path or self.key
        text = tidy(raw)
        if not text:
            if self.required:
                return Cleaned(None, (Problem(where, self.missing or f"{self.key}.missing"),))
            return Cleaned(None)
        try:
            value = self.parse(text, rules)
        except Refusal as refusal:
            return Cleaned(None, (refusal.at(where),))
        return self._checked(value, rules, where)

    def _checked(self, value: Any, rules: Rulebook, where: str) -> Cleaned:
        warning: Problem | None = None
        for check in self.checks:
            try:
                check(value, rules)
            except Refusal as refusal:
                problem = refusal.at(where)
                if problem.blocks:
                    return Cleaned(None, (problem,))
                warning = warning or problem
        return Cleaned(value, (warning,) if warning else ())


def tidy(raw: str) -> str:
    """`raw` without invisible characters, composed (NFC), every kind of blank as one plain space."""
    if raw.isascii() and raw.isprintable():  # nearly all of them, and nothing to take out
        return " ".join(raw.split())
    kept = []
    for char in raw:
        category = unicodedata.category(char)
        if category == "Cf" or char in _INVISIBLE:
            continue
        kept.append(" " if category in {"Zs", "Zl", "Zp"} or char in "\t\n\r" else char)
    text = unicodedata.normalize("NFC", "".join(kept))
    return " ".join(word for word in text.split(" ") if word)


# Characters that print nothing although Unicode does not class them as format characters.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0\ufe0e\ufe0f")


def one_problem_a_field(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The first error of each field, or its first warning where it has no error, in the order found."""
    chosen: dict[str, Problem] = {}
    for problem in problems:
        held = chosen.get(problem.field)
        if held is None or (problem.blocks and not held.blocks):
            chosen[problem.field] = problem
    return tuple(chosen.values())

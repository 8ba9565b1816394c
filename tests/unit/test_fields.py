"""Tidying and cleaning raw text: whatever is typed, a spec answers and never fails."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.domain.entry import CAPTCHA, CODE, NIK_AGAIN
from kiosk.domain.fields import FieldSpec, Problem, Refusal, one_problem_a_field, tidy
from kiosk.domain.form import CHECKABLE, FAMILY_PATHS, MEMBER_KEYS, SPECS, spec_for
from kiosk.domain.rulebook import Rulebook
from tests.builders import a_rulebook

hostile = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="0123456789-./ +٠９²\u00a0\u200b\u202e\x00\x1b\n", max_size=40),
    st.text(alphabet="aAßŉǰıİﬁÅé\u0301\u02bc'\u200d.,-/`@", max_size=70),  # noqa: RUF001
    st.from_regex(r"99[0-9]{14}", fullmatch=True),
    st.from_regex(r"[0-9]{1,2}[-/. ]?[0-9]{1,2}[-/. ]?[0-9]{4}", fullmatch=True),
)
every_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))


def as_typed(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


@every_spec
@given(raw=hostile, training=st.booleans())
@example(raw="ß" * 60, training=True)
@example(raw="\u1e96", training=True)
@example(raw="e\u200d\u0301", training=True)
@example(raw="\ud800", training=True)
@example(raw="9" * 5000, training=False)
def test_cleaning_never_fails_and_a_clean_value_stays_as_it_is(
    spec: FieldSpec, raw: str, *, training: bool
) -> None:
    rules = a_rulebook(training=training)
    cleaned = spec.clean(raw, rules)
    assert len(cleaned.problems) <= 1
    assert cleaned.blocked is (cleaned.value is None and bool(cleaned.problems))
    if cleaned.value is not None:
        again = spec.clean(as_typed(cleaned.value), rules)
        assert again == cleaned
    elif not cleaned.blocked:
        assert not spec.required
        assert not tidy(raw)


@every_spec
def test_a_blank_answer_is_missing_where_one_is_required(spec: FieldSpec) -> None:
    for blank in ("", "  ", "\u200b\u00a0", "\n"):
        problems = spec.clean(blank, a_rulebook()).problems
        assert len(problems) == int(spec.required)
        assert all("missing" in problem.code and problem.blocks for problem in problems)


@every_spec
def test_a_choice_is_named_by_its_value_code_labels_and_aliases(spec: FieldSpec) -> None:
    rules = a_rulebook()
    if spec.choices is None:
        assert spec.key not in rules.choices
        return
    for entry in rules.choices[spec.choices].choices:
        for word in (entry.value, entry.code, *entry.labels.values()):
            for typed in (word, word.upper(), f" {word.lower()} "):
                assert as_typed(spec.clean(typed, rules).value) == entry.value, typed


@given(st.text())
def test_tidying_twice_is_tidying_once(raw: str) -> None:
    text = tidy(raw)
    assert tidy(text) == text
    assert unicodedata.is_normalized("NFC", text)
    assert "  " not in text
    assert text == text.strip(" ")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\u00a0\u2009\u3000b", "a b"),
        ("a\u2028b\u2029c", "a b c"),
        ("\u202ea\u2066b\u2069\u200f", "ab"),
        ("\ufefff\u00adoo\u034f", "foo"),
        ("e\u200d\u0301", "é"),
        ("\u2800", ""),
        ("a\r\n\tb\n", "a b"),
        ("a\x1b[2Jb", "a\x1b[2Jb"),
    ],
)
def test_invisible_characters_go_and_control_characters_stay_to_be_refused(raw: str, text: str) -> None:
    assert tidy(raw) == text


def test_free_text_and_names_refuse_control_characters() -> None:
    rules = a_rulebook()
    for key in ("street", "occupation", "name", "birth_place", "mother_name", "owner", "guardian"):
        for sign in ("\x00", "\x07", "\x1b", "\x7f", "\x9b", "\ud800"):
            found = SPECS[key].clean(f"Jl. Melati{sign}", rules)
            assert found.problems[0].code == {
                "street": "address.characters",
                "occupation": "occupation.choice",
            }.get(key, "name.characters")


def _always(code: str, severity: Any) -> Any:
    def check(_value: Any, _rules: Rulebook) -> None:
        raise Refusal(code, severity, days=3)

    return check


def test_the_first_error_goes_before_the_first_warning() -> None:
    checks = (_always("a.warns", "warning"), _always("b.warns", "warning"), _always("c.fails", "error"))
    warned = FieldSpec("x", lambda text, _: text, checks[:2]).clean("1", a_rulebook(), "members[0].x")
    assert warned.problems == (Problem("members[0].x", "a.warns", "warning", {"days": 3}),)
    assert warned.value == "1"
    failed = FieldSpec("x", lambda text, _: text, checks).clean("1", a_rulebook())
    assert (failed.value, [problem.code for problem in failed.problems]) == (None, ["c.fails"])


def test_one_problem_a_field_keeps_errors_and_the_order() -> None:
    soft, hard, other = Problem("a", "w", "warning"), Problem("a", "e"), Problem("b", "x")
    assert one_problem_a_field([soft, other, hard, Problem("a", "later")]) == (hard, other)
    assert one_problem_a_field([]) == ()


def test_a_problem_as_programs_exchange_it() -> None:
    problem = Problem("members[1].nik", "nik.length", params={"count": 15})
    expected = {"field": "members[1].nik", "code": "nik.length", "severity": "error", "params": {"count": 15}}
    assert problem.as_dict() == expected


def test_every_path_of_the_forms_has_its_spec() -> None:
    assert {spec_for(path).key for path in FAMILY_PATHS} | set(MEMBER_KEYS) == set(SPECS)
    assert spec_for("members[12].mother_nik") is SPECS["mother_nik"]
    assert set(CHECKABLE) <= set(SPECS)
    for path in ("", "members[0]", "members[0].shoe", NIK_AGAIN, CAPTCHA, CODE, "members[-1].nik"):
        with pytest.raises(KeyError):
            spec_for(path)

"""The draft: answers as typed, by path, never changed in place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.draft import Draft, member_path, split_member_path

paths = st.one_of(
    st.sampled_from(["kk", "login", "contact.phone"]),
    st.builds(member_path, st.integers(0, 4), st.sampled_from(["nik", "name"])),
)
answers = st.dictionaries(paths, st.text(max_size=5))


def draft(**changes: str) -> Draft:
    return Draft("id", "now", {path.replace("__", "."): raw for path, raw in changes.items()})


def test_an_answer_is_kept_exactly_as_typed() -> None:
    changed = draft().with_answers({"kk": " 12.34\n", "members[0].nik": ""})
    assert changed.answer("kk") == " 12.34\n"
    assert changed.answer("members[0].nik") == ""
    assert changed.answer("never asked") == ""


def test_a_draft_is_never_changed_in_place() -> None:
    given_to = {"kk": "1"}
    first = Draft("id", "now", given_to)
    given_to["kk"] = "2"
    second = first.with_answers({"kk": "3"}).with_facts({"captcha": "passed"}).moved_to("kk")
    assert (first.answer("kk"), first.fact("captcha"), first.at) == ("1", "", "")
    assert (second.answer("kk"), second.fact("captcha"), second.at) == ("3", "passed", "kk")
    with pytest.raises(TypeError):
        first.answers["kk"] = "4"  # type: ignore[index]


def test_none_takes_an_answer_or_a_fact_away() -> None:
    both = draft(kk="1", login="2").with_facts({"a": "b"})
    assert dict(both.with_answers({"kk": None, "never": None}).answers) == {"login": "2"}
    assert dict(both.with_facts({"a": None}).facts) == {}


@given(answers, answers)
def test_later_answers_lie_over_earlier_ones(first: dict[str, str], second: dict[str, str]) -> None:
    assert dict(Draft("id", "now", first).with_answers(second).answers) == first | second


@given(answers)
def test_taking_out_a_member_moves_the_later_ones_up(raw: dict[str, str]) -> None:
    before = Draft("id", "now", raw)
    for index in range(before.member_count):
        after = before.without_member(index)
        kept = [before.member(other) for other in range(before.member_count) if other != index]
        assert [after.member(other) for other in range(len(kept))] == kept
        assert after.answer("kk") == before.answer("kk")


def test_members_are_counted_by_their_highest_answer() -> None:
    assert draft().member_count == 0
    assert Draft("id", "now", {"members[1].nik": "1"}).member_count == 2
    assert Draft("id", "now", {"kk": "1"}).without_member(0).member_count == 0


@given(st.integers(0, 99), st.from_regex(r"[a-z_]+", fullmatch=True))
def test_a_member_path_comes_apart_again(index: int, key: str) -> None:
    assert split_member_path(member_path(index, key)) == (index, key)


@pytest.mark.parametrize(
    "path", ["", "kk", "members", "members[0]", "members[].nik", "members[-1].nik", "members[0].a.b"]
)
def test_what_is_no_path_of_a_member(path: str) -> None:
    assert split_member_path(path) is None

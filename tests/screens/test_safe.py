import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from screens.safe import MARKS_A_BASE, cells, fit, safe_text

HOSTILE = [chr(n) for n in (*range(0x20), 0x7F, *range(0x80, 0xA0), 0xD800, 0xDFFF, 0xE000, 0xFFFE, 0x378)]
INVISIBLE = [
    chr(n) for n in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0x200B, 0x200C)
]
INVISIBLE += [chr(n) for n in (0x200D, 0x2060, 0xFEFF, 0xAD, 0x034F, 0xFE0F, 0xE0041, 0x180E, 0x115F)]
LINE_BREAKS = "\t\n\v\f\r\x85\u2028\u2029"


@pytest.mark.parametrize("character", HOSTILE, ids=ascii)
def test_a_hostile_character_becomes_a_sign(character: str) -> None:
    shown = " " if character in LINE_BREAKS else "?"
    assert safe_text(f"a{character}b") == f"a{shown}b"


@pytest.mark.parametrize("character", INVISIBLE, ids=ascii)
def test_an_invisible_character_goes(character: str) -> None:
    assert safe_text(f"a{character}b") == "ab"


@pytest.mark.parametrize(
    "name", ["SITI AMINAH", "D'ALMEIDA, S.Pd.", "José Ñúñez", "Ngurah Rai", "[/] [red]x[/red]", "李"]
)
def test_an_honest_name_is_left_alone(name: str) -> None:
    assert safe_text(name) == name


def test_odd_spaces_and_line_breaks_are_spaces() -> None:
    assert safe_text("a\u00a0b\u2003c\nd\u2028e\tf") == "a b c d e f"


def test_letters_written_from_right_to_left_cannot_move_the_digits_beside_them() -> None:
    assert safe_text("\u05d0\u0627 3173") == "?? 3173"


def test_blank_looking_letters_are_seen() -> None:
    assert safe_text("a\u3164b\u2800c") == "a?b?c"


def test_accents_do_not_climb() -> None:
    tower = safe_text("q" + "\u0301" * 50)
    assert tower == "q" + "\u0301" * MARKS_A_BASE


def test_an_accent_without_a_letter_cannot_fall_on_what_stands_before_it() -> None:
    assert safe_text("\u0301a") == "a"


def test_an_emoji_whose_width_terminals_disagree_on_is_a_sign() -> None:
    assert safe_text("a\U0001f600b\u231a") == "a?b?"


@given(st.text(st.characters(codec=None)))
def test_what_comes_out_has_only_honest_cells(text: str) -> None:
    shown = safe_text(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in shown)
    assert not any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in shown)
    assert "\x1b" not in shown
    assert cells(text) == sum(map(cells, shown))


@given(st.text(st.characters(codec=None)))
def test_the_gate_passes_its_own_work(text: str) -> None:
    assert safe_text(safe_text(text)) == safe_text(text)


@given(st.text(), st.integers(0, 40))
def test_fit_is_exact(text: str, width: int) -> None:
    assert cells(fit(text, width)) == width


def test_terminals_and_the_program_agree_on_every_width() -> None:
    wrong = [c for c in map(chr, range(0x20, 0x30000)) if wcswidth(safe_text(c)) != cells(c)]
    assert not wrong, [hex(ord(c)) for c in wrong[:40]]

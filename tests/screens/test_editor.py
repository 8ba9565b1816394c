"""What is typed into a row that has an answer already: numbers and choices anew, words are mended."""

from __future__ import annotations

import pytest

from screens.editor import Editor
from screens.keys import Key, Press


def typed(editor: Editor, *presses: Press | str) -> str:
    for press in presses:
        editor.press(Press(Key.TEXT, press) if isinstance(press, str) else press)
    return editor.text


def test_the_first_character_takes_the_place_of_a_number() -> None:
    assert typed(Editor("12081979", replaces=True), "1", "2") == "12"


@pytest.mark.parametrize("key", [Key.BACKSPACE, Key.LEFT, Key.HOME, Key.END])
def test_who_moves_in_it_first_mends_it(key: Key) -> None:
    editor = Editor("12081979", replaces=True)
    typed(editor, Press(key), "X")
    assert len(editor.text) >= len("12081979")
    assert "X" in editor.text


def test_words_are_gone_on_with() -> None:
    assert typed(Editor("SITI"), "X") == "SITIX"

"""The one gate for text that people or other machines wrote, on its way to the terminal."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, set_cell_size

SIGN: Final = "?"
"""Stands where a character was that must not reach the terminal."""
MARKS_A_BASE: Final = 2
"""Accents kept on one letter; more would climb over the lines above and below."""

_SPACES: Final = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]")
_INVISIBLE: Final = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
_NO_LETTERS: Final = frozenset("\u2800\u3164\uffa0\ufffc\ufffd")
_RIGHT_TO_LEFT: Final = frozenset(("R", "AL", "AN"))
_REFUSED: Final = frozenset(("Cc", "Cs", "Co", "Cn"))


def safe_text(text: str) -> str:
    """The text with nothing in it that a terminal obeys, hides, turns round or draws outside its cells.

    Line breaks and odd spaces become a space, invisible characters go, everything else that is not one
    honest glyph becomes `?`: control codes, lone surrogates, private and unassigned characters, letters
    written from right to left (a terminal that turns them would move the digits beside them), emoji.
    """
    if text.isascii() and text.isprintable():
        return text
    return _clean(text)


def cells(text: str) -> int:
    """Columns that the text takes once it is safe."""
    return cell_len(safe_text(text))


def fit(text: str, width: int) -> str:
    """The safe text cut or padded with spaces to exactly so many columns."""
    return set_cell_size(safe_text(text), width)


@lru_cache(maxsize=2048)
def _clean(text: str) -> str:
    out: list[str] = []
    marks = MARKS_A_BASE
    for character in unicodedata.normalize("NFC", _SPACES.sub(" ", text)):
        category = unicodedata.category(character)
        if category == "Cf" or _INVISIBLE.match(character):
            continue
        if category in ("Mn", "Me") and cell_len(character) == 0:
            marks += 1
            if marks <= MARKS_A_BASE:
                out.append(character)
            continue
        shown = " " if category == "Zs" else character if _is_honest(character, category) else SIGN
        out.append(shown)
        marks = MARKS_A_BASE if shown in (" ", SIGN) else 0
    return "".join(out)


def _is_honest(character: str, category: str) -> bool:
    """Whether the character is one glyph, read from left to right, as wide as it claims."""
    if category in _REFUSED or character in _NO_LETTERS:
        return False
    if unicodedata.bidirectional(character) in _RIGHT_TO_LEFT:
        return False
    if category in ("So", "Sk") and character > "\uffff":
        return False
    width = cell_len(character)
    if width == 2:
        return category == "Lo" and unicodedata.east_asian_width(character) in "WF"
    return width == 1 and not category.startswith("M")

"""Large letters and digits for the captcha, drawn with `#` and blanks so that every terminal shows them."""

from __future__ import annotations

from collections.abc import Mapping

ROWS = 6
COLUMNS = 9
GAP = 3

_DRAWN: Mapping[str, str] = {
    "2": """
 #######
##     ##
      ##
   ###
 ##
#########""",
    "3": """
 #######
##     ##
    ####
       ##
##     ##
 #######""",
    "4": """
##    ##
##    ##
##    ##
#########
      ##
      ##""",
    "6": """
  ######
##
########
##     ##
##     ##
 #######""",
    "7": """
#########
      ##
     ##
    ##
   ##
  ##""",
    "9": """
 #######
##     ##
##     ##
 ########
       ##
 ######""",
    "A": """
   ###
  ## ##
 ##   ##
#########
##     ##
##     ##""",
    "C": """
  #######
 ##
##
##
 ##
  #######""",
    "E": """
#########
##
#######
##
##
#########""",
    "F": """
#########
##
#######
##
##
##""",
    "H": """
##     ##
##     ##
#########
##     ##
##     ##
##     ##""",
    "K": """
##    ###
##  ###
#####
#####
##  ###
##    ###""",
    "T": """
#########
   ###
   ###
   ###
   ###
   ###""",
    "X": """
##     ##
  ## ##
   ###
   ###
  ## ##
##     ##""",
}

GLYPHS: Mapping[str, tuple[str, ...]] = {
    char: tuple(row.ljust(COLUMNS) for row in drawing.split("\n")[1:]) for char, drawing in _DRAWN.items()
}
"""Each character as six rows of nine columns."""


def big(text: str) -> tuple[str, ...]:
    """`text` as six rows, nine columns a character and three between; KeyError for one that has no glyph."""
    return tuple((" " * GAP).join(GLYPHS[char][row] for char in text) for row in range(ROWS))

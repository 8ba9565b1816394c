"""The texts of the screens by key, in Indonesian and English, from gettext catalogues."""

from __future__ import annotations

import ast
import gettext
import re
from functools import lru_cache
from pathlib import Path

from kiosk.resources import data_dir

LANGUAGES = ("id", "en")
"""The languages in which everything is said: screens, documents, tables, receipts."""

BASES = {"jv": "id", "su": "id"}
"""Languages that a place may fill in, each with the one that says what is not filled in yet."""

UNASKED = ("desk", "staff", "training")
"""Catalogues of which no family sees anything."""


class Catalogue(gettext.NullTranslations):
    """The messages of one language, read from `.po` files, which a place can edit without a compiler."""

    def __init__(self, files: list[Path]) -> None:
        super().__init__()
        self.messages: dict[str, str] = {}
        for file in files:
            filled = read_po(file.read_text("utf-8")).items()
            self.messages.update({key: sentence for key, sentence in filled if sentence})

    def gettext(self, message: str) -> str:
        return self.messages.get(message, message)


def read_po(text: str) -> dict[str, str]:
    """The messages of a `.po` file by their msgid; the header's empty msgid is left out."""
    messages: dict[str, str] = {}
    key, value, part = "", "", ""
    for raw in [*text.splitlines(), 'msgid ""']:
        line = raw.strip()
        if line.startswith("msgid "):
            if key:
                messages[key] = value
            key, value, part = _unquoted(line[6:]), "", "id"
        elif line.startswith("msgstr "):
            value, part = _unquoted(line[7:]), "str"
        elif line.startswith('"'):
            if part == "id":
                key += _unquoted(line)
            else:
                value += _unquoted(line)
    return messages


def _unquoted(quoted: str) -> str:
    return str(ast.literal_eval(quoted)) if "\\" in quoted else quoted[1:-1]


class Language:
    """One language's texts: `text("problem.nik.length", count=15)`.

    `base` is the one of `LANGUAGES` in which documents and tables of codes are shown with it.
    """

    def __init__(self, code: str) -> None:
        self.code = code if code in LANGUAGES or code in BASES else LANGUAGES[0]
        self.base = BASES.get(self.code, self.code)
        self._catalogue = _catalogue(self.code)

    def has(self, key: str) -> bool:
        return key in self._catalogue.messages

    def text(self, key: str, **params: str | int) -> str:
        """The sentence of `key` with `{name}` filled in; the key itself where no sentence is known."""
        sentence = self._catalogue.gettext(key)
        return sentence.format_map(_Given(params)) if "{" in sentence else sentence

    def rupiah(self, amount: int) -> str:
        """`Rp300.000` in Indonesian, `Rp300,000` in English."""
        grouped = f"{amount:,}"
        return "Rp" + (grouped.replace(",", ".") if self.base == "id" else grouped)


class _Given(dict[str, str | int]):
    """Parameters of a sentence; one that is not given stays as it is written."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def offered(codes: str) -> list[Language]:
    """The languages of this list, divided by blanks, in which a family can be led to the end."""
    return [Language(code) for code in codes.split() if is_filled(code)] or [Language(LANGUAGES[0])]


def is_filled(code: str) -> bool:
    """Whether every sentence that a family may see has one in this language."""
    return code in LANGUAGES or (code in BASES and not missing(code))


def missing(code: str) -> list[str]:
    """The keys that a language to be filled in still takes from its base."""
    own = _own(code)
    base = Catalogue([file for file in _files(BASES[code]) if file.stem not in UNASKED])
    return [key for key in base.messages if key not in own]


def _own(code: str) -> dict[str, str]:
    """What a place has filled in; a sentence that asks for other things than its base does is left out."""
    base = Catalogue(_files(BASES[code])).messages
    filled = Catalogue(_files(code)).messages
    return {key: text for key, text in filled.items() if _asks_for(text) == _asks_for(base.get(key, ""))}


def _asks_for(sentence: str) -> list[str]:
    """The places of a sentence that are filled in, and braces that belong to none."""
    return sorted(set(re.findall(r"\{\w+\}|[{}]", sentence)))


def _files(code: str) -> list[Path]:
    return sorted((data_dir() / "languages" / code).glob("*.po"))


@lru_cache(maxsize=len(LANGUAGES) + len(BASES))
def _catalogue(code: str) -> Catalogue:
    catalogue = Catalogue(_files(BASES.get(code, code)))
    if code in BASES:
        catalogue.messages.update(_own(code))
    return catalogue

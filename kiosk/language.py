"""The texts of the screens by key, in Indonesian and English, from gettext catalogues."""

from __future__ import annotations

import ast
import gettext
from functools import lru_cache
from pathlib import Path

from kiosk.resources import data_dir

LANGUAGES = ("id", "en")


class Catalogue(gettext.NullTranslations):
    """The messages of one language, read from `.po` files, which a place can edit without a compiler."""

    def __init__(self, files: list[Path]) -> None:
        super().__init__()
        self.messages: dict[str, str] = {}
        for file in files:
            self.messages.update(read_po(file.read_text("utf-8")))

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
    """One language's texts: `text("problem.nik.length", count=15)`."""

    def __init__(self, code: str) -> None:
        self.code = code if code in LANGUAGES else LANGUAGES[0]
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
        return "Rp" + (grouped.replace(",", ".") if self.code == "id" else grouped)


class _Given(dict[str, str | int]):
    """Parameters of a sentence; one that is not given stays as it is written."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(code: str) -> Catalogue:
    return Catalogue(sorted((data_dir() / "languages" / code).glob("*.po")))

# ruff: noqa: E501
"""The sentences: both languages have every key, every problem has a sentence, every sentence fits the screen."""

from __future__ import annotations

import ast
import json
import re
import shutil
import textwrap
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk import language as languages
from kiosk.domain.form import SPECS
from kiosk.domain.registration import TRANSITIONS, Forbidden
from kiosk.language import BASES, LANGUAGES, UNASKED, Language, is_filled, missing, offered, read_po
from tests.test_contract import ROWS, Row, rules_of

ROOT = Path(__file__).resolve().parents[2]
WIDTH, LINES = 76, 2
LABEL, EXAMPLE = 22, 34
OFFICES = ("dinsos", "employer", "pandawa", "dukcapil", "branch")
PARAMS = {"count": 300, "limit": 120, "least": 10, "most": 16, "years": 176, "days": 92, "seconds": 3600,
          "minutes": 60, "left": 5, "line": 100_000}  # fmt: skip
"""Every parameter that a sentence may ask for, with a long value of it."""

CONTRACT = ["kk.missing", "kk.characters", "kk.length", "kk.placeholder", "kk.region_unknown", "kk.date", "nik.missing", "nik.characters", "nik.length", "nik.placeholder", "nik.date", "nik.serial", "nik.training_only", "nik.not_training", "nik.duplicate_in_family", "nik.already_registered", "nik.region_unknown", "nik.birth_date_mismatch", "nik.sex_mismatch", "kk.training_only", "kk.not_training", "name.missing", "name.characters", "name.too_long", "birth_date.missing", "birth_date.format", "birth_date.future", "birth_date.very_old", "sex.missing", "sex.choice", "relation.missing", "relation.choice", "marital.missing", "marital.choice", "religion.missing", "religion.choice", "family.empty", "family.no_head", "family.two_heads", "family.not_here", "family.age_order", "newborn.nik_required", "newborn.mother_unknown", "newborn.not_here", "newborn.late", "address.missing", "region.unknown", "postcode.format", "fktp.missing", "fktp.unknown", "fktp.other_regency", "class.missing", "class.choice", "class.not_applicable", "bank.missing", "bank.choice", "account.missing", "account.format", "account.owner_missing", "phone.missing", "phone.format", "phone.not_mobile", "email.missing", "email.format", "otp.wrong", "otp.expired", "otp.used", "otp.too_many", "otp.unverified", "captcha.wrong", "captcha.expired", "consent.missing", "consent.guardian_missing"]  # fmt: skip

CODE = re.compile(r"[a-z_]+\.[a-z_]+")
REFUSING = {"Refusal", "Problem", "Forbidden", "KioskError", "StoreError", "StaleDraftError", "ConfigError", "_refuse",
            "FieldSpec", "choice", "choice_or_text", "digits", "printable", "parse_yes", "at_most"}  # fmt: skip
AT_THE_HUB = ROOT / "kiosk" / "hub"
"""Its people have commands in English; only the problems that it tells a kiosk of are shown on a screen."""
COMMAND_ONLY = {"usage", "show", "contact", "members", "hub", "kiosk", "enrol", "content", "reference",
                "stick", "web", "reset", "lesson"}  # fmt: skip
"""Prefixes of what only a command says in its own words, and of paths that stand beside a code."""

PATHS = {"consent.accepted", "consent.guardian", "consent.terms"}


def catalogue(language: str, name: str) -> dict[str, str]:
    return read_po((ROOT / "data" / "languages" / language / f"{name}.po").read_text("utf-8"))


def parameters(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


def codes_in(file: Path) -> Iterator[str]:
    """The codes that a module refuses with, read from its syntax tree."""
    tree = ast.parse(file.read_text("utf-8"))
    refusing = {"Problem"} if AT_THE_HUB in file.parents else REFUSING
    for node in ast.walk(tree):
        name = node.func if isinstance(node, ast.Call) else None
        called = (
            name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else ""
        )
        inside = [*ast.walk(node)] if called in refusing else [node]
        for one in inside:
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and CODE.fullmatch(one.value):
                prefix, _, rest = one.value.partition(".")
                if called in refusing or (prefix in {"store", "state", "captcha", "file"} and rest != "toml"):
                    yield one.value


SOURCES = sorted(
    {*(ROOT / "kiosk").rglob("*.py"), *(ROOT / "screens").rglob("*.py")} - {ROOT / "kiosk" / "cli.py"}
)
USED = {
    code for file in SOURCES for code in codes_in(file) if code.partition(".")[0] not in COMMAND_ONLY
} - PATHS


@pytest.mark.parametrize(
    "name",
    sorted({file.stem for code in LANGUAGES for file in (ROOT / "data" / "languages" / code).glob("*.po")}),
)
def test_both_languages_have_the_same_keys_and_the_same_parameters(name: str) -> None:
    one, other = (catalogue(language, name) for language in LANGUAGES)
    assert set(one) == set(other)
    assert [key for key in one if parameters(one[key]) != parameters(other[key])] == []
    assert all(one.values())
    assert all(other.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_stands_in_two_files(language: str) -> None:
    """The later file would take the place of the other's without a word."""
    files = sorted((ROOT / "data" / "languages" / language).glob("*.po"))
    keys = [key for file in files for key in catalogue(language, file.stem)]
    assert sorted(key for key, count in Counter(keys).items() if count > 1) == []


def test_the_source_was_read() -> None:
    """A scan that finds nothing would let everything pass."""
    assert len(SOURCES) > 40
    assert {"nik.serial", "otp.wait", "store.full", "state.ended", "address.missing", "key.unknown"} <= USED
    assert len(USED) > 90


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence(language: str) -> None:
    texts = Language(language)
    refused = {answer.code for answer in TRANSITIONS.values() if isinstance(answer, Forbidden)}
    missing = {spec.missing or f"{spec.key}.missing" for spec in SPECS.values() if spec.required}
    codes = {*CONTRACT, *USED, *refused, *missing}
    assert sorted(code for code in codes if not texts.has(f"problem.{code}")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_fits_two_lines_and_says_it_kindly(language: str) -> None:
    for key, sentence in catalogue(language, "problems").items():
        assert parameters(sentence) <= set(PARAMS), key
        filled = Language(language).text(key, **PARAMS)
        assert len(textwrap.wrap(filled, WIDTH)) <= LINES, (key, filled)
        assert filled == filled.strip(), key
        assert filled.isascii(), key
        assert "\n" not in filled, key
        assert filled.endswith((".", "id", "org")) or filled[-1].isdigit(), key
        assert not re.search(r"tidak valid|invalid|error|illegal|!", filled, re.IGNORECASE), key


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.codes], ids=lambda row: f"{row.key}-{row.raw[:12]!r}"
)
def test_a_sentence_gets_every_parameter_that_it_asks_for(row: Row) -> None:
    for problem in SPECS[row.key].clean(row.raw, rules_of(row)).problems:
        for language in LANGUAGES:
            assert "{" not in Language(language).text(f"problem.{problem.code}", **problem.params)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_office_is_told_where_it_is_and_what_to_bring(language: str) -> None:
    texts = catalogue(language, "problems")
    assert {key.partition(".")[2] for key in texts if key.startswith("refer.")} == set(OFFICES)
    contacts = tomllib.loads((ROOT / "data" / "contacts.toml").read_text("utf-8"))
    assert contacts["pandawa"]["whatsapp"] in texts["refer.pandawa"]
    assert contacts["care_center"]["number"] in texts["refer.branch"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_has_a_label_a_question_and_an_example_that_fit(language: str) -> None:
    texts = catalogue(language, "fields")
    keys = {*SPECS, "nik_again", "otp", "captcha"}
    assert set(texts) == {f"{kind}.{key}" for kind in ("field", "question", "example") for key in keys}
    assert [texts[f"field.{key}"] for key in keys if len(texts[f"field.{key}"]) > LABEL] == []
    assert [texts[f"example.{key}"] for key in keys if len(texts[f"example.{key}"]) > EXAMPLE] == []
    assert [
        text for key, text in texts.items() if key.startswith("question.") and not text.endswith("?")
    ] == []
    assert [text for text in texts.values() if len(text) > WIDTH or not text.isascii()] == []


def test_a_text_fills_in_what_it_is_given_and_shows_what_it_lacks() -> None:
    texts = Language("id")
    assert "15" in texts.text("problem.nik.length", count=15)
    assert "{count}" in texts.text("problem.nik.length")
    assert texts.text("no.such.key", count=1) == "no.such.key"
    assert Language("xx").code == "id"


def test_money_reads_as_in_the_language() -> None:
    assert (Language("id").rupiah(300_000), Language("en").rupiah(1_050_000)) == ("Rp300.000", "Rp1,050,000")


def test_a_catalogue_is_read_as_gettext_writes_it() -> None:
    text = 'msgid ""\nmsgstr "Language: id\\n"\n\n# note\nmsgid "a.b"\nmsgstr ""\n"one "\n"\\"two\\" {x}"\n'
    assert read_po(text) == {"a.b": 'one "two" {x}'}


# Languages that a place may fill in.


@pytest.fixture
def filling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The catalogues in a folder of their own, to be filled in there."""
    shutil.copytree(ROOT / "data" / "languages", tmp_path / "languages")
    monkeypatch.setattr(languages, "data_dir", lambda: tmp_path)
    languages._catalogue.cache_clear()
    yield tmp_path / "languages"
    languages._catalogue.cache_clear()


def fill(folder: Path, code: str, change: Callable[[str], str] = lambda text: text) -> None:
    for file in (folder / BASES[code]).glob("*.po"):
        if file.stem not in UNASKED:
            said = read_po(file.read_text("utf-8"))
            rows = [f'msgid "{key}"\nmsgstr {json.dumps(change(text))}\n' for key, text in said.items()]
            (folder / code / file.name).write_text("\n".join(rows), "utf-8")
    languages._catalogue.cache_clear()


@pytest.mark.parametrize("code", BASES)
def test_a_language_that_is_not_filled_in_is_not_offered_and_speaks_its_base(code: str) -> None:
    assert missing(code)
    assert not is_filled(code)
    assert [one.code for one in offered(f"{code} en")] == ["en"]
    assert [one.code for one in offered(code)] == ["id"]
    assert Language(code).text("screen.yes") == Language("id").text("screen.yes")
    assert Language(code).base == "id"
    assert Language(code).rupiah(35_000) == "Rp35.000"
    assert Language(code).text("screen.welcome.name").startswith("Basa ")


@pytest.mark.parametrize("code", BASES)
def test_one_that_is_filled_in_is_offered(filling: Path, code: str) -> None:
    fill(filling, code, lambda text: text.replace("Enter", "ENTER"))
    assert missing(code) == []
    assert [one.code for one in offered(f"id {code} en")] == ["id", code, "en"]
    assert "ENTER" in Language(code).text("screen.question", at=1, of=2)


def test_one_empty_sentence_is_enough_to_be_left_out(filling: Path) -> None:
    fill(filling, "jv")
    file = filling / "jv" / "screens.po"
    sentence = Language("id").text("screen.yes")
    file.write_text(file.read_text("utf-8").replace(f'msgstr "{sentence}"', 'msgstr ""'), "utf-8")
    languages._catalogue.cache_clear()
    assert missing("jv") == ["screen.yes"]
    assert offered("jv id")[0].code == "id"
    assert Language("jv").text("screen.yes") == sentence


@pytest.mark.parametrize("broken", ["{count", "{}", "{other} jiwa", "jiwa", "{count!r}"])
def test_a_sentence_with_other_braces_is_not_used(filling: Path, broken: str) -> None:
    fill(filling, "su", lambda text: broken if text == "{count} jiwa" else text)
    assert missing("su") == ["screen.people"]
    assert Language("su").text("screen.people", count=3) == "3 jiwa"

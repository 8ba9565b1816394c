"""The tables in data/ say where they come from, keep one shape, and hold the figures of the law."""

from __future__ import annotations

import csv
import re
import tomllib
from datetime import date
from typing import Any

import pytest

from kiosk.domain.form import FAMILY_PATHS, MEMBER_KEYS
from kiosk.domain.rulebook import Choice, ChoiceTable
from kiosk.language import read_po
from kiosk.resources import data_dir

DATA = data_dir()
TABLES = sorted(path.stem for path in DATA.glob("*.toml"))
CHOICES = ("relations", "marital", "religion", "occupations", "sexes", "classes", "logins")
OWN_WORDS = {"sms"}  # nothing in it could be right or wrong
CONFIDENCE = re.compile(r"[HMLI]\b")
STEPS = ("terms", "kk", "members", "class", "contact", "review", "consent", "account")
PAGES = ("home", "home_public", "standing", "sending", "choose", "confirm", "doctor", *STEPS)
REFERRALS = {"dinsos", "employer", "pandawa", "dukcapil", "branch"}


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def confidences(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for child in node for found in confidences(child)]
    if not isinstance(node, dict):
        return []
    own = [node["confidence"]] if "confidence" in node else []
    return own + [found for child in node.values() for found in confidences(child)]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_names_its_source_its_date_and_how_sure_it_is(name: str) -> None:
    table = load(name)
    assert table["source"].strip()
    assert isinstance(table["date"], date)
    found = confidences(table)
    assert found or name in OWN_WORDS
    assert all(CONFIDENCE.match(one) for one in found)


def test_every_file_without_room_for_a_source_is_named_in_the_readme() -> None:
    readme = (DATA / "README.md").read_text("utf-8")
    files = [path.name for path in DATA.iterdir() if path.suffix in {".csv", ".toml"}]
    assert [name for name in files if f"`{name}`" not in readme] == []


def test_the_licence_note_of_the_regions_is_kept() -> None:
    readme = (DATA / "README.md").read_text("utf-8")
    assert (
        "the compilation is under the Open Database License (ODbL) 1.0: keep this note beside any copy"
        in readme
    )


@pytest.mark.parametrize(
    ("care_class", "day", "gross", "member_pays", "aid"),
    [
        (1, date(2020, 7, 1), 150_000, 150_000, 0),
        (2, date(2020, 7, 1), 100_000, 100_000, 0),
        (3, date(2020, 7, 1), 42_000, 25_500, 16_500),
        (3, date(2021, 1, 1), 42_000, 35_000, 7_000),
    ],
)
def test_premiums_are_those_of_perpres_64_of_2020(
    care_class: int, day: date, gross: int, member_pays: int, aid: int
) -> None:
    found = [p for p in load("premiums")["premium"] if (p["class"], p["valid_from"]) == (care_class, day)]
    assert [(p["gross"], p["member_pays"], p["aid"]) for p in found] == [(gross, member_pays, aid)]


def test_each_premium_adds_up_and_is_dated_once_with_a_source() -> None:
    premiums = load("premiums")["premium"]
    assert all(p["gross"] == p["member_pays"] + p["aid"] and p["source"] for p in premiums)
    keys = [(p["class"], p["valid_from"]) for p in premiums]
    assert len(keys) == len(set(keys))


def test_windows_due_day_and_fine() -> None:
    table = load("premiums")
    window, fine = table["payment_window"], table["service_fine"]
    assert (window["first_day"], window["last_day"], window["newborn_days"]) == (14, 30, 28)
    assert table["due"]["day"] == 10
    assert (fine["days"], fine["percent"], fine["max_months"], fine["cap"]) == (45, 5, 12, 30_000_000)
    assert fine["arrears_max_months"] == 24
    assert load("limits")["newborn_days"]["value"] == window["newborn_days"]


def test_virtual_account_prefixes() -> None:
    banks = load("banks")["bank"]
    assert [(b["code"], b["name"], b["va_prefix"]) for b in banks] == [
        ("1", "BRI", "88888"),
        ("2", "BNI", "88888"),
        ("3", "BTN", "88888"),
        ("4", "Mandiri", "89888"),
        ("5", "BCA", "88888"),
    ]
    assert [b["confidence"] for b in banks] == ["H", "H", "H", "H", "L"]


def test_limits() -> None:
    values = {key: row["value"] for key, row in load("limits").items() if isinstance(row, dict)}
    assert values["very_old_years"] == 110
    assert values["newborn_months"] == 3
    assert values["name_length"] == 60


@pytest.mark.parametrize(
    ("key", "pays", "may_add", "here", "refer"),
    [
        ("PBI_JK", False, "never", True, None),
        ("PD_PEMDA", False, "never", False, "dinsos"),
        ("PPU_PN", False, "head", False, "employer"),
        ("PPU_TNI_POLRI", False, "head", False, "employer"),
        ("PPU_BU", False, "head", False, "employer"),
        ("PBPU", True, "always", False, "pandawa"),
        ("BP", True, "always", False, "pandawa"),
        ("BP_PN", False, "head", False, "branch"),
    ],
)
def test_segments(key: str, *, pays: bool, may_add: str, here: bool, refer: str | None) -> None:
    segment = next(s for s in load("segments")["segment"] if s["key"] == key)
    assert (segment["pays_at_kiosk"], segment["may_add"], segment["newborn_here"]) == (pays, may_add, here)
    assert segment.get("newborn_refer") == refer


@pytest.mark.parametrize("name", CHOICES)
def test_choices_have_one_shape_and_no_word_means_two_things(name: str) -> None:
    entries = load(name)["choice"]
    assert [entry["code"] for entry in entries] == [str(number) for number in range(1, len(entries) + 1)]
    assert all(set(entry) - {"aliases"} == {"value", "code", "id", "en"} for entry in entries)
    table = ChoiceTable.of(
        name,
        (
            Choice(e["value"], e["code"], {"id": e["id"], "en": e["en"]}, tuple(e.get("aliases", ())))
            for e in entries
        ),
    )
    for entry in entries:
        for word in (entry["value"], entry["code"], entry["id"], entry["en"], *entry.get("aliases", ())):
            found = table.find(word)
            assert found is not None
            assert found.value == entry["value"], word


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "relations",
            "head husband wife child child_in_law grandchild parent parent_in_law other_kin servant other",
        ),
        ("marital", "single married divorced widowed"),
        ("religion", "islam kristen katolik hindu buddha konghucu kepercayaan"),
        ("sexes", "L P"),
        ("classes", "1 2 3"),
        ("logins", "none other head"),
    ],
)
def test_choices_hold_the_words_of_the_contract_in_order(name: str, values: str) -> None:
    assert [entry["value"] for entry in load(name)["choice"]] == values.split()


def test_the_89_occupations_in_their_official_order() -> None:
    entries = load("occupations")["choice"]
    assert len(entries) == 89
    codes = {entry["code"]: entry["id"] for entry in entries}
    assert codes["1"] == "Belum/tidak bekerja"
    assert codes["5"] == "Pegawai negeri sipil (PNS)"
    assert codes["65"] == "Guru"
    assert (codes["88"], codes["89"]) == ("Wiraswasta", "Lainnya")
    assert [entry["value"] for entry in entries] == [entry["id"].lower() for entry in entries]


def test_each_referral_has_a_sentence_in_both_languages() -> None:
    contacts = load("contacts")
    assert contacts["care_center"]["number"] == "165"
    assert contacts["pandawa"]["whatsapp"] == "0811-8165-165"
    assert [service["code"] for service in contacts["pandawa"]["service"]] == list("ABCDEFGHIJ")
    assert set(contacts["refer_to"]) == REFERRALS
    assert all(target["id"] and target["en"] for target in contacts["refer_to"].values())
    referred = {s["newborn_refer"] for s in load("segments")["segment"] if "newborn_refer" in s}
    assert referred <= REFERRALS


@pytest.mark.parametrize("name", ["facilities.csv", "facilities_training.csv"])
def test_facilities_are_sorted_and_have_codes_of_the_known_shape(name: str) -> None:
    found = rows(name)
    codes = [row["code"] for row in found]
    assert list(found[0]) == ["code", "name", "kind", "regency", "address"]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"[0-9]{4}[0-9A-Z][0-9]{3}", code) for code in codes)
    regions = {
        row["code"] for row in rows("regions.csv" if name == "facilities.csv" else "regions_training.csv")
    }
    assert {row["regency"] for row in found} - {""} <= regions


def test_the_facility_of_the_examples_is_there_in_both_profiles() -> None:
    real = {row["code"]: row for row in rows("facilities.csv")}["09020107"]
    practice = {row["code"]: row for row in rows("facilities_training.csv")}["09020107"]
    assert (real["name"], real["regency"]) == ("PUSKESMAS CEMPAKA", "3173")
    assert practice["regency"] == ""


@pytest.mark.parametrize("name", ["regions.csv", "regions_training.csv"])
def test_regions_are_sorted_and_every_one_has_its_parent(name: str) -> None:
    codes = [row["code"] for row in rows(name)]
    assert codes == sorted(set(codes))
    known = set(codes)
    parents = {2: 0, 4: 2, 6: 4, 10: 6}
    assert [code for code in codes if len(code) > 2 and code[: parents[len(code)]] not in known] == []


def test_training_regions_are_those_of_the_contract_and_never_real() -> None:
    codes = [row["code"] for row in rows("regions_training.csv")]
    assert codes == ["99", "9901", "990101", *(f"990101100{n}" for n in range(1, 10))]
    assert not any(row["code"].startswith("99") for row in rows("regions.csv"))


def test_demo_cards_are_marked_as_such_and_have_13_digits() -> None:
    block = load("demo_cards")
    assert block["demo"] is True
    assert re.fullmatch(r"00099[0-9]{8}", block["first"])
    assert len(str(int(block["first"]) + block["count"])) <= 13
    assert 0 < block["low_water"] < block["count"]


def paragraphs(kind: str, language: str) -> list[str]:
    return (DATA / kind / "v1" / f"{language}.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("kind", ["terms", "consent"])
def test_texts_have_the_same_numbered_points_and_a_source_in_both_languages(kind: str) -> None:
    numbers = [
        [line.split(".")[0] for line in paragraphs(kind, language) if re.match(r"[0-9]+\. ", line)]
        for language in ("id", "en")
    ]
    assert numbers[0] == numbers[1] == [str(number) for number in range(1, len(numbers[0]) + 1)]
    assert paragraphs(kind, "id")[-1].startswith("Sumber: ")
    assert paragraphs(kind, "en")[-1].startswith("Source: ")


@pytest.mark.parametrize(
    "words",
    [
        "bukan perangkat lunak BPJS",
        "hari ke-14",
        "hari ke-30",
        "tanggal 10",
        "45 hari",
        "5 persen",
        "12 bulan",
        "Rp30.000.000",
        "autodebit",
        "165",
    ],
)
def test_the_terms_say_what_a_family_must_know(words: str) -> None:
    assert words in "\n".join(paragraphs("terms", "id"))


@pytest.mark.parametrize(
    "heading",
    [
        "Dasar hukum",
        "Tujuan",
        "Jenis data",
        "Berapa lama data disimpan",
        "Rincian yang dikumpulkan",
        "Jangka waktu pemrosesan",
        "Hak Anda",
        "Siapa yang memegang data",
        "Kepada siapa",
        "Anak",
        "Menarik",
    ],
)
def test_the_consent_has_the_points_of_the_data_protection_law(heading: str) -> None:
    assert any(re.match(rf"[0-9]+\. {heading}", line) for line in paragraphs("consent", "id"))


def help_pages(language: str) -> dict[str, str]:
    return read_po((DATA / "languages" / language / "help.po").read_text("utf-8"))


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_field_and_page_has_a_short_help(language: str) -> None:
    fields = {*FAMILY_PATHS.values(), *MEMBER_KEYS, "captcha", "otp", "nik_again"}
    pages = help_pages(language)
    assert set(pages) == {f"help.{key}" for key in fields} | {f"help.page.{page}" for page in PAGES}
    for key, text in pages.items():
        lines = text.split("\n")
        assert 3 <= len(lines) <= 8, key
        assert max(map(len, lines)) <= 72, key


def test_help_shows_only_invented_numbers() -> None:
    for language in ("id", "en"):
        for text in help_pages(language).values():
            for number in re.findall(r"\b[0-9]{6} [0-9]{6} [0-9]{4}\b", text):
                assert number.startswith("99")

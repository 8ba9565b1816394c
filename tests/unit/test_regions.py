"""Region names come straight from the sorted file, by halving, whatever is written in it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kiosk.regions import RegionBook, SortedCsv
from kiosk.resources import data_dir

REGIONS = data_dir() / "regions.csv"


@pytest.fixture(scope="module")
def book() -> RegionBook:
    return RegionBook(REGIONS)


def test_every_code_of_the_file_is_found_with_its_name(book: RegionBook) -> None:
    with REGIONS.open(encoding="utf-8", newline="") as file:
        rows = [(row["code"], row["name"]) for row in csv.DictReader(file)]
    assert len(rows) == 91_599
    assert [(code, name) for code, name in rows if book.name(code) != name] == []


@pytest.mark.parametrize(
    "code",
    ["", "0", "00", "99", "3", "317", "31730510", "3173051099", "9999999999", "31a", "٣١", "code", "~"],
)
def test_what_is_not_a_known_code_has_no_name(book: RegionBook, code: str) -> None:
    assert book.name(code) is None
    assert not book.exists(code)


def test_quoted_names(book: RegionBook) -> None:
    assert book.name("1207281007") == "Lubuk Pakam I,II"
    assert book.name("3513152017") == 'Soka"an'


def test_the_path_goes_from_the_province_down(book: RegionBook) -> None:
    assert book.path("3173051001") == (
        "Daerah Khusus Ibukota Jakarta",
        "Kota Administrasi Jakarta Barat",
        "Kebon Jeruk",
        "Kebon Jeruk",
    )
    assert book.path("317305")[-1] == "Kebon Jeruk"
    assert book.path("31") == ("Daerah Khusus Ibukota Jakarta",)
    assert book.path("9999") == ()


def test_children_are_the_next_level_only_and_come_in_pages(book: RegionBook) -> None:
    assert len(book.children("", limit=99)) == 38
    districts = book.children("3173", limit=50)
    assert [code for code, _ in districts] == sorted(code for code, _ in districts)
    assert ("317305", "Kebon Jeruk") in districts
    assert all(len(code) == 6 and code.startswith("3173") for code, _ in districts)
    assert book.children("3173", limit=2, offset=3) == districts[3:5]
    assert book.children("3173", offset=50) == []
    assert book.children("3173051001") == []
    assert book.children("99") == []


def test_children_are_complete(book: RegionBook) -> None:
    with REGIONS.open(encoding="utf-8", newline="") as file:
        villages = [row["code"] for row in csv.DictReader(file) if row["code"].startswith("3204")]
    found = [
        village
        for district, _ in book.children("3204", limit=1000)
        for village, _ in book.children(district, limit=1000)
    ]
    assert found == [code for code in villages if len(code) == 10]


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_may_end_with_or_without_a_line_end(tmp_path: Path, newline: str, end: str) -> None:
    path = tmp_path / "regions.csv"
    lines = ["code,name", "11,Satu", "1101,Dua", "12,Tiga"]
    path.write_bytes((newline.join(lines) + end.replace("\n", newline)).encode())
    book = RegionBook(path)
    assert [book.name(code) for code in ("11", "1101", "12", "13", "10")] == [
        "Satu",
        "Dua",
        "Tiga",
        None,
        None,
    ]
    assert book.children("11") == [("1101", "Dua")]


@pytest.mark.parametrize("content", [b"", b"code,name", b"code,name\n"])
def test_a_file_without_records_knows_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "regions.csv"
    path.write_bytes(content)
    book = RegionBook(path)
    assert book.name("11") is None
    assert book.children() == []


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RegionBook(tmp_path / "regions.csv")


def test_a_look_up_reads_few_lines_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    line = SortedCsv._line

    def counted(self: SortedCsv, at: int) -> tuple[bytes, int]:
        nonlocal read
        read += 1
        return line(self, at)

    monkeypatch.setattr(SortedCsv, "_line", counted)
    assert RegionBook(REGIONS).name("3173051001") == "Kebon Jeruk"
    assert 0 < read < 60

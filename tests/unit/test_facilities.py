"""A branch's list of facilities is checked, stored whole or not at all, and found by code and by search."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from kiosk.errors import KioskError
from kiosk.facilities import FacilityBook, LineNote, import_facilities
from kiosk.resources import data_dir
from kiosk.search import Hit, open_index

REGIONS = data_dir() / "regions.csv"
FACILITIES = data_dir() / "facilities.csv"
PUSKESMAS = Path(
    os.environ.get(
        "KIOSK_TEST_PUSKESMAS", data_dir().parent.parent / "shared" / "data" / "puskesmas_2019.csv"
    )
)


def test_exact_look_up_needs_no_index(tmp_path: Path) -> None:
    book = FacilityBook([tmp_path / "missing.csv", FACILITIES])
    found = book.find(" 0902u015 ")
    assert found is not None
    assert (found.name, found.regency, found.address) == (
        "KLINIK PRATAMA HARAPAN CONTOH",
        "3173",
        "Jl. Flamboyan 2, lantai 1",
    )
    assert book.find("99999999") is None
    assert book.find("") is None
    assert book.find("09020107\n1") is None
    assert list(tmp_path.iterdir()) == []


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_an_import_takes_common_encodings_and_separators(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    rows = [
        ["kode", "nama", "regency"],
        ["09020199", "PUSKESMAS CAFÉ", "31.73"],
        ["0902U001", "KLINIK A", ""],
    ]
    source = write(tmp_path / "list.csv", "\r\n".join(separator.join(row) for row in rows), encoding)
    report = import_facilities(source, tmp_path)
    assert (report.added, report.updated, report.total, report.notes) == (2, 0, 2, ())
    found = FacilityBook([tmp_path / "facilities.csv"]).find("09020199")
    assert found is not None
    assert (found.name, found.regency) == ("PUSKESMAS CAFÉ", "3173")


def test_bad_lines_are_reported_by_number_and_left_out(tmp_path: Path) -> None:
    source = write(
        tmp_path / "list.csv",
        "address,code,name,province,kind,regency\n"
        '"Jl. A, no. 1",09020101,SATU,31,puskesmas,3173\n'
        ",,TANPA KODE,31,,\n"
        ",0902-01,KODE BURUK,31,,\n"
        ",09020102,,31,,\n"
        "\n"
        ",09020101,SATU LAGI,31,,\n"
        ",09020103,TIGA,31,,Jakarta\n"
        ",09020104\n"
        '"Jl. "" tidak ditutup,09020105,LIMA,31,,\n'
        ",0902u106,ENAM,31,,3171",
    )
    report = import_facilities(source, tmp_path)
    assert report.notes == (
        LineNote(3, "", "code"),
        LineNote(4, "0902-01", "code"),
        LineNote(5, "09020102", "name"),
        LineNote(7, "09020101", "duplicate"),
        LineNote(8, "09020103", "regency", kept=True),
        LineNote(9, "09020104", "name"),
        LineNote(10, "", "code"),
    )
    assert [facility.code for facility in FacilityBook([tmp_path / "facilities.csv"])] == [
        "09020101",
        "09020103",
        "0902U106",
    ]


def test_control_and_bidi_signs_do_not_come_in(tmp_path: Path) -> None:
    source = write(tmp_path / "list.csv", "code,name\n09020101,PUS\x1b[2JKES\u202eMAS\x07\x00 \u200bA\x85B\n")
    import_facilities(source, tmp_path)
    found = FacilityBook([tmp_path / "facilities.csv"]).find("09020101")
    assert found is not None
    assert found.name == "PUS[2JKESMAS A B"


def test_a_field_over_two_lines_is_one_record(tmp_path: Path) -> None:
    source = write(tmp_path / "list.csv", 'code,name,address\n09020101,SATU,"Jl. A\nno. 1"\n09020102,DUA,\n')
    assert import_facilities(source, tmp_path).notes == ()
    found = FacilityBook([tmp_path / "facilities.csv"]).find("09020101")
    assert found is not None
    assert found.address == "Jl. A no. 1"


def test_a_second_list_adds_and_updates_and_replace_starts_anew(tmp_path: Path) -> None:
    import_facilities(write(tmp_path / "a.csv", "code,name\n09020101,SATU\n09020102,DUA\n"), tmp_path)
    second = write(tmp_path / "b.csv", "code,name\n09020102,DUA BARU\n09020100,NOL\n")
    report = import_facilities(second, tmp_path)
    assert (report.added, report.updated, report.total) == (1, 1, 3)
    book = FacilityBook([tmp_path / "facilities.csv"])
    assert [f.name for f in book] == ["NOL", "SATU", "DUA BARU"]
    assert import_facilities(second, tmp_path, replace=True).total == 2
    assert [f.name for f in book] == ["NOL", "DUA BARU"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "facilities.empty"),
        ("\n\n", "facilities.empty"),
        ("09020101,SATU\n", "facilities.header"),
        ("code,code,name\n09020101,1,SATU\n", "facilities.header"),
        ("code,name\n", "facilities.none"),
        ("code,name\n??,SATU\n", "facilities.none"),
    ],
)
def test_a_list_without_use_changes_nothing(tmp_path: Path, text: str, code: str) -> None:
    import_facilities(write(tmp_path / "a.csv", "code,name\n09020101,SATU\n"), tmp_path)
    before = (tmp_path / "facilities.csv").read_bytes()
    with pytest.raises(KioskError) as refused:
        import_facilities(write(tmp_path / "b.csv", text), tmp_path, replace=True)
    assert refused.value.code == code
    assert (tmp_path / "facilities.csv").read_bytes() == before


def test_a_failed_write_leaves_the_old_list_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "a.csv", "code,name\n09020101,SATU\n")
    store = tmp_path / "store"
    import_facilities(source, store)
    before = (store / "facilities.csv").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        import_facilities(write(tmp_path / "b.csv", "code,name\n09020102,DUA\n"), store)
    assert (store / "facilities.csv").read_bytes() == before
    assert [path.name for path in store.iterdir()] == ["facilities.csv"]


def test_an_import_is_found_by_an_index_that_is_already_open(tmp_path: Path) -> None:
    small = open_index(tmp_path / "i", REGIONS, [tmp_path / "facilities.csv"])
    assert small.facilities("satu") == []
    import_facilities(write(tmp_path / "a.csv", "code,name,regency\n09020101,SATU,3173\n"), tmp_path)
    assert small.facilities("satu") == [Hit("09020101", "SATU", "Kota Jakarta Barat", "3173")]


@pytest.mark.skipif(not PUSKESMAS.exists(), reason="the puskesmas list of 2019 is not beside the project")
def test_the_real_list_of_2019_is_imported_and_searched(tmp_path: Path) -> None:
    report = import_facilities(PUSKESMAS, tmp_path)
    with PUSKESMAS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    left_out = [note for note in report.notes if not note.kept]
    assert report.total + len(left_out) == len(rows)
    assert report.total > 9000
    real = open_index(tmp_path, REGIONS, [tmp_path / "facilities.csv"])
    assert "P1106010101" in [hit.code for hit in real.facilities("isaq")]
    assert real.facilities("simpang jernih")[0].code == "P1105081201"
    assert [hit.code for hit in real.facilities("P1172020203")] == ["P1172020203"]

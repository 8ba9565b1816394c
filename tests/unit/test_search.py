"""Villages and facilities are found by a few letters, best first, from an index that mends itself."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from kiosk import search_index
from kiosk.resources import data_dir
from kiosk.search import Hit, SearchIndex, open_index
from kiosk.search_index import words_of

REGIONS = data_dir() / "regions.csv"
FACILITIES = data_dir() / "facilities.csv"

SMALL = """code,name
31,Provinsi Utara
3101,Kabupaten Laut
310101,Pantai
3101012001,Melati
3101012002,Melati Indah
3101012003,Kebun Melati
3101012004,Sumelati
32,Provinsi Selatan
3201,Kota Gunung
320101,Lereng
3201012001,Melati
3201012002,Kebun Melati
3201012003,Melatiwangi
3201012004,"Du\u2019en I,II"
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    built = open_index(tmp_path_factory.mktemp("index"), REGIONS, [FACILITIES])
    built.prepare()
    return built


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    path = tmp_path / "regions.csv"
    path.write_text(SMALL, encoding="utf-8")
    return path


def codes(hits: list[Hit]) -> list[str]:
    return [hit.code for hit in hits]


def test_the_order_is_exact_name_then_start_then_word_then_part(tmp_path: Path, regions: Path) -> None:
    small = open_index(tmp_path, regions, [])
    assert [hit.name for hit in small.villages("melati")] == [
        "Melati",
        "Melati",
        "Melati Indah",
        "Melatiwangi",
        "Kebun Melati",
        "Kebun Melati",
        "Sumelati",
    ]


def test_the_near_come_first_within_each_rank(tmp_path: Path, regions: Path) -> None:
    small = open_index(tmp_path, regions, [])
    assert codes(small.villages("melati", near="320101")) == [
        "3201012001",
        "3101012001",
        "3201012003",
        "3101012002",
        "3201012002",
        "3101012003",
        "3101012004",
    ]


def test_pages_follow_one_another_without_gap_or_repeat(tmp_path: Path, regions: Path) -> None:
    small = open_index(tmp_path, regions, [])
    whole = small.villages("melati", near="3201")
    pages = [small.villages("melati", near="3201", limit=2, offset=at) for at in range(0, 9, 2)]
    assert [hit for page in pages for hit in page] == whole
    assert pages[-1] == []
    assert small.villages("melati", limit=0) == []


def test_pages_of_the_real_list_are_slices_of_the_whole(index: SearchIndex) -> None:
    whole = codes(index.villages("ang", near="317305", limit=700))
    assert len(whole) == len(set(whole)) == 700
    assert codes(index.villages("ang", near="317305", limit=20, offset=600)) == whole[600:620]


@pytest.mark.parametrize(
    ("text", "near", "first"),
    [
        ("3173051001", "", "3173051001"),
        ("31.73.05.1001", "", "3173051001"),
        ("317305", "", "3173051001"),
        ("kebon jeruk", "317305", "3173051001"),
        ("KEBON JERUK", "3273051001", "3273051004"),
        ("gambir jakarta", "", "3171011001"),
        ("jakarta gambir", "", "3171011001"),
        ("desa sukamaju kec. cilodong, depok", "", "3276081001"),
        ("kebun jeruk", "317305", "3173051001"),
        ("kebno jeruk", "317305", "3173051001"),
        ("kbon jeruk", "317305", "3173051001"),
        ("kebonn jeruk", "317305", "3173051001"),
        ("gmbir jakarta", "", "3171011001"),
        ("lubuk pakam i ii", "", "1207281007"),
        ("soka'an", "", "3513152017"),
        ("cengkareng", "317301", "3173011001"),
    ],
)
def test_the_village_that_is_meant_comes_first(index: SearchIndex, text: str, near: str, first: str) -> None:
    assert index.villages(text, near=near)[0].code == first


def test_a_district_named_alone_lists_its_villages(index: SearchIndex) -> None:
    found = codes(index.villages("cengkareng", near="317301", limit=50))
    assert {"3173011002", "3173011003"} <= set(found)


def test_a_hit_says_where_it_is(index: SearchIndex) -> None:
    assert index.villages("3173051001") == [
        Hit("3173051001", "Kebon Jeruk", "Kec. Kebon Jeruk, Kota Jakarta Barat", "3173")
    ]


@pytest.mark.parametrize(
    "text",
    ["", "   ", "'", '"', "%", "_", "*", "(", "-", "~~~", "\x00", "\x1b[2J", "xyzzyqqq", "é" * 500, "日本"],
)
def test_nothing_found_is_an_empty_answer_and_no_text_breaks_it(index: SearchIndex, text: str) -> None:
    assert index.villages(text) == []
    assert index.facilities(text) == []


@pytest.mark.parametrize("text", ['ang" OR "b', "NEAR(a b)", "ang*", "plain:ang", "'; DROP TABLE place; --"])
def test_search_words_are_never_a_query_language(index: SearchIndex, text: str) -> None:
    assert all(isinstance(hit, Hit) for hit in index.villages(text, near="' OR 1"))
    assert index.villages("3173051001")


def test_words_are_folded() -> None:
    assert words_of("  Du\u2019en\u2013Ja'an, (I/II)  ÉTÉ ") == ["duen", "jaan", "i", "ii", "ete"]


def test_facilities_by_name_code_and_address_nearest_first(index: SearchIndex) -> None:
    assert index.facilities("cempaka") == [
        Hit("09020107", "PUSKESMAS CEMPAKA", "Jl. Cempaka 5, Kota Jakarta Barat", "3173")
    ]
    assert index.facilities("09020107")[0].code == "09020107"
    assert index.facilities("cempka", near="3173051001")[0].code == "09020107"
    assert index.facilities("klinik", near="3273051001")[0].regency == "3273"
    assert index.facilities("pasundan")[0].code == "1001U044"
    assert "09020103" in codes(index.facilities("jakarta barat"))


def test_of_two_lists_the_first_that_knows_a_code_wins(tmp_path: Path, regions: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("code,name,kind,regency,address\n09020107,PUSKESMAS SENDIRI,puskesmas,3101,\n")
    small = open_index(tmp_path, regions, [own, tmp_path / "missing.csv", FACILITIES])
    assert [hit.name for hit in small.facilities("09020107")] == ["PUSKESMAS SENDIRI"]
    assert small.facilities("cempaka") == []
    assert small.facilities("kenanga")[0].code == "09020101"


def test_without_the_trigram_index_the_answers_are_the_same(
    tmp_path: Path, regions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_parts = open_index(tmp_path / "a", regions, [])
    expected = with_parts.villages("elat", near="3201")
    monkeypatch.setattr(search_index, "_add_parts", lambda _: False)
    without = open_index(tmp_path / "b", regions, [])
    assert len(expected) == 7
    assert without.villages("elat", near="3201") == expected


def test_an_index_is_kept_and_used_again(
    tmp_path: Path, regions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_index(tmp_path / "i", regions, []).prepare()

    def refuse(*_: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr(search_index, "_fill", refuse)
    assert open_index(tmp_path / "i", regions, []).villages("melati")


def test_a_changed_source_is_seen_by_an_open_index(tmp_path: Path, regions: Path) -> None:
    small = open_index(tmp_path / "i", regions, [])
    assert small.villages("kenanga") == []
    regions.write_text(SMALL + "3201012005,Kenanga\n", encoding="utf-8")
    assert codes(small.villages("kenanga")) == ["3201012005"]


def test_another_schema_is_built_again(
    tmp_path: Path, regions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_index(tmp_path / "i", regions, []).prepare()
    before = {path.name: path.stat().st_ino for path in (tmp_path / "i").glob("villages*.sqlite")}
    monkeypatch.setattr(search_index, "_SCHEMA", 999)
    open_index(tmp_path / "i", regions, []).prepare()
    after = {path.name: path.stat().st_ino for path in (tmp_path / "i").glob("villages*.sqlite")}
    assert before.keys() == after.keys()
    assert before != after


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "zeros", "foreign"])
def test_a_damaged_index_is_built_again(tmp_path: Path, regions: Path, damage: str) -> None:
    open_index(tmp_path / "i", regions, []).prepare()
    (file,) = (tmp_path / "i").glob("villages*.sqlite")
    whole = file.read_bytes()
    if damage == "foreign":
        file.unlink()
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE something (x)")
        other.close()
    else:
        broken = {
            "empty": b"",
            "text": b"not a database" * 100,
            "cut": whole[:5000],
            "zeros": whole[:4096] + bytes(len(whole) - 4096),
        }
        file.write_bytes(broken[damage])
    assert len(open_index(tmp_path / "i", regions, []).villages("melati")) == 7
    assert len(open_index(tmp_path / "i", regions, []).villages("melati")) == 7


def test_damage_under_an_open_index_is_mended(tmp_path: Path) -> None:
    large = open_index(tmp_path, REGIONS, [])
    assert large.villages("melati")
    (file,) = tmp_path.glob("villages*.sqlite")
    size = file.stat().st_size
    with file.open("r+b") as open_file:
        open_file.seek(8192)
        open_file.write(b"\xff" * (size - 8192))
    assert codes(large.villages("3173051001")) == ["3173051001"]
    assert codes(large.villages("petojo utara")) == ["3171011003"]


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path, regions: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert len(open_index(blocked / "index", regions, []).villages("melati")) == 7


def test_what_a_power_cut_left_behind_is_swept(tmp_path: Path, regions: Path) -> None:
    folder = tmp_path / "i"
    open_index(folder, regions, []).prepare()
    (file,) = folder.glob("villages*.sqlite")
    stale = folder / f".{file.stem}-left"
    stale.write_bytes(b"half an index")
    file.unlink()
    open_index(folder, regions, []).prepare()
    assert not stale.exists()
    assert sorted(path.suffix for path in folder.glob("villages*")) == [".lock", ".sqlite"]


def _search_elsewhere(folder: Path, answers: multiprocessing.Queue[list[str]]) -> None:
    answers.put(codes(open_index(folder, REGIONS, [FACILITIES]).villages("3173051001")))


def test_processes_that_build_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[list[str]] = context.Queue()
    processes = [context.Process(target=_search_elsewhere, args=(tmp_path, answers)) for _ in range(3)]
    for process in processes:
        process.start()
    assert [answers.get(timeout=60) for _ in processes] == [["3173051001"]] * 3
    for process in processes:
        process.join()
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".lock", ".sqlite"]

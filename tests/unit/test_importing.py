"""Files of families and extracts, in every shape and damage, on a real store."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk.bootstrap import Services, services
from kiosk.config import Config
from kiosk.config import load as load_config
from kiosk.domain.family import as_family_file
from kiosk.errors import KioskError
from kiosk.services.answering import answers_of
from kiosk.services.family_files import read_families
from kiosk.services.family_lines import LONGEST_LINE, Entry
from tests.builders import KK, TODAY, a_baby, a_family, a_member, read

DAY = TODAY


def config_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    settings = folder / "kiosk.toml"
    settings.write_text(f'[store]\nkeys = "{folder}/keys"\n[sms]\nspool = "{folder}/sms"\n', encoding="utf-8")
    monkeypatch.setenv("KIOSK_STORE", str(folder / "store"))
    return load_config(str(settings), "training")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    opened = services(config_in(tmp_path, monkeypatch), today=DAY)
    yield opened
    opened.close()


def entries(data: bytes | str) -> list[Entry]:
    return list(read_families(io.BytesIO(data.encode() if isinstance(data, str) else data)))


def register(house: Services, data: bytes | str) -> list[dict[str, Any]]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(house.importer.register(read_families(stream), house.rules()))


def codes(result: dict[str, Any]) -> set[tuple[str, str]]:
    return {(problem["field"], problem["code"]) for problem in result["problems"]}


def family_number(number: int, **changes: Any) -> dict[str, Any]:
    """A family of one that shares no number with the others."""
    kk = f"990101010120{number:04d}"
    return a_family(kk=kk, members=[a_member(serial=number)], **changes)


LINE = json.dumps(a_family())


@pytest.mark.parametrize(
    "data",
    [
        LINE,
        LINE + "\n",
        "\ufeff" + LINE,
        "\n\n  " + LINE + "\r\n\r\n",
        json.dumps(a_family(), indent=2),
        "\ufeff" + json.dumps(a_family(), indent=2) + "\n",
        json.dumps([a_family()]),
        json.dumps([a_family()], indent=1) + "\n \n",
    ],
)
def test_one_family_in_every_shape(data: str) -> None:
    assert entries(data) == [Entry(a_family())]


@pytest.mark.parametrize("indent", [None, 2])
def test_several_families_in_order(indent: int | None) -> None:
    wanted = [Entry(family_number(number)) for number in (1, 2, 3)]
    families = [entry.family for entry in wanted]
    assert entries("\n".join(json.dumps(family, indent=indent) for family in families)) == wanted
    assert entries(json.dumps(families, indent=indent)) == wanted


@pytest.mark.parametrize("data", ["", "\n\n", "\ufeff", "[]", " [ ] ", "kk;nik;name\n"])
def test_a_file_without_families_is_refused(data: str) -> None:
    with pytest.raises(KioskError, match=r"file\.empty"):
        entries(data)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_another_encoding_is_refused(encoding: str) -> None:
    data = ("\ufeff" if encoding != "utf-16" else "") + LINE
    with pytest.raises(KioskError, match=r"file\.encoding"):
        entries(data.encode(encoding))


BAD_LINES = {
    "file.line": [
        b'{"kk": ',
        b'{"kk": 1}}',
        b"{" * 100_000,
        b'{"a":' * 50_000,
        b"[" * 100_000,
        b"5",
        b"null",
        b'["kk"]',
        b'{"kk": ' + b"9" * 5_000 + b"}",
        b'{"kk": "' + b"9" * (LONGEST_LINE + 10) + b'"}',
        b"nonsense",
    ],
    "file.encoding": [b'{"kk": "\xff\xfe"}', b'{"kk": "\xed\xa0\x80"}'],
}


@pytest.mark.parametrize(
    ("code", "line"), [(code, line) for code, lines in BAD_LINES.items() for line in lines]
)
def test_a_line_that_cannot_be_read_spoils_only_itself(house: Services, code: str, line: bytes) -> None:
    one, two = json.dumps(family_number(1)).encode(), json.dumps(family_number(2)).encode()
    results = register(house, one + b"\n" + line + b"\n" + two + b"\n")
    assert [result["outcome"] for result in results] == ["new_family", "refused", "new_family"]
    assert results[1]["problems"] == [
        {"field": "file", "code": code, "severity": "error", "params": {"line": 2}}
    ]


def test_a_broken_first_line_does_not_hide_the_second(house: Services) -> None:
    results = register(house, '{"kk": \n' + json.dumps(family_number(1)))
    assert [result["outcome"] for result in results] == ["refused", "new_family"]


def test_a_list_that_breaks_off_gives_what_came_before() -> None:
    found = entries("[" + LINE + ", " + LINE[:-10])
    assert found[0].family == a_family()
    assert [problem.code for problem in found[1].problems] == ["file.json"]
    assert len(found) == 2


def test_members_of_a_list_that_are_no_objects_are_refused_alone() -> None:
    assert [entry.family is None for entry in entries(f"[5, {LINE}, null]")] == [True, False, True]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"colour": "red"}, ("colour", "key.unknown")),
        ({"address": {"street": "Jl. Melati 4", "planet": "x"}}, ("address.planet", "key.unknown")),
        ({"address": "Jl. Melati 4"}, ("address", "key.type")),
        ({"address": [1]}, ("address", "key.type")),
        ({"members": {"nik": "1"}}, ("members", "key.type")),
        ({"members": [a_member(name=5)]}, ("members[0].name", "key.type")),
        ({"members": [a_member(name=["x"])]}, ("members[0].name", "key.type")),
        ({"members": [a_member(name={"x": [[[]]]})]}, ("members[0].name", "key.type")),
        ({"members": [a_member(name=True)]}, ("members[0].name", "key.type")),
        ({"members": [a_member(no_nik="yes")]}, ("members[0].no_nik", "key.unknown")),
        ({"members": [a_member(), None]}, ("members[1]", "key.type")),
        ({"members": [[a_member()]]}, ("members[0]", "key.type")),
        ({"members": [a_member()] * 101}, ("members", "key.type")),
        ({"class": 2.0}, ("class", "key.type")),
        ({"class": 9}, ("class", "class.choice")),
        ({"bank": {"name": "BRI", "account": 123456789012, "owner": "X"}}, ("bank.account", "key.type")),
        ({"contact": {"phone": float("nan"), "email": "a@example.org"}}, ("contact.phone", "key.type")),
        ({"consent": {"terms": "v1", "accepted": False}}, ("consent.accepted", "consent.missing")),
        ({"consent": {"terms": "v0", "accepted": True}}, ("consent.accepted", "consent.missing")),
        ({"consent": {"accepted": True}}, ("consent.accepted", "consent.missing")),
        ({"consent": None}, ("consent.accepted", "consent.missing")),
        ({"members": None}, ("members", "family.empty")),
        ({"members": []}, ("members", "family.empty")),
        ({"members": [a_member(nik=None)]}, ("members[0].nik", "nik.missing")),
        ({"members": [a_member(name="x" * 5_000)]}, ("members[0].name", "key.type")),
        ({"members": [a_member(name="\ud800")]}, ("members[0].name", "name.characters")),
        ({"x" * 500: "\ud800"}, ("x" * 59 + "…", "key.unknown")),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    house: Services, change: dict[str, Any], wrong: tuple[str, str]
) -> None:
    (result,) = register(house, json.dumps(a_family() | change))
    assert result["outcome"] == "refused"
    assert wrong in codes(result)
    assert {result[key] for key in ("reference", "state", "premium_total", "virtual_account")} == {None}
    assert house.queries.page() == []


def test_numbers_and_indonesian_words_read_like_codes() -> None:
    plain, _ = read(a_family())
    told = a_family() | {
        "kk": int(KK),
        "login": "belum",
        "address": {"street": "Jl. Melati 4", "rt": 3, "rw": "7", "region": 9901011001, "postcode": 99999},
        "class": "II",
        "bank": {"name": 1, "account": "1234 5678 9012", "owner": "budi santoso"},
        "consent": {"terms": "v1", "accepted": "ya"},
    }
    told["members"] = [
        dict(member, nik=int(member["nik"]), relation=relation, sex=sex, religion=1)
        for member, relation, sex in zip(
            a_family()["members"], ("kepala keluarga", 3, "Anak"), ("laki-laki", 2, "pria"), strict=True
        )
    ]
    family, problems = read(told)
    assert problems == ()
    assert as_family_file(family, "v1") == as_family_file(plain, "v1")


def test_what_is_stored_can_be_read_again() -> None:
    family, _ = read(a_family())
    _, problems = answers_of(as_family_file(family, "v1"))
    assert problems == ()
    again, problems = read(as_family_file(family, "v1"))
    assert problems == ()
    assert again == family


def test_a_baby_without_nik_is_told_by_its_mother() -> None:
    baby = a_baby(date(2026, 11, 20), "9901015503830002") | {"nik": None}
    answers, problems = answers_of(a_family(members=[baby]))
    assert problems == ()
    assert answers["members[0].no_nik"] == "yes"
    assert "members[0].nik" not in answers


def test_the_same_people_twice_in_a_file(house: Services) -> None:
    results = register(house, f"{LINE}\n{LINE}\n")
    assert [result["outcome"] for result in results] == ["new_family", "refused"]
    assert ("members[0].nik", "nik.already_registered") in codes(results[1])
    assert [line.reference for line in house.queries.page()] == [results[0]["reference"]]


def test_every_family_has_its_own_card_and_reference(house: Services) -> None:
    results = register(house, "\n".join(json.dumps(family_number(number)) for number in range(1, 6)))
    assert len({result["reference"] for result in results}) == 5
    assert len({result["virtual_account"]["BRI"] for result in results}) == 5


HEADER = (
    "kk,login,street,rt,rw,region,postcode,nik,name,relation,sex,birth_date,marital,religion,"
    "class,fktp,bank,account,owner,phone,email,terms,accepted"
)


def csv_rows(number: int = 1, *, separator: str = ",") -> list[str]:
    """The rows of a couple."""
    kk = f"990101010120{number:04d}"
    family = (kk, "none", "Jl. Melati 4", "003", "007", "9901011001", "99999")
    ending = (
        "2",
        "99010001",
        "BRI",
        "123456789012",
        "BUDI SANTOSO",
        "081234567890",
        "b@example.org",
        "v1",
        "ya",
    )
    people = (
        (f"990101120880{number:04d}", "BUDI SANTOSO", "head", "L", "1980-08-12", "married", "islam"),
        (f"990101550383{number:04d}", "SITI AMINAH", "istri", "P", "15-03-1983", "2", "1"),
    )
    return [separator.join((*family, *person, *ending)) for person in people]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_csv_with_one_row_a_member(house: Services, separator: str, end: str, mark: str) -> None:
    rows = [HEADER.replace(",", separator), *csv_rows(separator=separator)]
    (result,) = register(house, mark + end.join(rows) + end)
    assert (result["outcome"], result["people"], result["premium_total"]) == ("new_family", 2, 200_000)


DOTTED = {
    **{key: f"address.{key}" for key in ("street", "rt", "rw", "region", "postcode")},
    "bank": "bank.name",
    "account": "bank.account",
    "owner": "bank.owner",
    "phone": "contact.phone",
    "email": "contact.email",
    "terms": "consent.terms",
    "accepted": "consent.accepted",
    "nik": "members.nik",
}


def test_columns_may_be_named_by_their_path(house: Services) -> None:
    header = ",".join(DOTTED.get(name, name) for name in HEADER.split(","))
    (result,) = register(house, "\n".join([header, *csv_rows()]))
    assert result["outcome"] == "new_family"


def test_rows_of_one_card_belong_together_wherever_they_stand(house: Services) -> None:
    first, second, third = csv_rows(1), csv_rows(2), csv_rows(3)
    first[1] = first[1].replace("9901010101200001", "9901 0101 0120 0001")
    rows = [first[0], second[0], third[0], third[1], second[1], first[1]]
    results = register(house, "\n".join([HEADER, *rows]))
    assert [result["main_member"] for result in results] == [f"990101120880000{n}" for n in (1, 2, 3)]
    assert [result["people"] for result in results] == [2, 2, 2]


def test_family_answers_may_stand_in_the_first_row_only(house: Services) -> None:
    head, wife = csv_rows()
    cells = wife.split(",")
    blank = ",".join([cells[0], *[""] * 6, *cells[7:14], *[""] * 9])
    (result,) = register(house, "\n".join([HEADER, head, blank]))
    assert result["outcome"] == "new_family"


def test_two_answers_of_one_family_are_not_chosen_between(house: Services) -> None:
    head, wife = csv_rows()
    (result,) = register(house, "\n".join([HEADER, head, wife.replace(",2,99010001,", ",3,99010001,")]))
    assert codes(result) == {("class", "key.conflict")}


def test_an_unknown_column_is_named(house: Services) -> None:
    (result,) = register(house, "\n".join([f"{HEADER},colour", *(f"{row},red" for row in csv_rows())]))
    assert codes(result) == {("colour", "key.unknown")}


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (b'9901010101200001,"never closed', "file.line"),
        (b"9901010101200001," + b"x" * (LONGEST_LINE + 10), "file.line"),
        (b"9901010101200001,none,Jl. \xff", "file.encoding"),
        (",".join(["9901010101200001", *["x"] * 40]).encode(), "file.line"),
    ],
)
def test_a_row_that_cannot_be_read_refuses_its_family_alone(
    house: Services, spoilt: bytes, code: str
) -> None:
    rows = [HEADER, *csv_rows(1)]
    data = "\n".join(rows).encode() + b"\n" + spoilt + b"\n" + "\n".join(csv_rows(2)).encode()
    results = register(house, data)
    stored = [result["main_member"] for result in results if result["outcome"] == "new_family"]
    problems = [problem for result in results for problem in result["problems"]]
    assert "9901011208800002" in stored
    assert {"field": "file", "code": code, "severity": "error", "params": {"line": 4}} in problems
    if len(spoilt) < LONGEST_LINE:
        assert stored == ["9901011208800002"], "a family is not registered without the member of its bad row"


def test_a_row_without_a_card_number_stands_alone(house: Services) -> None:
    rows = [HEADER, *csv_rows(1), *(row.replace("9901010101200002", "") for row in csv_rows(2))]
    results = register(house, "\n".join(rows))
    assert [result["outcome"] for result in results] == ["new_family", "refused", "refused"]
    assert ("kk", "kk.missing") in codes(results[1])


def test_a_quoted_cell_may_hold_the_separator_and_a_line_break() -> None:
    street = '"Jl. Melati 4,\nBlok ""B"""'
    rows = [row.replace("Jl. Melati 4", street) for row in csv_rows()]
    (entry,) = entries("\n".join([HEADER, *rows]))
    assert entry.family is not None
    assert entry.family["address"]["street"] == 'Jl. Melati 4,\nBlok "B"'
    assert len(entry.family["members"]) == 2
    assert entry.problems == ()


def test_json_lines_are_not_held_in_memory() -> None:
    class Endless(io.RawIOBase):
        """Twenty thousand families, one at a time."""

        def __init__(self) -> None:
            self.left = 20_000

        def readline(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002
            self.left -= 1
            return (LINE + "\n").encode() if self.left >= 0 else b""

        def read(self, size: int | None = -1, /) -> bytes:
            data = b""
            while len(data) < (size or 0) and (line := self.readline()):
                data += line
            return data

    tracemalloc.start()
    count = sum(entry.family is not None for entry in read_families(Endless()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 8 * LONGEST_LINE


def person(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "nik": f"990101120880{number:04d}",
        "card": f"000{number:010d}",
        "name": "HADI WIJAYA",
        "birth_date": "1980-08-12",
        "kk": KK,
        "segment": "PBPU",
        "status": "active",
        "class": 2,
        "fktp": "99010001",
        "head": True,
        "arrears_months": 0,
        "since": "2024-03-01",
    } | changes


def taken(house: Services, *lines: str) -> list[tuple[int, str]]:
    stream = io.BytesIO("\n".join(lines).encode())
    return [(line.line, line.code) for line in house.importer.directory(stream, house.rules())]


def test_participants_are_taken_in_and_known(house: Services) -> None:
    count = 2_500
    lines = [json.dumps(person(number)) for number in range(1, count + 1)]
    assert len(taken(house, *lines)) == count
    with house.open_work.reading() as work:
        (found,) = work.directory.by_niks([person(count)["nik"]])
    assert (found.name, found.care_class, found.since) == ("HADI WIJAYA", 2, date(2024, 3, 1))


def test_a_participant_told_again_is_replaced(house: Services) -> None:
    taken(house, json.dumps(person()), json.dumps(person(name="HADI SUSANTO")))
    taken(house, json.dumps(person(status="deceased")))
    with house.open_work.reading() as work:
        (found,) = work.directory.by_kk(KK)
    assert (found.name, found.status) == ("HADI WIJAYA", "deceased")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nik": "3173051208800003"}, "nik.not_training"),
        ({"nik": "990101"}, "nik.length"),
        ({"nik": None}, "nik.missing"),
        ({"nik": 9901011208800001}, "key.type"),
        ({"kk": "x"}, "kk.characters"),
        ({"card": "12"}, "card.format"),
        ({"name": ""}, "name.missing"),
        ({"name": "A\x1b[2J"}, "name.characters"),
        ({"birth_date": "12-08-1980"}, "birth_date.format"),
        ({"birth_date": None}, "birth_date.missing"),
        ({"segment": "PBI"}, "segment.choice"),
        ({"status": "gone"}, "status.choice"),
        ({"class": "2"}, "class.choice"),
        ({"class": True}, "class.choice"),
        ({"head": "yes"}, "key.type"),
        ({"arrears_months": -1}, "arrears_months.format"),
        ({"colour": "red"}, "key.unknown"),
    ],
)
def test_a_bad_line_of_an_extract_is_named_by_number_and_code(
    house: Services, change: dict[str, Any], code: str
) -> None:
    found = taken(house, json.dumps(person(1)), json.dumps(person(2) | change), "{", json.dumps(person(3)))
    assert sorted(found) == [(1, ""), (2, code), (3, "file.line"), (4, "")]


def test_a_class_that_nobody_has_yet_may_be_missing(house: Services) -> None:
    assert taken(house, json.dumps(person() | {"class": None, "since": None, "fktp": ""})) == [(1, "")]

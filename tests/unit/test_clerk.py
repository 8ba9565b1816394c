"""The perfect clerk: the keys it chooses, and that the form takes them for exactly the family given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from textual.keys import _character_to_key

from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft
from kiosk.domain.family import as_family_file, read_family
from kiosk.domain.rulebook import Rulebook, Settings
from kiosk.domain.segments import KnownPeople
from kiosk.randomness import SeededRandomness
from kiosk.services import clerk
from kiosk.services.clerk import Clerk, NotTypeable, Pages, Stroke, decision_on, key_name, typed
from tests.builders import KK, a_baby, a_draft, a_family, a_member, a_nik, a_participant, a_rulebook

Known = Callable[[Draft, Rulebook], KnownPeople]


def knowing(*people: Participant) -> Known:
    """A directory of these people."""

    def known_for(draft: Draft, _rules: Rulebook) -> KnownPeople:
        numbers = set(draft.answers.values())
        on_kk = tuple(person for person in people if person.kk in numbers)
        return KnownPeople(on_kk, tuple(person for person in people if person.nik in numbers))

    return known_for


def work(
    family: dict[str, Any], rules: Rulebook | None = None, known: Known | None = None, **options: Any
) -> tuple[list[Stroke], Draft]:
    """The keys for a family and the draft that they fill in."""
    made = Clerk(a_draft(family), rules or a_rulebook(), known or knowing(), **options)
    return list(made.keys()), made.draft


def words(strokes: list[Stroke]) -> str:
    """The keys as one text: typed characters as they are, other keys in brackets."""
    return "".join(stroke.character or f"<{stroke.name}>" for stroke in strokes)


def four(**changes: Any) -> dict[str, Any]:
    """An ordinary family of four: one address, one surname, the children's mother in the family."""
    common: dict[str, Any] = {"birth_place": "JAKARTA", "mother_name": "SITI SANTOSO"}
    pupil = common | {"occupation": "pelajar/mahasiswa"}
    return a_family(
        members=[
            a_member(**(common | {"occupation": "wiraswasta", "mother_name": "SRI"})),
            a_member(
                "wife", date(1983, 3, 15), "P", 2, name="SITI SANTOSO", birth_place="JAKARTA",
                occupation="mengurus rumah tangga", mother_name="AMINAH",
            ),
            a_member("child", date(2012, 3, 12), "L", 3, name="ANDI SANTOSO", **pupil),
            a_member("child", date(2015, 6, 5), "P", 4, name="RINA SANTOSO", **pupil),
        ],
        **changes,
    )  # fmt: skip


def test_every_printable_character_is_named_as_textual_names_it() -> None:
    characters = [chr(number) for number in range(0x20, 0x3000) if chr(number).isprintable()]
    assert [key_name(one) for one in characters] == [_character_to_key(one) for one in characters]


def test_keys_have_the_bytes_of_an_xterm() -> None:
    names = ("enter", "f1", "f4", "f5", "f6", "f9", "f10", "delete")
    sent = [Stroke(name).raw for name in names]
    assert sent == [
        b"\r", b"\x1bOP", b"\x1bOS", b"\x1b[15~", b"\x1b[17~", b"\x1b[20~", b"\x1b[21~", b"\x1b[3~"
    ]  # fmt: skip
    assert b"".join(key.raw for key in typed("Ü 4")) == "Ü 4".encode()


def test_a_family_of_four_key_by_key() -> None:
    keys, _ = work(four(), randomness=SeededRandomness(7))
    assert words(keys) == (
        "<f10><f10>9901010101200012<enter>13<enter>"
        "<f6>1208800001<enter>budi santoso<enter><enter><enter><enter>jakarta<enter>2<enter>1<enter>88<enter>"
        "sri<enter>Jl. Melati 4<enter>3<enter>7<enter>1001<enter>99999<enter>99010001<enter>"
        "<f6>5503830002<enter>siti<f6><enter><enter><enter><f6><enter><enter>2<enter>aminah<enter>"
        "<f6>1203120003<enter>andi<f6><enter><enter><enter><f6><enter><enter><enter><enter>"
        "<f6>4506150004<enter>rina<f6><enter><enter><enter><f6><enter><enter><enter><enter>"
        "<f10>2<enter>1<enter>123456789012<enter><enter>"
        "081234567890<enter>budi@example.org<enter>279562<enter>"
        "<f10><delete><enter>y<enter><f10>"
    )
    assert len(keys) < 330


def test_where_one_question_fills_a_page_there_are_pages_between() -> None:
    sheet, _ = work(four(), randomness=SeededRandomness(7))
    single, _ = work(four(), randomness=SeededRandomness(7), pages=Pages(single=True))
    extra = len("<enter>" * 5) + len("<f10>" * 5)
    assert len(words(single)) == len(words(sheet)) + extra
    assert "13<enter><enter><f6>1208800001" in words(single), "the list before the first member"
    assert "99010001<enter><enter><f6>5503830002" in words(single), "and before each other one"
    assert "123456789012<enter><enter><enter>081234567890" in words(single), "and after the account"
    assert words(single).endswith("279562<enter>" + "<f10>" * 6 + "<delete><enter>y<enter><f10>")


def test_without_staff_the_language_and_what_is_to_be_known_come_first() -> None:
    plain, _ = work(four(), randomness=SeededRandomness(7))
    public, _ = work(four(), randomness=SeededRandomness(7), pages=Pages(public=True))
    assert words(public) == "<f10><f10>" + words(plain)


def test_a_number_that_had_its_codes_goes_on_without_one() -> None:
    keys, _ = work(four(), randomness=SeededRandomness(7), may_send=lambda phone: phone != "+6281234567890")
    assert "budi@example.org<enter><f9><f10>" in words(keys)


def test_class_three_without_a_bank_where_that_may_be() -> None:
    family = four() | {"class": 3, "bank": None}
    rules = a_rulebook(settings=Settings(autodebit_class_3=False))
    keys, draft = work(family, rules)
    assert "<f10>3<f10>081234567890" in words(keys)
    assert stored(draft, rules)["bank"] is None
    with pytest.raises(NotTypeable) as stopped:
        work(family)
    assert stopped.value.problem.code == "bank.missing"


def stored(draft: Draft, rules: Rulebook) -> dict[str, Any]:
    family, problems = read_family(draft, rules)
    assert not [problem for problem in problems if problem.blocks]
    return as_family_file(family, "v1")


FAMILIES = {
    "three": a_family(),
    "four": four(),
    "sparse": a_family(address={"street": "Jl. Melati 4", "region": "9901011009", "postcode": "99999"}),
    "one_woman": a_family(members=[a_member(born=date(1990, 1, 31), sex="P", name="Ni Luh Ayu")]),
    "no_suggestion_fits": a_family(
        members=[
            a_member(),
            a_member("other_kin", date(1983, 3, 15), "P", 2, religion="hindu", marital="widowed"),
            a_member("grandchild", date(2012, 3, 12), "L", 3, name="O'NEIL", religion="katolik"),
        ]
    ),
    "not_as_the_nik_says": a_family(members=[a_member(birth_date="1981-08-12", sex="P", name="BUDI")]),
    "another_district": a_family(
        members=[a_member(), a_member("wife", date(1983, 3, 15), "P", 2, nik="9902025503830002")]
    ),
    "old_numbers": a_family(address={**a_family()["address"], "rt": "000", "rw": "010"}),
    "free_occupation": a_family(members=[a_member(occupation="Pengrajin Tenun")]),
    "guardian": a_family(consent={"terms": "v1", "accepted": True, "guardian": "PAMAN BUDI"}),
    "signs": a_family(
        address={**a_family()["address"], "street": "Jl. H.O.S. Cokroaminoto #4/B, Gg. É"},
        contact={"phone": "+62 812-3456-7890", "email": "Budi.S+jkn@Example.ORG"},
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("confirm_nik", [False, True])
def test_the_form_holds_exactly_what_the_file_says(name: str, confirm_nik: bool) -> None:  # noqa: FBT001
    rules = a_rulebook(settings=Settings(confirm_nik=confirm_nik))
    _, draft = work(FAMILIES[name], rules)
    assert stored(draft, rules) == stored(a_draft(FAMILIES[name]), rules)


def test_a_nik_that_is_confirmed_costs_five_more_keys_a_member() -> None:
    plain, _ = work(four())
    careful, _ = work(four(), a_rulebook(settings=Settings(confirm_nik=True)))
    assert len(careful) - len(plain) == 4 * 5
    assert "<f6>1208800001<enter>0001<enter>budi" in words(careful)


def test_a_warning_is_confirmed_with_a_second_enter() -> None:
    keys, _ = work(a_family(members=[a_member(birth_date="1981-08-12")]))
    assert "12081981<enter><enter>" in words(keys)


def test_a_facility_that_is_offered_is_accepted() -> None:
    keys, _ = work(a_family(), default_facility="99010001")
    assert "99999<enter><enter><f6>" in words(keys)
    keys, _ = work(a_family(), default_facility="99010002")
    assert "99999<enter>99010001<enter>" in words(keys)


def test_a_shared_surname_alone_is_taken_over() -> None:
    family = a_family(members=[a_member(), a_member("wife", date(1983, 3, 15), "P", 2, name="SITI AMINAH")])
    assert "siti aminah<enter>" in words(work(family)[0])


def test_an_email_that_may_stay_empty() -> None:
    family = a_family(contact={"phone": "081234567890", "email": None})
    rules = a_rulebook(settings=Settings(email_required=False))
    assert "081234567890<enter><enter><code>" in words(work(family, rules)[0])


def test_captcha_and_code_that_nobody_knows_are_placeholders_of_their_length() -> None:
    keys, _ = work(a_family())
    names = [key.name for key in keys]
    assert (names.count(clerk.CAPTCHA), names.count(clerk.CODE)) == (5, 6)
    assert not any(key.known for key in keys if key.name in {clerk.CAPTCHA, clerk.CODE})


def test_the_captcha_takes_the_shorter_of_sum_and_characters() -> None:
    lengths = set()
    for seed in range(30):
        keys, _ = work(a_family(), randomness=SeededRandomness(seed))
        between = words(keys).split(KK + "<enter>")[1].split("<enter>")[0]
        assert between.isdigit()
        lengths.add(len(between))
    assert lengths == {1, 2}


def test_a_family_that_the_directory_knows_is_asked_for_its_login_and_no_class() -> None:
    head = a_participant(head=True)
    child = a_member("child", date(2000, 3, 12), "L", 3, name="AGUS WIJAYA")
    family = a_family(login="head", members=[child], **{"class": None, "bank": None})
    keys, draft = work(family, known=knowing(head))
    assert f"{KK}<enter>3<enter><captcha>" in words(keys)
    assert not any(draft.answer(path) for path in ("class", "bank.name"))
    assert decision_on(draft, a_rulebook(), knowing(head)(draft, a_rulebook())).outcome == "added_members"


def test_a_baby_without_nik() -> None:
    mother = a_participant("PBI_JK", date(1995, 5, 5), "P", 5, head=True)
    baby = a_baby(date(2026, 11, 20), mother.nik, name="BAYI NYONYA RINA WIJAYA", mother_name=mother.name)
    family = a_family(members=[baby | {"nik": None}], **{"class": None, "bank": None})
    keys, draft = work(family, known=knowing(mother))
    assert f"<f9>{mother.nik}<enter><enter><enter>20112026<enter>2<enter>" in words(keys)
    assert decision_on(draft, a_rulebook(), knowing(mother)(draft, a_rulebook())).outcome == "newborn"
    assert stored(draft, a_rulebook()) == stored(a_draft(family), a_rulebook())


def test_a_family_that_the_form_would_hold_is_said_so() -> None:
    known = knowing(a_participant(serial=901, nik=a_nik(date(1980, 8, 12))))
    with pytest.raises(NotTypeable) as stopped:
        work(a_family(), known=known)
    assert (stopped.value.problem.field, stopped.value.problem.code) == (
        "members[0].nik",
        "nik.already_registered",
    )

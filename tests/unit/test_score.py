"""The score of a scenario: the perfect run has it all, each mistake costs what the marks say, and no more."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from kiosk.domain.family import as_family_file, read_family
from kiosk.domain.form import FAMILY_PATHS, MEMBER_KEYS
from kiosk.language import LANGUAGES, Language
from kiosk.resources import data_dir
from kiosk.training.clerk import perfect_keys
from kiosk.training.debrief import debrief_lines, remarks
from kiosk.training.scenario import Scenario, find_scenarios, read_scenario
from kiosk.training.score import Deduction, Marks, Par, Performance, Score, marks, par_of, score
from tests.builders import a_rulebook

FILES = find_scenarios([data_dir() / "training"])
MARKS = marks()
COST: Mapping[str, Any] = MARKS.table


def a_scenario(name: str) -> Scenario:
    return read_scenario(FILES[name], a_rulebook)


def registered(scenario: Scenario) -> dict[str, Any]:
    """The expected family as the store would give it back."""
    rules = a_rulebook(scenario.today)
    family = as_family_file(read_family(scenario.draft(rules), rules)[0], rules.terms_version)
    told: dict[str, Any] = json.loads(json.dumps(family))
    return told


def par(scenario: Scenario) -> Par:
    return par_of(perfect_keys(scenario, a_rulebook(scenario.today)))


def perfect(scenario: Scenario) -> Performance:
    best = par(scenario)
    return Performance(registered(scenario), verified_phone=True, keys=best.keys, seconds=best.seconds)


def points(scenario: Scenario, done: Performance) -> tuple[int, list[str]]:
    """The points and the codes of what cost some."""
    found = score(scenario, done, par(scenario), a_rulebook(scenario.today))
    return found.points, [f"{one.code} {one.field}".strip() for one in found.deductions]


@pytest.mark.parametrize("name", ["keluarga-baru", "nama-di-ktp", "bayi-tanpa-nik"])
def test_a_perfect_run_has_all_points(name: str) -> None:
    scenario = a_scenario(name)
    assert points(scenario, perfect(scenario)) == (100, [])


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(family: dict[str, Any]) -> None:
        *way, last = path.split(".")
        at: Any = family
        for part in way:
            at = at[int(part)] if part.isdigit() else at[part]
        at[last] = value

    return change


FIELDS = {
    "members.1.name": ("members[1].name", "MARIA YULI", "name"),
    "members.1.nik": ("members[1].nik", "9901015106870039", "nik"),
    "members.2.birth_date": ("members[2].birth_date", "2015-08-24", "birth_date"),
    "members.2.relation": ("members[2].relation", "other_kin", "relation"),
    "members.0.religion": ("members[0].religion", "islam", "other"),
    "members.0.mother_name": ("members[0].mother_name", None, "other"),
    "kk": ("kk", "9901010506190041", "kk"),
    "class": ("class", 2, "class"),
    "fktp": ("fktp", "99010001", "fktp"),
    "bank.account": ("bank.account", "0987654312", "account"),
    "bank.name": ("bank.name", "BRI", "other"),
    "contact.phone": ("contact.phone", "+6281322227003", "phone"),
    "contact.email": ("contact.email", "hendra@example.com", "other"),
    "address.street": ("address.street", "Jl. Anggrek 33", "other"),
    "address.rt": ("address.rt", None, "other"),
}


@pytest.mark.parametrize("path", FIELDS)
def test_a_wrong_answer_costs_what_the_marks_say(path: str) -> None:
    field, value, cost = FIELDS[path]
    scenario = a_scenario("nama-di-ktp")
    family = registered(scenario)
    _set(path, value)(family)
    lost = points(scenario, replace(perfect(scenario), family=family))
    assert lost == (100 - COST["field"][cost], [f"field {field}"])


def test_every_difference_is_told_with_the_words_of_the_trainer() -> None:
    scenario = a_scenario("nama-di-ktp")
    family = registered(scenario)
    _set("members.1.name", "MARIA YULI")(family)
    found = score(
        scenario, replace(perfect(scenario), family=family), par(scenario), a_rulebook(scenario.today)
    )
    (one,) = found.deductions
    assert (one.wanted, one.got) == ("MARIA YULIANA", "MARIA YULI")
    assert one.why == scenario.difficulties[0].why


def test_another_way_to_write_the_same_costs_nothing() -> None:
    scenario = a_scenario("nama-di-ktp")
    family = registered(scenario)
    _set("address.street", "jl anggrek  3")(family)
    assert points(scenario, replace(perfect(scenario), family=family)) == (100, [])


def test_who_is_left_out_and_who_does_not_belong() -> None:
    scenario = a_scenario("nama-di-ktp")
    short = registered(scenario)
    del short["members"][0]  # the others are still found, though each stands elsewhere
    assert points(scenario, replace(perfect(scenario), family=short)) == (
        100 - COST["member"]["missing"],
        ["member.missing members[0]"],
    )
    long = registered(scenario)
    other = {**long["members"][2], "nik": "9901010101900001", "name": "TAMU", "birth_date": "1990-01-01"}
    long["members"].append(other)
    assert points(scenario, replace(perfect(scenario), family=long))[0] == 100 - COST["member"]["extra"]


@pytest.mark.parametrize(
    ("change", "cost", "code"),
    [
        ({"family": None}, COST["registration"]["missing"], "registration.missing"),
        ({"verified_phone": False}, COST["phone"]["unverified"], "phone.unverified contact.phone"),
        ({"slips": ("other_data",)}, COST["slip"]["other_data"], "slip.other_data"),
        ({"slips": ("revealed",)}, COST["slip"]["revealed"], "slip.revealed"),
        ({"corrections": COST["corrections"]["free"] + 4}, 4, "corrections"),
        ({"corrections": 1000}, COST["corrections"]["most"], "corrections"),
        ({"keys": 100_000}, COST["keys"]["most"], "keys"),
        ({"seconds": 1e6}, COST["time"]["most"], "time"),
    ],
)
def test_other_mistakes_cost_what_the_marks_say(change: dict[str, Any], cost: int, code: str) -> None:
    scenario = a_scenario("keluarga-baru")
    assert points(scenario, replace(perfect(scenario), **change)) == (100 - cost, [code])


def test_keys_and_time_are_free_up_to_a_share_and_then_cost_by_portion() -> None:
    scenario = a_scenario("keluarga-baru")
    best, done = par(scenario), perfect(scenario)
    free = best.keys * (100 + COST["keys"]["free_percent"]) // 100
    assert points(scenario, replace(done, keys=free))[0] == 100
    assert (
        points(scenario, replace(done, keys=free + 1 + COST["keys"]["each"]))[0]
        == 100 - 2 * COST["keys"]["cost"]
    )
    slow = best.seconds * (1 + COST["time"]["free_percent"] / 100)
    assert points(scenario, replace(done, seconds=slow))[0] == 100
    assert points(scenario, replace(done, seconds=slow + 0.01))[0] == 100 - COST["time"]["cost"]


def test_points_never_fall_below_zero() -> None:
    scenario = a_scenario("keluarga-baru")
    done = Performance(None, keys=10**6, corrections=10**6, seconds=1e9, slips=("other_data",) * 9)
    assert points(scenario, done)[0] == 0


def test_a_trainer_changes_what_a_mistake_costs() -> None:
    scenario = a_scenario("keluarga-baru")
    table = copy.deepcopy(dict(COST))
    table["field"]["class"] = 31
    family = registered(scenario)
    family["class"] = 1
    done = replace(perfect(scenario), family=family)
    found = score(scenario, done, par(scenario), a_rulebook(scenario.today), Marks(table))
    assert found.points == 69


def test_the_estimate_follows_the_model() -> None:
    scenario = a_scenario("keluarga-baru")
    strokes = perfect_keys(scenario, a_rulebook(scenario.today))
    answers = [stroke for stroke in strokes if stroke.name in {"enter", "f6", "f9", "f10"}]
    assert par(scenario).keys == len(strokes) > 100
    assert par(scenario).seconds == pytest.approx(len(strokes) * 0.28 + len(answers) * 1.35, abs=0.06)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_costs_points_is_explained_in_both_languages(language: str) -> None:
    texts = Language(language)
    paths = [*(path for path in FAMILY_PATHS if path != "consent.accepted")]
    paths += [f"members[1].{key}" for key in MEMBER_KEYS]
    lost = [Deduction("field", 1, path, "A", "") for path in paths]
    lost += [Deduction(f"{section}.{key}", 1) for section in ("registration", "member", "phone", "slip")
             for key in COST[section]]  # fmt: skip
    lost += [Deduction(code, 1, wanted="1", got="2") for code in ("keys", "corrections", "time")]
    for one, said in zip(lost, remarks(Score(0, 100, tuple(lost)), texts), strict=True):
        assert "training." not in said.what + said.why, one
        assert "{" not in said.what, one
    assert debrief_lines("X", Score(100, 100, ()), texts)[-1] == texts.text("training.perfect")


def test_the_debrief_names_the_answer_and_both_values() -> None:
    scenario = a_scenario("keluarga-baru")
    family = registered(scenario)
    family["members"][1]["name"] = "DEWI L"
    found = score(
        scenario, replace(perfect(scenario), family=family), par(scenario), a_rulebook(scenario.today)
    )
    lines = debrief_lines(scenario.title, found, Language("id"))
    assert lines[0] == "Keluarga baru, dua orang: 94 dari 100"
    assert lines[1] == "-6   Anggota 2, Nama lengkap: seharusnya DEWI LESTARI, yang disimpan DEWI L"
    assert "data kependudukan" in lines[2]


def test_any_of_the_family_may_consent_for_its_children() -> None:
    scenario = a_scenario("nama-di-ktp")
    family = registered(scenario)
    assert family["consent"]["guardian"] == "HENDRA GUNAWAN"
    family["consent"]["guardian"] = "Maria Yuliana"
    assert points(scenario, replace(perfect(scenario), family=family)) == (100, [])
    family["consent"]["guardian"] = "TETANGGA"
    assert points(scenario, replace(perfect(scenario), family=family))[1] == ["field consent.guardian"]

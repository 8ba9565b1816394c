"""A run of a scenario without a screen: its own store, what is counted, what is acted, what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk import bootstrap
from kiosk.bootstrap import Services
from kiosk.config import Config
from kiosk.domain.draft import Draft
from kiosk.domain.flow import Fact
from kiosk.domain.registration import State
from kiosk.errors import KioskError
from kiosk.playing import Run
from kiosk.resources import data_dir
from kiosk.schooling import Schooling, scenario_named, score_of
from kiosk.services.training_ports import LessonNote
from kiosk.training.acting import PlayedDrafts
from kiosk.training.scenario import Scenario
from kiosk.training.score import OTHER_DATA, REVEALED, marks
from kiosk.training.session import Play, Tally
from tests.builders import a_rulebook

COST = marks().table
PHONE = "+6281234567890"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.delenv("KIOSK_STORE", raising=False)
    plain = Config()
    store = replace(plain.store, dir=str(tmp_path / "store"), keys=str(tmp_path / "keys"), reserve_mib=0)
    sms = replace(plain.sms, spool=str(tmp_path / "sms"))
    return replace(plain, kiosk=replace(plain.kiosk, profile="training"), store=store, sms=sms)


@pytest.fixture
def practice(config: Config) -> Iterator[Schooling]:
    with closing(bootstrap.services(config)) as house:
        assert house.schooling is not None
        yield house.schooling


def answered(run: Run, house: Services, changes: dict[str, str] | None = None) -> Draft:
    """The draft of a trainee who typed everything right but `changes`, and proved the phone."""
    draft = house.drafts.start()
    wanted = run.scenario.draft_at_first(house.rules())
    phone = wanted.answer("contact.phone")
    ready = replace(wanted, id=draft.id, started_at=draft.started_at)
    ready = ready.with_answers(changes or {}).with_facts({Fact.VERIFIED: "+62" + phone[1:]})
    return house.drafts.save(ready, fields=tuple(ready.answers))


def played(practice: Schooling, name: str, changes: dict[str, str] | None = None) -> tuple[int, list[str]]:
    """The points of a run of that scenario with `changes`, and what cost some."""
    run = practice.begin(scenario_named(practice.config, name))
    with closing(run.services()) as house:
        assert house.registrar.submit(answered(run, house, changes), house.rules()).registration
    score = run.finish()
    run.clear()
    assert not run.config.store_dir.exists()
    return score.points, [f"{one.code} {one.field}".strip() for one in score.deductions]


def test_a_run_with_every_answer_right_has_all_points(practice: Schooling) -> None:
    assert played(practice, "keluarga-baru") == (100, [])
    note = practice.run("")
    assert (note.scenario, note.points, bool(note.ended_at)) == ("keluarga-baru", 100, True)
    score = score_of(note)
    assert score is not None
    assert score.points == 100
    assert practice.best("keluarga-baru") == note
    assert practice.best("nama-di-ktp") is None


@pytest.mark.parametrize(
    ("changes", "cost", "lost"),
    [
        ({"members[1].name": "DEWI LESTARY"}, COST["field"]["name"], "field members[1].name"),
        ({"bank.account": "123456789013"}, COST["field"]["account"], "field bank.account"),
        ({"class": "1"}, COST["field"]["class"], "field class"),
    ],
)
def test_what_was_typed_wrong_costs_what_the_marks_say(
    practice: Schooling, changes: dict[str, str], cost: int, lost: str
) -> None:
    assert played(practice, "keluarga-baru", changes) == (100 - cost, [lost])


def test_runs_leave_nothing_among_what_was_practised_without_a_scenario(practice: Schooling) -> None:
    run = practice.begin(scenario_named(practice.config, "bayi-tanpa-nik"))
    with closing(run.services()) as house:
        known = house.membership.known_for(run.scenario.draft(house.rules()), house.rules())
        assert [person.name for person in known.on_kk] == ["RINA WIJAYA"]
        assert house.clock.today() == date(2026, 11, 23)
        assert house.sender is None
        assert house.copies is None
    with practice.open_work.reading() as work:
        assert work.directory.by_kk("9901010102240031") == []
        assert work.registrations.page() == []


def test_a_run_that_was_cut_short_goes_on_and_keeps_what_was_counted(practice: Schooling) -> None:
    scenario = scenario_named(practice.config, "keluarga-baru")
    run = practice.begin(scenario, seed=7)
    with closing(run.services()) as house:
        for _ in range(5):
            run.play.pressed("text")
        draft = answered(run, house)
    again = practice.begin(scenario)
    assert (again.id, again.seed, again.play.tally.keys) == (run.id, 7, 5)
    with closing(again.services()) as house:
        assert house.drafts.resume(draft.id) is not None
    fresh = practice.begin(scenario, again=True)
    assert fresh.id != run.id
    assert practice.begin(scenario).id == fresh.id


def test_the_hub_of_a_run_refuses_once_and_what_was_mended_is_right(practice: Schooling) -> None:
    run = practice.begin(scenario_named(practice.config, "ditolak-pusat"))
    with closing(run.services()) as house:
        rules = house.rules()
        done = house.registrar.submit(answered(run, house), rules)
        assert done.registration is not None
        stored = house.queries.registration(done.registration.reference)
        assert (stored.state, stored.family["fktp"]) == (State.NEEDS_FIX, "9901B001")
        assert run.play.tally.versions == 1
        opened = house.mending.open(stored.reference, rules)
        assert [(p.field, p.code) for p in opened.problems] == [("fktp", "fktp.unknown")]
        mended = house.drafts.save(opened.draft.with_answers({"fktp": "99010002"}), fields=("fktp",))
        assert house.mending.submit(mended, rules).registration
        assert run.play.is_done
    assert run.play.tally.corrections == 0, "what the hub asks for is no correction"
    assert run.finish().points == 100


def test_a_refusal_that_is_left_costs_points(practice: Schooling) -> None:
    points, lost = played(practice, "ditolak-pusat")
    assert points == 100 - COST["registration"]["unmended"] - COST["field"]["fktp"]
    assert lost == ["field fktp", "registration.unmended fktp"] or set(lost) == {
        "field fktp",
        "registration.unmended fktp",
    }


def test_no_code_comes_where_the_network_is_gone(practice: Schooling) -> None:
    run = practice.begin(scenario_named(practice.config, "kode-tidak-datang"))
    with closing(run.services()) as house:
        draft = answered(run, house)
        assert house.verification.send_code(draft.id, PHONE)
        assert house.phone is not None
        assert house.phone.latest(PHONE) is None


def test_the_power_goes_once_after_the_answer_that_is_named(practice: Schooling) -> None:
    run = practice.begin(scenario_named(practice.config, "listrik-padam"))
    cuts: list[int] = []
    with closing(run.services()) as house:
        drafts = PlayedDrafts(
            house.open_work,
            house.clock,
            house.proofs,
            play=run.play,
            rules=house.rules,
            cut=lambda: cuts.append(practice.run(run.id).document["tally"]["was_cut"]),
        )
        draft = drafts.start()
        for path in ("members[1].name", "members[1].birth_date", "members[1].sex", "members[1].birth_date"):
            draft = drafts.save(draft.with_answers({path: "x"}), fields=(path,))
        assert cuts == [True], "what was counted is kept before the power goes"


def test_who_is_turned_away_is_not_registered(practice: Schooling) -> None:
    run = practice.begin(scenario_named(practice.config, "bayi-ke-pandawa"))
    with closing(run.services()) as house:
        draft = answered(run, house)
        refused = house.registrar.submit(draft, house.rules())
        assert refused.decision.refer_to == "pandawa"
        assert run.play.is_done
    assert run.finish().points == 100
    never = practice.begin(run.scenario, again=True)
    with closing(never.services()):
        pass
    assert never.finish().points == 100 - COST["registration"]["missing"]


@pytest.mark.parametrize("ask", [lambda q, n: q.find(n), lambda q, n: q.of_kk(n)])
def test_looking_up_somebody_else_is_a_slip(practice: Schooling, ask: Callable[[Any, str], object]) -> None:
    run = practice.begin(scenario_named(practice.config, "data-tetangga"))
    with closing(run.services()) as house:
        ask(house.queries, "9901010911170091")
        assert run.play.tally.slips == []
        ask(house.queries, "9901011204740999")
        ask(house.queries, "9901011204740999")
        assert run.play.tally.slips == [OTHER_DATA]


def a_play(scenario: Scenario | None = None, times: list[float] | None = None) -> Play:
    moments = iter(times or [])
    kept: list[Tally] = []
    found = scenario or scenario_named(Config(), "keluarga-baru")
    return Play(found, Tally(), kept.append, now=lambda: next(moments, 0.0))


def test_keys_are_counted_until_the_end_and_time_goes_to_the_step() -> None:
    play = a_play(times=[1.0, 2.5, 3.0, 9.0])
    rules = a_rulebook()
    play.pressed("next")
    play.pressed("text")
    draft = Draft("1", "").with_answers({"kk": "9901011203200007"}).moved_to("members[0].nik")
    play.stored(draft, ("kk",), rules)
    play.pressed("backspace")
    play.registered()
    play.pressed("finish")
    tally = play.tally
    assert (tally.keys, tally.corrections) == (3, 1)
    assert tally.seconds_by_step == {"terms": 1.5, "members": 0.5}
    assert tally.seconds == 2.0


def test_an_answer_that_was_changed_is_a_correction_and_one_taken_up_is_none() -> None:
    play, rules = a_play(), a_rulebook()
    draft = Draft("1", "").with_answers({"contact.phone": "1"})
    play.opened(draft)
    play.stored(draft, ("contact.phone",), rules)
    assert play.tally.corrections == 0
    play.stored(draft.with_answers({"contact.phone": "2"}), ("contact.phone",), rules)
    play.stored(draft.with_answers({"contact.phone": "2"}), ("contact.phone",), rules)
    assert play.tally.corrections == 1


def test_whole_numbers_on_the_list_of_members_are_a_slip_elsewhere_none() -> None:
    play, rules = a_play(), a_rulebook()
    play.pressed("reveal")
    assert play.tally.slips == []
    play.stored(Draft("1", "").moved_to("members[0].nik"), (), rules)
    play.pressed("reveal")
    assert play.tally.slips == [REVEALED]


def test_a_tally_is_read_as_it_was_told() -> None:
    tally = Tally(7, 2, {"kk": 1.25}, [OTHER_DATA], was_cut=True, saw_refusal=True, versions=1)
    assert Tally.read(tally.as_dict()) == tally


def test_scenarios_of_a_trainer_stand_beside_those_that_come_along(config: Config, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "rusak.toml").write_text('title = "x"\nlevels = 1\n', "utf-8")
    with_folder = replace(config, training=replace(config.training, scenarios=str(own)))
    with closing(bootstrap.services(with_folder)) as house:
        assert house.schooling is not None
        good, faults = house.schooling.scenarios()
    assert len(good) >= 8
    assert [one.level for one in good] == sorted(one.level for one in good)
    assert faults == [f"{own / 'rusak.toml'}, line 2: levels is unknown"]
    with pytest.raises(KioskError, match=r"scenario\.unknown"):
        scenario_named(config, "tidak-ada")


def test_lessons_are_remembered(practice: Schooling) -> None:
    assert practice.lesson("keys") == LessonNote("keys")
    practice.keep_lesson(LessonNote("keys", 3))
    practice.keep_lesson(LessonNote("keys", 5, "2026-11-26"))
    assert practice.lesson("keys") == LessonNote("keys", 5, "2026-11-26")
    assert practice.lesson("other") == LessonNote("other")


def test_there_is_no_practice_in_other_profiles(config: Config) -> None:
    real = replace(config, kiosk=replace(config.kiosk, profile="counter"))
    with closing(bootstrap.services(real)) as house:
        assert house.schooling is None


def test_what_the_form_would_not_take_is_refused_before_it_is_played(config: Config, tmp_path: Path) -> None:
    """The rules turn the family away as the file says, but no trainee comes past the row."""
    text = (data_dir() / "training" / "keluarga-baru.toml").read_text("utf-8")
    known = (
        'nik = "9901016209900022"\ncard = "0001234500022"\nname = "DEWI LESTARI"\nbirth_date = 1990-09-22\n'
        'kk = "9901010101010999"\nsegment = "PBPU"\nstatus = "active"\nclass = 2\n\n'
    )
    text = text.replace(
        "level = 1", 'level = 1\nends = "turned_away"\nrefused_with = "nik.already_registered"'
    )
    file = tmp_path / "tertahan.toml"
    file.write_text(text.replace("[expected]", f"[[known]]\n{known}[expected]", 1), "utf-8")
    with pytest.raises(KioskError, match=r"the form does not take members\[1\]\.nik"):
        scenario_named(config, str(file))


def test_the_nik_of_somebody_else_in_the_form_is_a_slip() -> None:
    play = a_play(scenario_named(Config(), "data-tetangga"))
    draft = Draft("1", "").with_answers({"members[0].nik": "9901 0112 0474 0999"})
    play.stored(draft, ("members[0].nik",), a_rulebook())
    assert play.tally.slips == [OTHER_DATA]

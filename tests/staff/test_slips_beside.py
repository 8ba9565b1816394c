"""A slip of the village kiosk opens its draft at the counter beside it: once, wherever the plug is pulled."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.bootstrap import Services
from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact
from kiosk.domain.registration import State
from kiosk.domain.resume_code import make_code
from kiosk.errors import KioskError, StaleDraftError
from kiosk.store.matching import Unmatched, unmatched
from tests.journeys.terminal import ROOT
from tests.staff.beside import KK, Beside
from tests.store.examples import a_registration

TRANSACTIONS = 3
"""So many a slip takes: the copy here, the end there, the draft here."""


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    return Beside(tmp_path)


@pytest.fixture
def village(beside: Beside) -> Iterator[Services]:
    house = beside.open("village")
    yield house
    house.open_work.close()


@pytest.fixture
def counter(beside: Beside) -> Iterator[Services]:
    house = beside.open("counter")
    yield house
    house.open_work.close()


def code_of(found: Draft | Problem) -> str:
    assert isinstance(found, Problem), found
    return found.code


def actions(house: Services, draft_id: str) -> list[tuple[str, tuple[str, ...]]]:
    with house.open_work() as work:
        return [(line.action, line.codes) for line in work.registrations.history(draft_id)]


def assert_only_at_the_counter(counter: Services, village: Services, draft: Draft) -> None:
    here = counter.drafts.resume(draft.id)
    assert here is not None
    assert (here.answers, here.at, here.fact("terms")) == (draft.answers, draft.at, "v1")
    assert not here.fact(Fact.COMES_FROM)
    assert village.drafts.resume(draft.id) is None
    assert village.drafts.page(limit=9) == []
    assert len(counter.drafts.page(limit=9)) == 1
    for house in (counter, village):
        assert_agrees(house)


def assert_agrees(house: Services) -> None:
    """The trail is whole, and tells of the same as the records."""
    assert house.open_work.verify_audit().ok
    database = house.open_work._database
    connection = database.take()
    try:
        assert unmatched(connection) == Unmatched()
    finally:
        database.give_back(connection)


def test_a_slip_opens_its_draft_at_the_counter_and_takes_it_away_there(
    beside: Beside, counter: Services, village: Services
) -> None:
    draft, code = beside.draft(village)
    found = counter.staffing.slips.take_up(code)
    assert isinstance(found, Draft)
    assert found.answer("kk") == KK
    assert_only_at_the_counter(counter, village, draft)
    assert actions(counter, draft.id)[-1] == ("draft.received", ("from.V1",))
    assert actions(village, draft.id)[-1] == ("draft.moved", ("to.C1",))
    assert counter.drafts.save(found.with_answers({"members[0].sex": "P"})).revision == found.revision + 1


def test_a_code_is_taken_once(beside: Beside, counter: Services, village: Services) -> None:
    _, code = beside.draft(village)
    assert isinstance(counter.staffing.slips.take_up(code), Draft)
    assert code_of(counter.staffing.slips.take_up(code)) == "resume.used"
    assert code_of(village.drafts.take_up(code)) == "resume.gone"


def test_who_still_types_in_the_village_is_told_and_loses_the_race(
    beside: Beside, counter: Services, village: Services
) -> None:
    draft, code = beside.draft(village)
    assert isinstance(counter.staffing.slips.take_up(code), Draft)
    with pytest.raises(StaleDraftError):
        village.drafts.save(draft.with_answers({"members[0].sex": "P"}))
    assert village.drafts.resume(draft.id) is None


def test_codes_of_the_counter_itself_are_as_ever(beside: Beside, counter: Services) -> None:
    draft, code = beside.draft(counter)
    assert counter.staffing.slips.take_up(code) == draft
    assert code_of(counter.staffing.slips.take_up(code)) == "resume.used"


def test_a_code_of_nobody_is_a_wrong_one(beside: Beside, counter: Services, village: Services) -> None:
    beside.draft(village)
    for _ in range(5):
        assert code_of(counter.staffing.slips.take_up(make_code(77))) == "resume.wrong"
    assert code_of(counter.staffing.slips.take_up(make_code(77))) == "resume.paused"


def test_a_family_that_was_finished_or_taken_up_there_meanwhile_is_said_so(
    beside: Beside, counter: Services, village: Services
) -> None:
    draft, code = beside.draft(village)
    village.drafts.discard(draft.id)
    assert code_of(counter.staffing.slips.take_up(code)) == "resume.gone"
    _, code = beside.draft(village)
    village.drafts.take_up(code)
    assert code_of(counter.staffing.slips.take_up(code)) == "resume.used"
    assert counter.drafts.page(limit=9) == []


def test_what_mends_a_refusal_stays_at_the_kiosk_that_sent_it(
    beside: Beside, counter: Services, village: Services
) -> None:
    draft, _ = beside.draft(village)
    with village.open_work() as work:
        work.registrations.add(replace(a_registration(1), id=draft.id, state=State.NEEDS_FIX))
        work.commit()
    mends = village.drafts.save(draft.with_facts({Fact.MENDS: "1"}))
    code = village.drafts.slip(mends.id)
    assert code_of(counter.staffing.slips.take_up(code)) == "resume.elsewhere"
    assert village.drafts.resume(draft.id) == mends


def test_a_store_beside_that_cannot_be_opened_is_said_and_made_by_nobody(
    beside: Beside, counter: Services
) -> None:
    with pytest.raises(KioskError, match=r"slips\.other"):
        counter.staffing.slips.take_up(make_code(77))
    assert not (beside.folder / "village-data").exists()
    assert not (beside.folder / "village-keys").exists()


def cut_off(beside: Beside, code: str, commits: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.staff.beside", str(beside.file("counter")), code, str(commits)],
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("commits", range(1, TRANSACTIONS + 1))
@pytest.mark.parametrize("by", ["code", "list"])
def test_wherever_the_plug_is_pulled_the_draft_is_at_one_of_them_and_goes_on(
    beside: Beside, village: Services, commits: int, by: str
) -> None:
    beside.open("counter").open_work.close()
    draft, code = beside.draft(village)
    cut_off(beside, code, commits)
    counter = beside.open("counter")
    try:
        (summary,) = counter.drafts.page(limit=9)
        kept = counter.drafts.resume(summary.id)
        assert kept is not None
        assert (village.drafts.resume(draft.id) is None) == (commits > 1)
        if by == "code":
            found = counter.staffing.slips.take_up(code)
            if commits == TRANSACTIONS:
                assert code_of(found) == "resume.used"
        else:
            assert counter.staffing.slips.settle(kept) is not None
        assert_only_at_the_counter(counter, village, draft)
    finally:
        counter.open_work.close()


def test_cut_off_before_it_left_the_village_may_go_on_there_and_is_copied_anew(
    beside: Beside, village: Services
) -> None:
    beside.open("counter").open_work.close()
    draft, code = beside.draft(village)
    cut_off(beside, code, 1)
    newer = village.drafts.save(draft.with_answers({"members[0].name": "RINA WATI"}))
    counter = beside.open("counter")
    try:
        assert isinstance(counter.staffing.slips.take_up(code), Draft)
        assert_only_at_the_counter(counter, village, replace(newer))
    finally:
        counter.open_work.close()


def test_cut_off_before_it_left_the_village_and_finished_there_the_copy_goes(
    beside: Beside, village: Services
) -> None:
    beside.open("counter").open_work.close()
    draft, code = beside.draft(village)
    cut_off(beside, code, 1)
    village.drafts.discard(draft.id)
    counter = beside.open("counter")
    try:
        assert code_of(counter.staffing.slips.take_up(code)) == "resume.gone"
        assert counter.drafts.page(limit=9) == []
        assert_agrees(counter)
    finally:
        counter.open_work.close()

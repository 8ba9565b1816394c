"""What the repositories promise, on a real encrypted file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.domain.registration import State
from kiosk.errors import StaleDraftError, StoreError
from kiosk.services.ports import LeasedCard
from kiosk.services.sync_ports import Identity
from kiosk.store.unit_of_work import Store
from tests.store import examples
from tests.store.conftest import Opener


def _add(store: Store, *numbers: int, **changes: object) -> None:
    with store() as work:
        for number in numbers:
            work.registrations.add(replace(examples.a_registration(number), **changes))  # type: ignore[arg-type]
        work.commit()


def test_a_draft_is_saved_resumed_and_removed(store: Store) -> None:
    draft = examples.a_draft()
    with store() as work:
        saved = work.drafts.save(draft, "t1")
        assert (saved.revision, saved.saved_at) == (1, "t1")
        saved = work.drafts.save(saved.with_answers({"kk": "99"}), "t2")
        work.commit()
    with store() as work:
        assert work.drafts.get(draft.id) == saved
        assert work.drafts.get("other") is None
        work.drafts.remove(draft.id)
        work.commit()
    with store.reading() as work:
        assert work.drafts.get(draft.id) is None
        assert work.drafts.page(limit=5) == []


def test_a_draft_that_somebody_else_saved_is_refused(store: Store) -> None:
    with store() as work:
        first = work.drafts.save(examples.a_draft(), "t1")
        work.drafts.save(first, "t2")
        for stale in (first, examples.a_draft()):
            with pytest.raises(StaleDraftError, match=r"draft\.stale"):
                work.drafts.save(stale, "t3")
        kept = work.drafts.get(first.id)
        assert kept is not None
        assert (kept.revision, kept.saved_at) == (2, "t2")


def test_a_draft_that_is_gone_does_not_come_back_by_a_save(store: Store) -> None:
    with store() as work:
        saved = work.drafts.save(examples.a_draft(), "t1")
        work.drafts.remove(saved.id)
        with pytest.raises(StaleDraftError):
            work.drafts.save(saved, "t2")


def test_drafts_are_listed_by_last_save(store: Store) -> None:
    with store() as work:
        for number in (1, 2, 3):
            work.drafts.save(examples.a_draft(number), f"2026-11-22T09:0{number}:00")
        again = work.drafts.get(examples.identity(1))
        assert again is not None
        work.drafts.save(again, "2026-11-22T09:09:00")
        page = work.drafts.page(limit=2)
        assert [line.id for line in page] == [examples.identity(1), examples.identity(3)]
        assert [line.id for line in work.drafts.page(limit=2, offset=2)] == [examples.identity(2)]
        assert page[0].name == examples.NAMES[0]
        assert (page[0].kk, page[0].people, page[0].at) == (examples.kk(1), 4, "members[3].name")


def test_a_registration_is_found_by_every_number(store: Store) -> None:
    _add(store, 1, 2)
    wanted = examples.a_registration(2)
    with store.reading() as work:
        found = work.registrations
        assert found.by_reference(wanted.reference) == wanted
        assert found.by_draft(wanted.id) == wanted
        assert found.by_nik(examples.nik(2, 3)) == [wanted]
        assert found.by_kk(examples.kk(2)) == [wanted]
        assert found.by_reference("K1-9999-XX") is None
        assert found.by_draft("none") is None
        assert found.by_nik("9901000000000000") == found.by_kk("9902000000000000") == []


def test_the_same_registration_twice_is_refused(store: Store) -> None:
    _add(store, 1)
    for twin in ({"id": "another"}, {"reference": "another"}):
        with pytest.raises(StoreError) as caught:
            _add(store, 1, **twin)
        assert caught.value.code == "store.duplicate"
        assert caught.value.exit_code == 4


def test_several_registrations_of_a_person_come_newest_first(store: Store) -> None:
    for number in (1, 2, 3):
        _add(store, 1, id=examples.identity(number), reference=examples.reference(number))
    with store.reading() as work:
        by_nik = work.registrations.by_nik(examples.nik(1), limit=2)
        by_kk = work.registrations.by_kk(examples.kk(1), limit=2)
    newest = [examples.reference(3), examples.reference(2)]
    assert [one.reference for one in by_nik] == [one.reference for one in by_kk] == newest


@pytest.mark.parametrize("state", State)
def test_a_nik_is_live_while_its_registration_counts(store: Store, state: State) -> None:
    _add(store, 1, state=state)
    asked = [examples.nik(1), examples.nik(1, 1), examples.nik(2)]
    with store.reading() as work:
        live = work.registrations.live_niks(asked)
        assert work.registrations.live_niks([]) == frozenset()
    counts = state in {State.SUBMITTED, State.SENT, State.NEEDS_FIX, State.ACCEPTED}
    assert live == (set(asked[:2]) if counts else set())


def test_a_registration_does_not_count_against_itself(store: Store) -> None:
    _add(store, 1, state=State.NEEDS_FIX)
    _add(store, 2)
    asked = [examples.nik(1), examples.nik(2)]
    with store.reading() as work:
        assert work.registrations.live_niks(asked, but=examples.identity(1)) == {examples.nik(2)}


def test_a_baby_without_a_nik_is_kept_but_not_looked_up(store: Store) -> None:
    registration = examples.a_registration(1)
    members = [*registration.family["members"], examples.a_member(1, 9, nik=None, name="BAYI")]
    _add(store, 1, family={**registration.family, "members": members})
    with store.reading() as work:
        found = work.registrations.by_nik(examples.nik(1))
        assert found[0].family["members"][-1]["nik"] is None


def test_lists_go_on_where_they_ended(store: Store) -> None:
    _add(store, *range(1, 8))
    seen: list[str] = []
    with store.reading() as work:
        while page := work.registrations.page(limit=3, before=seen[-1] if seen else ""):
            seen += [line.reference for line in page]
        batch = work.registrations.batch(state=None, limit=2, before=examples.reference(4))
        assert work.registrations.page(before="K1-0000-XX") == []
    assert seen == [examples.reference(number) for number in range(7, 0, -1)]
    assert batch == [examples.a_registration(3), examples.a_registration(2)]


def test_lists_of_a_state_and_a_day(store: Store) -> None:
    friday = examples.a_moment(wall="2026-11-20T09:00:00.000+07:00")
    _add(store, 1, 2, created=friday)
    _add(store, 3, created=friday, state=State.NEEDS_FIX)
    _add(store, 4, state=State.NEEDS_FIX)
    with store.reading() as work:
        repository = work.registrations

        def numbers(**conditions: object) -> list[str]:
            return [line.reference[3:7] for line in repository.page(**conditions)]  # type: ignore[arg-type]

        assert numbers() == ["0004", "0003", "0002", "0001"]
        assert numbers(day="2026-11-20") == ["0003", "0002", "0001"]
        assert numbers(state=State.NEEDS_FIX) == ["0004", "0003"]
        assert numbers(state=State.NEEDS_FIX, day="2026-11-20") == ["0003"]
        assert numbers(state=State.ACCEPTED) == []
        assert [one.reference for one in repository.batch(state=State.NEEDS_FIX, limit=1)] == ["K1-0004-XX"]


def test_numbers_count_up_for_each_kiosk_and_a_rollback_gives_them_back(store: Store) -> None:
    with store() as work:
        assert [work.registrations.next_number("K1") for _ in range(3)] == [1, 2, 3]
        assert work.registrations.next_number("K2") == 1
        work.commit()
    with store() as work:
        assert work.registrations.next_number("K1") == 4
    with store() as work:
        assert work.registrations.next_number("K1") == 4


def test_history_is_the_lines_of_one_subject_in_order(store: Store) -> None:
    lines = [examples.a_line(number, action=f"a{number}", subject="K1-0001-XX") for number in (1, 2)]
    with store() as work:
        work.audit.append(lines[0])
        work.audit.append(examples.a_line(9, subject="K1-0002-XX"))
        work.audit.append(lines[1])
        assert work.registrations.history("K1-0001-XX") == lines
        assert work.registrations.history("K1-0003-XX") == []


def test_the_outbox_counts_what_waits_and_no_further(store: Store) -> None:
    with store() as work:
        assert work.outbox.waiting() == 0
        for number in range(5):
            work.outbox.add(examples.a_registration(number), f"key-{number}")
        assert work.outbox.waiting() == 5
        assert work.outbox.waiting(at_most=3) == 3
        for again in ((examples.a_registration(1), "another"), (examples.a_registration(7), "key-1")):
            with pytest.raises(StoreError, match=r"store\.duplicate"):
                work.outbox.add(*again)


def test_each_card_number_is_given_once_and_none_is_made_up(store: Store) -> None:
    with store() as work:
        assert work.cards.take() is None
        work.cards.lease("0000000000098", 3, demo=False)
        work.cards.lease("0000000000500", 1, demo=False)
        assert work.cards.left() == 4
        assert work.cards.take() == LeasedCard("0000000000098", demo=False)
        work.commit()
    with store() as work:
        assert work.cards.take() == LeasedCard("0000000000099", demo=False)
    with store() as work:
        taken = [work.cards.take() for _ in range(4)]
        assert [card.number[-3:] if card else None for card in taken] == ["099", "100", "500", None]
        assert work.cards.left() == 0


def test_leasing_a_block_again_changes_nothing(store: Store) -> None:
    with store() as work:
        work.cards.lease("0000000000001", 10, demo=True)
        work.cards.take()
        work.cards.lease("0000000000001", 10, demo=True)
        assert work.cards.left() == 9


@pytest.mark.parametrize(
    ("first", "count"), [("0000000000105", 1), ("0000000000090", 11), ("0000000000090", 90)]
)
def test_a_block_with_a_number_of_another_is_refused(store: Store, first: str, count: int) -> None:
    with store() as work:
        work.cards.lease("0000000000100", 10, demo=False)
        with pytest.raises(StoreError, match=r"store\.cards_overlap"):
            work.cards.lease(first, count, demo=False)
        work.cards.lease("0000000000110", 5, demo=False)
        assert work.cards.left() == 15


def test_a_block_of_an_earlier_life_ends_where_it_comes_again_and_nothing_is_given_twice(
    store: Store,
) -> None:
    identity = Identity("K1", False, b"s" * 32, b"o" * 32, epoch="life-1")  # noqa: FBT003
    with store() as work:
        work.identity.put(identity)
        work.cards.lease("0000000000100", 10, demo=False, lease="one", epoch="life-1")
        given = [work.cards.take() for _ in range(3)]
        work.identity.put(replace(identity, epoch="life-2"))
        assert work.cards.left() == 0
        work.cards.lease("0000000000098", 6, demo=False, lease="two", epoch="life-2")
        assert work.cards.left() == 1
        assert work.cards.take() == LeasedCard("0000000000103", demo=False)
        assert LeasedCard("0000000000103", demo=False) not in given
        assert [block.lease for block in work.cards.blocks()] == ["two"]


@pytest.mark.parametrize(("first", "count"), [("", 1), ("12a", 1), ("\u0661", 1), ("12", 0)])
def test_what_is_no_block_is_refused(store: Store, first: str, count: int) -> None:
    with store() as work, pytest.raises(ValueError, match="block"):
        work.cards.lease(first, count, demo=False)


def test_demonstration_numbers_end_with_the_first_real_block(store: Store) -> None:
    with store() as work:
        work.cards.lease("0000000000001", 5, demo=True)
        assert work.cards.take() == LeasedCard("0000000000001", demo=True)
        work.cards.lease("0000000000700", 1, demo=False)
        assert work.cards.left() == 1
        assert work.cards.take() == LeasedCard("0000000000700", demo=False)
        assert work.cards.take() is None


def test_codes_are_kept_replaced_and_listed_newest_first(store: Store) -> None:
    with store() as work:
        for number, draft in ((1, 1), (2, 2), (3, 1)):
            work.codes.add(examples.a_code(number, draft=draft))
        work.codes.add(examples.a_code(4, draft=1, phone="+6281200000002"))
        work.codes.replace(replace(examples.a_code(3), tries=2, closed="wrong"))
        sent = work.codes.sent_to("+6281200000001", limit=2)
        assert [attempt.id for attempt in sent] == [examples.identity(3), examples.identity(2)]
        assert (sent[0].tries, sent[0].closed, sent[1].tries) == (2, "wrong", 0)
        assert work.codes.latest(examples.identity(1)) == examples.a_code(4, phone="+6281200000002")
        assert work.codes.latest(examples.identity(9)) is None
        with pytest.raises(StoreError, match=r"store\.unknown"):
            work.codes.replace(examples.a_code(9))


def test_the_directory_replaces_who_is_there_already(store: Store) -> None:
    people = [examples.a_participant(number, family=number // 3) for number in range(1, 7)]
    moved = replace(people[0], status="deceased", kk=examples.kk(9), care_class=None, since=None)
    with store() as work:
        work.directory.put(people)
        work.directory.put([moved])
        work.directory.put([])
        assert work.directory.by_niks([people[4].nik, moved.nik, "none"]) == [moved, people[4]]
        assert work.directory.by_kk(examples.kk(1)) == people[2:5]
        assert work.directory.by_kk(examples.kk(0)) == [people[1]]


def test_everything_is_there_after_opening_again(store: Store, open_store: Opener) -> None:
    with store() as work:
        work.drafts.save(examples.a_draft(2), "t")
        work.registrations.add(examples.a_registration(1))
        head = work.audit.append(examples.a_line())
        work.commit()
    store.close()
    with open_store().reading() as work:
        assert work.audit.head() == head
        assert work.registrations.by_reference(examples.reference(1)) == examples.a_registration(1)
        assert work.drafts.get(examples.identity(2)) is not None

"""A registration is taken back only while no hub can have it, whatever became of the line."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

import pytest

from kiosk.domain.fields import Problem
from kiosk.domain.registration import Registration, State
from kiosk.domain.staff import Role
from kiosk.services.sending import Received, Sending
from kiosk.services.staff import SignedIn
from kiosk.services.sync_ports import ReceiptWord
from kiosk.sync.pace import Pace
from tests.hub.placed import Hub
from tests.hub.running import RunningHub
from tests.sync.held import held_at, port_of, through
from tests.sync.here import KioskHere
from tests.sync.proxy import HttpMessage, Proxy

WHY = "keluarga ini datang dua kali"


class OneByOne(Pace):
    """A line on which each request takes one record, so that the sending lasts."""

    def batch(self, record_bytes: int) -> int:
        del record_bytes
        return 1


def two_people(here: KioskHere) -> tuple[SignedIn, SignedIn]:
    staff = here.house.staffing.staff
    if staff.is_empty():
        staff.add("Ratna Dewi", Role.SUPERVISOR, "804213")
        boss = staff.sign_in("S1", "804213")
        assert isinstance(boss, SignedIn)
        staff.add("Siti Rahma", Role.CLERK, "940182", by=boss)
    first, second = staff.sign_in("S2", "940182"), staff.sign_in("S1", "804213")
    assert isinstance(first, SignedIn)
    assert isinstance(second, SignedIn)
    return first, second


def take_back(here: KioskHere, registration: Registration) -> Registration | Problem:
    return here.house.staffing.risky.void(registration.reference, *two_people(here), WHY)


def test_what_never_set_out_is_taken_back_and_never_reaches_the_hub(here: KioskHere, hub: Hub) -> None:
    gone, stays = here.register(1), here.register(2)
    config = replace(here.config, hub=replace(here.config.hub, url="http://127.0.0.1:9"))
    assert KioskHere(config, replace(here.house, config=config)).sync().code == "hub.unreachable"
    voided = take_back(here, gone)
    assert isinstance(voided, Registration), voided
    outcome = here.sync()
    assert (outcome.code, outcome.sent, outcome.waiting) == ("", 1, 0)
    assert held_at(hub) == {(stays.id, 1): 1}
    assert here.states() == {gone.reference: State.CANCELLED, stays.reference: State.SENT}
    anew = here.register(3, kk=str(gone.family["kk"]), members=gone.family["members"])
    assert here.sync().sent == 1
    assert here.states()[anew.reference] is State.SENT


def test_what_the_hub_may_have_is_not_taken_back_though_no_receipt_came(
    here: KioskHere, hub: Hub, served: RunningHub
) -> None:
    registration = here.register()
    seen: list[bytes] = []

    def nothing_after_the_inbox(reply: HttpMessage) -> bytes:
        seen.append(reply.raw)
        return reply.raw if len(seen) == 1 else reply.raw[:9]

    with Proxy([port_of(served)]) as proxy:
        proxy.change = nothing_after_the_inbox
        assert through(proxy, here).sync().sent == 0
    assert held_at(hub) == {(registration.id, 1): 1}
    assert here.states() == {registration.reference: State.SUBMITTED}
    refused = take_back(here, registration)
    assert isinstance(refused, Problem)
    assert refused.code == "void.sent"
    assert here.sync().sent == 1


def test_taken_back_while_others_are_on_their_way_each_is_here_or_there(
    here: KioskHere, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is either taken back and never at the hub, or there and not taken back."""
    registered = [here.register(number) for number in range(1, 13)]
    first, second = two_people(here)
    on_the_way, taken_back = threading.Event(), threading.Event()

    def receipts(sending: Sending, words: Iterable[ReceiptWord]) -> Received:
        """Between two requests, with another one under way, the sending stands still."""
        heard = list(words)
        if heard:
            on_the_way.set()
            assert taken_back.wait(30)
        return whole(sending, heard)

    whole = Sending.receipts
    monkeypatch.setattr(Sending, "receipts", receipts)
    sending = threading.Thread(target=here.sync, kwargs={"pace": OneByOne()})
    sending.start()
    assert on_the_way.wait(30)
    found = {one.id: here.house.staffing.risky.void(one.reference, first, second, WHY) for one in registered}
    taken_back.set()
    sending.join()
    here.sync()
    at_hub = {record for record, _ in held_at(hub)}
    assert 0 < len(at_hub) < len(registered)
    assert at_hub == {record for record, what in found.items() if isinstance(what, Problem)}
    states = here.states()
    for one in registered:
        assert (states[one.reference] is State.CANCELLED) == (one.id not in at_hub)
    assert here.house.queries.waiting() == 0


def test_a_refused_one_that_was_taken_back_is_not_brought_back_by_the_hub(here: KioskHere, hub: Hub) -> None:
    first = here.register(1)
    here.sync()
    hub.decide()
    here.sync()
    with here.house.open_work() as work:
        found = work.registrations.by_reference(first.reference)
        assert found is not None
        work.registrations.move(replace(found, state=State.NEEDS_FIX))
        work.commit()
    assert isinstance(take_back(here, first), Registration)
    assert here.sync().sent == 0
    assert here.states() == {first.reference: State.CANCELLED}
    assert here.house.open_work.verify_audit().ok

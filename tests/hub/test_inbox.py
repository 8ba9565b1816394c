"""The inbox over real HTTP: numbered messages in order, page by page, each to its kiosk alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from kiosk.hub.callers import Caller
from kiosk.hub.database import transaction
from kiosk.hub.inbox import MOST_BYTES
from kiosk.hub.messages import Addressee, Letter, post
from kiosk.sync.statements import message_from
from tests.hub.kiosk import KioskAtHub
from tests.hub.running import RunningHub


def write(
    served: RunningHub, kiosk: KioskAtHub, *payloads: Mapping[str, object], sealed: bool = False
) -> None:
    caller: Caller | None = served.reception._book.find(kiosk.signer.id)
    assert caller is not None
    to = Addressee(caller.n, caller.name, caller.training, caller.opening)
    signer = served.reception.key_file.current().signer
    with transaction(served.reception.engine) as session:
        letters = [Letter(to, "decision", payload, sealed=sealed) for payload in payloads]
        post(session, letters, signer, datetime.now(UTC))


def read(kiosk: KioskAtHub, after: int = 0, limit: int = 50) -> tuple[list[dict[str, object]], bool]:
    """What the messages say, each verified as a kiosk does."""
    answer = kiosk.send("GET", f"/v1/inbox?after={after}&limit={limit}").json
    found = []
    for place, item in enumerate(answer["items"], after + 1):
        one = message_from(kiosk.name, item, training=kiosk.training)
        assert one.number == place
        assert one.is_signed_by(kiosk.hub_publics[one.key])
        payload = one.payload(kiosk.opener)
        assert payload is not None
        found.append(payload)
    return found, answer["more"]


def test_an_inbox_is_empty_at_first(served: RunningHub) -> None:
    assert read(served.kiosk()) == ([], False)


def test_messages_come_in_order_and_page_by_page(served: RunningHub) -> None:
    kiosk = served.kiosk()
    write(served, kiosk, *({"number": number} for number in range(1, 8)))
    assert read(kiosk, limit=3) == ([{"number": 1}, {"number": 2}, {"number": 3}], True)
    assert read(kiosk, after=3, limit=4) == ([{"number": number} for number in range(4, 8)], False)
    assert read(kiosk, after=7) == ([], False)
    assert len(read(kiosk)[0]) == 7


def test_a_sealed_message_is_opened_by_its_kiosk_alone(served: RunningHub) -> None:
    kiosk = served.kiosk()
    write(served, kiosk, {"name": "SITI AMINAH"}, sealed=True)
    answer = kiosk.send("GET", "/v1/inbox")
    assert b"SITI" not in answer.body
    assert read(kiosk) == ([{"name": "SITI AMINAH"}], False)
    stranger = served.kiosk("K2")
    one = message_from("K1", answer.json["items"][0], training=False)
    assert one.payload(stranger.opener) is None


def test_each_kiosk_has_its_own_inbox(served: RunningHub) -> None:
    kiosks = [served.kiosk(), served.kiosk("K2"), served.kiosk(training=True)]
    for number, kiosk in enumerate(kiosks):
        write(served, kiosk, {"number": number})
    assert [read(kiosk) for kiosk in kiosks] == [([{"number": number}], False) for number in range(3)]


def test_a_large_message_comes_alone(served: RunningHub) -> None:
    kiosk = served.kiosk()
    write(served, kiosk, {"data": "x" * MOST_BYTES}, {"data": "y" * MOST_BYTES}, {"data": "z"})
    first, more = read(kiosk)
    assert (len(first), more) == (1, True)
    second, more = read(kiosk, after=1)
    assert (len(second), more) == (1, True)
    assert read(kiosk, after=2) == ([{"data": "z"}], False)

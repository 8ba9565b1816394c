"""What a kiosk may ask of the hub, each as one function from a visit to an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kiosk.hub.documents import ReceiptsAsked, StatusReport
from kiosk.hub.inbox import messages_after, note_read
from kiosk.hub.intake import NETWORK, Item, receipts_for, take_in
from kiosk.hub.reception import Route, Visit
from kiosk.hub.refusals import Refusal
from kiosk.hub.reports import Report, note_report
from kiosk.sync.canonical import to_text
from kiosk.sync.envelope import BadEnvelopeError, split

ENVELOPES_MEDIA = "application/vnd.jkn.envelopes"
MOST_ENVELOPES = 200
MOST_MESSAGES = 200


def _envelopes(visit: Visit) -> Mapping[str, Any]:
    try:
        batch = split(visit.body, at_most=MOST_ENVELOPES)
    except BadEnvelopeError as error:
        raise Refusal(400, error.code) from None
    items = take_in(visit.session, visit.caller, batch, visit.keys, carrier=NETWORK, now_ms=visit.now_ms)
    visit.told["items"] = dict(Counter(item.status for item in items))
    return _items(items)


def _receipts(visit: Visit) -> Mapping[str, Any]:
    asked = visit.read(ReceiptsAsked).items
    wanted = [(one.record, one.version, bytes.fromhex(one.hash)) for one in asked]
    return _items(receipts_for(visit.session, visit.caller, wanted))


def _items(items: Sequence[Item]) -> Mapping[str, Any]:
    return {"items": [_item(item) for item in items]}


def _item(item: Item) -> dict[str, Any]:
    receipt = item.receipt
    if receipt is None:
        return {"status": item.status, "code": item.code}
    return {
        "status": item.status,
        "code": item.code,
        "at": receipt.received_ms,
        "key": receipt.key.hex(),
        "signature": to_text(receipt.signature),
    }


def _status(visit: Visit) -> Mapping[str, Any]:
    told = visit.read(StatusReport)
    report = Report(
        waiting=told.waiting,
        drift_ms=told.drift_ms,
        program=told.version,
        profile=told.profile,
        cards_left=told.cards_left,
        audit_head=bytes.fromhex(told.audit_head),
        epoch=told.epoch,
    )
    note_report(visit.session, visit.caller, report, visit.now)
    return {"now": visit.now_ms}


def _inbox(visit: Visit) -> Mapping[str, Any]:
    note_read(visit.session, visit.caller, visit.query["after"])
    found, more = messages_after(visit.session, visit.caller, visit.query["after"], visit.query["limit"])
    return {"items": [one.as_dict() for one in found], "more": more}


ENVELOPES = Route("envelopes", _envelopes, media=ENVELOPES_MEDIA)
RECEIPTS = Route("receipts", _receipts, lock=False)
STATUS = Route("status", _status, lock=False)
INBOX = Route(
    "inbox",
    _inbox,
    media="",
    parameters=(("after", (0, 2**53 - 1, 0)), ("limit", (1, MOST_MESSAGES, 50))),
    lock=False,
)

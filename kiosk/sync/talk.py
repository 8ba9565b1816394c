"""What a kiosk asks a hub, each as one function, with answers that were checked for their form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.services.sync_ports import HubReceipt, Letter, ReceiptWord
from kiosk.sync.canonical import from_hex, from_text
from kiosk.sync.enrolment import Application, EnrolCode, Enrolled, enrolled_from
from kiosk.sync.envelope import HASH_BYTES, Header, joined
from kiosk.sync.http import HubLine, LostReplyError
from kiosk.sync.keys import KEY_ID_BYTES, SIGNATURE_BYTES
from kiosk.sync.statements import BadStatementError, message_from
from kiosk.sync.voice import letter_of

ENVELOPES_MEDIA = "application/vnd.jkn.envelopes"
RECEIVED, DUPLICATE, UNKNOWN = "received", "duplicate", "unknown"
MOST_RECEIPTS = 500
_RECEIPT_BYTES = 150
_WORDS = frozenset({RECEIVED, DUPLICATE, UNKNOWN, "conflict", "malformed", "unsupported", "refused"})


@dataclass(frozen=True, slots=True)
class Named:
    """One version of a record with the hash of its content, as receipts name it."""

    record: str
    version: int
    hash: str

    @classmethod
    def of(cls, header: Header) -> Named:
        """What an envelope's header names."""
        return cls(header.record, header.version, header.content_hash.hex())


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What became of one record: its receipt, or the status and code of why there is none."""

    status: str
    code: str = ""
    word: ReceiptWord | None = None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """The next messages, and whether there are others behind them."""

    letters: tuple[Letter, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """Asks for card numbers: under which lease, in which life of the store, how far each block was given."""

    lease: str
    epoch: str
    left: int
    want: int
    next: tuple[tuple[int, int], ...] = ()


async def send_envelopes(
    line: HubLine, names: Sequence[Named], envelopes: Sequence[bytes]
) -> list[ItemAnswer]:
    """What the hub says of each envelope of a batch, in its order."""
    answer = await line.post_bytes(
        "/v1/envelopes",
        joined(list(envelopes)),
        ENVELOPES_MEDIA,
        expected=_RECEIPT_BYTES * len(envelopes),
    )
    return _items(answer, names)


async def ask_receipts(line: HubLine, names: Sequence[Named]) -> list[ItemAnswer]:
    """Which of these versions the hub holds, in their order: small beside sending them again."""
    asked = [{"record": one.record, "version": one.version, "hash": one.hash} for one in names]
    answer = await line.post("/v1/receipts", {"items": asked}, expected=_RECEIPT_BYTES * len(names))
    return _items(answer, names)


async def read_inbox(line: HubLine, kiosk: str, cursor: int, *, training: bool, limit: int = 50) -> InboxPage:
    """The messages behind `cursor`; each is signed in itself, so any of the hub's keys may sign the reply."""
    answer = await line.get(f"/v1/inbox?after={cursor}&limit={limit}", expected=20_000, any_key=True)
    items, more = answer.get("items"), answer.get("more")
    if not isinstance(items, list) or len(items) > limit or not isinstance(more, bool):
        raise LostReplyError("reply.malformed", "items")
    try:
        letters = tuple(letter_of(message_from(kiosk, one, training=training)) for one in items)
    except (BadStatementError, AttributeError, TypeError):
        raise LostReplyError("reply.malformed", "message") from None
    return InboxPage(letters, more and bool(letters))


async def ask_block(line: HubLine, kiosk: str, wanted: BlockRequest, *, training: bool) -> Letter:
    """The hub's answer to a kiosk that wants card numbers, as a message outside the inbox."""
    asked = {
        "lease": wanted.lease,
        "epoch": wanted.epoch,
        "left": wanted.left,
        "want": wanted.want,
        "next": [list(one) for one in wanted.next],
    }
    answer = await line.post("/v1/blocks", asked)
    try:
        return letter_of(message_from(kiosk, answer, training=training))
    except BadStatementError:
        raise LostReplyError("reply.malformed", "message") from None


async def send_status(line: HubLine, status: Mapping[str, Any]) -> None:
    """Tells the hub how this kiosk is."""
    await line.post("/v1/status", status)


async def enrol(line: HubLine, code: EnrolCode, application: Application) -> Enrolled:
    """The hub's keys, from the hub that made the code and from no other.

    Raises BadEnrolmentError, and what the line raises.
    """
    found = await line.unsigned("/v1/enrol", application.as_dict(code.key))
    return enrolled_from(found, code, application)


def _items(payload: Mapping[str, Any], names: Sequence[Named]) -> list[ItemAnswer]:
    items = payload.get("items")
    if not isinstance(items, list) or len(items) != len(names):
        raise LostReplyError("reply.malformed", "items")
    return [_item(item, name) for item, name in zip(items, names, strict=True)]


def _item(item: Any, name: Named) -> ItemAnswer:
    status = item.get("status") if isinstance(item, dict) else None
    if status not in _WORDS:
        raise LostReplyError("reply.malformed", "status")
    code = item.get("code")
    if status not in {RECEIVED, DUPLICATE}:
        return ItemAnswer(status, code if isinstance(code, str) and code else status)
    try:
        receipt = HubReceipt(
            _whole(item["at"]), from_hex(item["key"], KEY_ID_BYTES).hex(), from_text(item["signature"])
        )
        from_hex(name.hash, HASH_BYTES)
    except (KeyError, TypeError, ValueError):
        raise LostReplyError("reply.malformed", "receipt") from None
    if len(receipt.signature) != SIGNATURE_BYTES:
        raise LostReplyError("reply.malformed", "receipt")
    return ItemAnswer(status, "", ReceiptWord(name.record, name.version, name.hash, receipt))


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no whole number")
    return value

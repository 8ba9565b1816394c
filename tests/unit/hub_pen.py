"""A hub that only writes: signs receipts and messages by the same code as the real one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kiosk.services.sync_ports import HubKey, Identity, Letter, ReceiptWord
from kiosk.sync.envelope import Envelope
from kiosk.sync.keys import OpeningKey, SigningKey
from kiosk.sync.statements import Receipt, message
from kiosk.sync.voice import letter_of, word_of

NOW_MS = 1_795_318_860_000
"""2026-11-22T10:41:00+07:00."""
NOW = "2026-11-22T10:41:00+07:00"
LATER = "2026-11-23T08:00:00+07:00"


@dataclass
class HubPen:
    """The keys of a hub and the number of its next message to one kiosk."""

    kiosk: str = "K1"
    training: bool = True
    signing: SigningKey = field(default_factory=SigningKey.generate)
    sealing: OpeningKey = field(default_factory=OpeningKey.generate)
    number: int = 0

    def keys(self) -> tuple[HubKey, ...]:
        return (
            HubKey(self.signing.id.hex(), self.signing.public.hex(), "sign"),
            HubKey(self.sealing.id.hex(), self.sealing.public.hex(), "seal"),
        )

    def identity(self) -> Identity:
        """The identity of a kiosk that has enrolled here."""
        return Identity(
            self.kiosk,
            self.training,
            SigningKey.generate().secret,
            OpeningKey.generate().secret,
            hub_keys=self.keys(),
            url="http://hub.test",
            enrolled_at=NOW,
            epoch="01900000-0000-4000-8000-00000000000e",
        )

    def receipt(self, envelope: Envelope, **changes: Any) -> ReceiptWord:
        """The receipt of an envelope, signed; changes are made before."""
        header = envelope.header
        receipt = Receipt(
            header.kiosk,
            header.record,
            header.version,
            header.content_hash,
            NOW_MS,
            self.signing.id,
            training=header.training,
        )
        return word_of(replace(receipt, **changes).signed(self.signing))

    def letter(
        self, kind: str, payload: Mapping[str, Any], *, number: int = 0, seal_for: bytes | None = None
    ) -> Letter:
        """The next message, or one with another number."""
        if not number:
            self.number += 1
        return letter_of(
            message(
                self.kiosk,
                number or self.number,
                kind,
                payload,
                self.signing,
                training=self.training,
                seal_for=seal_for,
            )
        )

    def decision(self, envelope: Envelope, verdict: str, at: str = NOW, **more: Any) -> Letter:
        """The next message: a decision on an envelope."""
        header = envelope.header
        payload: dict[str, Any] = {
            "record": header.record,
            "version": header.version,
            "hash": header.content_hash.hex(),
            "decision": verdict,
            "at": at,
            "reference": "",
            "problems": [],
            "other_reference": None,
            "card": "none",
        }
        return self.letter("decision", payload | more)

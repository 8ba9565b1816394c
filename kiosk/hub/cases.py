"""A record in hand: what waits, what it says, and what is decided of it, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kiosk.hub.judging import Judgement, Reading
from kiosk.hub.numbers import Claim, Settled
from kiosk.hub.waiting import Before, Waiting
from kiosk.sync.content import Content


@dataclass(slots=True)
class Case:
    """One waiting record on its way to a decision; each step fills in what it finds.

    `aside` is the code of why a person has to look at it: then there is no judgement. `stands` is true where
    what was decided of the record before stands, whatever this version says. `postponed`: it waits for one
    more turn.
    """

    waiting: Waiting
    before: Before | None = None
    content: Content | None = None
    reading: Reading | None = None
    judgement: Judgement | None = None
    settled: Settled | None = None
    aside: str = ""
    stands: bool = False
    postponed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it can be judged and has not been."""
        return self.reading is not None and self.judgement is None and not self.aside

    @property
    def is_accepted(self) -> bool:
        return self.judgement is not None and self.judgement.accepted and not self.postponed

    def hashes(self, hashed: Mapping[str, bytes]) -> dict[int, bytes]:
        """The hashed NIK of each member who has one, by the member's place."""
        members = self.reading.family.members if self.reading else ()
        return {member.index: hashed[member.nik] for member in members if member.nik}

    def claim(self) -> Claim | None:
        """The number it is due from the hub; None where its family has a card, or pays nothing here."""
        judgement, content = self.judgement, self.content
        if judgement is None or content is None or not judgement.accepted:
            return None
        if judgement.decision.premium_total is None or judgement.decision.family_card is not None:
            return None
        to = self.waiting.kiosk
        number = int(content.card) if content.card else None
        return Claim(self.waiting.record, to.n, to.training, number)


def records_of(cases: list[Case]) -> list[UUID]:
    """The ids of the records in hand."""
    return [case.waiting.record for case in cases]

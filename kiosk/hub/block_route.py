"""What a kiosk asks of the hub when its card numbers run low: a block of them, signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kiosk.errors import KioskError
from kiosk.hub.blocks import Wanted, lease_block
from kiosk.hub.reception import Route, Visit
from kiosk.hub.refusals import Refusal

_Number = Annotated[int, Field(ge=0, lt=10**13)]
_Id = Annotated[UUID, Field(strict=False)]


class BlockAsked(BaseModel):
    """A kiosk wants card numbers, under a lease id that it has kept before it asks."""

    model_config = ConfigDict(strict=True)
    lease: _Id
    epoch: _Id = Field(description="of the kiosk's store; a copy that was put back has a new one")
    want: Annotated[int, Field(ge=0, le=100_000)]
    left: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    next: Annotated[
        list[Annotated[list[_Number], Field(min_length=2, max_length=2)]], Field(max_length=1000)
    ] = Field(
        default_factory=list, description="for each block its first number and the lowest not given yet"
    )


def _block(visit: Visit) -> Mapping[str, Any]:
    asked = visit.read(BlockAsked)
    told = tuple((first, following) for first, following in asked.next)
    wanted = Wanted(asked.lease, asked.epoch, asked.want, asked.left, told)
    now = datetime.fromtimestamp(visit.now, UTC)
    try:
        answer = lease_block(visit.session, visit.caller.n, wanted, visit.keys.signer, now)
    except KioskError as error:
        raise Refusal(409, error.code) from None
    return answer.as_dict()


BLOCKS = Route("blocks", _block)

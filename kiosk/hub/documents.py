"""The bodies of requests and answers as the API's document describes them; requests are read by these."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0, le=10_000_000)]
_Text = Annotated[str, Field(pattern=r"^[\x20-\x7e]{0,32}$")]


class Problem(BaseModel):
    """What is wrong with a request: a stable code, and where it helps a detail without personal data."""

    code: str
    detail: str = ""


class ClockProblem(Problem):
    """The kiosk's clock is far from the hub's: sign again with this time."""

    now: int = Field(description="the hub's clock, milliseconds since 1970")


class ItemAnswer(BaseModel):
    """What became of one envelope; `at`, `key` and `signature` stand where the hub holds it: the receipt."""

    status: Literal["received", "duplicate", "conflict", "malformed", "unsupported", "refused", "unknown"]
    code: str = ""
    at: int | None = Field(default=None, description="the hub's clock, milliseconds since 1970")
    key: str | None = Field(default=None, description="id of the hub's signing key, hexadecimal")
    signature: str | None = Field(default=None, description="base64")


class ItemAnswers(BaseModel):
    """One answer for each item of the request, in its order."""

    items: list[ItemAnswer]


class ReceiptAsked(BaseModel):
    """One version of a record, with the hash of its content."""

    model_config = ConfigDict(strict=True)
    record: Annotated[
        str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
    ]
    version: Annotated[int, Field(ge=1, le=65_535)]
    hash: _Hash


class ReceiptsAsked(BaseModel):
    """Which of these does the hub hold?"""

    model_config = ConfigDict(strict=True)
    items: Annotated[list[ReceiptAsked], Field(max_length=500)]


class StatusReport(BaseModel):
    """How a kiosk is; what a newer kiosk tells beside this is not looked at."""

    model_config = ConfigDict(strict=True)
    waiting: _Count = Field(description="records that wait to be sent")
    drift_ms: Annotated[int, Field(ge=-(2**53) + 1, le=2**53 - 1)] | None = Field(
        default=None, description="how far its clock is ahead of the hub's"
    )
    version: _Text = Field(description="of the program")
    profile: Literal["counter", "village", "training"]
    cards_left: _Count
    audit_head: Annotated[str, Field(pattern=r"^([0-9a-f]{2}){0,32}$")]
    epoch: Annotated[UUID, Field(strict=False)]


class Done(BaseModel):
    """It was done; `now` is the hub's clock in milliseconds since 1970."""

    now: int


class InboxMessage(BaseModel):
    """One signed message; `body` is base64 of canonical JSON, or of that sealed to the kiosk."""

    n: int
    kind: str
    sealed: bool
    key: str
    body: str
    signature: str


class InboxMessages(BaseModel):
    """The next messages; `more` tells that there are others behind them."""

    items: list[InboxMessage]
    more: bool


class EnrolAsked(BaseModel):
    """An application to enrol, with the proof that the kiosk has the code."""

    kiosk: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,4}$")]
    training: bool
    signing: _Hash = Field(description="public Ed25519 key, hexadecimal")
    opening: _Hash = Field(description="public X25519 key, hexadecimal")
    epoch: UUID
    program: _Text
    code: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = Field(description="id of the code's key")
    proof: str = Field(description="base64 of the code's signature over the rest")


class EnrolAnswer(BaseModel):
    """The hub's keys, as a signed statement."""

    statement: str = Field(description="base64 of canonical JSON")
    key: str
    signature: str


class Health(BaseModel):
    """Whether this process and its database are there."""

    status: Literal["ok"]

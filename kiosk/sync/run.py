"""One run of syncing: the inbox, what waits, the inbox again, card numbers, how the kiosk is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from kiosk.errors import CarrierError, KioskError
from kiosk.services.enrolment import Enrolment
from kiosk.services.inbox import Inbox
from kiosk.services.sending import WITHDRAWN, Sending
from kiosk.services.sync_ports import Identity, Outgoing, Queued, ReceiptWord, SyncOutcome
from kiosk.sync.envelope import read
from kiosk.sync.http import HubLine, HubRefusalError, LostReplyError, UnreachableError
from kiosk.sync.pace import MOST, Backoff
from kiosk.sync.talk import (
    UNKNOWN,
    BlockRequest,
    ItemAnswer,
    Named,
    ask_block,
    ask_receipts,
    read_inbox,
    send_envelopes,
    send_status,
)

_Found = TypeVar("_Found")
_WORTH_ASKING = 5
"""From so many that wait on, the hub is asked what it holds already before anything is sent."""

_SINGLE_TRIES = 2
_MOST_SUSPECTS = 3
"""How often a record alone may fail in a row, and how many records, before the line itself is in doubt."""

_LASTING = frozenset(
    {"kiosk.revoked", "kiosk.retired", "kiosk.waiting", "kiosk.key_old", "request.unknown_key"}
)
"""Why the hub does not speak with this kiosk: trying again changes nothing."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many card numbers a kiosk keeps: it asks for `block` when fewer than `low_water` are left."""

    low_water: int
    block: int


@dataclass(frozen=True, slots=True)
class KioskSide:
    """The services that a run works with; `cards` tells how many leased numbers are left, and each block."""

    sending: Sending
    inbox: Inbox
    enrolment: Enrolment
    status: Callable[[Identity], Mapping[str, Any]]
    cards: Callable[[Identity], tuple[int, tuple[tuple[int, int], ...]]]


class UnbelievedError(CarrierError):
    """The hub gave receipts that are not true: its keys have changed, or this is not the hub."""


class SyncRun:
    """Talks with the hub once; whatever happens, what was not confirmed still waits."""

    def __init__(
        self,
        line: HubLine,
        side: KioskSide,
        *,
        numbers: Numbers,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
        backoff: Backoff | None = None,
        most_failures: int = 6,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._line = line
        self._side = side
        self._numbers = numbers
        self._progress = progress
        self._backoff = backoff or Backoff(0.5, 60.0)
        self._most_failures = most_failures
        self._sleep = sleep
        self._sent: list[str] = []
        self._suspects: dict[int, tuple[Queued, str]] = {}
        self._tries: Counter[int] = Counter()
        self._busy: set[int] = set()
        self._goes_well, self._changed = asyncio.Event(), asyncio.Event()
        self._record_bytes = 700
        self.outcome = SyncOutcome()

    async def run(self, *, wait_seconds: float = 0.0) -> SyncOutcome:
        """Sends and fetches all there is; then waits so long for the hub's decisions on what was sent."""
        outcome = self.outcome
        try:
            self._side.enrolment.begin_life()
            await self._read_inbox()
            await self._drain()
            await self._read_inbox()
            await self._hear_decisions(wait_seconds)
            await self._patiently(lambda: send_status(self._line, self._side.status(self._identity())))
            await self._top_up()
        except KioskError as error:
            outcome.code, outcome.exit_code = _ending(error)
        outcome.waiting = self._side.sending.waiting()
        return outcome

    def _identity(self) -> Identity:
        identity = self._side.enrolment.identity()
        if identity is None:
            raise KioskError("kiosk.not_enrolled")
        return identity

    async def _patiently(self, ask: Callable[[], Awaitable[_Found]]) -> _Found:
        """Asks until there is an answer that can be believed, or too much has failed in a row."""
        while True:
            try:
                found = await ask()
            except (UnreachableError, LostReplyError, HubRefusalError) as error:
                await self._rest_after(error)
            else:
                self._backoff.succeeded()
                self.outcome.contact = True
                return found

    async def _rest_after(self, error: KioskError) -> None:
        """Waits a while that fits what went wrong; raises it where trying again is of no use now."""
        if isinstance(error, HubRefusalError):
            self.outcome.contact = True
            if not (error.status in {409, 429, 408} or error.status >= 500):
                raise error
        wait = self._backoff.failed()
        if self._backoff.failures > 1:
            self._goes_well.clear()
        if self._backoff.failures >= self._most_failures:
            raise error
        if isinstance(error, HubRefusalError):
            wait = max(wait, error.retry_after)
        await self._sleep(wait)

    # The inbox.

    async def _read_inbox(self) -> None:
        more = True
        while more:
            identity = self._identity()
            self._line.publics = publics_of(identity)
            page = await self._patiently(
                lambda me=identity: read_inbox(  # type: ignore[misc]
                    self._line, me.kiosk, me.cursor, training=me.training
                )
            )
            self._settle()
            taken = self._side.inbox.take(page.letters)
            self.outcome.kept += taken.kept
            self.outcome.heard.update(taken.words)
            if taken.code:
                raise UnbelievedError(taken.code)
            more = page.more
        self._line.publics = publics_of(self._identity())

    async def _hear_decisions(self, seconds: float) -> None:
        """Looks into the inbox again and again, until all that was sent in this run is decided."""
        left, pause = seconds, 0.2
        undecided = self._side.sending.undecided(self._sent[-MOST:])
        while undecided and left > 0:
            await self._sleep(min(pause, left))
            left -= pause
            pause = min(pause * 1.5, 2.0)
            await self._read_inbox()
            undecided = self._side.sending.undecided(undecided)

    # What waits.

    async def _drain(self) -> None:
        """Sends what waits, oldest first; what fails alone is set aside and stops nothing."""
        sending = self._side.sending
        total = sending.waiting()
        self._progress(0, total)
        if total > _WORTH_ASKING:
            await self._ask_at_the_start()
        first, second = (asyncio.ensure_future(self._lane(total, leads=leads)) for leads in (True, False))
        try:
            done, _ = await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
            await first
        finally:
            first.cancel()
            second.cancel()
            await asyncio.gather(first, second, return_exceptions=True)

    async def _lane(self, total: int, *, leads: bool) -> None:
        """Sends batch after batch; the second lane fills the line while the first waits for a reply.

        It does so only while no two in a row fail: on a broken line one batch at a time is in doubt.
        """
        while True:
            if not leads:
                await self._goes_well.wait()
            outgoing = self._next(self._line.pace.batch(self._record_bytes))
            if outgoing:
                places = {one.queued.n for one in outgoing}
                self._busy |= places
                try:
                    await self._batch(outgoing)
                finally:
                    self._busy -= places
                    self._changed.set()
                self._tell_progress(total)
            elif self._busy:
                self._changed.clear()
                await self._changed.wait()
            else:
                return

    async def _batch(self, outgoing: list[Outgoing]) -> None:
        """Sends some records; where the reply is lost, asks which of them arrived."""
        names, envelopes = self._sealed(outgoing)
        if names and await self._is_lost(outgoing, names, envelopes):
            await self._ask(outgoing, names)

    async def _ask_at_the_start(self) -> None:
        """Asks what the hub holds already: this kiosk may have been cut off, or put back from a copy."""
        while outgoing := self._next(MOST):
            names, _ = self._sealed(outgoing, sets_out=False)
            if names and not await self._ask(outgoing, names):
                return

    async def _ask(self, outgoing: Sequence[Outgoing], names: Sequence[Named]) -> int:
        """Takes the receipts of those that the hub holds, and gives how many these are."""
        return self._take(outgoing, await self._patiently(lambda: ask_receipts(self._line, names)))

    async def _is_lost(
        self, outgoing: Sequence[Outgoing], names: Sequence[Named], envelopes: Sequence[bytes]
    ) -> bool:
        """Sends a batch and takes what the hub says of it; True where nothing is known afterwards."""
        try:
            answers = await send_envelopes(self._line, names, envelopes)
        except (UnreachableError, LostReplyError, HubRefusalError) as error:
            await self._failed(error, outgoing)
            return isinstance(error, LostReplyError)
        self._backoff.succeeded()
        self._goes_well.set()
        self.outcome.contact = True
        self._line.pace.grow()
        self._take(outgoing, answers)
        self._settle()
        return False

    def _tell_progress(self, total: int) -> None:
        self._progress(min(self.outcome.sent + self.outcome.set_aside.total(), total), total)

    def _next(self, limit: int) -> list[Outgoing]:
        taken = self._busy | self._suspects.keys()
        found = self._side.sending.due(limit=limit + len(taken))
        return [one for one in found if one.queued.n not in taken][:limit]

    def _sealed(self, outgoing: list[Outgoing], *, sets_out: bool = True) -> tuple[list[Named], list[bytes]]:
        """What goes out with its names; what cannot be sealed is set aside and taken out of the list."""
        sealed: list[tuple[Outgoing, bytes]] = []
        bad: list[tuple[Queued, str]] = []
        try:
            sealed = list(zip(outgoing, self._side.sending.sealed(outgoing, sets_out=sets_out), strict=True))
        except (KioskError, ValueError, TypeError, KeyError):
            for one in outgoing:
                try:
                    sealed.append((one, self._side.sending.sealed([one], sets_out=sets_out)[0]))
                except KioskError as error:
                    if error.code == "kiosk.not_enrolled":
                        raise
                    if error.code != WITHDRAWN:
                        bad.append((one.queued, error.code))
                except (ValueError, TypeError, KeyError):
                    bad.append((one.queued, "envelope.not_sealed"))
        good, envelopes = [one for one, _ in sealed], [data for _, data in sealed]
        outgoing[:] = good
        self._set_aside(bad)
        if envelopes:
            self._record_bytes = sum(map(len, envelopes)) // len(envelopes)
        return [Named.of(read(one).header) for one in envelopes], envelopes

    def _take(self, outgoing: Sequence[Outgoing], answers: Sequence[ItemAnswer]) -> int:
        """Keeps what the hub says of each; gives how many receipts there were among it.

        Raises UnbelievedError where a receipt is not true: then nothing more is sent to who gave it.
        """
        words: list[ReceiptWord] = [answer.word for answer in answers if answer.word is not None]
        received = self._side.sending.receipts(words)
        self.outcome.sent += received.taken
        self._sent += [word.record for word in words]
        self._set_aside(
            [
                (one.queued, answer.code)
                for one, answer in zip(outgoing, answers, strict=True)
                if answer.word is None and answer.status != UNKNOWN
            ]
        )
        if received.codes:
            raise UnbelievedError(received.codes[0])
        return len(words)

    def _set_aside(self, refused: Sequence[tuple[Queued, str]]) -> None:
        self._side.sending.put_off(refused)
        self.outcome.set_aside.update(code for _, code in refused)

    async def _failed(self, error: KioskError, outgoing: Sequence[Outgoing]) -> None:
        """Fewer at once next time; a record that fails alone again and again is left out for now."""
        line_is_down = isinstance(error, UnreachableError)
        refused = isinstance(error, HubRefusalError) and error.status in {400, 413, 422}
        if not line_is_down:
            self._line.pace.shrink(len(outgoing))
        if len(outgoing) == 1 and not line_is_down:
            queued = outgoing[0].queued
            if refused:
                self._set_aside([(queued, error.code)])
                return
            self._tries[queued.n] += 1
            if self._tries[queued.n] >= _SINGLE_TRIES and len(self._suspects) < _MOST_SUSPECTS:
                self._suspects[queued.n] = (queued, error.code)
        if not refused:
            await self._rest_after(error)

    def _settle(self) -> None:
        """Something got through, so it was not the line: what failed alone is set aside."""
        self._set_aside(list(self._suspects.values()))
        self._suspects.clear()

    # Card numbers.

    async def _top_up(self) -> None:
        identity = self._identity()
        left, blocks = self._side.cards(identity)
        if left >= self._numbers.low_water or self._numbers.block <= left:
            return
        lease = self._side.enrolment.lease_to_ask_for()
        wanted = BlockRequest(lease, identity.epoch, left, self._numbers.block - left, blocks)
        try:
            letter = await self._patiently(
                lambda: ask_block(self._line, identity.kiosk, wanted, training=identity.training)
            )
        except (HubRefusalError, CarrierError) as error:
            self.outcome.numbers_code = error.code
            if error.code == "lease.epoch":
                self._side.enrolment.forget_lease(lease)
            return
        self.outcome.numbers_code = self._side.inbox.answer(letter)
        after, _ = self._side.cards(identity)
        self.outcome.numbers = max(0, after - left)


def _ending(error: KioskError) -> tuple[str, int]:
    """The code and the exit code of what ended a run; a hub that is out of order is as good as none."""
    if isinstance(error, HubRefusalError) and (error.status >= 500 or error.status in {408, 409, 429}):
        return "hub.out_of_order", CarrierError.exit_code
    return error.code, error.exit_code


def publics_of(identity: Identity) -> dict[bytes, bytes]:
    """The hub's signing keys by their ids."""
    return {
        bytes.fromhex(key.id): bytes.fromhex(key.public) for key in identity.hub_keys if key.purpose == "sign"
    }

"""Takes the hub's messages, one after the other: what each says and the cursor move in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kiosk.domain.registration import Moment
from kiosk.domain.rulebook import Rulebook
from kiosk.errors import StoreError
from kiosk.services.deliveries import Deliveries, Install
from kiosk.services.ports import AuditLine, Clock, UnitOfWork, UnitOfWorkFactory
from kiosk.services.sending import HUB, TOGETHER
from kiosk.services.sync_ports import HubError, HubKey, HubVoice, KeptMessage, Letter, Said
from kiosk.services.verdicts import Verdicts

Payload = Mapping[str, Any]
_NUMBER_LENGTH = 13
_MOST_NUMBERS = 100_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of some messages: how many were taken, how many of them kept for a later program.

    `code` says why those behind were not: a gap in the numbers, a signature that does not hold. `words` are
    what they said, each in one word: accepted, refused, and the kinds of the others.
    """

    taken: int = 0
    kept: int = 0
    code: str = ""
    words: tuple[str, ...] = field(default=(), compare=False)


class Inbox:
    """Reads a kiosk's inbox for it; a message that is not understood is kept and blocks nothing."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        voice: HubVoice,
        *,
        rules: Callable[[], Rulebook],
        install: Install,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._voice = voice
        verdicts = Verdicts(voice, rules)
        deliveries = Deliveries(voice, rules, install)
        self._handlers: Mapping[str, Callable[[UnitOfWork, Said], None]] = {
            "decision": verdicts.decision,
            "lapsed": verdicts.lapsed,
            "block": take_block,
            "keys": _take_keys,
            "directory": deliveries.directory,
            "reference": deliveries.reference,
        }

    @property
    def cursor(self) -> int:
        """The number of the last message that was taken."""
        with self._open_work() as work:
            identity = work.identity.get()
        return identity.cursor if identity else 0

    def take(self, letters: Sequence[Letter]) -> Taken:
        """Takes messages in the order of their numbers, a few in a transaction.

        One that was taken before is passed over. Nothing is taken from the first on that is forged or comes
        too early; the cursor stays before it.
        """
        ordered = sorted(letters, key=lambda one: one.number)
        done = Taken()
        for start in range(0, len(ordered), TOGETHER):
            with self._open_work() as work:
                for letter in ordered[start : start + TOGETHER]:
                    done = self._one(work, letter, done)
                    if done.code:
                        break
                work.commit()
            if done.code:
                break
        return done

    def answer(self, letter: Letter) -> str:
        """Takes an answer outside the numbered inbox; gives the code of what keeps it from being taken."""
        with self._open_work() as work:
            reading = self._voice.read(letter, work.identity.get())
            code = reading.forged or self._handled(work, letter, reading.payload, self._clock.now())
            if not code:
                work.commit()
        return code

    def _one(self, work: UnitOfWork, letter: Letter, done: Taken) -> Taken:
        identity = work.identity.get()
        if identity is None:
            return replace(done, code="kiosk.not_enrolled")
        if letter.number <= identity.cursor:
            return done
        if letter.number != identity.cursor + 1:
            return replace(done, code="inbox.gap")
        reading = self._voice.read(letter, identity)
        if reading.forged:
            return replace(done, code=reading.forged)
        now = self._clock.now()
        code = self._handled(work, letter, reading.payload, now)
        if code:
            _keep(work, letter, code, now)
        moved = work.identity.get() or identity
        work.identity.put(replace(moved, cursor=letter.number))
        word = str((reading.payload or {}).get("decision", letter.kind)) if not code else letter.kind
        return replace(done, taken=done.taken + 1, kept=done.kept + bool(code), words=(*done.words, word))

    def _handled(self, work: UnitOfWork, letter: Letter, payload: Payload | None, now: Moment) -> str:
        """Does what a message says; gives the code of why it is kept instead."""
        if payload is None:
            return "inbox.unopened"
        handler = self._handlers.get(letter.kind)
        if handler is None:
            return "inbox.unknown"
        try:
            handler(work, Said(payload, now, letter))
        except HubError as error:
            return error.code
        except (KeyError, TypeError, ValueError, OverflowError):
            return "inbox.malformed"
        return ""


def _keep(work: UnitOfWork, letter: Letter, code: str, now: Moment) -> None:
    work.kept_messages.add(
        KeptMessage(
            letter.number,
            letter.kind,
            letter.sealed,
            letter.body,
            letter.hub_key,
            letter.signature,
            code,
            now.wall,
        )
    )
    work.audit.append(AuditLine("inbox.kept", str(letter.number), now, HUB, (letter.kind,), (code,)))


def take_block(work: UnitOfWork, said: Said) -> None:
    """Makes a block of card numbers this kiosk's own, where it was leased to this life of its store."""
    identity, payload, now = work.identity.get(), said.payload, said.now
    first, count = payload["first"], payload["count"]
    lease, epoch = str(payload["lease"]), str(payload["epoch"])
    if first is None or count == 0:
        return
    digits = isinstance(first, str) and first.isascii() and first.isdigit() and len(first) == _NUMBER_LENGTH
    if not digits or type(count) is not int or not 0 < count <= _MOST_NUMBERS:
        raise HubError("inbox.malformed")
    if identity is None or epoch != identity.epoch:
        work.audit.append(AuditLine("cards.refused", lease, now, HUB, (), ("cards.other_epoch",)))
        return
    if any(block.lease == lease for block in work.cards.blocks()):
        return
    try:
        work.cards.lease(first, count, demo=payload.get("demo") is True, lease=lease, epoch=epoch)
    except StoreError as error:
        if error.code != "store.cards_overlap":
            raise
        work.audit.append(AuditLine("cards.refused", lease, now, HUB, (), (error.code,)))
        return
    if identity.asking == lease:
        work.identity.put(replace(identity, asking=""))
    work.audit.append(AuditLine("cards.leased", lease, now, HUB))


def _take_keys(work: UnitOfWork, said: Said) -> None:
    """From now on the hub speaks by these keys and no others."""
    identity, keys = work.identity.get(), hub_keys(said.payload)
    if identity is None:
        raise HubError("kiosk.not_enrolled")
    work.identity.put(replace(identity, hub_keys=keys))
    work.audit.append(AuditLine("hub.keys", identity.kiosk, said.now, HUB, (), tuple(key.id for key in keys)))


def hub_keys(payload: Payload) -> tuple[HubKey, ...]:
    """The hub's public keys as it lists them, newest first; raises HubError where there is none of a kind."""
    found = tuple(
        HubKey(str(one["id"]), _public(one["public"]), purpose, one.get("state", "active") != "active")
        for purpose, name in (("sign", "signing"), ("seal", "sealing"))
        for one in payload[name]
    )
    if {key.purpose for key in found if not key.retired} != {"sign", "seal"}:
        raise HubError("inbox.malformed")
    return found


def _public(text: object) -> str:
    if not isinstance(text, str) or len(bytes.fromhex(text)) != 32:
        raise HubError("inbox.malformed")
    return text

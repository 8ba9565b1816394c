"""Makes this kiosk known to a hub: its keys are made here, kept before they are shown, and taken once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from kiosk.errors import KioskError
from kiosk.services.ports import AuditLine, Clock, Randomness, UnitOfWork, UnitOfWorkFactory
from kiosk.services.sync_ports import NEW_LIFE, RESTORED, HubKey, Identity


class Enrolment:
    """Keeps who this kiosk is to the hub; `make_keys` gives the secrets of its two keys."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        randomness: Randomness,
        make_keys: Callable[[], tuple[bytes, bytes]],
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._randomness = randomness
        self._make_keys = make_keys

    def identity(self) -> Identity | None:
        """Who this kiosk is to the hub; None where it has not enrolled."""
        with self._open_work() as work:
            return work.identity.get()

    def prepare(
        self, kiosk: str, *, training: bool, is_hub: Callable[[bytes], bool] = lambda _: True
    ) -> Identity:
        """The identity to enrol with: durable before anybody is asked, and the same until it is taken.

        So that the answer may be lost, and the hub asked again. A kiosk that was enrolled at the same hub
        before (`is_hub` knows it by a signing key) keeps the life of its store; its keys are new.
        """
        with self._open_work() as work:
            asked, known = work.identity.asked(), work.identity.get()
            wanted = (kiosk, training)
            has_life = known is not None and known.epoch not in {"", RESTORED} and _is_at(known, is_hub)
            goes_on = known is not None and asked is not None and asked.epoch == known.epoch
            is_good = asked is not None and asked.epoch != RESTORED and goes_on == has_life
            if asked is not None and is_good and (asked.kiosk, asked.training) == wanted:
                return asked
            signing, opening = self._make_keys()
            asked = Identity(
                kiosk=kiosk,
                training=training,
                signing_secret=signing,
                opening_secret=opening,
                epoch=known.epoch if known is not None and has_life else self._new_life(),
            )
            work.identity.ask(asked)
            work.audit.append(AuditLine("kiosk.keys_made", kiosk, self._clock.now()))
            work.commit()
        return asked

    def taken(self, asked: Identity, hub_keys: tuple[HubKey, ...], url: str) -> Identity:
        """From now on this kiosk is `asked`, and these are the hub's keys.

        Raises KioskError `enrol.stale` where another identity was asked for meanwhile.
        """
        with self._open_work() as work:
            now = self._clock.now()
            known, still_asked = work.identity.get(), work.identity.asked()
            if still_asked is None or still_asked.signing_secret != asked.signing_secret:
                raise KioskError("enrol.stale")
            new = {key.public for key in hub_keys}
            is_at_hub = known is not None and _is_at(known, lambda public: public.hex() in new)
            is_same = known is not None and known.kiosk == asked.kiosk and is_at_hub
            if not is_at_hub:
                _forget_kept(work)
            identity = replace(
                asked,
                hub_keys=hub_keys,
                url=url,
                enrolled_at=now.wall,
                cursor=known.cursor if known is not None and is_same else 0,
            )
            work.identity.put(identity)
            work.identity.ask(None)
            work.audit.append(AuditLine("kiosk.enrolled", identity.kiosk, now))
            work.commit()
        return identity

    def begin_life(self) -> Identity | None:
        """The identity, its store in a new life where it was put back from a copy.

        Card numbers of an earlier life are given no more: others may have been given since the copy was made.
        """
        with self._open_work() as work:
            identity = work.identity.get()
            if identity is None or identity.epoch not in {"", RESTORED}:
                return identity
            identity = replace(identity, epoch=self._new_life(), asking="")
            work.identity.put(identity)
            work.audit.append(AuditLine(NEW_LIFE, identity.kiosk, self._clock.now()))
            work.commit()
        return identity

    def lease_to_ask_for(self) -> str:
        """The lease under which a block of card numbers is asked for: durable, the same until it came."""
        with self._open_work() as work:
            identity = work.identity.get()
            if identity is None:
                raise KioskError("kiosk.not_enrolled")
            if not identity.asking:
                identity = replace(identity, asking=self._new_life())
                work.identity.put(identity)
                work.audit.append(AuditLine("cards.asked", identity.asking, self._clock.now()))
                work.commit()
        return identity.asking

    def forget_lease(self, lease: str) -> None:
        """Asks for it no more: the hub has it down for another life of this store."""
        with self._open_work() as work:
            identity = work.identity.get()
            if identity is not None and identity.asking == lease:
                work.identity.put(replace(identity, asking=""))
                work.audit.append(AuditLine("cards.refused", lease, self._clock.now(), "hub"))
                work.commit()

    def forget_keys(self) -> None:
        """Makes new keys the next time: the hub does not take the ones that were shown to it."""
        with self._open_work() as work:
            work.identity.ask(None)
            work.commit()

    def moved_to(self, url: str) -> None:
        """Remembers where the hub is reached now."""
        with self._open_work() as work:
            identity = work.identity.get()
            if identity is not None and identity.url != url:
                work.identity.put(replace(identity, url=url))
                work.audit.append(AuditLine("hub.moved", identity.kiosk, self._clock.now()))
                work.commit()

    def _new_life(self) -> str:
        return str(uuid.UUID(bytes=self._randomness.take(16, "epoch"), version=4))


def _is_at(identity: Identity, is_hub: Callable[[bytes], bool]) -> bool:
    """Whether the hub that `is_hub` knows is the one of this identity."""
    return any(is_hub(bytes.fromhex(key.public)) for key in identity.hub_keys if key.purpose == "sign")


def _forget_kept(work: UnitOfWork) -> None:
    """The numbers of kept messages are those of the hub before; another one counts anew."""
    while kept := work.kept_messages.page(limit=100):
        for message in kept:
            work.kept_messages.remove(message.number)

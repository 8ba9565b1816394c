"""Who the kiosk is to the hub, and the messages that it could not take: statements on their tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.services.sync_ports import HubKey, Identity, KeptMessage
from kiosk.store.session import Session, Statement
from kiosk.store.tables import IdentityRow, KeptMessageRow, table_of

_IDENTITY = table_of(IdentityRow)
_THIS, _ASKED = 1, 2
_GET = Statement(select(_IDENTITY).where(_IDENTITY.c.n == bindparam("n_")))
_REMOVE = Statement(delete(_IDENTITY).where(_IDENTITY.c.n == bindparam("n_")))
_INSERT = upsert(_IDENTITY)
_PUT = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["n"],
        set_={name: _INSERT.excluded[name] for name in _IDENTITY.c.keys() if name != "n"},  # noqa: SIM118
    )
)


class SqlIdentity:
    """The one identity of this kiosk, and one that may become it; their secrets are as safe as the store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self) -> Identity | None:
        return self._get(_THIS)

    def put(self, identity: Identity) -> None:
        """Puts it in the place of the one that is there, if there is one."""
        self._put(_THIS, identity)

    def asked(self) -> Identity | None:
        """The identity that the hub was asked to take and has not yet taken for all we know."""
        return self._get(_ASKED)

    def ask(self, identity: Identity | None) -> None:
        """Keeps the identity that the hub is about to be asked to take; None where it is decided."""
        if identity is None:
            self._session.run(_REMOVE, {"n_": _ASKED})
        else:
            self._put(_ASKED, identity)

    def _get(self, n: int) -> Identity | None:
        row = self._session.row(_GET, {"n_": n})
        if row is None:
            return None
        _, kiosk, training, signing, opening, hub_keys, url, enrolled_at, epoch, cursor, asking = row
        return Identity(
            kiosk=kiosk,
            training=bool(training),
            signing_secret=signing,
            opening_secret=opening,
            hub_keys=tuple(HubKey(**key) for key in json.loads(hub_keys)),
            url=url,
            enrolled_at=enrolled_at,
            epoch=epoch,
            cursor=cursor,
            asking=asking,
        )

    def _put(self, n: int, identity: Identity) -> None:
        values = {
            "n": n,
            "kiosk": identity.kiosk,
            "training": int(identity.training),
            "signing": identity.signing_secret,
            "opening": identity.opening_secret,
            "hub_keys": json.dumps([asdict(key) for key in identity.hub_keys]),
            "url": identity.url,
            "enrolled_at": identity.enrolled_at,
            "epoch": identity.epoch,
            "cursor": identity.cursor,
            "asking": identity.asking,
        }
        self._session.run(_PUT, values)


_KEPT = table_of(KeptMessageRow)
_KEEP = Statement(upsert(_KEPT).on_conflict_do_nothing())
_DROP = Statement(delete(_KEPT).where(_KEPT.c.number == bindparam("number_")))
_PAGE = Statement(
    select(_KEPT)
    .where(_KEPT.c.number > bindparam("after_"))
    .order_by(_KEPT.c.number)
    .limit(bindparam("limit_"))
)


class SqlKeptMessages:
    """The messages that could not be taken, by their numbers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, message: KeptMessage) -> None:
        """Keeps it; one with its number is there already and stays."""
        self._session.run(_KEEP, asdict(message) | {"sealed": int(message.sealed)})

    def remove(self, number: int) -> None:
        """Forgets the one with this number."""
        self._session.run(_DROP, {"number_": number})

    def page(self, *, limit: int, after: int = 0) -> Sequence[KeptMessage]:
        rows = self._session.rows(_PAGE, {"limit_": limit, "after_": after})
        return [KeptMessage(row[0], row[1], bool(row[2]), *row[3:]) for row in rows]

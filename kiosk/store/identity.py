"""Who the kiosk is to the hub, and the messages that it could not take: statements on their tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.services.sync_ports import HubKey, Identity, KeptMessage
from kiosk.store.session import Session, Statement
from kiosk.store.tables import IdentityRow, KeptMessageRow, table_of

_IDENTITY = table_of(IdentityRow)
_GET = Statement(select(_IDENTITY).where(_IDENTITY.c.n == literal_column("1")))
_INSERT = upsert(_IDENTITY)
_PUT = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["n"],
        set_={name: _INSERT.excluded[name] for name in _IDENTITY.c.keys() if name != "n"},  # noqa: SIM118
    )
)


class SqlIdentity:
    """The one identity of this kiosk; its secrets are as safe as the store's own key."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self) -> Identity | None:
        row = self._session.row(_GET, {})
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

    def put(self, identity: Identity) -> None:
        """Puts it in the place of the one that is there, if there is one."""
        values = {
            "n": 1,
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

    def page(self, *, limit: int, after: int = 0) -> Sequence[KeptMessage]:
        rows = self._session.rows(_PAGE, {"limit_": limit, "after_": after})
        return [KeptMessage(row[0], row[1], bool(row[2]), *row[3:]) for row in rows]

"""A hub begins or begins again: the schema up to date, and the key file the one that this database knows."""

from __future__ import annotations

from sqlalchemy import Engine, text
from sqlmodel import Session

from kiosk.errors import StoreError
from kiosk.hub.database import open_database, transaction
from kiosk.hub.keys import SIGN, HubKeys, KeyFile

_KNOWN = text("SELECT id, state FROM hub_key WHERE purpose = :purpose")
_RECORD = text(
    "INSERT INTO hub_key (id, purpose, public, state, made_at)"
    " VALUES (:id, :purpose, :public, :state, :made)"
    " ON CONFLICT (id) DO UPDATE SET state = excluded.state WHERE hub_key.state <> excluded.state"
)
_SIGNING = text("SELECT public FROM hub_key WHERE purpose = 'sign' AND state = 'active'")


def open_hub(url: str, key_file: KeyFile, *, pool: int = 10, asks_first: bool = True) -> Engine:
    """An engine on the database of this hub, whose public keys are on record there.

    Raises StoreError `hub.keys_other` where the database belongs to other keys: with them no record could be
    opened, and no kiosk would believe the answers.
    """
    engine = open_database(url, pool=pool, asks_first=asks_first)
    try:
        record_keys(engine, key_file.current())
    except BaseException:
        engine.dispose()
        raise
    return engine


def record_keys(engine: Engine, keys: HubKeys) -> None:
    """Writes down the public halves; StoreError `hub.keys_other` where others are on record."""
    with transaction(engine) as session:
        # Two hubs that begin at once with different keys must not both find nothing.
        session.execute(text("LOCK TABLE hub_key IN SHARE ROW EXCLUSIVE MODE"))
        known = {bytes(row.id) for row in session.execute(_KNOWN, {"purpose": SIGN})}
        if not known <= {one.id for one in keys.all}:
            raise StoreError("hub.keys_other")
        session.execute(
            _RECORD,
            [
                {"id": one.id, "purpose": one.purpose, "public": one.public, "state": one.state,
                 "made": one.made}
                for one in keys.all
            ],
        )  # fmt: skip


def signing_public(session: Session) -> bytes:
    """The public half of the key that the hub signs with; StoreError `hub.no_keys` before its first start."""
    found = session.execute(_SIGNING).scalar()
    if found is None:
        raise StoreError("hub.no_keys")
    return bytes(found)

"""Opens the store of a profile, on a full disk at the cost of the reserve."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.store.reserve import Reserve
    from kiosk.store.unit_of_work import Store


def opened(config: Config, reserve: Reserve) -> Store:
    """The store, at the cost of the reserve where the disk is too full to open it."""
    from kiosk.errors import StoreError

    try:
        return _open_store(config)
    except StoreError as error:
        if not reserve.make_room(error):
            raise
    return _open_store(config)


def _open_store(config: Config) -> Store:
    from kiosk.store.unit_of_work import store_factory

    store = store_factory(config.store_dir, config.key_file, training=config.is_training)
    try:
        if config.cards.block == "demo":
            _lease_demo_cards(store)
    except BaseException:
        store.close()
        raise
    return store


def _lease_demo_cards(store: Store) -> None:
    """Makes the block of invented numbers this kiosk's own, once; an enrolled one has no use for them."""
    from kiosk.reference import table

    with store.reading() as work:
        if work.cards.left() or work.identity.get() is not None:
            return
    block = table("demo_cards")
    with store() as work:
        work.cards.lease(block["first"], block["count"], demo=True)
        work.commit()

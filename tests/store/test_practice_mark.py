"""A store of practice is never opened as a real one, whatever its folder and key, nor the other way round."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.errors import StoreError
from kiosk.store.practice_mark import PRACTICE, REAL
from kiosk.store.session import Session
from kiosk.store.unit_of_work import store_factory
from tests.store import examples


def mark(folder: Path, key_path: Path) -> int:
    with closing(store_factory(folder, key_path)) as store:
        session = Session(store._database)
        (found,) = session.connection.execute("PRAGMA application_id").fetchone()
        session.close()
    return int(found)


@pytest.mark.parametrize("training", [True, False])
def test_a_store_keeps_its_class_for_good(folder: Path, key_path: Path, *, training: bool) -> None:
    for _ in range(2):
        store_factory(folder, key_path, training=training).close()
    assert mark(folder, key_path) == (PRACTICE if training else REAL)
    with pytest.raises(StoreError) as caught:
        store_factory(folder, key_path, training=not training)
    assert caught.value.code == "store.other_class"
    store_factory(folder, key_path, training=training).close()


@pytest.mark.parametrize("training", [True, False])
def test_a_store_without_a_mark_is_told_by_its_families(
    folder: Path, key_path: Path, *, training: bool
) -> None:
    one = examples.a_registration(1)
    kk = ("9901" if training else "3173") + str(one.family["kk"])[4:]
    with closing(store_factory(folder, key_path)) as store, store() as work:
        work.registrations.add(replace(one, family={**one.family, "kk": kk}))
        work.commit()
    with pytest.raises(StoreError, match=r"store\.other_class"):
        store_factory(folder, key_path, training=not training)
    assert mark(folder, key_path) == 0
    store_factory(folder, key_path, training=training).close()
    assert mark(folder, key_path) == (PRACTICE if training else REAL)

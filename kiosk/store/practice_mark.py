"""Which class a store is of, written into the file: practice and real families never share one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlcipher3 import dbapi2 as driver

from kiosk.domain.identifiers import TRAINING_PROVINCE
from kiosk.errors import StoreError

PRACTICE, REAL = 0x4B4A4B4C, 0x4B4A4B52
"""The application ids of a store of practice and of one of real families; 0 is one that was never marked."""


def refuse_other_class(connection: Any, *, training: bool) -> None:
    """Marks a store that has no mark yet; raises StoreError `store.other_class` for one of the other class.

    A store from before there were marks is told by its families. Where the mark cannot be written, for want
    of room, it is written another time.
    """
    mine, other = (PRACTICE, REAL) if training else (REAL, PRACTICE)
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    if found == other or (found != mine and _has_family(connection, training=not training)):
        raise StoreError("store.other_class", "of practice" if not training else "of real families")
    if found != mine:
        with suppress(driver.Error):
            connection.execute(f"PRAGMA application_id = {mine}")


def _has_family(connection: Any, *, training: bool) -> bool:
    """Whether a family of that class is registered; those of practice live in a province that is none."""
    where = "kk >= :from AND kk < :to" if training else "kk < :from OR kk >= :to"
    after = TRAINING_PROVINCE[:-1] + chr(ord(TRAINING_PROVINCE[-1]) + 1)
    values = {"from": TRAINING_PROVINCE, "to": after}
    if not training:
        where = f"({where}) AND kk <> ''"  # what was removed after its decision has no number any more
    row = connection.execute(f"SELECT 1 FROM registration WHERE {where} LIMIT 1", values).fetchone()  # noqa: S608
    return row is not None

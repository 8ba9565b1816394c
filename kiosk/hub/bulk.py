"""Writes many rows of one table by one statement, in an order that two writers at once have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from kiosk.hub.tables import HubRow, table_of


def insert_many(
    session: Session,
    row: type[HubRow],
    rows: Sequence[Mapping[str, Any]],
    *,
    ending: str = "",
    order: str = "1",
) -> list[Any]:
    """Inserts `rows`, all of which have the same columns; what `ending` returns, else nothing.

    `ending` is SQL behind the values (`ON CONFLICT ...`, `RETURNING ...`). Rows go in sorted by the columns
    that `order` numbers, so that two transactions that wait for each other's keys never do so in a circle.
    """
    if not rows:
        return []
    names = tuple(rows[0])
    values = {name: [one[name] for one in rows] for name in names}
    found = session.connection().exec_driver_sql(_insert(row, names, ending, order), values)
    return list(found) if found.returns_rows else []


@cache
def _insert(row: type[HubRow], names: tuple[str, ...], ending: str, order: str) -> str:
    table = table_of(row)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # it has no types
    # In the words of the driver, since only it can be told to send arrays as bytes and not as text, which
    # takes a quarter of the time.
    arrays = ", ".join(
        f"CAST(%({name})b AS {table.c[name].type.compile(dialect=dialect)}[])" for name in names
    )
    columns = ", ".join(names)
    return (
        f"INSERT INTO {table.name} ({columns})"  # noqa: S608 - names of our own tables and columns
        f" SELECT * FROM unnest({arrays}) ORDER BY {order} {ending}"
    )

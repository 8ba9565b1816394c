"""Every look-up is a walk along an index: no table is scanned, nothing is sorted or counted whole."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import pytest

from kiosk.store import audit, identity, leases, practice, repositories, sending, staff
from kiosk.store.session import Session, Statement
from kiosk.store.unit_of_work import Store

# Blocks of card numbers: a row for each few hundred families. Accounts: a row for each of the staff.
FEW_ROWS = {"_OVERLAPS", "_BLOCKS", "_EVERYBODY", "_COUNT"}


def _statements(module: ModuleType) -> list[tuple[str, Statement]]:
    found = [(name, value) for name, value in vars(module).items() if isinstance(value, Statement)]
    for name, value in vars(module).items():
        if isinstance(value, dict):
            found += [(f"{name}{key}", one) for key, one in value.items() if isinstance(one, Statement)]
    return [one for one in found if one[0] not in FEW_ROWS]


ALL = [
    one
    for module in (repositories, leases, audit, sending, identity, staff, practice)
    for one in _statements(module)
]


def _plan(store: Store, sql: str) -> list[str]:
    session = Session(store._database, writes=False)
    values: dict[str, Any] = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    try:
        rows = session.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    finally:
        session.close()
    return [row[3] for row in rows]


def _bad(plan: list[str]) -> list[str]:
    """The steps that read a whole table or index, or sort."""
    return [
        step
        for step in plan
        if "TEMP B-TREE" in step or (step.startswith("SCAN") and "VIRTUAL TABLE" not in step)
    ]


# Walks that stop at a limit: the end of the chain, as many lines before it as the doctor looks at, the
# drafts last saved, at most 1000 that wait.
WALKS = {
    "_HEAD": ["SCAN audit"],
    "_BEFORE": ["SCAN audit"],
    "_LAST_TRUSTED": ["SCAN audit"],
    "_DRAFT_PAGE": ["SCAN draft USING INDEX draft_saved"],
    "_LAST_N": ["SCAN registration"],
    "_NEWEST": ["SCAN practice_run"],
    "_LAST_AGREED": ["SCAN agreed_settings"],
    "_UNSIGNED": ["SCAN shift USING INDEX shift_unsigned"],
    "_DUE": ["SCAN outbox USING INDEX outbox_waiting"],
    "_SET_ASIDE": ["SCAN outbox USING INDEX outbox_waiting"],
    "_WAITING": ["SCAN outbox USING COVERING INDEX outbox_waiting", "SCAN anon_1"],
}


@pytest.mark.parametrize(("name", "statement"), ALL, ids=[name for name, _ in ALL])
def test_a_statement_walks_an_index(store: Store, name: str, statement: Statement) -> None:
    plan = _plan(store, statement.sql)
    assert [step for step in _bad(plan) if step not in WALKS.get(name, [])] == [], plan


def test_there_are_statements_to_look_at() -> None:
    assert len(ALL) > 30


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM registration WHERE name = :name",
        "SELECT count(*) FROM member WHERE position = :position",
        "SELECT * FROM registration WHERE kk = :kk ORDER BY created_wall DESC LIMIT 50",
    ],
)
def test_control_a_scan_and_a_sort_are_seen(store: Store, sql: str) -> None:
    assert _bad(_plan(store, sql))

"""Stores as they were when each migration was the newest, filled in the words of their time.

Only the steps themselves are today's code here: what a shipped program wrote must stay readable.
A new migration adds a function to `FILLED`; the ones before it stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from kiosk.store.migrations import MIGRATIONS, migrate

_DECISION = (
    '{"segment":"PBPU","main_member":"9901011208800003","care_class":2,"people":2,"premium_per_person":100000,'
    '"premium_total":200000,"refer_to":null,"family_card":null,"outcome":"new_family","problems":[{"field":'
    '"fktp","code":"fktp.other_regency","severity":"warning","params":{}}],"pay_from":"2026-12-06",'
    '"pay_until":"2026-12-22"}'
)
_FAMILY = (
    '{"kk":"9901010101200012","login":"none","members":[{"nik":"9901011208800003","name":"BAGASKARA",'
    '"relation":"head","birth_date":"1980-08-12"},{"nik":null,"name":"BAYI","relation":"child",'
    '"birth_date":"2026-11-01"}],"contact":{"phone":"+6281200000001","email":null}}'
)
_CREATED = '{"wall":"2026-11-22T09:00:00.000+07:00","boot":"boot-1","monotonic_ns":5,"trusted":1}'
REGISTRATION = (
    f'{{"decision":{_DECISION},"family":{_FAMILY},"created":{_CREATED},'
    '"virtual_accounts":{"BRI":"8888801234567890"},"demo_card":true,"verified_phone":true,"source":"screen"}'
)
DRAFT = (
    '{"answers":{"kk":"9901","members[0].name":"MELATI \\udc80"},"facts":{"terms":"v1"},'
    '"at":"members[0].nik"}'
)


def _first(connection: Any) -> None:
    """Migration 1: a registration that waits to be sent, a draft, a chain of two lines, a block in use."""
    connection.execute(
        "INSERT INTO registration VALUES (1, 'id-1', 'K1-0001-3T', 'submitted', 'new_family',"
        " '9901010101200012', 'BAGASKARA', 2, 200000, '2026-11-22', '2026-11-22T09:00:00.000+07:00')"
    )
    connection.execute("INSERT INTO document VALUES (1, ?)", (REGISTRATION,))
    connection.execute("INSERT INTO member VALUES (1, 0, '9901011208800003')")
    connection.execute("INSERT INTO outbox VALUES (1, 'key-1', 'id-1', '2026-11-22T09:00:00.000+07:00', '')")
    connection.execute(
        "INSERT INTO draft VALUES ('id-2', 3, 'begun', 'saved', '9901', 'MELATI ?', 1, 'members[0].nik', ?)",
        (DRAFT,),
    )
    connection.execute("INSERT INTO card_block VALUES (1, '0000000000001', 8, 10, 1)")
    connection.execute("INSERT INTO counter VALUES ('K1', 1)")
    connection.execute(
        "INSERT INTO code VALUES (1, 'code-1', 'id-2', '+6281200000001', 's', 'wall', 'boot-1', 5, 1, 2, '')"
    )
    connection.execute(
        "INSERT INTO participant VALUES ('9901011208800003', '0000000000001', 'BAGASKARA', '1980-08-12',"
        " '9901010101200012', 'PBPU', 'active', 2, '99010101', 1, 0, '2024-03-01')"
    )
    previous = bytes(32)
    for n, action in ((1, "draft.saved"), (2, "registration.submitted")):
        values = [n, "wall", "boot-1", n, 1, "-", action, "K1-0001-3T", '["kk"]', "[]"]
        digest = sha256(previous + json.dumps(values).encode("ascii")).digest()
        places = ",".join("?" * 12)
        connection.execute(f"INSERT INTO audit VALUES ({places})", (*values, previous, digest))
        previous = digest


FILLED: dict[int, Callable[[Any], None]] = {1: _first}


def build(connection: Any, number: int) -> None:
    """Makes on an empty connection the store that migration `number` left, with records in it."""
    migrate(connection, "0.1.0", steps=MIGRATIONS[:number])
    FILLED[number](connection)

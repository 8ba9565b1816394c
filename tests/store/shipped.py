"""Stores as each version of the program left them, schema and rows in the words of their time.

Nothing of today's program is in here: what a shipped one wrote must stay readable. A new migration adds
a store to `SHIPPED`; the ones before it stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

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


_REGISTRATION_WITH_DOCUMENT = """CREATE TABLE registration (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL, outcome TEXT NOT NULL, kk TEXT NOT NULL, name TEXT NOT NULL,
        people INTEGER NOT NULL, premium_total INTEGER, created_day TEXT NOT NULL,
        created_wall TEXT NOT NULL, document TEXT NOT NULL) STRICT"""
_REGISTRATION = _REGISTRATION_WITH_DOCUMENT.replace(", document TEXT NOT NULL", "")
_DOCUMENT = """CREATE TABLE document (
        registration INTEGER PRIMARY KEY REFERENCES registration (n), body TEXT NOT NULL) STRICT"""
_OTHERS = (
    "CREATE INDEX registration_kk ON registration (kk)",
    "CREATE INDEX registration_day ON registration (created_day)",
    "CREATE INDEX registration_state ON registration (state)",
    "CREATE INDEX registration_state_day ON registration (state, created_day)",
    """CREATE TABLE member (
        registration INTEGER NOT NULL REFERENCES registration (n), position INTEGER NOT NULL,
        nik TEXT NOT NULL, PRIMARY KEY (registration, position)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX member_nik ON member (nik, registration)",
    """CREATE TABLE draft (
        id TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, started_at TEXT NOT NULL,
        saved_at TEXT NOT NULL, kk TEXT NOT NULL, name TEXT NOT NULL, people INTEGER NOT NULL,
        at TEXT NOT NULL, document TEXT NOT NULL) STRICT""",
    "CREATE INDEX draft_saved ON draft (saved_at)",
    """CREATE TABLE outbox (
        n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, registration TEXT NOT NULL UNIQUE,
        queued_at TEXT NOT NULL, sent_at TEXT NOT NULL) STRICT""",
    "CREATE INDEX outbox_waiting ON outbox (n) WHERE sent_at = ''",
    """CREATE TABLE audit (
        n INTEGER PRIMARY KEY, wall TEXT NOT NULL, boot TEXT NOT NULL, monotonic_ns INTEGER NOT NULL,
        trusted INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
        fields TEXT NOT NULL, codes TEXT NOT NULL, previous BLOB NOT NULL, digest BLOB NOT NULL) STRICT""",
    "CREATE INDEX audit_subject ON audit (subject)",
    """CREATE TABLE card_block (
        n INTEGER PRIMARY KEY, first TEXT NOT NULL UNIQUE, next INTEGER NOT NULL, last INTEGER NOT NULL,
        demo INTEGER NOT NULL) STRICT""",
    "CREATE INDEX card_block_demo ON card_block (demo)",
    """CREATE TABLE code (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, draft_id TEXT NOT NULL, phone TEXT NOT NULL,
        secret TEXT NOT NULL, wall TEXT NOT NULL, boot TEXT NOT NULL, monotonic_ns INTEGER NOT NULL,
        trusted INTEGER NOT NULL, tries INTEGER NOT NULL, closed TEXT NOT NULL) STRICT""",
    "CREATE INDEX code_draft ON code (draft_id)",
    "CREATE INDEX code_phone ON code (phone)",
    """CREATE TABLE participant (
        nik TEXT NOT NULL PRIMARY KEY, card TEXT NOT NULL, name TEXT NOT NULL, birth_date TEXT NOT NULL,
        kk TEXT NOT NULL, segment TEXT NOT NULL, status TEXT NOT NULL, care_class INTEGER, fktp TEXT NOT NULL,
        head INTEGER NOT NULL, arrears_months INTEGER NOT NULL, since TEXT) STRICT, WITHOUT ROWID""",
    "CREATE INDEX participant_kk ON participant (kk)",
    "CREATE TABLE counter (kiosk TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL) STRICT",
    """CREATE TABLE migration (
    n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version TEXT NOT NULL) STRICT""",
)
_SUMMARY = (
    "1, 'id-1', 'K1-0001-3T', 'submitted', 'new_family', '9901010101200012', 'BAGASKARA', 2, 200000,"
    " '2026-11-22', '2026-11-22T09:00:00.000+07:00'"
)


@dataclass(frozen=True, slots=True)
class Shipped:
    """A store of some version: the steps that it has on record, and its tables."""

    steps: Sequence[str]
    tables: Sequence[str]
    document_apart: bool

    def build(self, connection: Any) -> None:
        """Makes it on an empty connection: a draft, what waits to be sent, a chain, a block in use."""
        for statement in self.tables:
            connection.execute(statement)
        for name in self.steps:
            connection.execute("INSERT INTO migration (name, version) VALUES (?, '0.1.0')", (name,))
        if self.document_apart:
            doubt = ", 0" if "doubtful" in self.tables[0] else ""
            doubt += ", 1, '', ''" if "purged_at" in self.tables[0] else ""
            connection.execute(f"INSERT INTO registration VALUES ({_SUMMARY}{doubt})")
            connection.execute("INSERT INTO document VALUES (1, ?)", (REGISTRATION,))
        else:
            connection.execute(f"INSERT INTO registration VALUES ({_SUMMARY}, ?)", (REGISTRATION,))
        _fill(connection)
        if _RESUME_CODES[0] in self.tables:
            connection.execute("INSERT INTO resume_code VALUES ('hash', 'id-2', 'wall', 0)")
        if _SYNCED[0] in self.tables:
            for statement in _SYNCED_ROWS:
                connection.execute(statement)
        if _AGREED[0] in self.tables:
            connection.execute("INSERT INTO agreed_settings VALUES (1, 'wall', '{}')")
        if _TRAINED[0] in self.tables:
            for statement in _TRAINED_ROWS:
                connection.execute(statement)
        if _STAFFED[0] in self.tables:
            for statement in _STAFFED_ROWS:
                connection.execute(statement)


def _fill(connection: Any) -> None:
    """The rows that are the same in every version."""
    connection.execute("INSERT INTO member VALUES (1, 0, '9901011208800003')")
    connection.execute(
        "INSERT INTO outbox (n, key, registration, queued_at, sent_at)"
        " VALUES (1, 'key-1', 'id-1', '2026-11-22T09:00:00.000+07:00', '')"
    )
    connection.execute(
        "INSERT INTO draft VALUES ('id-2', 3, 'begun', 'saved', '9901', 'MELATI ?', 1, 'members[0].nik', ?)",
        (DRAFT,),
    )
    connection.execute(
        "INSERT INTO card_block (n, first, next, last, demo) VALUES (1, '0000000000001', 8, 10, 1)"
    )
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


_FIRST, _APART, _DOUBTFUL = "0001_first_schema", "0002_documents_apart", "0003_doubtful_times"
_SLIPS = "0004_resume_codes"
_RESUME_CODES = (
    """CREATE TABLE resume_code (
        hash TEXT NOT NULL PRIMARY KEY, draft_id TEXT NOT NULL, made_at TEXT NOT NULL,
        used INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX resume_code_draft ON resume_code (draft_id)",
)
_REGISTRATION_WITH_DOUBT = (
    _REGISTRATION.removesuffix(") STRICT") + ", doubtful INTEGER NOT NULL DEFAULT 0) STRICT"
)
_REGISTRATION_WITH_VERSION = (
    _REGISTRATION_WITH_DOUBT.removesuffix(") STRICT")
    + ", version INTEGER NOT NULL DEFAULT 1, state_at TEXT NOT NULL DEFAULT '',"
    " purged_at TEXT NOT NULL DEFAULT '') STRICT"
)
_SYNC = "0005_synced_later"
_OUTBOX = next(statement for statement in _OTHERS if statement.startswith("CREATE TABLE outbox"))
_OUTBOX_OF_VERSIONS = """CREATE TABLE outbox (
        n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, registration TEXT NOT NULL,
        queued_at TEXT NOT NULL, sent_at TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL DEFAULT 1,
        schema INTEGER NOT NULL DEFAULT 1, hash TEXT NOT NULL DEFAULT '',
        received_ms INTEGER NOT NULL DEFAULT 0, hub_key TEXT NOT NULL DEFAULT '',
        signature BLOB NOT NULL DEFAULT x'', tries INTEGER NOT NULL DEFAULT 0,
        next_try_ms INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '',
        exported_at TEXT NOT NULL DEFAULT '', UNIQUE (registration, version)) STRICT"""
_BLOCK = next(statement for statement in _OTHERS if statement.startswith("CREATE TABLE card_block"))
_LEASED_BLOCK = (
    _BLOCK.removesuffix(") STRICT")
    + ", lease TEXT NOT NULL DEFAULT '', epoch TEXT NOT NULL DEFAULT '') STRICT"
)
_SYNCED = (
    """CREATE TABLE identity (
        n INTEGER PRIMARY KEY, kiosk TEXT NOT NULL, training INTEGER NOT NULL, signing BLOB NOT NULL,
        opening BLOB NOT NULL, hub_keys TEXT NOT NULL, url TEXT NOT NULL, enrolled_at TEXT NOT NULL,
        epoch TEXT NOT NULL, cursor INTEGER NOT NULL, asking TEXT NOT NULL) STRICT""",
    """CREATE TABLE decision (
        registration TEXT NOT NULL, version INTEGER NOT NULL, verdict TEXT NOT NULL, hash TEXT NOT NULL,
        decided_at TEXT NOT NULL, problems TEXT NOT NULL, other_reference TEXT NOT NULL, card TEXT NOT NULL,
        PRIMARY KEY (registration, version)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE tombstone (
        registration TEXT NOT NULL PRIMARY KEY, reference TEXT NOT NULL, receipt_hash TEXT NOT NULL,
        hash TEXT NOT NULL, decided_at TEXT NOT NULL, purged_at TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE kept_message (
        number INTEGER PRIMARY KEY, kind TEXT NOT NULL, sealed INTEGER NOT NULL, body BLOB NOT NULL,
        hub_key TEXT NOT NULL, signature BLOB NOT NULL, code TEXT NOT NULL, kept_at TEXT NOT NULL) STRICT""",
    "CREATE INDEX registration_here ON registration (state, state_at) WHERE purged_at = ''",
)
_SYNCED_ROWS = (
    "INSERT INTO identity VALUES (1, 'K1', 0, x'01', x'02', '[]', 'http://hub', 'wall', 'epoch-1', 4, '')",
    "INSERT INTO decision VALUES ('id-9', 1, 'accepted', 'aa', 'wall', '[]', '', 'confirmed')",
    "INSERT INTO tombstone VALUES ('id-9', 'K1-****-XX', 'bb', 'aa', 'wall', 'wall')",
    "INSERT INTO kept_message VALUES (3, 'weather', 0, x'7b7d', 'cc', x'03', 'inbox.unknown', 'wall')",
)
_STAFF_STEP = "0006_staff"
_STAFFED = (
    """CREATE TABLE staff (
        id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, pin_hash TEXT NOT NULL,
        active INTEGER NOT NULL, second TEXT NOT NULL, second_secret TEXT NOT NULL,
        second_step INTEGER NOT NULL, one_time TEXT NOT NULL, failures INTEGER NOT NULL, failed TEXT NOT NULL,
        made_at TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE shift (
        number INTEGER PRIMARY KEY, staff TEXT NOT NULL REFERENCES staff (id), began TEXT NOT NULL,
        after INTEGER NOT NULL, ended TEXT NOT NULL, handed_to TEXT NOT NULL, signed_by TEXT NOT NULL,
        day_closed INTEGER NOT NULL, report TEXT NOT NULL) STRICT""",
    "CREATE INDEX shift_unsigned ON shift (number) WHERE day_closed = 0",
    """CREATE TABLE approval (
        n INTEGER PRIMARY KEY, act TEXT NOT NULL, subject TEXT NOT NULL,
        first TEXT NOT NULL REFERENCES staff (id), second TEXT NOT NULL REFERENCES staff (id),
        reason TEXT NOT NULL, at TEXT NOT NULL, shift INTEGER NOT NULL) STRICT""",
    "CREATE INDEX approval_shift ON approval (shift)",
    "CREATE INDEX approval_subject ON approval (subject)",
)
_TRAINING_STEP = "0008_training"
_TRAINED = (
    """CREATE TABLE practice_run (
        id TEXT NOT NULL PRIMARY KEY, scenario TEXT NOT NULL, started TEXT NOT NULL, ended_at TEXT NOT NULL,
        points INTEGER NOT NULL, document TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX practice_run_best ON practice_run (scenario, points)",
    "CREATE INDEX practice_run_unfinished ON practice_run (scenario) WHERE ended_at = ''",
    """CREATE TABLE lesson (
        lesson TEXT NOT NULL PRIMARY KEY, step INTEGER NOT NULL, done_at TEXT NOT NULL)
        STRICT, WITHOUT ROWID""",
)
_TRAINED_ROWS = (
    "INSERT INTO practice_run VALUES ('R1', 'keluarga-baru', '{}', 'wall', 97, '{}')",
    "INSERT INTO lesson VALUES ('keys', 3, '')",
)
_OUTBOX_OF_JOURNEYS = _OUTBOX_OF_VERSIONS.replace(
    ", UNIQUE (registration, version)", ", left_at TEXT NOT NULL DEFAULT '', UNIQUE (registration, version)"
)
_STAFFED_ROWS = (
    "INSERT INTO staff VALUES ('S1', 'KUSUMA', 'clerk', '$argon2id$', 1, '', '', 0, '[]', 0, '', 'wall')",
    "INSERT INTO shift VALUES (1, 'S1', 'wall', 0, '', '', '', 0, '')",
    "INSERT INTO approval VALUES (1, 'void', 'K1-0001-3T', 'S1', 'S1', 'reason', 'wall', 1)",
)
_NOW = tuple(
    {_OUTBOX: _OUTBOX_OF_VERSIONS, _BLOCK: _LEASED_BLOCK}.get(statement, statement) for statement in _OTHERS
)
_SETTINGS_STEP = "0007_agreed_settings"
_AGREED = (
    """CREATE TABLE agreed_settings (
        n INTEGER PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL) STRICT""",
)
_STAFFED_NOW = tuple(
    _OUTBOX_OF_JOURNEYS if statement == _OUTBOX_OF_VERSIONS else statement for statement in _NOW
)
SHIPPED = {
    "documents in the registrations": Shipped([_FIRST], (_REGISTRATION_WITH_DOCUMENT, *_OTHERS), False),  # noqa: FBT003
    "documents apart from the first step": Shipped([_FIRST], (_REGISTRATION, _DOCUMENT, *_OTHERS), True),  # noqa: FBT003
    "documents apart": Shipped([_FIRST, _APART], (_REGISTRATION, _DOCUMENT, *_OTHERS), True),  # noqa: FBT003
    "times in doubt": Shipped(
        [_FIRST, _APART, _DOUBTFUL],
        (_REGISTRATION_WITH_DOUBT, _DOCUMENT, *_OTHERS),
        True,  # noqa: FBT003
    ),
    "codes on slips": Shipped(
        [_FIRST, _APART, _DOUBTFUL, _SLIPS],
        (_REGISTRATION_WITH_DOUBT, _DOCUMENT, *_OTHERS, *_RESUME_CODES),
        True,  # noqa: FBT003
    ),
    "synced later": Shipped(
        [_FIRST, _APART, _DOUBTFUL, _SLIPS, _SYNC],
        (_REGISTRATION_WITH_VERSION, _DOCUMENT, *_NOW, *_RESUME_CODES, *_SYNCED),
        True,  # noqa: FBT003
    ),
    "staff": Shipped(
        [_FIRST, _APART, _DOUBTFUL, _SLIPS, _SYNC, _STAFF_STEP],
        (_REGISTRATION_WITH_VERSION, _DOCUMENT, *_STAFFED_NOW, *_RESUME_CODES, *_SYNCED, *_STAFFED),
        True,  # noqa: FBT003
    ),
    "agreed settings": Shipped(
        [_FIRST, _APART, _DOUBTFUL, _SLIPS, _SYNC, _STAFF_STEP, _SETTINGS_STEP],
        (_REGISTRATION_WITH_VERSION, _DOCUMENT, *_STAFFED_NOW, *_RESUME_CODES, *_SYNCED, *_STAFFED, *_AGREED),
        True,  # noqa: FBT003
    ),
    "practice": Shipped(
        [_FIRST, _APART, _DOUBTFUL, _SLIPS, _SYNC, _STAFF_STEP, _SETTINGS_STEP, _TRAINING_STEP],
        (
            *(_REGISTRATION_WITH_VERSION, _DOCUMENT, *_STAFFED_NOW, *_RESUME_CODES, *_SYNCED),
            *(*_STAFFED, *_AGREED, *_TRAINED),
        ),
        True,  # noqa: FBT003
    ),
}
"""Every schema that this program ever made, oldest first."""

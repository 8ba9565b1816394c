"""Card numbers, codes on phones and slips, the directory extract: statements on their tables."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Sequence

from sqlalchemy import (
    ColumnElement,
    Integer,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.domain.directory import Participant
from kiosk.errors import StoreError
from kiosk.services.ports import CodeAttempt, LeasedCard, ResumeCode
from kiosk.services.sync_ports import CardBlock
from kiosk.store import mapping
from kiosk.store.repositories import listed
from kiosk.store.session import Session, Statement
from kiosk.store.tables import CardBlockRow, CodeRow, IdentityRow, ParticipantRow, ResumeCodeRow, table_of

_BLOCK = table_of(CardBlockRow)
_B = _BLOCK.c
_ONE: ColumnElement[int] = literal_column("1")
_LEASE = Statement(insert(_BLOCK))
_OVERLAPS = Statement(
    select(_B.n, _B.first, _B.next, _B.last, _B.epoch).where(
        or_(
            _B.first == bindparam("first_"),
            (cast(_B.first, Integer) <= bindparam("last_")) & (_B.last >= bindparam("start_")),
        )
    )
)
_END = Statement(delete(_BLOCK).where(_B.n == bindparam("n_")))
# Once a real block was leased, demonstration numbers are given no more.
_KIND = select(func.min(_B.demo)).scalar_subquery()
# A block is good for the life of the store in which the hub leased it, and one that comes with the program
# as long as there is no hub: a copy put back gives no number again, an enrolled kiosk none that is made up.
_EPOCH = func.coalesce(
    select(table_of(IdentityRow).c.epoch).where(table_of(IdentityRow).c.n == _ONE).scalar_subquery(),
    literal_column("''"),
)
_USABLE = (_B.demo == _KIND) & (_B.next <= _B.last) & (_B.epoch == _EPOCH)
_FIRST_USABLE = select(_B.n).where(_USABLE).order_by(_B.n).limit(_ONE).scalar_subquery()
_TAKE = Statement(
    update(_BLOCK)
    .where(_B.n == _FIRST_USABLE)
    .values(next=_B.next + _ONE)
    .returning(_B.next - _ONE, _B.first, _B.demo)
)
_BLOCKS = Statement(select(_B.first, _B.next, _B.last, _B.demo, _B.lease, _B.epoch).order_by(_B.n))
_LEFT = Statement(select(func.coalesce(func.sum(_B.last - _B.next + _ONE), 0)).where(_USABLE))


class SqlCardBlocks:
    """The blocks of card numbers leased to this kiosk: each number is given once, none is made up."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lease(self, first: str, count: int, *, demo: bool, lease: str = "", epoch: str = "") -> None:
        """Adds the block of `count` numbers that begins with `first`, its leading zeros included.

        `lease` names it at the hub, `epoch` the life of the store that may use it. A block that begins with
        the same number is there already and stays as it is. One of an earlier life ends where they overlap,
        and what was given of it is passed over. Raises StoreError `store.cards_overlap` where
        another block of this life holds one of the numbers, ValueError for what is no block.
        """
        if not (first.isascii() and first.isdigit()) or count < 1:
            raise ValueError("a block is a first number of digits and a count of at least one")
        start, last = int(first), int(first) + count - 1
        found = self._session.rows(_OVERLAPS, {"first_": first, "start_": start, "last_": last})
        of_now = [row[1] for row in found if row[4] == epoch]
        if first in of_now:
            return
        if of_now:
            raise StoreError("store.cards_overlap")
        free = start
        for n, _first, free_before, _last, _epoch in found:
            free = max(free, free_before)
            self._session.run(_END, {"n_": n})
        values = {"n": None, "first": first, "next": min(free, last + 1), "last": last, "demo": int(demo)}
        self._session.run(_LEASE, values | {"lease": lease, "epoch": epoch})

    def blocks(self) -> list[CardBlock]:
        """All blocks in the order in which they were leased, used up or not."""
        rows = self._session.rows(_BLOCKS, {})
        return [CardBlock(row[0], row[1], row[2], bool(row[3]), row[4], row[5]) for row in rows]

    def take(self) -> LeasedCard | None:
        """The next number, taken for good when the unit of work commits; None where none is left."""
        row = self._session.row(_TAKE, {})
        if row is None:
            return None
        number, first, demo = row
        return LeasedCard(str(number).zfill(len(first)), bool(demo))

    def left(self) -> int:
        """How many numbers `take` can still give."""
        row = self._session.row(_LEFT, {})
        return int(row[0]) if row else 0


_CODE = table_of(CodeRow)
_C = _CODE.c
_ATTEMPT = (
    _C.id, _C.draft_id, _C.phone, _C.secret,
    _C.wall, _C.boot, _C.monotonic_ns, _C.trusted, _C.tries, _C.closed
)  # fmt: skip
_CODE_ADD = Statement(insert(_CODE))
_CODE_REPLACE = Statement(
    update(_CODE)
    .where(_C.id == bindparam("id_"))
    .values({name: bindparam(name) for name in _C.keys() if name not in {"n", "id"}})  # noqa: SIM118
)
_CODE_LATEST = Statement(
    select(*_ATTEMPT).where(_C.draft_id == bindparam("draft_")).order_by(_C.n.desc()).limit(_ONE)
)
_CODE_FORGET = Statement(delete(_CODE).where(_C.draft_id == bindparam("draft_")))
_CODE_SENT_TO = Statement(
    select(*_ATTEMPT).where(_C.phone == bindparam("phone_")).order_by(_C.n.desc()).limit(bindparam("limit_"))
)


class SqlCodes:
    """The codes sent to phones, newest first."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, attempt: CodeAttempt) -> None:
        """Keeps a code; raises StoreError `store.duplicate` where its id is there already."""
        self._session.run(_CODE_ADD, mapping.code_columns(attempt))

    def replace(self, attempt: CodeAttempt) -> None:
        """Puts `attempt` in the place of the one with its id; raises StoreError `store.unknown`."""
        values = mapping.code_columns(attempt) | {"id_": attempt.id}
        if self._session.run(_CODE_REPLACE, values).rowcount != 1:
            raise StoreError("store.unknown", "no code with this id")

    def latest(self, draft_id: str) -> CodeAttempt | None:
        row = self._session.row(_CODE_LATEST, {"draft_": draft_id})
        return mapping.code_from(row) if row else None

    def sent_to(self, phone: str, *, limit: int = 20) -> list[CodeAttempt]:
        rows = self._session.rows(_CODE_SENT_TO, {"phone_": phone, "limit_": limit})
        return [mapping.code_from(row) for row in rows]

    def forget(self, draft_id: str) -> None:
        """Removes the codes of one draft, and the phone they went to with them."""
        self._session.run(_CODE_FORGET, {"draft_": draft_id})


_RESUME = table_of(ResumeCodeRow)
_RC = _RESUME.c
_RESUME_PUT = Statement(insert(_RESUME))
_RESUME_FIND = Statement(select(_RC.draft_id, _RC.used).where(_RC.hash == bindparam("hash_")))
_RESUME_USE = Statement(update(_RESUME).where(_RC.hash == bindparam("hash_")).values(used=_ONE))
_RESUME_FORGET = Statement(delete(_RESUME).where(_RC.draft_id == bindparam("draft_")))
_RESUME_CLOSE = Statement(update(_RESUME).where(_RC.draft_id == bindparam("draft_")).values(used=_ONE))


class SqlResumeCodes:
    """The codes on slips as keyed hashes: whoever reads the store cannot tell a code that would be taken."""

    def __init__(self, session: Session, key: bytes) -> None:
        self._session = session
        self._key = key

    def put(self, code: str, draft_id: str, made_at: str) -> None:
        """Keeps a new code of a draft and closes its earlier ones.

        Raises StoreError `store.duplicate` where the code was given before.
        """
        self._session.run(_RESUME_CLOSE, {"draft_": draft_id})
        values = {"hash": self._hash(code), "draft_id": draft_id, "made_at": made_at, "used": 0}
        self._session.run(_RESUME_PUT, values)

    def find(self, code: str) -> ResumeCode | None:
        row = self._session.row(_RESUME_FIND, {"hash_": self._hash(code)})
        return ResumeCode(row[0], bool(row[1])) if row else None

    def use(self, code: str) -> None:
        """From now on the code is taken."""
        self._session.run(_RESUME_USE, {"hash_": self._hash(code)})

    def forget(self, draft_id: str) -> None:
        """Removes the codes of one draft."""
        self._session.run(_RESUME_FORGET, {"draft_": draft_id})

    def _hash(self, code: str) -> str:
        return hmac.digest(self._key, f"resume code {code}".encode(), "sha256").hex()


_PARTICIPANT = table_of(ParticipantRow)
_P = _PARTICIPANT.c
_BY_NIKS = Statement(select(_PARTICIPANT).where(_P.nik.in_(listed("niks_"))).order_by(_P.nik))
_BY_KK = Statement(select(_PARTICIPANT).where(_P.kk == bindparam("kk_")).order_by(_P.nik))
_PUT_INSERT = upsert(_PARTICIPANT)
_PUT = Statement(
    _PUT_INSERT.on_conflict_do_update(
        index_elements=["nik"],
        set_={name: _PUT_INSERT.excluded[name] for name in _P.keys() if name != "nik"},  # noqa: SIM118
    )
)


class SqlDirectory:
    """The participants of the extract, in the order of their NIK."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_niks(self, niks: Iterable[str]) -> list[Participant]:
        rows = self._session.rows(_BY_NIKS, {"niks_": json.dumps(list(niks))})
        return [mapping.participant_from(row) for row in rows]

    def by_kk(self, kk: str) -> list[Participant]:
        rows = self._session.rows(_BY_KK, {"kk_": kk})
        return [mapping.participant_from(row) for row in rows]

    def put(self, people: Sequence[Participant]) -> None:
        """Adds people to the directory; who is there already is replaced."""
        self._session.run_many(_PUT, map(mapping.participant_columns, people))

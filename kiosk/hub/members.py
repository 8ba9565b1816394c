"""Who is registered: a NIK stands in one accepted record at a time, whoever decides at the same moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from kiosk.hub.bulk import insert_many
from kiosk.hub.cases import Case
from kiosk.hub.judging import overtaken
from kiosk.hub.tables import MemberRow
from kiosk.hub.waiting import holders

_CLAIM = "ON CONFLICT DO NOTHING RETURNING nik, record"
_LET_GO = text("DELETE FROM member WHERE record = ANY(:records) AND live")
_FREE = text("UPDATE member SET live = false WHERE record = :record AND kiosk = :kiosk AND live")


def claim(session: Session, cases: Sequence[Case], hashed: Mapping[str, bytes]) -> None:
    """Registers the people of accepted families; one that another family was faster with is refused.

    Of two families in hand with the same NIK the later one is postponed: the first may yet be refused.
    Waits for transactions that claim the same people at this moment, so exactly one of them gets each.
    """
    wanted = _each_once([case for case in cases if case.is_accepted], hashed)
    rows = [
        {
            "nik": nik,
            "record": case.waiting.record,
            "kiosk": case.waiting.kiosk.n,
            "reference": case.content.reference if case.content else "",
            "live": True,
        }
        for case, niks in wanted
        for nik in niks.values()
    ]
    got = {(bytes(row.nik), row.record) for row in insert_many(session, MemberRow, rows, ending=_CLAIM)}
    losers = [
        (case, missing)
        for case, niks in wanted
        if (missing := {i: nik for i, nik in niks.items() if (nik, case.waiting.record) not in got})
    ]
    if losers:
        _refuse(session, losers)


def _each_once(cases: Sequence[Case], hashed: Mapping[str, bytes]) -> list[tuple[Case, dict[int, bytes]]]:
    seen: set[bytes] = set()
    first = []
    for case in cases:
        niks = case.hashes(hashed)
        if seen.isdisjoint(niks.values()):
            first.append((case, niks))
        else:
            case.postponed = True
        seen.update(niks.values())
    return first


def _refuse(session: Session, losers: Sequence[tuple[Case, dict[int, bytes]]]) -> None:
    records: list[UUID] = [case.waiting.record for case, _missing in losers]
    session.connection().execute(_LET_GO, {"records": records})
    found = holders(session, {nik for _case, missing in losers for nik in missing.values()})
    for case, missing in losers:
        taken = {index: found[nik] for index, nik in missing.items() if nik in found}
        if len(taken) == len(missing):
            case.judgement = overtaken(taken)
        else:
            case.postponed = True  # who was faster has let go again: it is judged anew


def let_go(session: Session, record: UUID, kiosk: int) -> None:
    """From now on the people of a record that has ended may be registered anew."""
    session.connection().execute(_FREE, {"record": record, "kiosk": kiosk})

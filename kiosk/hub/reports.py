"""What a kiosk tells of itself, for the people at the hub who look after kiosks."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from kiosk.hub.callers import Caller

_REPORT = text("""
INSERT INTO kiosk_status (kiosk, seen_at, reported_at, waiting, drift_ms, program, profile, cards_left,
                          audit_head, epoch)
VALUES (:kiosk, to_timestamp(:now), to_timestamp(:now), :waiting, :drift_ms, :program, :profile, :cards_left,
        :audit_head, :epoch)
ON CONFLICT (kiosk) DO UPDATE SET seen_at = excluded.seen_at, reported_at = excluded.reported_at,
    waiting = excluded.waiting, drift_ms = excluded.drift_ms, program = excluded.program,
    profile = excluded.profile, cards_left = excluded.cards_left, audit_head = excluded.audit_head,
    epoch = excluded.epoch
""")


@dataclass(frozen=True, slots=True)
class Report:
    """How a kiosk is: records that wait, how far its clock is from the hub's, what it runs, numbers left."""

    waiting: int
    drift_ms: int | None
    program: str
    profile: str
    cards_left: int
    audit_head: bytes
    epoch: UUID


def note_report(session: Session, caller: Caller, report: Report, now: float) -> None:
    """Puts the report in the place of the one before."""
    session.execute(
        _REPORT,
        {
            "kiosk": caller.n,
            "now": now,
            "waiting": report.waiting,
            "drift_ms": report.drift_ms,
            "program": report.program,
            "profile": report.profile,
            "cards_left": report.cards_left,
            "audit_head": report.audit_head,
            "epoch": report.epoch,
        },
    )

"""A participant as the directory extract knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

STATUSES = ("active", "inactive_premium", "inactive_end_of_month", "inactive", "suspended", "deceased")


@dataclass(frozen=True, slots=True)
class Participant:
    """One line of a participant extract; `card` has 13 digits, `arrears_months` counts unpaid months."""

    nik: str
    card: str
    name: str
    birth_date: date
    kk: str
    segment: str
    status: str
    care_class: int | None
    fktp: str = ""
    head: bool = False
    arrears_months: int = 0
    since: date | None = None

    @property
    def lives(self) -> bool:
        return self.status != "deceased"

    @property
    def active(self) -> bool:
        return self.status == "active"

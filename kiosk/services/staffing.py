"""What the staff of one counter work with, as one thing."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.services.risky import Risky
from kiosk.services.shifts import Shifts
from kiosk.services.signs import Signs
from kiosk.services.staff import Staff


@dataclass(frozen=True, slots=True)
class Staffing:
    """Accounts, turns, acts of two people, and signs of misuse."""

    staff: Staff
    shifts: Shifts
    risky: Risky
    signs: Signs

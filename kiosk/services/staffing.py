"""What the staff of one counter work with, as one thing."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.services.risky import Risky
from kiosk.services.settings_watch import SettingsWatch
from kiosk.services.shifts import Shifts
from kiosk.services.signs import Signs
from kiosk.services.slips_beside import Slips
from kiosk.services.staff import Staff


@dataclass(frozen=True, slots=True)
class Staffing:
    """Accounts, turns, acts of two, signs of misuse, changed settings, slips of the kiosk beside."""

    staff: Staff
    shifts: Shifts
    risky: Risky
    signs: Signs
    settings: SettingsWatch
    slips: Slips

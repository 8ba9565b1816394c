"""A whole kiosk for practice in a folder of its own: settings, store, services, and how it syncs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.bootstrap import Services, services
from kiosk.clock import SystemClock
from kiosk.config import Config
from kiosk.domain.draft import Draft
from kiosk.domain.registration import Registration, State
from kiosk.services.answering import answers_of, filled
from kiosk.services.sync_ports import SyncOutcome
from kiosk.settings import Copies, Hub, Kiosk, Sms, Store
from kiosk.sync.pace import Backoff, Pace
from kiosk.syncing import Manner, enrol, sync_once
from tests.builders import TODAY, a_family, a_member


def config_in(folder: Path, name: str = "K1", *, url: str = "", profile: str = "training") -> Config:
    """Settings whose every path lies in `folder`."""
    return Config(
        kiosk=Kiosk(id=name, profile=profile),
        store=Store(dir=str(folder / "store"), keys=str(folder / "keys"), reserve_mib=0),
        sms=Sms(spool=str(folder / "sms")),
        hub=Hub(url=url),
        copies=Copies(),
    )


@dataclass
class KioskHere:
    """A kiosk for practice: registers, enrols and syncs as the program does."""

    config: Config
    house: Services

    @classmethod
    def in_folder(cls, folder: Path, name: str = "K1", *, url: str = "") -> KioskHere:
        config = config_in(folder, name, url=url)
        return cls(config, services(config, clock=SystemClock(TODAY)))

    def close(self) -> None:
        self.house.close()

    def enrol(self, code: object, url: str) -> None:
        enrol(self.house, str(code), url)

    def register(self, number: int = 1, **changes: Any) -> Registration:
        """Registers a family of one that shares no number with the others."""
        family = a_family(
            **{"kk": f"990101010120{number:04d}", "members": [a_member(serial=number)]} | changes
        )
        raw, problems = answers_of(family)
        assert not problems, problems
        own = int.from_bytes(self.config.kiosk.id.encode(), "big") << 16 | number
        record = uuid.UUID(int=(0x0198F2C0 << 96) | (0x7000 << 64) | (0x8 << 60) | own)
        draft = filled(Draft(str(record), "2026-11-22T09:00:00.000+07:00"), raw, "v1")
        submitted = self.house.registrar.submit(draft, self.house.rules(), source="file")
        assert submitted.registration is not None, submitted.decision.problems
        return submitted.registration

    def sync(self, *, wait_seconds: float = 0.0, pace: Pace | None = None) -> SyncOutcome:
        """Syncs once, without long waits where something fails."""
        manner = Manner(
            wait_seconds=wait_seconds,
            pace=pace or Pace(floor=1.0),
            backoff=Backoff(0.01, 0.05),
        )
        return sync_once(self.house, manner)

    def states(self) -> dict[str, State]:
        """The state of each registration by its reference."""
        return {line.reference: line.state for line in self.house.queries.page(limit=10_000)}

"""Makes the store on which a lesson is taken, and clears it away."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from kiosk.bootstrap import services
from kiosk.playing import run_config
from kiosk.settings import RegistrationSettings
from kiosk.training.lessons import course

if TYPE_CHECKING:
    from kiosk.bootstrap import Services
    from kiosk.config import Config

LESSON = "lesson-"
"""How the folders of lessons begin, beside those of runs."""
_DAY = 24 * 60 * 60


class LessonRoom:
    """A store for one lesson, on the day and with the settings that the lessons are made for.

    What a lesson left behind that was cut short is cleared away a day later.
    """

    def __init__(self, config: Config) -> None:
        plain = replace(
            config,
            kiosk=replace(config.kiosk, fktp=""),
            registration=RegistrationSettings(),
            training=replace(
                config.training, layout="sheet", confirm_nik=False, idle_seconds=0, may_quit=False
            ),
        )
        for old in run_config(config, "").store_dir.glob(f"{LESSON}*"):
            if time.time() - old.stat().st_mtime > _DAY:
                shutil.rmtree(old, ignore_errors=True)
        self.config = run_config(plain, f"{LESSON}{secrets.token_hex(8)}")

    def services(self) -> Services:
        """The program's services on it."""
        return services(self.config, today=course().today, seed=course().seed)

    def clear(self) -> None:
        """Removes it; it is closed by then."""
        shutil.rmtree(self.config.store_dir, ignore_errors=True)
        shutil.rmtree(self.config.sms_spool, ignore_errors=True)

"""`kiosk hub desk`: what waits for a person at the hub, on the screens of the kiosk."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.clock import find_zone
from kiosk.commands.hub_decide import RulesInForce
from kiosk.commands.hub_place import open_hub_of, who
from kiosk.errors import UsageError
from kiosk.language import Language
from kiosk.log import Log

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config


def run(arguments: Arguments, config: Config) -> int:
    """Starts the desk on this terminal; returns when it is left."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("usage.terminal")
    name = arguments.who or who()
    if not name.isprintable() or not 1 <= len(name) <= 40:
        raise UsageError("usage.arguments", "--who takes a name of at most 40 characters")
    with open_hub_of(arguments, config) as (engine, key_file):
        from kiosk.hub.deciding import Desk
        from kiosk.hub.desk import SqlDesk
        from kiosk.hub.events import EventLog
        from screens.desk.start import start_desk

        log = Log(config.log_dir)
        # The screen is the desk's only voice; what is done stands in the hub's own record.
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            desk = SqlDesk(engine, Desk(key_file.current, RulesInForce(config), log=EventLog(nowhere)))
            try:
                zone = find_zone(config.kiosk.timezone)
                return start_desk(desk, name, Language(config.kiosk.language), log.crash, zone=zone)
            finally:
                log.close()

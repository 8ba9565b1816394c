"""Chooses the printer of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.services.ports import Printer

SECONDS = 10.0
"""How long a printer may take over one piece of paper."""

LEAVING_SECONDS = 2.0
"""How long the program waits for one when it ends; a printer that is ready has taken a slip long before."""


def printer_of(config: Config) -> Printer | None:
    """The printer that the settings name; None where there is none."""
    to = config.printer_to
    if to is None:
        return None
    from kiosk.channels.printer_paper import Paper
    from kiosk.channels.printer_queue import QueuedPrinter

    paper = Paper(config.printer.kind, to, seconds=SECONDS)
    return QueuedPrinter(paper.write, patience=LEAVING_SECONDS)

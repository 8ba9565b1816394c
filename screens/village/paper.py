"""The slip of a family on paper, where a kiosk without staff has a printer."""

from __future__ import annotations

from kiosk.services.ports import PrintJob
from kiosk.services.slip import slip
from screens.context import Context


def print_slip(context: Context, code: str) -> PrintJob | None:
    """Asks for the slip with this code; None where there is no printer."""
    printer, config = context.services.printer, context.config
    if printer is None:
        return None
    days, training = config.drafts.days, config.is_training
    return printer.print(slip(code, context.language, config.kiosk.place, days=days, training=training))

"""The slip of a family on paper, where a kiosk without staff has a printer."""

from __future__ import annotations

from kiosk.services.ports import PrintJob, PrintState
from kiosk.services.slip import slip
from screens.context import Context


def print_slip(context: Context, code: str) -> PrintJob | None:
    """Asks for the slip with this code, unless it has come out already; None where there is no printer."""
    printer, config = context.services.printer, context.config
    if printer is None:
        return None
    job = context.printed.get(code)
    if job is None or job.state is PrintState.FAILED:
        days, training = config.drafts.days, config.is_training
        job = printer.print(slip(code, context.language, config.kiosk.place, days=days, training=training))
        context.printed[code] = job
    return job

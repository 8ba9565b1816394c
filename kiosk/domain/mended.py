"""Whether a refused registration can still be mended."""

from __future__ import annotations

from kiosk.domain.draft import Draft
from kiosk.domain.flow import Fact
from kiosk.domain.registration import Registration, State

ENDED = frozenset({"mend.done", "mend.decided", "mend.cancelled", "mend.purged"})
"""Why a registration can be mended no more: somebody has done it, the hub decided, it was taken back, its
data are gone."""


def why_ended(registration: Registration | None, draft: Draft | None) -> str:
    """Why `registration` can be mended no more by `draft` (None: by a new one), of `ENDED`; empty where it
    can.
    """
    if registration is None or registration.purged_at:
        return "mend.purged"
    if registration.state is State.CANCELLED:
        return "mend.cancelled"
    if draft is not None and draft.fact(Fact.MENDS) != str(registration.version):
        return "mend.done"
    if registration.state is State.SUBMITTED and registration.version > 1:
        return "mend.done"
    return "" if registration.state is State.NEEDS_FIX else "mend.decided"

"""The perfect trainee: the fewest keys that play a scenario to its right end, in the parts between cuts."""

from __future__ import annotations

from kiosk.domain.rulebook import Rulebook
from kiosk.services.clerk import Clerk, Stroke
from kiosk.services.ports import Randomness
from kiosk.training.scenario import Kind, Scenario


def perfect_keys(
    scenario: Scenario,
    rules: Rulebook,
    *,
    default_facility: str = "",
    randomness: Randomness | None = None,
) -> list[Stroke]:
    """The keys of a scenario that is played without an interruption."""
    clerk = Clerk(
        scenario.draft(rules),
        rules,
        scenario.known_for,
        may_send=lambda _phone: scenario.planted(Kind.OTP_NEVER_COMES) is None,
        default_facility=default_facility,
        randomness=randomness,
    )
    return list(clerk.keys())

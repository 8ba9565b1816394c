"""What a kiosk makes of a draft by the rules and by who is known: for a new family and a mended one alike."""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.draft import Draft
from kiosk.domain.family import Family, read_answer, read_family
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact
from kiosk.domain.identifiers import virtual_account
from kiosk.domain.registration import Decision, Moment
from kiosk.domain.rulebook import Rulebook
from kiosk.services.judging import joined, judged
from kiosk.services.membership import known_in
from kiosk.services.ports import LeasedCard, UnitOfWork


def assessed(
    work: UnitOfWork, draft: Draft, rules: Rulebook, now: Moment, *, source: str
) -> tuple[Family, Decision]:
    """The family as the answers give it, and the decision: refused, or taken with every warning."""
    family, problems = read_family(draft, rules)
    decision = judged(family, problems, lambda: known_in(work, draft, rules), rules)
    if decision.refused:
        return family, decision
    unproved = () if is_proved(draft, rules) or source != "screen" else (_UNVERIFIED,)
    doubtful = () if now.trusted else (_DOUBTFUL,)
    return family, replace(decision, problems=joined(decision.problems, unproved, doubtful))


def is_proved(draft: Draft, rules: Rulebook) -> bool:
    """Whether the phone as it stands in the draft was proved by a code."""
    phone = read_answer(draft, "contact.phone", rules).value
    return bool(phone) and draft.fact(Fact.VERIFIED) == phone


def accounts(rules: Rulebook, card: LeasedCard | None) -> dict[str, str]:
    """The virtual account at each bank; none without a card number."""
    if card is None:
        return {}
    return {bank.name: virtual_account(bank.va_prefix, card.number) for bank in rules.banks}


# A phone that was typed at the screen and not proved is said so on the receipt and to the hub. A clock in
# doubt blocks nobody; the record says so wherever it is shown.
_UNVERIFIED = Problem("otp", "otp.unverified", "warning")
_DOUBTFUL = Problem("time", "time.doubtful", "warning")

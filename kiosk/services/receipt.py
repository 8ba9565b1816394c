"""The receipt as text of 42 columns, for the screen, a file and a narrow printer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from kiosk.domain.identifiers import masked
from kiosk.domain.registration import Registration, State
from kiosk.services.paper import WIDTH, Paper, Texts, day_and_time, write_paper
from kiosk.services.standing import Standing

PRACTICE_MARK = "LATIHAN "
"""Begins every line in practice, whatever the language."""


def receipt_lines(
    registration: Registration,
    language: Texts,
    place: str,
    *,
    standing: Standing,
    training: bool,
    head: str,
    again: bool = False,
    served_by: str = "",
) -> list[str]:
    """The receipt as it is at this moment, each line at most 42 columns.

    `head` is the audit chain's head after this registration; one given out `again` is marked as a copy.
    `served_by` is the name of who was signed in; empty for nobody. In practice every line begins with
    LATIHAN, so that no cut makes a true one of it.
    """
    paper = Paper(language, WIDTH - len(PRACTICE_MARK) if training else WIDTH)
    if training:
        paper.centred("receipt.not_real")
    if again:
        paper.centred("receipt.copy")
    paper.centred("receipt.title")
    paper.wrapped(place)
    paper.rule()
    paper.pair("receipt.reference", registration.reference)
    paper.pair("receipt.date", day_and_time(registration.created.wall))
    if served_by:
        paper.pair("receipt.served_by", served_by)
    paper.blank()
    _about_state(paper, registration, standing)
    paper.blank()
    _about_family(paper, registration)
    _about_payment(paper, registration)
    if standing.has_new_number and registration.virtual_accounts:
        paper.wrapped(paper.text("receipt.new_number"))
    _about_doubts(paper, registration, head)
    return [f"{PRACTICE_MARK}{line}".rstrip() for line in paper.lines] if training else paper.lines


def _about_state(paper: Paper, registration: Registration, standing: Standing) -> None:
    paper.centred(f"receipt.state.{standing.state}", at=standing.at)
    if standing.state is State.ACCEPTED and registration.decision.premium_total is not None:
        paper.centred("receipt.pays_first")


def _about_family(paper: Paper, registration: Registration) -> None:
    decision = registration.decision
    paper.wrapped(paper.text(f"outcome.{decision.outcome}"))
    paper.pair("receipt.kk", masked(str(registration.family["kk"])))
    for number, member in enumerate(registration.family["members"], 1):
        paper.wrapped(f"{number}. {member['name']}")
    paper.pair("receipt.people", str(decision.people))
    if decision.segment:
        paper.pair("receipt.segment", decision.segment.replace("_", " "))
    if decision.care_class:
        paper.pair("receipt.class", "I" * decision.care_class)
    paper.rule()


def _about_payment(paper: Paper, registration: Registration) -> None:
    decision, language = registration.decision, paper.language
    if decision.premium_total is None or decision.premium_per_person is None:
        paper.wrapped(paper.text("receipt.no_premium"))
        return
    paper.pair("receipt.per_person", language.rupiah(decision.premium_per_person))
    paper.pair("receipt.total", language.rupiah(decision.premium_total))
    if decision.pay_from and decision.pay_until:
        paper.pair("receipt.pay_from", _day(decision.pay_from))
        paper.pair("receipt.pay_until", _day(decision.pay_until))
    paper.blank()
    if registration.waits_for_number:
        paper.wrapped(paper.text("receipt.number_later"))
        return
    paper.wrapped(paper.text("receipt.virtual_account"))
    for bank, number in registration.virtual_accounts.items():
        paper.lines.append(f"{bank:8}{grouped_account(number).rjust(paper.width - 8)}")
    if registration.demo_card:
        paper.wrapped(paper.text("receipt.demo_card"))


def _about_doubts(paper: Paper, registration: Registration, head: str) -> None:
    paper.rule()
    codes = {problem.code for problem in registration.decision.problems}
    if "otp.unverified" in codes:
        paper.wrapped(paper.text("receipt.unverified"))
    if not registration.created.trusted:
        paper.wrapped(paper.text("receipt.doubtful_time"))
    paper.wrapped(paper.text("receipt.keep"))
    paper.pair("receipt.head", head[:8])


def grouped_account(number: str) -> str:
    """A virtual account in groups of four, as it is typed into a machine."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def _day(day: date) -> str:
    return day.strftime("%d-%m-%Y")


def write_receipt(folder: Path, registration: Registration, lines: list[str], *, again: bool = False) -> Path:
    """Writes the receipt durably as `REFERENCE.txt`, a copy as `REFERENCE-SALINAN.txt`; returns the path.

    It is readable by its owner alone.
    """
    return write_paper(folder, f"{registration.reference}{'-SALINAN' if again else ''}", lines)

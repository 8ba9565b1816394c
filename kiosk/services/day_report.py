"""The report of a day as text: for the page that is signed, and for the file beside the receipts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kiosk.domain.shift import DayReport
from kiosk.services.paper import WIDTH, Paper, Texts, day_and_time, write_paper

Names = Mapping[str, str]
"""The names of the staff by their ids."""


def report_lines(
    report: DayReport, language: Texts, place: str, names: Names, *, signed_by: str = ""
) -> list[str]:
    """The report, each line at most 42 columns; of families only how many, of the staff their names.

    `place` stands above it on paper; a page that has its own heading leaves it empty.
    """
    paper = Paper(language, WIDTH)
    if place:
        paper.centred("report.title")
        paper.wrapped(place)
        paper.rule()
    paper.pair("report.began", day_and_time(report.began))
    paper.pair("report.at", day_and_time(report.at))
    paper.pair("report.staff", ", ".join(names.get(one, one) for one in report.staff) or "-")
    paper.blank()
    paper.pair("report.families", str(report.families))
    paper.pair("report.people", str(report.people))
    for one in report.classes:
        key = "report.class" if one.care_class else "report.no_class"
        label = paper.text(key, number=one.care_class, families=one.families, people=one.people)
        paper.pair_of(label, language.rupiah(one.premium))
    paper.pair("report.premium", language.rupiah(report.premium_total))
    paper.blank()
    paper.pair("report.waiting", str(report.waiting))
    paper.pair("report.refused", str(report.refused))
    paper.pair("report.unfinished", str(report.unfinished))
    paper.pair("report.voided", str(report.voided))
    paper.pair("report.voided_earlier", str(report.voided_earlier))
    paper.pair("report.numbers", str(report.numbers))
    for gap in report.gaps:
        first_last = f"{gap.kiosk} {gap.first}-{gap.last} ({gap.count})"
        paper.pair("report.gap", first_last)
    paper.wrapped(paper.text("report.adds_up" if report.adds_up else "report.does_not_add_up"))
    if report.doubtful:
        paper.wrapped(paper.text("report.doubtful"))
    if signed_by:
        paper.blank()
        paper.wrapped(paper.text("report.signed", name=signed_by))
    return paper.lines


def report_name(report: DayReport) -> str:
    """What the report is called where it becomes a file: its day, and the turn that it ends with."""
    return f"LAPORAN-{report.at[:10]}-{max(report.shifts, default=0)}"


def write_report(folder: Path, report: DayReport, lines: list[str]) -> Path:
    """Writes the report durably under the day and the turn that it ends with; for its owner alone."""
    return write_paper(folder, report_name(report), lines)

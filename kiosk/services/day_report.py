"""The report of a day as text: for the page that is signed, and for the file beside the receipts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from kiosk.domain.shift import DayReport

Names = Mapping[str, str]
"""The names of the staff by their ids."""


class Texts(Protocol):
    """One language's sentences and its way to write money."""

    def text(self, key: str, **params: str | int) -> str: ...
    def rupiah(self, amount: int) -> str: ...


def report_lines(
    report: DayReport, texts: Texts, place: str, names: Names, *, signed_by: str = ""
) -> list[str]:
    """The report in lines of at most 74 columns; a number of people never with a name of theirs."""

    def pair(key: str, value: str | int) -> str:
        return f"{texts.text(key):34}{value:>20}"

    lines = [
        texts.text("report.title", place=place),
        texts.text("report.time", began=_moment(report.began), at=_moment(report.at)),
        texts.text("report.staff", names=", ".join(names.get(one, one) for one in report.staff) or "-"),
        "",
        pair("report.families", report.families),
        pair("report.people", report.people),
    ]
    for one in report.classes:
        key = "report.class" if one.care_class else "report.no_class"
        label = texts.text(key, number=one.care_class, families=one.families, people=one.people)
        lines.append(f"  {label:32}{texts.rupiah(one.premium):>20}")
    lines += [
        pair("report.premium", texts.rupiah(report.premium_total)),
        "",
        pair("report.waiting", report.waiting),
        pair("report.refused", report.refused),
        pair("report.unfinished", report.unfinished),
        pair("report.voided", report.voided),
        pair("report.voided_earlier", report.voided_earlier),
        pair("report.numbers", report.numbers),
    ]
    for gap in report.gaps:
        lines.append(
            texts.text("report.gap", kiosk=gap.kiosk, first=gap.first, last=gap.last, count=gap.count)
        )
    lines.append(texts.text("report.adds_up" if report.adds_up else "report.does_not_add_up"))
    if report.doubtful:
        lines.append(texts.text("report.doubtful"))
    if signed_by:
        lines += ["", texts.text("report.signed", name=signed_by)]
    return lines


def _moment(wall: str) -> str:
    """`22-11-2026 09:00` of an ISO wall time."""
    return f"{wall[8:10]}-{wall[5:7]}-{wall[:4]} {wall[11:16]}"


def write_report(folder: Path, report: DayReport, lines: list[str]) -> Path:
    """Writes the report durably under the day and the turn that it ends with; for its owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".report-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    target = folder / f"LAPORAN-{report.at[:10]}-{max(report.shifts, default=0)}.txt"
    Path(temporary).replace(target)
    return target

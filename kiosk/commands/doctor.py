"""`kiosk doctor`: everything that a kiosk stands on, one line a part, with how to mend it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kiosk.care import examined, language
from kiosk.commands.tables import visible
from kiosk.services.doctor import Finding, Health, Texts, must_be_mended

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config

_COLOURS = {Health.OK: "green", Health.LOOK: "yellow", Health.MEND: "bold red"}


def run(arguments: Arguments, config: Config) -> int:
    """Prints what was found; 1 if something must be mended."""
    findings, texts = examined(config), language(config)
    if arguments.json:
        print(json.dumps([_as_json(finding, texts) for finding in findings], ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_rich(findings, texts)
    else:
        _print_plain(findings, texts)
    return int(must_be_mended(findings))


def _as_json(finding: Finding, texts: Texts) -> dict[str, str]:
    return {
        "check": finding.check,
        "state": finding.state.value,
        "says": finding.says(texts),
        "mend": finding.mend(texts),
    }


def _summary(findings: Sequence[Finding]) -> str:
    states = {finding.state for finding in findings}
    if Health.MEND in states:
        return "doctor.mend"
    return "doctor.look" if Health.LOOK in states else "doctor.good"


def _print_plain(findings: Sequence[Finding], texts: Texts) -> None:
    names = [finding.name(texts) for finding in findings]
    words = {state: texts.text(f"doctor.state.{state}") for state in Health}
    wide, word = max(map(len, names)), max(map(len, words.values()))
    for name, finding in zip(names, findings, strict=True):
        print(f"{words[finding.state]:{word}}  {name:{wide}}  {visible(finding.says(texts))}")
        if mend := finding.mend(texts):
            print(f"{'':{word}}  {'':{wide}}  -> {visible(mend)}")
    print(texts.text(_summary(findings)))


def _print_rich(findings: Sequence[Finding], texts: Texts) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_header=False, title=texts.text("doctor.title"), title_justify="left")
    for finding in findings:
        colour = _COLOURS[finding.state]
        says = Text(visible(finding.says(texts)))
        if mend := finding.mend(texts):
            says.append(f"\n-> {visible(mend)}", style=colour)
        state = Text(texts.text(f"doctor.state.{finding.state}"), style=colour)
        table.add_row(state, finding.name(texts), says)
    console = Console()
    console.print(table)
    console.print(Text(texts.text(_summary(findings))))

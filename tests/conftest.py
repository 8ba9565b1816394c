"""What the whole suite shares: the figures of the fault suites are told at the end, whoever ran them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

FIGURES = "figures"
"""The property of a test report that is printed at the end of the run."""


def _figures(reporter: pytest.TerminalReporter) -> Iterator[str]:
    for reports in reporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                yield from (str(value) for name, value in report.user_properties if name == FIGURES)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures, which a worker process cannot print itself."""
    lines = sorted(_figures(terminalreporter))
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)

"""Runs the fault suites: `python -m tests.faults [SUITE ...] [--seed N] [--many] [--json]`.

Exit 1 where anything was lost, a control lost nothing, or a suite asked for by name cannot run here.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from time import monotonic

from tests.faults import Suite, Unavailable, suites

SEED = 1


def main() -> int:
    """Runs the chosen suites one after another and prints a line for each."""
    known = {suite.name: suite for suite in suites()}
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("suite", nargs="*", metavar="SUITE", help=f"one of {', '.join(known)}; all without")
    parser.add_argument("--seed", type=int, default=SEED, help="what families and faults are drawn from")
    parser.add_argument("--many", action="store_true", help="many more points; takes minutes")
    parser.add_argument("--json", action="store_true", help="a list of objects instead of the table")
    options = parser.parse_args()
    for variable in ("KIOSK_CONFIG", "KIOSK_STORE"):  # the suites have stores of their own, never a real one
        os.environ.pop(variable, None)
    named = [name.replace("_", "-").replace(" ", "-") for name in options.suite]
    unknown = sorted(set(named) - set(known))
    if unknown:
        parser.error(f"no suite {', '.join(unknown)}; there is {', '.join(known)}")
    good, rows = True, []
    if not options.json:
        _say(f"{'suite':14} {'points':>8} {'lost':>6} {'control lost':>13} {'seconds':>8}")
    for suite in [known[name] for name in named] or known.values():
        passed, row = _run(suite, options.seed, many=options.many, table=not options.json)
        good = good and (passed or (row.get("unavailable") is not None and not named))
        rows.append(row)
    if options.json:
        _say(json.dumps(rows))
    return 0 if good and rows else 1


def _run(suite: Suite, seed: int, *, many: bool, table: bool) -> tuple[bool, dict[str, object]]:
    start = monotonic()
    try:
        result = suite.run(seed, many)
    except Unavailable as missing:
        if table:
            _say(f"{suite.name:14} not run: {missing}")
        row = {"suite": suite.name, "points": 0, "lost": 0, "control_lost": 0, "unavailable": str(missing)}
        return False, row
    if table:
        figures = f"{result.points:>8} {result.lost:>6} {result.control_lost:>13} {monotonic() - start:>8.1f}"
        _say(f"{suite.name:14} {figures}")
    if not result.good:
        remarks = "".join(f"\n  {note}" for note in result.notes)
        sys.stderr.write(f"{suite.name} failed; again with --seed {seed}{remarks}\n")
    return result.good, {
        "suite": suite.name,
        "points": result.points,
        "lost": result.lost,
        "control_lost": result.control_lost,
    }


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

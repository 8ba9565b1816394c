# ruff: noqa: T201 - it prints the figures
"""Runs the measures: `python -m tests.bench [--json] [--only WORDS] [--quick]`.

The exit code is 1 if one is above its limit.

`--only` takes part of a module's or a measure's name; `--quick` makes smaller stores and fewer rounds.
"""

import argparse
import contextlib
import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator
from typing import Protocol

import tests.bench


class Measured(Protocol):
    """What a module lists: a name, a limit, and a function for the figure."""

    @property
    def name(self) -> str: ...
    @property
    def limit(self) -> float: ...
    @property
    def run(self) -> Callable[[], float]: ...


def registry() -> Iterator[tuple[str, Measured]]:
    """Each module's name with each of its measures."""
    for module in pkgutil.iter_modules(tests.bench.__path__):
        if not module.name.startswith("_"):
            for measure in getattr(importlib.import_module(f"tests.bench.{module.name}"), "MEASURES", ()):
                yield module.name, measure


def main() -> int:
    """Run the chosen measures one after another and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--only", default="", metavar="WORDS", help="only what has these words in its name")
    parser.add_argument("--quick", action="store_true", help="smaller stores, fewer rounds")
    options = parser.parse_args()
    results: list[dict[str, object]] = []
    for module, measure in registry():
        if options.only.lower() not in f"{module}: {measure.name}".lower():
            continue
        with contextlib.redirect_stdout(sys.stderr):
            figure = measure.run()
        good = figure <= measure.limit
        results.append(
            {"module": module, "name": measure.name, "figure": figure, "limit": measure.limit, "good": good}
        )
        if not options.json:
            mark = "ok " if good else "BAD"
            print(f"{mark} {figure:10.3f}  limit {measure.limit:<8g} {module}: {measure.name}", flush=True)
    if options.json:
        print(json.dumps({"measures": results}, indent=1))
    return int(not results or any(not result["good"] for result in results))


if __name__ == "__main__":
    sys.exit(main())

"""Random walks from a seed: two people at one store, keys right and wrong, refusals, turns, cuts, full disks.

After every action the invariants of `invariants.py` must hold. The controls plant one fault in each of them.
"""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.faults import Result, Suite
from tests.faults.invariants import INVARIANTS
from tests.faults.planted import PLANTED
from tests.faults.recorder import scratch
from tests.faults.walker import Walk

_SHARES = 2
_WALKS, _MANY_WALKS = 500, 10_000
_ACTIONS = 40
_PATIENCE = 12
"""How many walks a planted fault has to be found in."""


def walked(folder: Path, seed: int, number: int, plant: str = "") -> list[str]:
    """One walk; what was broken by it, each as "invariant: how"."""
    walk = Walk(folder / f"{number}-{plant}", random.Random(f"walk {seed} {number}"), seed * 1000 + number)
    planted = PLANTED[plant][1] if plant else None
    return [f"{one.invariant}: {one.how}" for one in asyncio.run(walk.go(_ACTIONS, planted))]


def _share(folder: Path, seed: int, numbers: range) -> list[str]:
    return [f"walk {number}: {text}" for number in numbers for text in walked(folder, seed, number)]


def _found(folder: Path, seed: int, plant: str) -> bool:
    """Whether the planted fault is seen by its invariant in one of some walks."""
    invariant = PLANTED[plant][0]
    walks = (walked(folder, seed, number, plant) for number in range(_PATIENCE))
    return any(text.startswith(f"{invariant}:") for texts in walks for text in texts)


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Five hundred walks, with `many` ten thousand, and every planted fault until it is seen."""
    count = _MANY_WALKS if many else _WALKS
    with scratch() as place, ProcessPoolExecutor(_SHARES, mp_context=get_context("spawn")) as pool:
        shares = [pool.submit(_share, place, seed, range(share, count, _SHARES)) for share in range(_SHARES)]
        controls = {plant: pool.submit(_found, place, seed, plant) for plant in PLANTED}
        lost = [text for share in shares for text in share.result()]
        found = {plant for plant, control in controls.items() if control.result()}
    unseen = [f"nothing saw the planted fault: {plant}" for plant in PLANTED.keys() - found]
    unseen += [
        f"no fault is planted in: {name}" for name in set(INVARIANTS) - {one for one, _ in PLANTED.values()}
    ]
    return Result(count, len(lost) + len(unseen), len(found), tuple([*unseen, *lost][:20]))


SUITES = [Suite("random-walk", run_suite)]

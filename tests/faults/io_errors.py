"""Full disk and I/O errors: every operation of whole registrations fails once, for good, or by half."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from kiosk.bootstrap import services
from tests.faults import Result, Suite
from tests.faults.families import TODAY, family, settings, settings_file
from tests.faults.recorder import GROWING, library, run, scratch

_BULK = 6
"""Families in one file for `kiosk register`."""


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Fails every operation; the control promises what it has not yet saved."""
    library()
    rounds = 6 if many else 1
    with ThreadPoolExecutor(2) as pool:
        control = pool.submit(_faulted, seed, 1, "careless")
        found = list(pool.map(lambda number: _faulted(seed + number, 1 + many), range(rounds)))
        bulk = list(_bulk(seed, every=40 if many else 300))
    lost = sum(one["lost"] for one in found) + sum(len(notes) for notes in bulk)
    notes = [note for one in found for note in one["notes"]] + [note for notes in bulk for note in notes]
    points = sum(one["points"] for one in found) + len(bulk)
    return Result(points, lost, control.result()["lost"], tuple(notes[:20]))


def _faulted(seed: int, families: int, *words: str) -> dict[str, Any]:
    with scratch() as folder:
        arguments = ["-m", "tests.faults.faulted", str(folder), str(seed), str(families), *words]
        done = run(arguments, folder)
    if done.returncode:
        raise AssertionError(f"the program that is made to fail failed itself: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _bulk(seed: int, *, every: int) -> Iterator[list[str]]:
    """`kiosk register` on a disk that becomes full: what is wrong, for each moment at which it does."""
    at, ended = 0, 4
    while ended != 0:
        with scratch() as folder:
            ended, wrong = _bulk_once(folder, seed, at)
        yield [f"kiosk register, disk full at operation {at}: {what}" for what in wrong]
        at += every


def _bulk_once(folder: Path, seed: int, at: int) -> tuple[int, list[str]]:
    file = folder / "families.jsonl"
    file.write_text("".join(json.dumps(family(seed, number)) + "\n" for number in range(_BULK)), "utf-8")
    command = ["-m", "kiosk", "--config", str(settings_file(folder)), "--today", TODAY.isoformat()]
    plan = f"{at}:{errno.ENOSPC}:{GROWING}:1:0"
    done = run([*command, "register", str(file)], folder, plan=plan)
    told = [json.loads(line)["reference"] for line in done.stdout.splitlines()]
    house = services(settings(folder), today=TODAY)
    stored = [found.reference for found in house.queries.page(limit=_BULK * 2)]
    whole = house.open_work.verify_audit().ok and house.queries.waiting() == len(stored)
    house.close()
    wrong = []
    if done.returncode not in {0, 4}:
        wrong.append(f"exit {done.returncode}: {done.stderr.strip()[-200:]}")
    if done.returncode == 4 and "disk is full" not in done.stderr and "cannot be" not in done.stderr:
        wrong.append(f"said {done.stderr.strip()[-200:]!r}")
    if done.returncode == 0 and len(told) != _BULK:
        wrong.append("ended well without all families")
    if sorted(told) != sorted(stored) or not whole:
        wrong.append(f"told of {len(told)} families, stored {len(stored)}, whole: {whole}")
    return done.returncode, wrong


SUITES = [Suite("io-errors", run_suite)]

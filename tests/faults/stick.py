"""A stick pulled at any moment, full, or failing: what the kiosk has marked as written is on it, whole."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from kiosk.errors import KioskError
from kiosk.sync import usb
from kiosk.sync.canonical import read_canonical
from kiosk.sync.parcel import ANSWERS, EXPORT, Manifest, Part
from kiosk.sync.usb import Contents
from tests.faults import Result, Suite
from tests.faults.disk import MANNERS, Disk
from tests.faults.recorder import Operation, library, operations, run, scratch
from tests.faults.stick_program import KIOSK, hub_pen, kiosk_key, whole_envelopes, whole_parcels

_SMALL = 2
"""In how many manners the stick is pulled at each operation; with `many` in all of them, several times."""


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Pulls the stick after every operation and makes each fail; the controls mark what is not there yet."""
    library()
    rounds = 8 if many else 1
    with ThreadPoolExecutor(2) as pool:
        failing = [pool.submit(_failing, seed + number) for number in range(rounds)]
        early = pool.submit(_failing, seed, "careless")
        points, broken = 0, Counter[str]()
        for number in range(rounds):
            images, found = _pulled(seed + number, len(MANNERS) if many else _SMALL)
            points += images
            broken += found
        careless = _pulled(seed, _SMALL, "careless")[1].total()
    results = [one.result() for one in failing]
    points += sum(one["points"] for one in results)
    lost = broken.total() + sum(one["lost"] for one in results)
    notes = [f"{count} x {what}" for what, count in broken.most_common(20)]
    notes += [note for one in results for note in one["notes"]]
    control = careless and early.result()["lost"] and careless + early.result()["lost"]
    return Result(points, lost, control, tuple(notes[:20]))


def _failing(seed: int, *words: str) -> dict[str, Any]:
    with scratch() as place:
        stick = place / "stick"
        stick.mkdir()
        arguments = ["-m", "tests.faults.stick_program", str(place / "kiosk"), str(stick), str(seed)]
        done = run([*arguments, "failing", *words], stick)
    if done.returncode:
        raise AssertionError(f"the program that is made to fail failed itself: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _pulled(seed: int, manners: int, *words: str) -> tuple[int, Counter[str]]:
    """How many images of a pulled stick were looked at, and what was wrong with them."""
    images, broken = 0, Counter[str]()
    with scratch() as place:
        stick, log = place / "stick", place / "log"
        stick.mkdir()
        arguments = ["-m", "tests.faults.stick_program", str(place / "kiosk"), str(stick), str(seed)]
        done = run([*arguments, *words], stick, log=log)
        if done.returncode:
            raise AssertionError(f"the recorded program failed: {done.stderr[-2000:]}")
        disk, told = Disk(str(stick)), _Told(seed)
        for step, operation in enumerate(operations(log)):
            if operation.kind == "M":
                told.hear(json.loads(operation.data))
            else:
                disk.do(operation)
            for manner in _manners(seed, step, disk, operation, manners):
                image = place / "image"
                _lay_out(disk, manner, random.Random(f"pull {seed} {step} {manner}"), stick, image)
                images += 1
                where = f"pulled after operation {step}, {manner}: "
                broken.update(where + what for what in told.broken_in(image))
                shutil.rmtree(image)
    return images, broken


def _manners(seed: int, step: int, disk: Disk, operation: Operation, manners: int) -> Iterator[str]:
    if disk.is_settled:
        yield from ("kept",) if operation.kind in "sMu" else ()
        return
    chosen = random.Random(f"manners {seed} {step}").sample(MANNERS, manners)
    yield from chosen if operation.kind != "M" or "dropped" in chosen else ("dropped", *chosen)


def _lay_out(disk: Disk, manner: str, draw: random.Random, stick: Path, image: Path) -> None:
    for path, content in disk.after_cut(manner, draw).items():
        target = image / Path(path).relative_to(stick)
        if content is None:
            target.mkdir()
        else:
            target.write_bytes(content)


class _Told:
    """What the kiosk has marked as written, and the hub as answered."""

    def __init__(self, seed: int) -> None:
        self._kiosk, self._hub = kiosk_key(seed), hub_pen(seed).signing
        self._marked: set[str] = set()
        self._answered: set[str] = set()

    def hear(self, remark: dict[str, list[str]]) -> None:
        """The newest parcel stands for the older ones, so it alone counts."""
        self._marked = set(remark.get("marking", self._marked))
        self._answered = set(remark.get("answered", self._answered))

    def broken_in(self, image: Path) -> Iterator[str]:
        """What is wrong with a stick that was pulled, and with the next export onto it."""
        try:
            yield from self._missing(image)
            self._write_again(image)
            yield from self._missing(image)
        except (KioskError, OSError) as error:
            yield f"ended in {error!r}"

    def _missing(self, image: Path) -> Iterator[str]:
        held = {one.header.record for one in whole_envelopes(image, self._kiosk.public)}
        if self._marked - held:
            yield f"{len(self._marked - held)} marked records are not on the stick"
        receipts = {
            item["record"]
            for parcel in whole_parcels(image, ANSWERS, self._hub.public)
            for part in parcel.manifest.parts
            if part.name.startswith("receipts")
            for item in read_canonical(parcel.read(part))["items"]
        }
        if self._answered - receipts:
            yield f"{len(self._answered - receipts)} receipts are not on the stick"

    def _write_again(self, image: Path) -> None:
        def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
            return Manifest(EXPORT, KIOSK, True, number, 1, self._kiosk.id, parts)  # noqa: FBT003

        files = [Contents("later-0001.bin", b"after the pull", 1)]
        usb.write_parcel(image, files, manifest, self._kiosk, kiosk=KIOSK, kind=EXPORT)


SUITES = [Suite("stick", run_suite)]

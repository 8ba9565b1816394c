"""Power cuts: records what whole registrations write, cuts after every operation, opens what is left."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kiosk.bootstrap import services
from kiosk.errors import KioskError
from tests.faults import Result, Suite
from tests.faults.disk import MANNERS, Disk
from tests.faults.families import TODAY, settings
from tests.faults.promises import Promises
from tests.faults.recorder import Operation, library, operations, run, scratch

_SHARES = 2
_LIVES_ON = 25
"""Every so many images a family is registered in the opened image as well."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One recording and how it is cut: how many families, what the store is told, in how many manners."""

    seed: int
    families: int
    words: tuple[str, ...]
    manners: int
    control: bool = False


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Records and cuts; the control is a store that syncs less, cut where the loss must show."""
    library()
    plans = [Plan(seed, 3, (), 1), Plan(seed + 1, 3, ("pages=12",), 1)]
    if many:
        plans = [
            Plan(seed + number, 4, words, len(MANNERS))
            for number, words in enumerate([(), ("pages=5",), ("pages=12",), ("pages=60",)] * 3)
        ]
    control = Plan(seed, 1, ("careless",), 1, control=True)
    points, broken = 0, Counter[str]()
    for plan in plans:
        images, found = _cut(plan)
        points += images
        broken += found
    lost_by_control = _cut(control)[1].total()
    notes = tuple(f"{count} x {what}" for what, count in broken.most_common(20))
    return Result(points, broken.total(), lost_by_control, notes)


def _cut(plan: Plan) -> tuple[int, Counter[str]]:
    with scratch() as place:
        folder = place / "recorded"
        folder.mkdir()
        log = place / "log"
        arguments = ["-m", "tests.faults.recorded", str(folder), str(plan.seed), str(plan.families)]
        done = run([*arguments, *plan.words], folder, log=log)
        if done.returncode:
            raise AssertionError(f"the recorded program failed: {done.stderr[-2000:]}")
        with ProcessPoolExecutor(_SHARES) as pool:
            shares = [pool.submit(_share, plan, share, log, folder, place) for share in range(_SHARES)]
            results = [share.result() for share in shares]
    return sum(images for images, _ in results), sum((found for _, found in results), Counter())


def _share(plan: Plan, share: int, log: Path, folder: Path, place: Path) -> tuple[int, Counter[str]]:
    """Opens every `_SHARES`-th image of a recording."""
    os.environ.pop("LD_PRELOAD", None)
    disk, promises = Disk(str(folder)), Promises()
    images, broken = 0, Counter[str]()
    for step, operation in enumerate(operations(log)):
        _do(disk, promises, operation)
        for number, manner in enumerate(_manners(plan, step, disk, operation)):
            if (step + number) % _SHARES != share:
                continue
            draw = random.Random(f"cut {plan.seed} {step} {manner}")
            image = place / f"image-{share}"
            _lay_out(disk, manner, draw, folder, image)
            images += 1
            where = f"cut after operation {step}, {manner}, recorded with {plan.words}: "
            broken.update(where + what for what in _open(image, promises, lives_on=images % _LIVES_ON == 0))
            shutil.rmtree(image)
    return images, broken


def _do(disk: Disk, promises: Promises, operation: Operation) -> None:
    if operation.kind == "M":
        promises.hear(json.loads(operation.data))
    else:
        disk.do(operation)


def _manners(plan: Plan, step: int, disk: Disk, operation: Operation) -> Iterator[str]:
    """How the disk is cut at this step; at a promise always in the worst way."""
    promised = operation.kind == "M" and not {"tried", "saving"} & set(json.loads(operation.data))
    if plan.control:
        yield from ("dropped",) if promised else ()
    elif disk.is_settled:
        yield from ("kept",) if promised or operation.kind in "sm" else ()
    else:
        chosen = random.Random(f"manners {plan.seed} {step}").sample(MANNERS, plan.manners)
        yield from ("dropped", *chosen) if promised and "dropped" not in chosen else chosen


def _lay_out(disk: Disk, manner: str, draw: random.Random, folder: Path, image: Path) -> None:
    for path, content in disk.after_cut(manner, draw).items():
        target = image / Path(path).relative_to(folder)
        if content is None:
            target.mkdir(mode=0o700)
        else:
            target.write_bytes(content)
            target.chmod(0o600)


def _open(image: Path, promises: Promises, *, lives_on: bool) -> list[str]:
    """What is broken in an image, once the real program has opened it."""
    from kiosk.store.unit_of_work import store_factory  # noqa: PLC0415

    config = settings(image)
    try:
        store = store_factory(config.store_dir, config.key_file)
    except KioskError as error:
        return [f"cannot be opened: {error.code}"]
    try:
        broken = promises.broken_in(store)
    finally:
        store.close()
    if lives_on and not broken:
        broken = _registers_another(image, promises)
    return broken


def _registers_another(image: Path, promises: Promises) -> list[str]:
    """A kiosk that was cut goes on: a draft is saved beside what is there, and all of that stays."""
    house = services(settings(image), today=TODAY)
    try:
        draft = house.drafts.save(house.drafts.start().with_answers({"kk": "9901010101010001"}))
        if house.drafts.resume(draft.id) != draft:
            return ["a draft saved after the cut is not there"]
        house.drafts.discard(draft.id)
        return promises.broken_in(house.open_work)
    except KioskError as error:
        return [f"{error.code} after the cut"]
    finally:
        house.close()


SUITES = [Suite("power-cut", run_suite)]

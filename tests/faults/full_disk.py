"""A full disk, for real: a small file system is mounted, filled up during registrations, emptied again."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from kiosk.bootstrap import services
from kiosk.config import Config
from kiosk.domain.draft import Draft
from kiosk.domain.registration import Registration
from kiosk.errors import StoreError
from screens.home import HomePage
from tests.faults import Result, Suite, Unavailable
from tests.faults.families import TODAY, family, settings, steps
from tests.faults.hand import Hand, strokes
from tests.faults.promises import Promises
from tests.faults.recorder import scratch

KINDS = ("ext4", "tmpfs")
_MIB = 40
BALLAST = "ballast"


@contextmanager
def small_disk(kind: str, mib: int = _MIB) -> Iterator[Path]:
    """The root of a new file system of so many MiB; raises Unavailable where none can be mounted."""
    if os.geteuid() != 0:
        raise Unavailable("only root can mount a small file system")
    with scratch() as place:
        root = place / "disk"
        root.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(root)]
        if kind == "ext4":
            image = place / "image"
            with image.open("wb") as file:
                file.truncate(mib << 20)
            _do(["mkfs.ext4", "-q", "-F", "-m", "0", str(image)])
            command = ["mount", "-o", "loop", str(image), str(root)]
        _do(command)
        try:
            yield root
        finally:
            subprocess.run(["umount", "-l", str(root)], check=False, capture_output=True)


def _do(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Unavailable(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        raise Unavailable(f"{' '.join(command[:3])}: {done.stderr.strip()[:200]}")


def fill(disk: Path) -> None:
    """Takes every byte that is left."""
    with (disk / BALLAST).open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def empty(disk: Path) -> None:
    """Gives it back."""
    (disk / BALLAST).unlink(missing_ok=True)


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Fills the disk before every call and at many keys; the control promises before it saves."""
    points, lost, notes = 0, 0, list[str]()
    for number, kind in enumerate(KINDS):
        for trial in range(4 if many else 1):
            own = seed + 10 * trial + number
            for found in (_at_every_call(kind, own), _at_keys(kind, own, 16 if many else 4)):
                points += found[0]
                lost += len(found[1])
                notes += found[1]
    control = _at_every_call("tmpfs", seed, careless=True)
    return Result(points, lost, len(control[1]), tuple(notes[:20]))


def _at_every_call(kind: str, seed: int, *, careless: bool = False) -> tuple[int, list[str]]:
    """Without a reserve: the disk is full at every call; the call fails and is made again with room."""
    with small_disk(kind) as disk:
        return _trial(disk, kind, seed, careless=careless)


def _trial(disk: Path, kind: str, seed: int, *, careless: bool) -> tuple[int, list[str]]:
    promises, broken, points = Promises(), list[str](), 0
    house = services(settings(disk, reserve_mib=0), today=TODAY, seed=seed)
    for number in range(2):
        draft = house.drafts.start()
        for name, call in steps(family(seed, number)):
            if name in {"send code", "check code", "verified"}:
                continue
            promises.hear({"draft": draft.id, "tried": name})
            if careless:
                promises.hear({"draft": draft.id, "saved": draft.revision + 1})
            fill(disk)
            points += 1
            try:
                found = call(_Hearing(house, promises), draft)  # type: ignore[arg-type]
            except StoreError as error:
                if error.code not in {"store.full", "store.io"}:
                    broken.append(f"{kind}, {name}: said {error.code}")
                broken += [f"{kind}, {name}, full: {what}" for what in promises.broken_in(house.open_work)]
                empty(disk)
                found = call(_Hearing(house, promises), draft)  # type: ignore[arg-type]
            if isinstance(found, Draft):
                draft = found
                promises.hear({"draft": draft.id, "saved": draft.revision})
            elif isinstance(found, Registration):
                promises.hear(_receipt(draft, found))
        broken += [f"{kind}, family {number}: {what}" for what in promises.broken_in(house.open_work)]
    fill(disk)
    house.close()
    empty(disk)
    house = services(settings(disk, reserve_mib=0), today=TODAY, seed=seed)
    broken += [f"{kind}, after all: {what}" for what in promises.broken_in(house.open_work)]
    house.close()
    return points, broken


def _receipt(draft: Draft, found: Registration) -> dict[str, object]:
    return {
        "draft": draft.id,
        "registered": found.reference,
        "family": dict(found.family),
        "accounts": dict(found.virtual_accounts),
        "head": "",
    }


class _Hearing:
    """The services, telling the promises what is about to be saved."""

    def __init__(self, house: object, promises: Promises) -> None:
        self._house = house
        self._promises = promises
        self.drafts = self

    def __getattr__(self, name: str) -> object:
        return getattr(self._house, name)

    def save(self, draft: Draft, **named: object) -> Draft:
        saving = {"saving": draft.revision + 1, "answers": dict(draft.answers), "facts": dict(draft.facts)}
        self._promises.hear({"draft": draft.id} | saving)
        saved: Draft = self._house.drafts.save(draft, **named)  # type: ignore[attr-defined]
        return saved


def _at_keys(kind: str, seed: int, families: int) -> tuple[int, list[str]]:
    """With the reserve: the disk is full from some key on; the family is finished, the next one waits."""
    with small_disk(kind) as disk, scratch() as beside:
        config = settings(disk)
        config = replace(config, sms=replace(config.sms, spool=str(beside / "sms")))
        return asyncio.run(_typed(disk, config, seed, families))


async def _typed(disk: Path, config: Config, seed: int, families: int) -> tuple[int, list[str]]:
    broken: list[str] = []
    house = services(config, today=TODAY, seed=seed)
    hand = await Hand(house).start()
    for number in range(families):
        keys = strokes(house, family(seed, number))
        full_at = 2 + (len(keys) - 3) * number // max(families - 1, 1)
        for at, stroke in enumerate(keys):
            if at == full_at:
                fill(disk)
            try:
                await hand.press(stroke)
            except StoreError as error:
                broken.append(f"key {at} of family {number}, full since {full_at}: {error.code}")
                break
        receipt = hand.receipt
        if receipt is None or house.queries.registration(receipt.reference) != receipt:
            broken.append(f"family {number}, full since key {full_at}: not registered at {hand.place}")
        await hand.type("", "f12", "f10")
        fill(disk)
        await hand.type("", "f10")
        if not isinstance(hand.top, HomePage):
            broken.append(f"after family {number}: a new family was begun on a full disk")
        empty(disk)
    if not house.reserve.has_room() or house.queries.waiting() != families:
        broken.append("the reserve was not made again, or a family is not there")
    house.close()
    return families, broken


SUITES = [Suite("full-disk", run_suite)]

"""The recordings that a classroom keeps, one file each in one folder."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_NAME = "recordings"
_ENDING = ".cast"
_LONGEST_HEAD = 10_000


@dataclass(frozen=True, slots=True)
class Kept:
    """One recording: its file, the title of what was played, and when, in seconds of the epoch."""

    file: Path
    title: str
    at: int


def kept_in(store_dir: Path) -> list[Kept]:
    """The recordings of a store, newest first; what is none is passed over."""
    found = [kept for file in (store_dir / _NAME).glob(f"*{_ENDING}") if (kept := _read(file)) is not None]
    return sorted(found, key=lambda kept: (kept.at, kept.file.name), reverse=True)


def _read(file: Path) -> Kept | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        with file.open(encoding="utf-8") as text:
            head = json.loads(text.readline(_LONGEST_HEAD))
        return Kept(file, str(head["title"]), int(head["timestamp"]))
    return None


def next_file(store_dir: Path, scenario: str) -> Path:
    """A file for another recording of a scenario, which is not there yet; its folder is made."""
    folder = store_dir / _NAME
    folder.mkdir(mode=0o700, exist_ok=True)
    number = 1
    while (file := folder / f"{scenario}-{number}{_ENDING}").exists():
        number += 1
    return file


def remove(kept: Kept) -> None:
    """Removes a recording; one that has gone already is no error."""
    kept.file.unlink(missing_ok=True)

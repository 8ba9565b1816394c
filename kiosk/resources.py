"""Where the program's own files lie: in the clone's `data/`, or inside the installed package."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def data_dir() -> Path:
    """The folder of reference tables, texts and languages; FileNotFoundError if it is missing."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "regions.csv").is_file():
            return folder
    raise FileNotFoundError("the program's data folder is missing: install it again")


def default_settings() -> Path:
    """The settings file that comes with the program."""
    inside = data_dir() / "kiosk.toml"
    return inside if inside.is_file() else data_dir().parent / "kiosk.toml"

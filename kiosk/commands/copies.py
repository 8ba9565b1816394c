"""`kiosk backup FILE` and `kiosk restore FILE`: sealed copies of the store, and back."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.care import copier, restored
from kiosk.commands.progress import bar
from kiosk.log import Log

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config


def run_backup(arguments: Arguments, config: Config) -> int:
    """Writes the copy; it is there, whole and read back, or it is not there."""
    target, maker = Path(arguments.file).absolute(), copier(config)
    with bar("pages") as progress:
        seal = maker.copy(target, progress)
    maker.remember(maker.note_of(target, seal))
    if arguments.json:
        print(json.dumps({"file": str(target), **asdict(seal)}))
    else:
        print(
            f"{target}: {seal.lines} audit lines, mark {seal.head[:8] or '-'}, {seal.size} bytes, read back"
        )
        print("It can be read only with the key file of this kiosk; keep a copy of that elsewhere:")
        print(f"  {config.key_file}")
    return 0


def run_restore(arguments: Arguments, config: Config) -> int:
    """Puts the copy in the place of the store, which from now on is the last copy that the store has."""
    copy, maker = Path(arguments.file).absolute(), copier(config)
    done = restored(config, copy, replace=arguments.replace)
    seal = done.seal
    maker.remember(maker.note_of(copy, seal))
    log = Log(config.log_dir)
    log.event("data.restored")
    log.close()
    if seal.kiosk != config.kiosk.id:
        sys.stderr.write(f"kiosk: the copy is of kiosk {seal.kiosk}, this one is {config.kiosk.id}\n")
    if arguments.json:
        print(json.dumps({"kept": str(done.kept) if done.kept else None, **asdict(seal)}))
        return 0
    print(f"restored: the store as it was at {seal.at[:16].replace('T', ' ')}, {seal.lines} audit lines")
    print(f"          mark of the last: {seal.head[:8] or '-'}")
    if done.kept:
        print(f"the store before it is kept: {done.kept}")
    return 0

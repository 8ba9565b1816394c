"""`kiosk deploy systemd`: prints the files by which a village kiosk starts with the machine."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from kiosk.errors import UsageError
from kiosk.guard.units import PARTS, Place, text_of

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config


def run_systemd(arguments: Arguments, config: Config) -> int:
    """Prints one of the files, or all of them, each under the path where it belongs."""
    from kiosk.config import find_file

    if not re.fullmatch(r"[a-z_][a-z0-9_-]*", arguments.user):
        raise UsageError("usage.arguments", f"{arguments.user!r} is no name of a user")
    if not re.fullmatch(r"tty[A-Za-z]*[0-9]+", arguments.tty):
        raise UsageError("usage.arguments", f"{arguments.tty!r} is no terminal; name it as tty1 or ttyS0")
    place = _place(arguments, config, find_file(arguments.config))
    parts = (arguments.only,) if arguments.only else tuple(PARTS)
    sys.stdout.write("\n".join(text_of(part, place) for part in parts))
    return 0


def _place(arguments: Arguments, config: Config, settings: Path) -> Place:
    home = _home(arguments.user)
    stores = os.environ.get("KIOSK_STORE")
    folders = [stores or config.store.dir, config.store.keys, config.sms.spool, config.email.spool]
    folders.append(config.receipts.dir)
    devices: list[str] = []
    if config.printer.kind != "none":
        printer = config.printer.to or "/dev/usb/lp0"
        (devices if printer.startswith("/dev/") else folders).append(printer)
    command = [*_program(), "run", "--profile", "village", "--config", str(settings.absolute())]
    return Place(
        user=arguments.user,
        tty=arguments.tty,
        command=command,
        environment=[("LANG", "C.UTF-8"), *([("KIOSK_STORE", stores)] if stores else [])],
        makes=[_at_home(folder, home) for folder in dict.fromkeys(folders) if folder],
        writes=[
            _at_home(folder, home) for folder in (config.copies.dir, *config.hub.sticks.split(":")) if folder
        ],
        devices=[PurePath(device) for device in devices],
    )


def _program() -> list[str]:
    """The program as it was started now: its script beside the interpreter, or the module."""
    script = Path(sys.executable).parent / "kiosk"
    return [str(script)] if shutil.which(script) else [sys.executable, "-m", "kiosk"]


def _home(user: str) -> Path:
    """The home of that user, who need not be there yet."""
    try:
        return Path(pwd.getpwnam(user).pw_dir)
    except KeyError:
        return Path("/home") / user


def _at_home(folder: str, home: Path) -> PurePath:
    """The folder as that user's program will name it."""
    if folder == "~" or folder.startswith("~/"):
        return home / folder[2:]
    return Path(folder).expanduser().absolute()

"""Who sits at which browser: a folder with a store of its own for each visitor, kept by a cookie."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import time

from kiosk.config import Config

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}\Z")
_TOKEN_BYTES = 16
_DAY = 24 * 60 * 60
_SETTINGS = "kiosk.toml"


class Visitors:
    """The visitors of one classroom; nobody sees the families of another.

    A visitor is known by an unforeseeable token. The key folder is the classroom's: what one of its programs
    has signed is checked by any of them.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self.folder = config.store_dir.parent / "web"

    def greet(self, token: str | None) -> str:
        """The token of a visitor who has been here before, else a fresh one."""
        return token if token is not None and self.knows(token) else secrets.token_urlsafe(_TOKEN_BYTES)

    def knows(self, token: str) -> bool:
        """Whether this visitor has a folder here."""
        return TOKEN.match(token) is not None and (self.folder / token / _SETTINGS).is_file()

    def seat(self, token: str) -> dict[str, str]:
        """Makes the visitor's folder where it is missing; what to set for a program that serves it."""
        if not TOKEN.match(token):
            raise ValueError("not a token")
        folder = self.folder / token
        for made in (self.folder, folder):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = folder / _SETTINGS
        fresh = folder / f".{secrets.token_hex(4)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(as_toml(_of_visitor(self._config, folder)))
        fresh.replace(settings)  # also tells when the visitor was here last
        return {"KIOSK_CONFIG": str(settings), "KIOSK_STORE": str(folder)}

    def tidy(self) -> None:
        """Removes the folders of visitors who did not come back within `[drafts] days` (0: never)."""
        days = self._config.drafts.days
        if not days or not self.folder.is_dir():
            return
        for folder in self.folder.iterdir():
            with suppress(OSError):
                if TOKEN.match(folder.name) and time() - (folder / _SETTINGS).stat().st_mtime > days * _DAY:
                    shutil.rmtree(folder)


def _of_visitor(config: Config, folder: Path) -> Config:
    """The classroom's settings with places of the visitor's own, and nothing that leads out of them."""
    return dataclasses.replace(
        config,
        store=dataclasses.replace(config.store, dir=str(folder), keys=str(config.key_file.parent)),
        sms=dataclasses.replace(config.sms, spool=str(folder / "sms")),
        email=dataclasses.replace(config.email, spool=str(folder / "email")),
        receipts=dataclasses.replace(config.receipts, dir=""),
        copies=dataclasses.replace(config.copies, dir=""),
        hub=dataclasses.replace(config.hub, url="", sticks="", database=""),
    )


def as_toml(config: Config) -> str:
    """Every setting, as a settings file has it."""
    tables: Mapping[str, Mapping[str, object]] = dataclasses.asdict(config)
    return "\n".join(
        line
        for name, table in tables.items()
        for line in (f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items()), "")
    )


def _toml(value: object) -> str:
    """A text, a number or a yes or no; JSON writes these as TOML does, but for one character."""
    return json.dumps(value).replace("\x7f", "\\u007f")

"""A kiosk of its own in a temporary folder, whose commands run as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from kiosk import bootstrap, config
from tests.journeys.terminal import ROOT

DAY = "2026-11-22"


class OwnKiosk:
    """Settings, store, key and spool in one folder; commands run in the training profile on a fixed day.

    Nobody signs in at the counter unless the settings of a test say so.
    """

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder = folder
        self.settings = folder / "kiosk.toml"
        if "[counter]" not in settings:
            settings += "\n[counter]\nsign_in = false\n"
        self.settings.write_text(
            f'[store]\nkeys = "{folder}/keys"\n[sms]\nspool = "{folder}/sms"\n{settings}', encoding="utf-8"
        )
        self.env = {"KIOSK_CONFIG": str(self.settings), "KIOSK_STORE": str(folder / "store")}

    def file(self, name: str, content: Any) -> str:
        """A file with this text, or with this as JSON; its path."""
        text = content if isinstance(content, str) else json.dumps(content)
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run(
        self, *arguments: str | bytes, stdin: bytes = b"", profile: str = "training"
    ) -> subprocess.CompletedProcess[bytes]:
        """One command as a process; `--profile` comes first."""
        return subprocess.run(
            [sys.executable, "-m", "kiosk", "--profile", profile, *arguments],
            input=stdin,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.env},
            cwd=self.folder,
            check=False,
            timeout=120,
        )

    def register(self, content: str | bytes) -> tuple[int, list[dict[str, Any]]]:
        """Exit code and results of `kiosk register -`."""
        data = content.encode() if isinstance(content, str) else content
        done = self.run("register", "-", "--today", DAY, stdin=data)
        assert b"Traceback" not in done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def stored(self) -> list[dict[str, Any]]:
        """The result objects of `kiosk list --json`."""
        found: list[dict[str, Any]] = json.loads(self.run("list", "--json", "--limit", "0").stdout)
        return found

    def services(self, monkeypatch: Any) -> bootstrap.Services:
        """The services in this process, for what has no command."""
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)
        return bootstrap.services(config.load(None, "training"))

"""What the service that started the kiosk is told: ready, still alive, ending."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class ServiceNotes:
    """Notes to systemd as `sd_notify` sends them, on the socket that NOTIFY_SOCKET names."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._is_ready = False
        self.seconds = _watchdog_seconds(environ)
        """How often `alive` is to be called; None where nobody waits for it."""

    def ready(self) -> None:
        """The first person can come."""
        if not self._is_ready:
            self._is_ready = True
            self._send("READY=1")

    def alive(self) -> None:
        """All is well."""
        if self.seconds is not None:
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The kiosk has been told to end."""
        self._send("STOPPING=1")

    def _send(self, note: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line,
        ):
            line.settimeout(0)
            line.sendto(note.encode(), address)


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """Half of the time after which systemd takes this process for hung."""
    wanted, whose = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not wanted.isascii() or not wanted.isdigit() or whose not in {"", str(os.getpid())}:
        return None
    return int(wanted) / 2_000_000 or None

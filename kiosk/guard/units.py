"""The files by which systemd starts a village kiosk on a virtual terminal and shuts the ways around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

PARTS: Final = {
    "service": "/etc/systemd/system/kiosk-jkn.service",
    "logind": "/etc/systemd/logind.conf.d/kiosk-jkn.conf",
    "sysctl": "/etc/sysctl.d/90-kiosk-jkn.conf",
}
"""The files by what they are for, and where they belong."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a kiosk is to stand: whose it is, on which terminal, what it runs, and what it writes to."""

    user: str
    tty: str
    command: Sequence[str]
    environment: Sequence[tuple[str, str]]
    makes: Sequence[PurePath]
    """Folders of its own, which are made where they are missing."""
    writes: Sequence[PurePath]
    """Those of others."""
    devices: Sequence[PurePath] = ()


def text_of(part: str, place: Place) -> str:
    """The text of one of the files, its first line the place where it belongs."""
    others = {"logind": _LOGIND, "sysctl": _SYSCTL}
    return f"# {PARTS[part]}\n{others[part] if part in others else _service(place)}"


def _service(place: Place) -> str:
    return _SERVICE.format(
        user=place.user,
        tty=place.tty,
        command=" ".join(map(_quoted, place.command)),
        environment="".join(f"Environment={_quoted(f'{name}={text}')}\n" for name, text in place.environment),
        makes=" ".join(_quoted(str(path)) for path in place.makes),
        writes="".join(f"ReadWritePaths=-{_escaped(str(path))}\n" for path in (*place.makes, *place.writes)),
        devices="".join(f"DeviceAllow={_escaped(str(path))} rw\n" for path in place.devices),
    )


def _quoted(word: str) -> str:
    """A word of a command line of systemd, which takes `%` and `$` for its own."""
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{word}"' if not word or any(sign in word for sign in " \t\"'\\;") else word


def _escaped(path: str) -> str:
    path = path.replace("\\", "\\\\").replace("%", "%%")
    return f'"{path}"' if " " in path else path


_SERVICE: Final = """\
[Unit]
Description=Kiosk JKN on {tty}
After=systemd-user-sessions.service getty@{tty}.service
Conflicts=getty@{tty}.service
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
User={user}
ExecStartPre=+-/usr/sbin/runuser -u {user} -- /usr/bin/mkdir -p -m 0700 {makes}
ExecStart={command}
{environment}WorkingDirectory=/
Restart=always
RestartSec=5
WatchdogSec=30
TimeoutStartSec=300
TimeoutStopSec=30
KillMode=mixed

# The terminal is emptied before and after, and nothing else writes on it.
TTYPath=/dev/{tty}
TTYReset=yes
TTYVHangup=yes
TTYVTDisallocate=yes
StandardInput=tty
StandardOutput=tty
StandardError=tty

# What it may do: write its own folders, read what it is made of, reach its hub.
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
{writes}PrivateTmp=yes
PrivateIPC=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
DevicePolicy=closed
DeviceAllow=/dev/{tty} rw
{devices}RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""

_LOGIND: Final = """\
# No login waits on another virtual terminal.
[Login]
NAutoVTs=0
ReserveVT=0
"""

_SYSCTL: Final = """\
# No key of the kernel's own, and nothing of it on the screen.
kernel.sysrq = 0
kernel.printk = 1 1 1 1
"""

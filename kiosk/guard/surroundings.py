"""What the kiosk takes over from where it was started: a few variables, and no door among them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Final

HOUSE: Final = str(Path(__file__).resolve().parent.parent.parent)
"""The folder in which the program lies."""

_DOORS: Final = ("PYTHON", "TEXTUAL", "LD_", "MALLOC_", "GLIBC_", "GCONV_", "LOCPATH", "NLSPATH", "OPENSSL_")
"""Beginnings of names that change a process, or make it write, before its first line is read."""

_KEPT: Final = frozenset(
    {
        *(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "LANG",
            "LANGUAGE",
            "TERM",
            "COLORTERM",
            "NO_COLOR",
            "TZ",
            "TMPDIR",
        ),
        *(
            "NOTIFY_SOCKET",
            "WATCHDOG_USEC",
            "WATCHDOG_PID",
            "XDG_RUNTIME_DIR",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
        ),
        *("KIOSK_CONFIG", "KIOSK_STORE", "DATABASE_URL"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    }
)

_AFRESH: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from kiosk.__main__ import main; sys.exit(main())"
)


def has_doors(environ: Mapping[str, str]) -> bool:
    """Whether a variable is set that has changed this process before it could be taken away."""
    return any(name.startswith(_DOORS) for name in environ)


def kept(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that the kiosk needs; every other one is left out."""
    return {name: text for name, text in environ.items() if name in _KEPT or name.startswith("LC_")}


def start_afresh(arguments: Sequence[str]) -> None:
    """Becomes the same program again as if none of those variables had been; does not return."""
    command = [sys.executable, "-E", "-P", "-c", _AFRESH, HOUSE, *arguments]
    os.execve(sys.executable, command, kept(os.environ))  # noqa: S606 - it needs none


def shut_doors(environ: MutableMapping[str, str] = os.environ) -> None:
    """Takes away what is not needed, and the current folder from where modules are looked for."""
    for name in set(environ) - set(kept(environ)):
        del environ[name]
    here = Path.cwd()
    sys.path[:] = [one for one in sys.path if one == HOUSE or (one and Path(one).absolute() != here)]

"""`kiosk web`: the practice of a whole class, each trainee in a browser."""

from __future__ import annotations

import socket
import sys
from importlib.util import find_spec
from ipaddress import ip_address
from typing import TYPE_CHECKING

from kiosk.errors import KioskError, UsageError

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config

_MOST_PORT = 65535
_LIBRARIES = ("textual_serve", "aiohttp", "aiohttp_jinja2")


def run(arguments: Arguments, config: Config) -> int:
    """Serves until told to end; prints the address on standard output once it listens."""
    if not config.is_training:
        raise UsageError("usage.web_training")
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise KioskError("web.libraries", ", ".join(missing))
    from kiosk.web.server import Classroom

    listening = _listening(arguments.host, arguments.port)
    host, port = listening.getsockname()[:2]
    print(f"http://{_in_address(arguments.host)}:{port}/", flush=True)
    if not ip_address(host).is_loopback:
        sys.stderr.write(
            "kiosk: whoever reaches this address can open it, without a password and unencrypted\n"
        )
    options = [f"--today={arguments.today}"] if arguments.today is not None else []
    options += [f"--seed={arguments.seed}"] if arguments.seed is not None else []
    with listening:
        Classroom(config, tuple(options), most=arguments.most).serve_on(listening)
    return 0


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listening(host: str, port: int) -> socket.socket:
    if port > _MOST_PORT:
        raise KioskError("web.address", f"{host} port {port}: there is no such port")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        says = getattr(error, "strerror", None) or str(error)
        raise KioskError("web.address", f"{host} port {port}: {says}") from None

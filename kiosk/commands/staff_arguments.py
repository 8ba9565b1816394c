"""What can be typed after `kiosk staff`, and how the people at a command line sign in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def add_staff(
    commands: Any, common: Any, table: Any, *, command: Callable[..., Any], group: Callable[..., Any]
) -> None:
    """Adds `kiosk staff add`, `list` and `reset`."""
    staff = group(commands, "staff", "accounts of the counter's staff")
    added = command(staff, "add", "make an account", [common, table], "staff add")
    added.add_argument("--name", required=True, metavar="NAME", help="as it stands on screens and receipts")
    added.add_argument("--role", choices=("clerk", "supervisor"), default="clerk")
    _add_by(added)
    command(staff, "list", "list the accounts", [common, table], "staff list")
    reset = command(staff, "reset", "give an account a new PIN", [common], "staff reset")
    reset.add_argument("staff", metavar="ID", help="whose PIN, as kiosk staff list tells it")
    _add_by(reset)
    reset.add_argument(
        "--key-copy",
        default=None,
        metavar="FILE",
        help="where no supervisor is left: the copy of the store's key that lies elsewhere",
    )


def _add_by(parser: Any) -> None:
    parser.add_argument("--by", default=None, metavar="ID", help="the supervisor who asks for it")
    add_pin_stdin(parser)


def add_two_people(parser: Any, *, why: str) -> None:
    """Names the two people of an act that takes two, and their reason."""
    parser.add_argument("--staff", default=None, metavar="ID", help="who asks, where there are accounts")
    parser.add_argument("--second", default=None, metavar="ID", help="the second person who allows it")
    parser.add_argument("--reason", default="", metavar="TEXT", help=why)
    add_pin_stdin(parser)


def add_pin_stdin(parser: Any) -> None:
    """Lets PINs come as lines of standard input, in the order in which they would be asked for."""
    parser.add_argument(
        "--pin-stdin",
        action="store_true",
        default=False,
        help="read PINs (and second codes) as lines of standard input, not from the terminal",
    )

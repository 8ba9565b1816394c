"""What can be typed after `kiosk hub`: the central side."""

from __future__ import annotations

from typing import Any

from kiosk.commands.arguments import command, group, whole_number


def add_hub(commands: Any, common: Any, table: Any) -> None:
    """Adds the commands of the hub to those of the kiosk."""
    hub = group(commands, "hub", "the central side: takes records in and decides them")
    serve = _command(hub, "serve", "answer kiosks over HTTP", [common])
    serve.add_argument(
        "--demo",
        action="store_true",
        default=False,
        help="to try it out: a PostgreSQL of its own, gone when it stops",
    )
    serve.add_argument("--host", default=None, metavar="NAME", help="address to listen on")
    serve.add_argument("--port", type=whole_number, default=None, metavar="N", help="port; 0: any free one")
    serve.add_argument("--keys", default=None, metavar="FILE", help="file of the hub's secret keys")
    enrol = _command(hub, "enrol", "make a one-time code for a kiosk", [common, table])
    enrol.add_argument("--kiosk", required=True, metavar="ID", help="1 to 4 capital letters or digits")
    enrol.add_argument("--place", default="", metavar="TEXT", help="where it stands")
    enrol.add_argument("--training", action="store_true", default=False, help="for practice alone")
    for name, help_ in (
        ("revoke", "shut a kiosk out at once, as when it was stolen"),
        ("retire", "take a kiosk out of service"),
    ):
        ended = _command(hub, name, help_, [common])
        ended.add_argument("kiosk", metavar="ID", help="its id")
        ended.add_argument("--training", action="store_true", default=False, help="the one for practice")
        ended.add_argument("--reason", default="", metavar="TEXT", help="why, for the record")
    _command(hub, "kiosks", "list the kiosks of this hub", [common, table])


def _command(hub: Any, name: str, help_: str, parents: list[Any]) -> Any:
    made = command(hub, name, help_, parents, f"hub {name}")
    made.add_argument(
        "--database", default=None, metavar="URL", help="PostgreSQL (default: DATABASE_URL, [hub] database)"
    )
    return made

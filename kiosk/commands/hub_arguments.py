"""What can be typed after `kiosk hub`: the central side."""

from __future__ import annotations

from typing import Any

from kiosk.commands.arguments import command, day, group, head, whole_number


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
    _add_keys(serve)
    serve.add_argument(
        "--processes",
        type=whole_number,
        default=None,
        metavar="N",
        help="that answer (default: [hub] processes; 0: one a processor, at most four)",
    )
    serve.add_argument(
        "--deciders", type=whole_number, default=1, metavar="N", help="workers beside it (default 1; 0: none)"
    )
    decide = _command(hub, "decide", "decide what kiosks have sent", [common])
    _add_keys(decide)
    decide.add_argument("--once", action="store_true", default=False, help="end when nothing waits")
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
    stick = _command(hub, "import", "take a stick in, and write answers on it", [common, table])
    _add_keys(stick)
    stick.add_argument("dir", metavar="DIR", help="the folder of the stick")
    stick.add_argument(
        "--wait",
        type=whole_number,
        default=10,
        metavar="SECONDS",
        help="how long to wait for decisions on what came (default 10)",
    )
    desk = _command(hub, "desk", "decide what waits for a person, look after kiosks", [common])
    _add_keys(desk)
    desk.add_argument("--who", default=None, metavar="NAME", help="who decides (default: the user's name)")
    _add_numbers(hub, common, table)
    _add_send(hub, common, table)
    _add_rare(hub, common, table)


def _add_numbers(hub: Any, common: Any, table: Any) -> None:
    numbers = group(hub, "numbers", "card numbers for families and for blocks of kiosks")
    add = _command(numbers, "add", "give the hub card numbers", [common], "numbers add")
    _add_keys(add)
    add.add_argument("first", metavar="FIRST", help="the first of them, 13 digits")
    add.add_argument("count", type=whole_number, metavar="COUNT", help="how many")
    add.add_argument("--demo", action="store_true", default=False, help="invented: nobody must pay to them")
    _add_class(add, "for practice")
    listed = _command(numbers, "list", "what is left, and who has which", [common, table], "numbers list")
    _add_keys(listed)


def _add_send(hub: Any, common: Any, table: Any) -> None:
    send = group(hub, "send", "send kiosks what they work with")
    directory = _command(
        send, "directory", "send a participant extract, sealed", [common, table], "send directory"
    )
    _add_keys(directory)
    directory.add_argument("--kiosk", required=True, metavar="ID", help="the kiosk that it is for")
    directory.add_argument("file", metavar="FILE", help="JSON lines; - for standard input")
    _add_class(directory, "to the one for practice")
    lists = _command(send, "reference", "send a new list to kiosks", [common, table], "send reference")
    _add_keys(lists)
    lists.add_argument("list", choices=("fktp", "premiums"))
    lists.add_argument(
        "file", metavar="FILE", help="CSV: code,name,kind,regency,address; or premiums as TOML"
    )
    lists.add_argument("--kiosk", default=None, metavar="ID", help="to this one alone (default: all)")
    _add_class(lists, "to those for practice")


def _add_rare(hub: Any, common: Any, table: Any) -> None:
    lapse = _command(hub, "lapse", "end registrations that were not paid in time", [common, table])
    _add_keys(lapse)
    lapse.add_argument("file", metavar="FILE", nargs="?", default=None, help="their references, one a line")
    lapse.add_argument("--due", type=day, default=None, metavar="YYYY-MM-DD", help="all due before this day")
    lapse.add_argument("--paid", default=None, metavar="FILE", help="with --due: references that were paid")
    _add_class(lapse, "those of practice")
    verify = _command(hub, "verify", "check the chain of the hub's audit lines", [common, table])
    verify.add_argument(
        "--head",
        type=head,
        default=None,
        metavar="XXXXXXXX",
        help="a mark that was written down elsewhere, to find lines cut off or written anew",
    )
    rotate = _command(hub, "rotate", "announce new keys of the hub, later use them", [common])
    _add_keys(rotate)
    rotate.add_argument("--finish", action="store_true", default=False, help="use the keys announced before")
    rotate.add_argument(
        "--leave-behind",
        action="store_true",
        default=False,
        help="with --finish: even if kiosks that have not read of them must enrol anew",
    )


def _add_keys(parser: Any) -> None:
    parser.add_argument("--keys", default=None, metavar="FILE", help="file of the hub's secret keys")


def _add_class(parser: Any, help_: str) -> None:
    parser.add_argument("--training", action="store_true", default=False, help=help_)


def _command(hub: Any, name: str, help_: str, parents: list[Any], full: str = "") -> Any:
    made = command(hub, name, help_, parents, f"hub {full or name}")
    made.add_argument(
        "--database", default=None, metavar="URL", help="PostgreSQL (default: DATABASE_URL, [hub] database)"
    )
    return made

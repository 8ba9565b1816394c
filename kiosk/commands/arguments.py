"""What can be typed after `kiosk`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

from kiosk import __version__
from kiosk.commands.staff_arguments import add_pin_stdin, add_staff, add_two_people
from kiosk.config import PROFILES
from kiosk.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser

Arguments = SimpleNamespace
"""The parsed arguments of one command by name; options that were not given are None or False."""

_NOT_GIVEN: Mapping[str, Any] = {
    "command": "run",
    "config": None,
    "profile": None,
    "today": None,
    "seed": None,
    "json": False,
    "debrief": "",
}
_TAKE_DAY = frozenset({"run", "register", "check", "keys", "web"})
_TAKE_SEED = _TAKE_DAY | {"training menu", "training run"}


def day(text: str) -> date:
    """A day as `--today` takes it; ValueError for anything but YYYY-MM-DD of this calendar."""
    found = date.fromisoformat(text)
    if len(text) != 10 or not 2000 <= found.year <= 2999:
        raise ValueError(text)
    return found


def whole_number(text: str) -> int:
    """A whole number from 0, as `--seed` and `--limit` take it."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError(text)
    return int(text)


def head(text: str) -> str:
    """A head of the audit chain, or as much of it as a receipt shows; ValueError for anything else."""
    found = text.strip().lower()
    if not 8 <= len(found) <= 64:
        raise ValueError(text)
    bytes.fromhex(found + "0" * (len(found) % 2))
    return found


def check_arguments(key: str, value: str, given: Mapping[str, str]) -> Arguments | None:
    """The arguments of `kiosk check`; None where an option is wrong, for the full parser to say so."""
    found = {**_NOT_GIVEN, "command": "check", "key": key, "value": value, **given}
    try:
        found["today"] = day(given["today"]) if "today" in given else None
        found["seed"] = whole_number(given["seed"]) if "seed" in given else None
    except ValueError:
        return None
    wrong = found["profile"] not in {None, *PROFILES} or given.get("config") == ""
    return None if wrong else Arguments(**found)


def parsed(argv: Sequence[str]) -> Arguments:
    """The arguments in `argv`; raises UsageError, and SystemExit after printing help or version."""
    arguments = _parser().parse_args(list(argv), Arguments(**_NOT_GIVEN))
    for option, taken in (("today", _TAKE_DAY), ("seed", _TAKE_SEED)):
        if getattr(arguments, option) is not None and arguments.command not in taken:
            raise UsageError("usage.arguments", f"--{option} is not taken by this command")
    return arguments


def _parser() -> ArgumentParser:
    from argparse import SUPPRESS, ArgumentParser

    class Parser(ArgumentParser):
        """Raises what is wrong instead of ending the program."""

        def error(self, message: str) -> NoReturn:
            raise UsageError("usage.arguments", f"{message} ({self.prog} --help tells more)")

    common = Parser(add_help=False, argument_default=SUPPRESS, allow_abbrev=False)
    common.add_argument(
        "--config", metavar="FILE", help="settings file (default: KIOSK_CONFIG, ./kiosk.toml, ...)"
    )
    common.add_argument("--profile", choices=PROFILES, help="profile to run as (default: from the settings)")
    practice = Parser(add_help=False, argument_default=SUPPRESS, allow_abbrev=False)
    practice.add_argument("--today", type=day, metavar="YYYY-MM-DD", help="training only: the day to go by")
    practice.add_argument(
        "--seed", type=whole_number, metavar="N", help="training only: repeat captchas and codes"
    )
    table = Parser(add_help=False, argument_default=SUPPRESS, allow_abbrev=False)
    table.add_argument("--json", action="store_true", help="print JSON for programs")

    parser = Parser(
        prog="kiosk",
        description="Registers families for JKN at a counter, in a village hall or in a classroom.",
        epilog="Without a command the terminal program starts.",
        parents=[common, practice],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"kiosk {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_daily(commands, common, practice, table)
    _add_lists(commands, common, table)
    _add_care(commands, common, table)
    _add_syncing(commands, common, table)
    _add_web(commands, common, practice)
    _add_deploy(commands, common)
    add_staff(commands, common, table, command=command, group=group)
    from kiosk.commands.hub_arguments import add_hub
    from kiosk.commands.training_arguments import add_training

    add_training(commands, common, table)
    add_hub(commands, common, table)
    return parser


def command(commands: Any, name: str, help_: str, parents: list[Any], command: str = "") -> Any:
    """Adds a command; `command` is what it is called where that is more than its name."""
    made = commands.add_parser(name, help=help_, description=help_, parents=parents, allow_abbrev=False)
    made.set_defaults(command=command or name)
    return made


def _add_daily(commands: Any, common: Any, practice: Any, table: Any) -> None:
    run = command(commands, "run", "start the terminal program", [common, practice])
    run.add_argument("--record", metavar="FILE", default=None, help="training only: record what is shown")
    check = command(commands, "check", "check one answer", [common, practice])
    check.add_argument("key", metavar="KEY", help="nik, kk, name, birth_date, phone, email, account, ...")
    check.add_argument("value", metavar="VALUE", help="the answer as a person would type it")
    register = command(commands, "register", "register the families of a file", [common, practice, table])
    register.add_argument("file", metavar="FILE", help="JSON, JSON lines or CSV; - for standard input")
    add_two_people(register, why="why so many at once")
    keys = command(commands, "keys", "print the keys that register a family", [common, practice, table])
    keys.add_argument("file", metavar="FILE", help="a family file, or a scenario; - for standard input")
    keys.add_argument("--part", type=int, choices=(1, 2), default=None, help="of a scenario with a power cut")
    keys.add_argument("--raw", action="store_true", default=False, help="write what an xterm sends instead")
    listed = command(commands, "list", "list what is stored, newest first", [common, table])
    listed.add_argument("--state", choices=_states(), default=None, help="only registrations in this state")
    listed.add_argument(
        "--full", action="store_true", default=False, help="families in full, as JSON (takes two people)"
    )
    add_two_people(listed, why="what the families are needed for")
    _add_limit(listed, 50)
    show = command(commands, "show", "show one registration", [common, table])
    show.add_argument("reference", metavar="REF", help="the reference on the receipt")
    show.add_argument("--full", action="store_true", default=False, help="numbers in full (needs a sign-in)")
    show.add_argument("--staff", default=None, metavar="ID", help="who signs in for --full")
    add_pin_stdin(show)


def _add_lists(commands: Any, common: Any, table: Any) -> None:
    reference = group(commands, "reference", "lists of facilities and regions")
    imported = command(
        reference, "import", "take over a list of facilities", [common, table], "reference import"
    )
    imported.add_argument("list", choices=("fktp",))
    imported.add_argument("file", metavar="FILE", help="CSV: code,name,kind,regency,address")
    listed = command(reference, "list", "look up a facility or a region", [common, table], "reference list")
    listed.add_argument("list", choices=("fktp", "region"))
    listed.add_argument("text", metavar="TEXT", nargs="?", default="", help="part of a name, or a code")
    _add_limit(listed, 20)
    directory = group(commands, "directory", "the participants known at this place")
    taken = command(directory, "import", "load a participant extract", [common, table], "directory import")
    taken.add_argument("file", metavar="FILE", help="JSON lines; - for standard input")


def _add_care(commands: Any, common: Any, table: Any) -> None:
    verify = command(commands, "verify", "check the database and the audit chain", [common, table])
    verify.add_argument(
        "--head",
        type=head,
        default=None,
        metavar="XXXXXXXX",
        help="a record mark from a receipt, to find lines cut off",
    )
    backup = command(commands, "backup", "write a sealed copy of the store", [common, table])
    backup.add_argument("file", metavar="FILE", help="the copy; one of that name is replaced")
    restore = command(commands, "restore", "put a sealed copy in the place of the store", [common, table])
    restore.add_argument("file", metavar="FILE", help="a copy that kiosk backup or the kiosk itself made")
    restore.add_argument(
        "--replace",
        action="store_true",
        default=False,
        help="take it even if the store has more, which is put aside under a dated name",
    )
    command(commands, "doctor", "check everything that this kiosk stands on", [common, table])


def _add_syncing(commands: Any, common: Any, table: Any) -> None:
    enrol = command(commands, "enrol", "make this kiosk known to a hub", [common, table])
    enrol.add_argument("code", metavar="CODE", help="the one-time code that the hub printed")
    enrol.add_argument("--url", default="", metavar="URL", help="where the hub is (default: [hub] url)")
    sync = command(commands, "sync", "send what waits, and fetch what the hub says", [common, table])
    sync.add_argument(
        "--wait",
        type=whole_number,
        default=10,
        metavar="SECONDS",
        help="how long to wait for the hub's decisions on what was sent (default 10)",
    )
    export = command(commands, "export", "write what waits to a stick", [common, table])
    export.add_argument("dir", metavar="DIR", help="the folder of the stick")
    taken = command(commands, "import", "take the hub's answers from a stick", [common, table])
    taken.add_argument("dir", metavar="DIR", help="the folder of the stick")


def _add_web(commands: Any, common: Any, practice: Any) -> None:
    web = command(commands, "web", "practice in browsers, for a whole class", [common, practice])
    web.add_argument(
        "--host", default="127.0.0.1", metavar="NAME", help="the address to listen at (default 127.0.0.1)"
    )
    web.add_argument(
        "--port",
        type=whole_number,
        default=8480,
        metavar="N",
        help="its port (default 8480; 0: any free one)",
    )
    web.add_argument(
        "--most", type=whole_number, default=40, metavar="N", help="so many places at once (default 40)"
    )


def _add_deploy(commands: Any, common: Any) -> None:
    deploy = group(commands, "deploy", "what makes a kiosk of a machine")
    systemd = command(
        deploy,
        "systemd",
        "print the files by which systemd starts a village kiosk",
        [common],
        "deploy systemd",
    )
    systemd.add_argument("--user", default="kiosk", metavar="NAME", help="whose kiosk it is (default kiosk)")
    systemd.add_argument("--tty", default="tty1", metavar="TTY", help="on which terminal (default tty1)")
    systemd.add_argument(
        "--only", choices=("service", "logind", "sysctl"), default=None, help="one file alone (default: all)"
    )


def group(commands: Any, name: str, help_: str, parents: Sequence[Any] = (), default: str = "") -> Any:
    """Adds a word that has commands of its own behind it; where none follows, `default` is meant."""
    group = commands.add_parser(
        name, help=help_, description=help_, parents=list(parents), allow_abbrev=False
    )
    if default:
        group.set_defaults(command=default)
    return group.add_subparsers(metavar="COMMAND", required=not default, dest=f"{name}_command")


def _add_limit(parser: Any, limit: int) -> None:
    parser.add_argument(
        "--limit", type=whole_number, default=limit, metavar="N", help=f"at most N (default {limit}; 0: all)"
    )


def _states() -> tuple[str, ...]:
    from kiosk.domain.registration import State

    return tuple(state.value for state in State)

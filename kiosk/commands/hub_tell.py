"""Commands by which the hub's people tell kiosks something: numbers, extracts, lists, lapses, new keys."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.bootstrap import light, reference_dir
from kiosk.commands.files import opened
from kiosk.commands.hub_place import open_hub_of, say, who
from kiosk.commands.progress import counted
from kiosk.commands.tables import printed
from kiosk.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.hub.messages import Addressee


def _now() -> datetime:
    return datetime.now(UTC)


def run_numbers_add(arguments: Arguments, config: Config) -> int:
    """Gives the hub card numbers, and families that wait for one theirs."""
    with open_hub_of(arguments, config) as (engine, key_file):
        from kiosk.hub.audit import note
        from kiosk.hub.blocks import add_numbers
        from kiosk.hub.database import transaction
        from kiosk.hub.numbers_due import give_due_numbers

        first, count, training = arguments.first, arguments.count, arguments.training
        with transaction(engine) as session:
            add_numbers(session, first, count, training=training, demo=arguments.demo)
            note(session, who(), "numbers.added", f"{first}+{count}")
        given = give_due_numbers(engine, key_file.current, training=training, who=who(), now=_now)
    print(f"{arguments.count} numbers added, {given} of them given to families that waited for one")
    return 0


def run_numbers_list(arguments: Arguments, config: Config) -> int:
    """How many numbers are left to lease, and which blocks the kiosks have."""
    with open_hub_of(arguments, config) as (engine, _):
        from kiosk.hub.blocks import leases, numbers_left
        from kiosk.hub.database import transaction

        with transaction(engine) as session:
            left = {training: numbers_left(session, training=training) for training in (False, True)}
            held = list(leases(session))
    if arguments.json:
        print(json.dumps({"left": _left_object(left), "leases": [one.as_dict() for one in held]}))
        return 0
    for training, found in left.items():
        name = "practice" if training else "real"
        print(f"{name}: {found[False]} numbers left, and {found[True]} of a demonstration")
    heads = ("kiosk", "class", "first", "numbers", "state", "leased")
    printed(
        heads,
        (
            (one.kiosk, "practice" if one.training else "real", one.first, str(one.numbers), one.state,
             f"{one.leased_at.astimezone():%Y-%m-%d %H:%M}")
            for one in held
        ),
    )  # fmt: skip
    return 0


def _left_object(left: dict[bool, dict[bool, int]]) -> dict[str, Any]:
    return {
        "practice" if training else "real": {"real": found[False], "demo": found[True]}
        for training, found in left.items()
    }


def run_send_directory(arguments: Arguments, config: Config) -> int:
    """Sends an extract of participants to one kiosk; 1 where a line could not be used."""
    with open_hub_of(arguments, config) as (engine, key_file), opened(arguments.file) as stream:
        from kiosk.hub.sending import Sender, send_directory

        sender = Sender(engine, key_file.current, who(), _now)
        training = arguments.training
        [to] = _to(engine, arguments.kiosk, training=training)
        rules = light(config.of_class(training=training))
        sent = refused = 0
        for one in counted(send_directory(sender, to, stream, rules), "participants"):
            sent += not one.code
            refused += bool(one.code)
            if one.code:
                sys.stderr.write(f"line {one.line}: {one.code}\n")
    _told(arguments, {"sent": sent, "refused": refused}, f"{sent} participants on their way to {to.name}")
    return 1 if refused else 0


def run_send_reference(arguments: Arguments, config: Config) -> int:
    """Sends a new list to kiosks, and uses it at the hub."""
    with open_hub_of(arguments, config) as (engine, key_file):
        from kiosk.hub.sending import Sender, send_reference

        sender = Sender(engine, key_file.current, who(), _now)
        to = _to(engine, arguments.kiosk, training=arguments.training)
        place = reference_dir(config.of_class(training=arguments.training))
        name, data = _list_taken(arguments, place)
        parts = send_reference(sender, to, name, data)
    told = {"kiosks": len(to), "parts": parts}
    _told(arguments, told, f"on its way to {len(to)} kiosks, in {parts} parts each")
    return 0


def _list_taken(arguments: Arguments, place: Path) -> tuple[str, bytes]:
    """The list as kiosks take it, in use at the hub from now on; its deciders read it when they start."""
    file = Path(arguments.file)
    try:
        if arguments.list == "fktp":
            from kiosk.facilities import STORE_NAME, import_facilities

            report = import_facilities(file, place)
            for line in report.notes:
                sys.stderr.write(f"line {line.line}: {line.reason}\n")
            return "facilities", (place / STORE_NAME).read_bytes()
        from kiosk.reference import take_premiums

        return "premiums", take_premiums(file.read_bytes(), place)
    except OSError as error:
        raise UsageError("usage.file", f"{arguments.file}: {error.strerror}") from error


def _to(engine: Engine, kiosk: str | None, *, training: bool) -> list[Addressee]:
    """The kiosk that was named, or all of a class."""
    from kiosk.hub.database import transaction
    from kiosk.hub.messages import addressee, all_active

    with transaction(engine) as session:
        if kiosk:
            return [addressee(session, kiosk, training=training)]
        return [one for one in all_active(session) if one.training == training]


def run_lapse(arguments: Arguments, config: Config) -> int:
    """Ends unpaid registrations; 1 where one of those that were named cannot end."""
    if (arguments.file is None) == (arguments.due is None):
        raise UsageError("usage.arguments", "name a FILE of references, or a day with --due")
    with open_hub_of(arguments, config) as (engine, key_file):
        from kiosk.hub.lapsing import Ending, lapse, overdue

        ending = Ending(engine, key_file.current, who(), _now, training=arguments.training)
        if arguments.due is None:
            wanted = _references(arguments.file)
        else:
            paid = set(_references(arguments.paid)) if arguments.paid else set()
            wanted = [one for one in overdue(ending, arguments.due) if one not in paid]
        ended = refused = 0
        for one in counted(lapse(ending, wanted), "registrations"):
            ended += not one.code
            refused += bool(one.code)
            if one.code:
                sys.stderr.write(f"{one.reference}: {one.code}\n")
    _told(arguments, {"lapsed": ended, "refused": refused}, f"{ended} registrations have lapsed")
    return 1 if refused else 0


def _references(file: str) -> list[str]:
    """The references in a file, one a line; UsageError for a line that is none."""
    from kiosk.domain.identifiers import parse_reference

    with opened(file) as stream:
        lines = stream.read().decode("utf-8", "replace").splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        reference = parse_reference(line) if line.strip() else None
        if reference is None and line.strip():
            raise UsageError("usage.file", f"{file}: line {number} is no reference")
        if reference is not None:
            found.append(str(reference))
    return found


def run_rotate(arguments: Arguments, config: Config) -> int:
    """Announces new keys, or with `--finish` uses them; 1 while a kiosk has not read of them."""
    with open_hub_of(arguments, config) as (engine, key_file):
        from kiosk.hub.rotating import activate, announce, unread

        if arguments.finish:
            activate(engine, key_file, who=who(), now=_now, leave_behind=arguments.leave_behind)
            print("the new keys are in use; make a copy of the key file")
            return 0
        told = announce(engine, key_file, who=who(), now=_now())
        late = unread(engine, key_file)
    say("make a copy of the key file now: without the new keys in it nothing could be opened later")
    print(f"{told} kiosks are told of new keys; {len(late)} have not read of them yet")
    if late:
        print("when they have: kiosk hub rotate --finish")
    return 0


def _told(arguments: Arguments, numbers: dict[str, int], sentence: str) -> None:
    print(json.dumps(numbers) if arguments.json else sentence)

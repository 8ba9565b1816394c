"""`kiosk hub ...`: runs the central side, and looks after the kiosks that it knows."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from kiosk.commands.hub_crew import Beside, parent_of_this, processes_of
from kiosk.commands.hub_place import check_libraries, database_of, hub_session, say, who
from kiosk.commands.tables import printed
from kiosk.errors import UsageError

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.hub.kiosks import KnownKiosk
    from kiosk.hub.reception import Reception

_MOST_PORTS = 65_535
DEMO_NUMBERS = {False: "0009900100001", True: "0009900200001"}
"""The first invented card number of a trial, by class; behind those that a kiosk invents for itself."""

DEMO_COUNT = 5_000


def run_serve(arguments: Arguments, config: Config) -> int:
    """Answers kiosks until the signal TERM or INT; its log goes to standard output, a JSON object a line."""
    check_libraries(demo=arguments.demo)
    if parent_of_this() is not None:
        return _serve_beside(arguments, config)
    host = arguments.host or config.hub.host
    port = config.hub.port if arguments.port is None else arguments.port
    if port > _MOST_PORTS:
        raise UsageError("usage.arguments", f"there is no port {port}")
    others = processes_of(arguments, config) - 1
    with ExitStack() as stack:
        if others:
            # Before the library of figures is loaded, which reads it then.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = stack.enter_context(TemporaryDirectory())
        from kiosk.hub.server import listen, listen_first, serve

        listener = stack.enter_context((listen_first if others else listen)(host, port))
        url, keys = _place(arguments, config, stack)
        reception = _reception(config, url, keys, stack)

        def ready(address: str) -> None:
            say(f"the hub answers at {address}; Ctrl+C or the signal TERM ends it")
            if arguments.demo:
                _invite(reception, config, address, url)

        beside = Beside(arguments, url, keys, reception.log)
        stack.enter_context(beside.others_that_answer(host, listener.getsockname()[1], others))
        stack.enter_context(beside.deciders())
        serve(reception, listener, reception.log, ready)
    return 0


def _serve_beside(arguments: Arguments, config: Config) -> int:
    """Answers beside the process that started this one, and ends with it."""
    from kiosk.hub.crew import end_with
    from kiosk.hub.server import listen, serve

    parent = parent_of_this()
    stop = threading.Event()
    if parent is not None:
        end_with(parent, stop)
    with ExitStack() as stack:
        listener = stack.enter_context(listen(arguments.host, arguments.port, shared=True))
        url, keys = _place(arguments, config, stack)
        reception = _reception(config, url, keys, stack)
        serve(reception, listener, reception.log, lambda _: None, stop)
    return 0


def _reception(config: Config, url: str, keys: Path, stack: ExitStack) -> Reception:
    from kiosk.hub.events import EventLog
    from kiosk.hub.founding import open_hub
    from kiosk.hub.keys import KeyFile
    from kiosk.hub.reception import Reception

    key_file = KeyFile(keys)
    engine = open_hub(url, key_file, asks_first=False)
    stack.callback(engine.dispose)
    pace = config.hub.requests_a_minute
    return Reception(engine, key_file, log=EventLog(sys.stdout), requests_a_minute=pace)


def _place(arguments: Arguments, config: Config, stack: ExitStack) -> tuple[str, Path]:
    """The database and the key file; with `--demo` both in a folder that goes with the hub."""
    given = Path(arguments.keys).expanduser() if arguments.keys else None
    if not arguments.demo:
        return database_of(arguments, config), given or config.hub_keys
    if arguments.database:
        raise UsageError("usage.arguments", "--demo brings its own database; leave --database out")
    from kiosk.hub.demo import DemoServer

    say("starting a PostgreSQL for this trial ...")
    server = stack.enter_context(DemoServer())
    return server.url, given or server.folder / "hub.keys"


def _invite(reception: Reception, config: Config, address: str, database: str) -> None:
    """Says how a kiosk is enrolled, with codes ready made."""
    from kiosk.hub.blocks import add_numbers
    from kiosk.hub.database import transaction
    from kiosk.hub.kiosks import make_code

    public = reception.key_file.current().signer.public
    with transaction(reception.engine) as session:
        for training in (False, True):
            first = DEMO_NUMBERS[training]
            add_numbers(session, first, DEMO_COUNT, training=training, demo=True)
        real, practice = (
            make_code(session, config.kiosk.id, public, training=training, who="demo")
            for training in (False, True)
        )
    say(f"""this is a trial: all that it takes in is gone when it ends. In another terminal enrol the kiosk:

    kiosk enrol {real} --url {address}

or the one of the profile for practice:

    kiosk --profile training enrol {practice} --url {address}

Other commands of this hub, such as `kiosk hub kiosks`, find it by:

    export DATABASE_URL='{database}'

and those that need its keys by: --keys '{reception.key_file.path}'
""")


def run_enrol(arguments: Arguments, config: Config) -> int:
    """Prints a fresh code."""
    from kiosk.domain.identifiers import PRACTICE_ID, is_kiosk_id

    if arguments.kiosk == PRACTICE_ID:
        raise UsageError("usage.arguments", f"references of practice begin with {PRACTICE_ID}: take another")
    if not is_kiosk_id(arguments.kiosk):
        raise UsageError("usage.arguments", "--kiosk takes 1 to 4 capital letters or digits")
    with hub_session(arguments, config) as session:
        from kiosk.hub.founding import signing_public
        from kiosk.hub.kiosks import CODE_DAYS, make_code

        code = make_code(
            session,
            arguments.kiosk,
            signing_public(session),
            training=arguments.training,
            place=arguments.place,
            who=who(),
        )
    if arguments.json:
        print(json.dumps({"kiosk": arguments.kiosk, "training": arguments.training, "code": str(code)}))
    else:
        print(code)
        profile = "--profile training " if arguments.training else ""
        say(f"on the kiosk, within {CODE_DAYS} days: kiosk {profile}enrol {code} --url URL-OF-THIS-HUB")
    return 0


def run_revoke(arguments: Arguments, config: Config) -> int:
    """Shuts the kiosk out."""
    with hub_session(arguments, config) as session:
        from kiosk.hub.kiosks import revoke

        revoke(session, **_ended(arguments))
    print(f"{arguments.kiosk} is shut out; nothing that it signed is taken any more")
    return 0


def run_retire(arguments: Arguments, config: Config) -> int:
    """Takes the kiosk out of service, and its numbers back where that is certain."""
    with hub_session(arguments, config) as session:
        from datetime import UTC, datetime

        from kiosk.hub.blocks import reclaim
        from kiosk.hub.kiosks import retire

        numbers = reclaim(session, retire(session, **_ended(arguments)), datetime.now(UTC))
    print(f"{arguments.kiosk} is out of service")
    print(f"card numbers: {numbers.freed} back in the pool, {numbers.quarantined} kept from everybody")
    return 0


def run_kiosks(arguments: Arguments, config: Config) -> int:
    """Lists the kiosks with what they last told of themselves."""
    with hub_session(arguments, config) as session:
        from kiosk.hub.kiosks import known_kiosks

        found = list(known_kiosks(session))
    if arguments.json:
        print(json.dumps([_object(kiosk) for kiosk in found]))
    else:
        heads = ("id", "class", "state", "last heard", "waiting", "clock", "cards", "version", "place")
        printed(heads, (_row(kiosk) for kiosk in found))
    return 0


def _object(kiosk: KnownKiosk) -> dict[str, object]:
    return {
        "id": kiosk.name,
        "training": kiosk.training,
        "place": kiosk.place,
        "state": kiosk.state,
        "seen_at": kiosk.seen_at.isoformat() if kiosk.seen_at else None,
        "reported_at": kiosk.reported_at.isoformat() if kiosk.reported_at else None,
        "waiting": kiosk.waiting,
        "drift_ms": kiosk.drift_ms,
        "version": kiosk.program,
        "profile": kiosk.profile,
        "cards_left": kiosk.cards_left,
    }


def _row(kiosk: KnownKiosk) -> tuple[str, ...]:
    return (
        kiosk.name,
        "practice" if kiosk.training else "real",
        kiosk.state,
        f"{kiosk.seen_at.astimezone():%Y-%m-%d %H:%M}" if kiosk.seen_at else "never",
        _told(kiosk.waiting),
        _told(kiosk.drift_ms and round(kiosk.drift_ms / 1000), " s"),
        _told(kiosk.cards_left),
        kiosk.program or "-",
        kiosk.place,
    )


def _told(number: int | None, unit: str = "") -> str:
    return "-" if number is None else f"{number}{unit}"


def _ended(arguments: Arguments) -> dict[str, Any]:
    return {
        "name": arguments.kiosk,
        "training": arguments.training,
        "who": who(),
        "reason": arguments.reason,
    }

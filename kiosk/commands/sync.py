"""`kiosk enrol CODE` and `kiosk sync`: makes this kiosk known to a hub, and talks with it once by hand."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kiosk.bootstrap import services
from kiosk.commands.progress import bar
from kiosk.commands.sentences import sentence_of
from kiosk.syncing import Manner, enrol, sync_once

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.services.sync_ports import SyncOutcome

_PATIENCE_SECONDS = 20.0
"""How long to wait for the program beside the screens, which syncs by itself."""


def run_enrol(arguments: Arguments, config: Config) -> int:
    """Enrols, and fetches the first card numbers."""
    with closing(services(config)) as house:
        identity = enrol(house, arguments.code, arguments.url)
        outcome = sync_once(house, Manner(patience_seconds=_PATIENCE_SECONDS))
    keys = [key.id for key in identity.hub_keys if key.purpose == "sign" and not key.retired]
    told = {"kiosk": identity.kiosk, "url": identity.url, "training": identity.training, "hub_key": keys[0]}
    if arguments.json:
        print(json.dumps({**told, "numbers": outcome.numbers}))
        return 0
    kind = "a hub for practice" if identity.training else "the hub"
    print(f"kiosk {identity.kiosk} is enrolled at {kind}: {identity.url}")
    print(f"the hub's key: {keys[0]}")
    print(f"{outcome.numbers} card numbers came")
    return 0


def run_sync(arguments: Arguments, config: Config) -> int:
    """Syncs once: 0 done, 1 where the hub refused this kiosk or some records, 5 where it is not reached."""
    with closing(services(config)) as house, bar("records") as progress:
        how = Manner(wait_seconds=arguments.wait, patience_seconds=_PATIENCE_SECONDS)
        outcome = sync_once(house, replace(how, progress=progress) if progress else how)
    if arguments.json:
        print(json.dumps(_told(outcome)))
    else:
        for line in _lines(outcome):
            print(line)
    return outcome.exit_code or int(bool(outcome.set_aside))


def _told(outcome: SyncOutcome) -> dict[str, Any]:
    return {
        "sent": outcome.sent,
        "accepted": outcome.heard["accepted"],
        "refused": outcome.heard["refused"],
        "lapsed": outcome.heard["lapsed"],
        "set_aside": dict(outcome.set_aside),
        "messages": outcome.heard.total(),
        "kept": outcome.kept,
        "numbers": outcome.numbers,
        "waiting": outcome.waiting,
        "code": outcome.code,
    }


def _lines(outcome: SyncOutcome) -> list[str]:
    told = _told(outcome)
    lines = [f"{told['sent']} sent, {told['accepted']} accepted, {told['refused']} refused"]
    if told["lapsed"]:
        lines.append(f"{told['lapsed']} lapsed: the premium was not paid in time")
    lines += [f"{count} not taken by the hub: {code}" for code, count in sorted(outcome.set_aside.items())]
    if told["kept"]:
        lines.append(f"{told['kept']} messages kept for a newer version of this program")
    if told["numbers"]:
        lines.append(f"{told['numbers']} card numbers came")
    lines.append(f"{told['waiting']} still wait")
    if outcome.code:
        lines.append(f"stopped: {sentence_of(outcome.code)}; nothing is lost")
    return lines

"""`kiosk hub import DIR`: takes in what kiosks wrote on a stick, and writes the hub's answers beside it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.commands.hub_place import open_hub_of, say, who
from kiosk.commands.progress import bar
from kiosk.commands.sentences import sentence
from kiosk.commands.tables import printed
from kiosk.errors import KioskError

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.hub.carrying import Delivered

_HEADS = ("kiosk", "class", "received", "again", "not taken", "messages", "numbers", "answers in")


def run_import(arguments: Arguments, config: Config) -> int:
    """Takes the stick in: 0 done, 1 where something on it was refused, which is named."""
    with open_hub_of(arguments, config) as (engine, key_file), bar("records") as progress:
        from kiosk.hub.carrying import StickDesk

        desk = StickDesk(engine, key_file, who=who(), wait=arguments.wait)
        found = desk.take(Path(arguments.dir), progress)
    taken = [one for one in found if one.folder]
    if arguments.json:
        print(json.dumps([_told(one) for one in found]))
    else:
        printed(_HEADS, (_row(one) for one in taken))
    for one in found:
        for place, code in one.refused:
            say(f"kiosk {one.kiosk}: {sentence(KioskError(code, place))}")
        for code in one.codes:
            say(f"kiosk {one.kiosk}: {sentence(KioskError(code))}")
        if one.more:
            say(f"kiosk {one.kiosk}: not all messages found room; bring the stick back once more")
    return int(any(one.refused for one in found) or not found)


def _told(one: Delivered) -> dict[str, Any]:
    refused = [{"where": place, "code": code} for place, code in one.refused]
    return {**asdict(one), "refused": refused}


def _row(one: Delivered) -> tuple[str, ...]:
    items = dict(one.items)
    received, again = items.pop("received", 0), items.pop("duplicate", 0)
    kind = "practice" if one.training else "real"
    numbers = (received, again, sum(items.values()), one.messages, one.numbers)
    return one.kiosk, kind, *map(str, numbers), one.folder

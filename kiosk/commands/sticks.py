"""`kiosk export DIR` and `kiosk import DIR`: to the hub and back on a stick."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.bootstrap import services
from kiosk.commands.progress import bar
from kiosk.commands.sentences import sentence, sentence_of
from kiosk.commands.tables import visible
from kiosk.errors import KioskError
from kiosk.sticks import export, take

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.sticks import Arrived


def run_export(arguments: Arguments, config: Config) -> int:
    """Writes what waits: 0 done and read back, 1 where something of it could not be sealed."""
    with closing(services(config)) as house, bar("records") as progress:
        done = export(house, Path(arguments.dir), progress)
    if arguments.json:
        told = {"folder": str(done.folder), "envelopes": done.envelopes, "left_out": done.left_out}
        print(json.dumps(told))
    else:
        print(f"{done.envelopes} written to {visible(str(done.folder))}, and read back")
        print("they wait until the hub has them: take the stick there, and import its answers")
    if done.left_out:
        sys.stderr.write(f"kiosk: {done.left_out} could not be sealed and are left out; run kiosk doctor\n")
    return int(bool(done.left_out))


def run_import(arguments: Arguments, config: Config) -> int:
    """Takes the answers: 0 done, 1 where something on the stick was refused, which is named."""
    with closing(services(config)) as house, bar("bytes") as progress:
        found = take(house, Path(arguments.dir), progress)
    told = _told(found)
    if arguments.json:
        print(json.dumps(told))
    else:
        for line in _lines(told):
            print(line)
    for place, code in found.imported.refused:
        sys.stderr.write(f"kiosk: {sentence(KioskError(code, place))}\n")
    for code in found.imported.codes:
        sys.stderr.write(f"kiosk: {sentence_of(code)}\n")
    return int(bool(found.imported.refused or found.imported.codes))


def _told(found: Arrived) -> dict[str, Any]:
    imported, words = found.imported, Counter(found.imported.words)
    return {
        "parcels": imported.parcels,
        "sent": imported.receipts,
        "accepted": words["accepted"],
        "refused": words["refused"],
        "lapsed": words["lapsed"],
        "set_aside": imported.put_off,
        "messages": imported.messages,
        "kept": imported.kept,
        "numbers": found.numbers,
        "not_taken": [{"where": place, "code": code} for place, code in imported.refused],
        "codes": list(imported.codes),
    }


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['sent']} receipts, {told['accepted']} accepted, {told['refused']} refused"]
    if told["lapsed"]:
        lines.append(f"{told['lapsed']} lapsed: the premium was not paid in time")
    if told["set_aside"]:
        lines.append(f"{told['set_aside']} not taken by the hub; they wait on")
    if told["kept"]:
        lines.append(f"{told['kept']} messages kept for a newer version of this program")
    if told["numbers"]:
        lines.append(f"{told['numbers']} card numbers came")
    return lines

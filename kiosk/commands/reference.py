"""`kiosk reference` and `kiosk directory`: lists of facilities, regions, and participant extracts."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.bootstrap import Places, facility_files, light, reference_dir, services
from kiosk.commands.files import opened
from kiosk.commands.progress import counted
from kiosk.commands.tables import printed
from kiosk.domain.identifiers import is_digits
from kiosk.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config

_EVERYTHING = 1_000_000


def run_import(arguments: Arguments, config: Config) -> int:
    """Takes over a list of facilities; 1 where a line could not be used."""
    from kiosk.facilities import import_facilities

    try:
        report = import_facilities(Path(arguments.file), reference_dir(config))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file name"
        raise UsageError("usage.file", f"{getattr(error, 'filename', arguments.file)}: {reason}") from error
    for note in report.notes:
        kept = ", kept without it" if note.kept else ", left out"
        sys.stderr.write(f"line {note.line}: {note.reason}{kept}\n")
    told = {
        "added": report.added,
        "updated": report.updated,
        "total": report.total,
        "notes": len(report.notes),
    }
    if arguments.json:
        print(json.dumps(told))
    else:
        print(f"{report.added} new, {report.updated} changed, {report.total} facilities in all")
    return 1 if any(not note.kept for note in report.notes) else 0


def run_list(arguments: Arguments, config: Config) -> int:
    """Prints the facilities or villages that TEXT names, or what is in the region of a code.

    Without TEXT: the first facilities, or the provinces.
    """
    limit = arguments.limit or _EVERYTHING
    is_code = arguments.list == "region" and is_digits(arguments.text)
    listed = is_code or not arguments.text
    found = _listed(arguments, config, limit) if listed else _search(arguments, config, limit)
    rows = list(islice(found, limit))
    if arguments.json:
        print(json.dumps([{"code": code, "name": name, "where": where} for code, name, where in rows]))
    else:
        printed(("code", "name", "where"), rows)
    return 0


def _search(arguments: Arguments, config: Config, limit: int) -> Iterator[tuple[str, str, str]]:
    with closing(Places(config)) as places:
        search = places.facilities if arguments.list == "fktp" else places.villages
        for hit in search(arguments.text, limit=limit):
            yield hit.code, hit.name, hit.detail


def _listed(arguments: Arguments, config: Config, limit: int) -> Iterator[tuple[str, str, str]]:
    if arguments.list == "fktp":
        from kiosk.facilities import FacilityBook

        for facility in FacilityBook(facility_files(config)):
            yield facility.code, facility.name, facility.address
        return
    regions: Any = light(config).regions
    if (name := regions.name(arguments.text)) is not None:
        yield arguments.text, name, ", ".join(reversed(regions.path(arguments.text)[:-1]))
    for code, inside in regions.children(arguments.text, limit=limit):
        yield code, inside, name or ""


def run_directory(arguments: Arguments, config: Config) -> int:
    """Takes in a participant extract; 1 where a line was refused."""
    stored = refused = 0
    with opened(arguments.file) as stream, closing(services(config)) as house:
        for taken in counted(house.importer.directory(stream, house.rules()), "participants"):
            if taken.code:
                refused += 1
                sys.stderr.write(f"line {taken.line}: {taken.code}\n")
            else:
                stored += 1
    if arguments.json:
        print(json.dumps({"stored": stored, "refused": refused}))
    else:
        print(f"{stored} participants stored, {refused} lines refused")
    return 1 if refused else 0

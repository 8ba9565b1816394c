"""`kiosk verify`: the database file, the audit chain, and that both tell of the same records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kiosk.care import proved
from kiosk.commands.progress import bar
from kiosk.commands.tables import visible

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.services.ports import Proof

_WHAT = {
    "altered": "line {line} was altered",
    "deleted": "line {line} is missing: lines were deleted there",
    "inserted": "line {line} does not belong there: lines were inserted",
    "swapped": "line {line} was swapped with another",
    "cut": (
        "the record mark {given} is nowhere in the chain: read it off the receipt again; "
        "if it is right, the end was cut off, or all of it written anew"
    ),
    "unreadable": "the chain cannot be read to its end, since the file is damaged",
}
_UNSEEN = {
    "cut": "lines cut off after the newest mark that left this machine; compare with one: --head XXXXXXXX",
    "cut_after": "lines cut off after the one with the mark {given}",
    "rewritten": "a whole new chain made by someone who has the key; compare with a mark: --head XXXXXXXX",
    "rewritten_after": "a new chain from the mark {given} on, made by someone who has the key",
    "contents": "changes inside a registration made by someone who has the key; its line holds no answers",
}


def run(arguments: Arguments, config: Config) -> int:
    """Prints what was found, and what such a check cannot see; 1 if anything is wrong."""
    with bar("audit lines") as progress:
        proof = proved(config, head=arguments.head or "", progress=progress)
    told = _told(proof, arguments.head or "")
    if arguments.json:
        print(json.dumps(told))
    else:
        for line in _lines(proof, told, arguments.head or ""):
            print(line)
    return 0 if proof.ok else 1


def _told(proof: Proof, given: str) -> dict[str, Any]:
    unseen = ("cut_after", "rewritten_after", "contents") if given else ("cut", "rewritten", "contents")
    return {
        "ok": proof.ok,
        "lines": proof.lines,
        "head": proof.head,
        "first_bad": proof.first_bad,
        "what": proof.what,
        "why": _why(proof, given),
        "database": list(proof.database),
        "registrations_without_line": list(proof.without_line),
        "lines_without_registration": list(proof.without_record),
        "drafts_without_line": list(proof.drafts_without_line),
        "lines_without_draft": list(proof.without_draft),
        "cannot_see": [_UNSEEN[word].format(given=given) for word in unseen],
    }


def _why(proof: Proof, given: str) -> str:
    known = _WHAT.get(proof.what)
    return known.format(line=proof.first_bad, given=given) if known else ""


def _lines(proof: Proof, told: dict[str, Any], given: str) -> Iterator[str]:
    if proof.database:
        yield f"database:  DAMAGED: {visible(proof.database[0])}"
    else:
        yield "database:  whole"
    if not proof.what:
        yield f"chain:     {proof.lines} lines, whole; mark of the last: {proof.head[:8] or '-'}"
        if given:
            yield f"           the mark {given} is in it"
    else:
        yield f"chain:     BROKEN: {told['why']}"
        yield f"           {proof.lines} lines before it are good"
    yield from _records(proof)
    yield "not seen by this check:"
    for sentence in told["cannot_see"]:
        yield f"  - {sentence}"


def _records(proof: Proof) -> Iterator[str]:
    if proof.without_line:
        yield f"records:   WITHOUT AN AUDIT LINE: {', '.join(map(visible, proof.without_line))}"
    if proof.without_record:
        numbers = ", ".join(map(str, proof.without_record))
        yield f"records:   MISSING, though these audit lines tell of them: {numbers}"
    if proof.drafts_without_line:
        names = ", ".join(map(visible, proof.drafts_without_line))
        yield f"drafts:    NOT CHANGED AS OFTEN AS THE AUDIT LINES SAY: {names}"
    if proof.without_draft:
        numbers = ", ".join(map(str, proof.without_draft))
        yield f"drafts:    MISSING, though these audit lines tell of them: {numbers}"
    if proof.agrees and proof.what != "unreadable":
        yield "records:   every registration and draft has its audit lines, and the other way round"

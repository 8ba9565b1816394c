"""`kiosk hub verify`: whether the audit lines of the hub are as they were written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kiosk.commands.hub_place import hub_session
from kiosk.commands.progress import bar

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.hub.chain import Proof

_WHAT = {
    "missing": "at line {line}: a line was taken out",
    "altered": "at line {line}: it was altered, or another put in its place",
    "head_unknown": "the mark {head} is nowhere in the chain: the end was cut off, or all of it written anew",
}


def run(arguments: Arguments, config: Config) -> int:
    """Prints what was found; 1 if anything is wrong."""
    head = arguments.head or ""
    with hub_session(arguments, config) as session, bar("audit lines") as progress:
        from kiosk.hub.chain import verify

        proof = verify(session, head=head, progress=(lambda done: progress(done, 0)) if progress else None)
    if arguments.json:
        told = {"ok": proof.ok, "lines": proof.links, "head": proof.head, "what": proof.what}
        print(json.dumps(told | {"first_bad": proof.first_bad, "not_linked": proof.loose}))
    else:
        _print(proof, head)
    return 0 if proof.ok else 1


def _print(proof: Proof, head: str) -> None:
    if proof.ok:
        print(f"chain: {proof.links} lines, whole; mark of the last: {proof.head[:8] or '-'}")
    else:
        print(f"chain: BROKEN {_WHAT[proof.what].format(line=proof.first_bad, head=head)}")
        print(f"       {proof.links} lines before it are good")
    print(f"       {proof.loose} lines are not in it yet; workers link them within seconds")
    if not head:
        print(
            "       a chain written anew is not seen: write the mark down elsewhere, and compare with --head"
        )

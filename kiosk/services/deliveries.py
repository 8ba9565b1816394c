"""Takes what the hub sends along: extracts of participants, and new reference lists in parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator

from kiosk.domain.directory import Participant
from kiosk.domain.fields import Refusal
from kiosk.domain.rulebook import Rulebook
from kiosk.errors import KioskError
from kiosk.services.family_lines import Line
from kiosk.services.importing import participant_of
from kiosk.services.ports import AuditLine, UnitOfWork
from kiosk.services.sending import HUB
from kiosk.services.sync_ports import HubError, HubVoice, KeptMessage, Said

Install = Callable[[str, bytes], None]
"""Puts the file of a reference list in its place; the same file again changes nothing. Raises KioskError."""

PART = "reference.part"
"""The code of a part that waits for the others."""

_MOST_PARTS = 1000


class Deliveries:
    """Puts extracts into the directory, and reference lists together."""

    def __init__(self, voice: HubVoice, rules: Callable[[], Rulebook], install: Install) -> None:
        self._voice = voice
        self._rules = rules
        self._install = install

    def directory(self, work: UnitOfWork, said: Said) -> None:
        """Adds the participants of one part of an extract; a line that cannot be read is left out."""
        text = self._voice.unpacked(said.payload["data"])
        refused: list[str] = []
        people = list(self._people(text, refused))
        if people:
            work.directory.put(people)
        codes = tuple(dict.fromkeys(refused))
        work.audit.append(AuditLine("directory.imported", "directory", said.now, HUB, (), codes))

    def reference(self, work: UnitOfWork, said: Said) -> None:
        """Keeps one part of a reference list; with the last of them the list is put in its place."""
        payload = said.payload
        name, part, parts, digest = (payload[key] for key in ("list", "part", "parts", "hash"))
        if type(part) is not int or type(parts) is not int or not 0 < part <= parts <= _MOST_PARTS:
            raise HubError("inbox.malformed")
        self._voice.unpacked(payload["data"])
        held = {part: payload["data"]}
        numbers = []
        for kept in _parts_kept(work, str(name)):
            found = json.loads(kept.body)
            numbers.append(kept.number)
            if found["hash"] == digest:
                held.setdefault(found["part"], found["data"])
        if len(held) < parts:
            _hold(work, said)
            return
        whole = b"".join(self._voice.unpacked(held[number]) for number in range(1, parts + 1))
        if hashlib.sha256(whole).hexdigest() != digest:
            raise HubError("reference.hash")
        try:
            self._install(str(name), whole)
        except KioskError as error:
            raise HubError(error.code) from None
        for number in numbers:
            work.kept_messages.remove(number)
        work.audit.append(AuditLine("reference.imported", str(name), said.now, HUB))

    def _people(self, text: bytes, refused: list[str]) -> Iterator[Participant]:
        rules = self._rules()
        for number, data in enumerate(text.splitlines(), 1):
            try:
                yield participant_of(Line(number, data), rules)
            except Refusal as error:
                refused.append(error.code)


def _parts_kept(work: UnitOfWork, name: str) -> list[KeptMessage]:
    found: list[KeptMessage] = []
    place = 0
    while page := work.kept_messages.page(limit=100, after=place):
        found += [one for one in page if one.code == PART and json.loads(one.body)["list"] == name]
        place = page[-1].number
    return found


def _hold(work: UnitOfWork, said: Said) -> None:
    """Keeps a part as it was read, whether it came sealed or not."""
    letter, body = said.letter, json.dumps(dict(said.payload)).encode()
    kept = KeptMessage(
        letter.number, letter.kind, False, body, letter.hub_key, letter.signature, PART, said.now.wall  # noqa: FBT003
    )  # fmt: skip
    work.kept_messages.add(kept)

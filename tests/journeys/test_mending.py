"""A refusal at the real terminal: the hub's signed word comes while the program runs, and is mended there."""

from __future__ import annotations

import json
import signal
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk.bootstrap import Services
from kiosk.domain.registration import State
from kiosk.services.inbox import Inbox
from kiosk.services.sending import Sending
from kiosk.sync.envelope import Envelope, read
from kiosk.sync.voice import Voice
from tests.builders import a_nik
from tests.journeys.commands import OwnKiosk
from tests.journeys.families import of, only_one, screens
from tests.journeys.terminal import XTERM
from tests.unit.hub_pen import HubPen

F10, F12 = XTERM["F10"], XTERM["F12"]
RIGHT = a_nik(date(2008, 3, 12), "L", 88)
PROBLEM = {"field": "members[2].nik", "code": "nik.already_registered", "severity": "error", "params": {}}


class Hub:
    """The other end for one store: takes what waits; its word is taken by the real services."""

    def __init__(self, services: Services) -> None:
        self._pen = HubPen()
        with services.open_work() as work:
            work.identity.put(self._pen.identity())
            work.commit()
        self._sending = Sending(services.open_work, services.clock, Voice())
        self._inbox = Inbox(
            services.open_work,
            services.clock,
            Voice(),
            rules=services.rules,
            install=lambda _name, _data: None,
        )

    def receives(self) -> Envelope:
        """Takes the one record that waits and gives its receipt."""
        (envelope,) = map(read, self._sending.sealed(self._sending.due(limit=9)))
        assert self._sending.receipts([self._pen.receipt(envelope)]).taken == 1
        return envelope

    def decides(self, envelope: Envelope, verdict: str, **more: Any) -> None:
        taken = self._inbox.take([self._pen.decision(envelope, verdict, **more)])
        assert (taken.taken, taken.kept, taken.code) == (1, 0, "")


def test_a_refusal_is_mended_survives_a_kill_and_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = OwnKiosk(tmp_path)
    own.register(json.dumps(of(3)))
    services = own.services(monkeypatch)
    hub = Hub(services)
    with screens(own) as terminal:
        terminal.wait_for("1 menunggu kirim")
        first = hub.receives()
        terminal.wait_for("Terkirim")
        assert "menunggu kirim" not in terminal.text
        hub.decides(first, "refused", problems=[PROBLEM], other_reference="K2-0007-QQ")
        terminal.wait_for("1 perlu diperbaiki")
        terminal.wait_for("sudah terdaftar dengan kode K2-0007-QQ")
        assert "AGUS" not in terminal.text
        terminal.send("1\r")
        terminal.wait_for("Salah ketik? Betulkan.")
        assert terminal.screen.display[terminal.screen.cursor.y].startswith(" > NIK ")
        terminal.send(RIGHT, "\r")
        terminal.wait_for("F10 Kirim lagi")
        terminal.signal(signal.SIGKILL)
        terminal.end()
    with screens(own) as terminal:
        terminal.wait_for("mulai diperbaiki")
        terminal.send("1\r")
        terminal.wait_for("F10 Kirim lagi")
        terminal.wait_for(f"{RIGHT[:6]} {RIGHT[6:12]} {RIGHT[12:]}")
        terminal.send(F10)
        terminal.wait_for("Perbaikan tersimpan")
        terminal.send(F12)
        terminal.wait_for("1 menunggu kirim")
        second = hub.receives()
        assert (second.header.record, second.header.version) == (first.header.record, 2)
        hub.decides(second, "accepted")
        terminal.wait_for("Diterima")
        terminal.wait_until(lambda: "menunggu" not in terminal.text, "nothing that waits")
        terminal.wait_quiet()
        assert terminal.read(2.5) == b"", "an idle screen writes nothing, though it looks for news"
    stored = only_one(own)
    assert stored["state"] == State.ACCEPTED
    assert stored["family"]["members"][2]["nik"] == RIGHT
    actions = [line["action"] for line in stored["history"]]
    assert [one for one in actions if one.startswith("registration.")] == [
        "registration.submitted",
        "registration.sent",
        "registration.refused",
        "registration.mended",
        "registration.sent",
        "registration.accepted",
    ]
    services.close()

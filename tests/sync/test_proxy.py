"""The bad line itself: each fault does what it says, the same from the same seed, at the speed asked."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import pytest

from tests.sync.proxy import BAD, CALM, Faults, Proxy


class Hub(ThreadingHTTPServer):
    """Keeps what it was sent and answers with the same bytes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.heard: list[bytes] = []


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if len(body) < int(self.headers["content-length"]):
            self.close_connection = True
            return
        self.server.heard.append(body)
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for part in (body[:3], body[3:]):
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def call(proxy: Proxy, body: bytes, path: str = "/v1/x", kiosk: str = "K1", patience: float = 20) -> bytes:
    """The reply to one request on a connection of its own; b"" where none came whole."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=patience)
    try:
        connection.request("POST", path, body, {"x-kiosk": kiosk})
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/v1/x", "/chunked"])
def test_a_good_line_changes_nothing_and_keeps_the_connection(hub: Hub, path: str) -> None:
    with Proxy([hub.server_port]) as proxy:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
        for number in range(3):
            connection.request("POST", path, b"body %d" % number)
            assert connection.getresponse().read() == b"body %d" % number
        connection.close()
        assert proxy.met == {path: 3, "nothing": 3}
    assert hub.heard == [b"body 0", b"body 1", b"body 2"]


CASES = {
    # fault: replies the client has, how often the hub has heard it at once, and after the next request
    "lost_request": (b"", 0, 0),
    "cut_request": (b"", 0, 0),
    "late": (b"", 0, 1),
    "lost_reply": (b"", 1, 1),
    "hole": (b"", 1, 1),
    "cut_reply": (b"", 1, 1),
    "repeat": (b"one", 2, 2),
    "echo": (b"one", 1, 2),
}


@pytest.mark.parametrize("fault", CASES)
def test_each_fault_does_what_it_says(hub: Hub, fault: str) -> None:
    answered, at_once, later = CASES[fault]
    with Proxy([hub.server_port], faults=replace(CALM, **{fault: 100})) as proxy:
        assert call(proxy, b"one", patience=0.2 if fault == "hole" else 20) == answered
        assert hub.heard == [b"one"] * at_once
        proxy.faults = CALM
        assert call(proxy, b"two") == b"two"
        assert call(proxy, b"of another kiosk", kiosk="K2") == b"of another kiosk"
    heard = [one for one in hub.heard if one == b"one"]
    assert len(heard) == later
    assert hub.heard.index(b"two") == at_once, "what is late comes after the next one"


def test_every_fault_has_a_case() -> None:
    assert set(CASES) | {"torn_reply", "delay"} == {one.name for one in fields(Faults)}


def test_a_torn_reply_differs_in_one_byte(hub: Hub) -> None:
    with Proxy([hub.server_port], faults=Faults(torn_reply=100)) as proxy:
        reply = call(proxy, bytes(100))
    assert len(reply) == 100
    assert sum(map(bool, reply)) == 1


def test_a_change_of_ones_own(hub: Hub) -> None:
    with Proxy([hub.server_port], change=lambda reply: reply.raw.replace(b"one", b"two")) as proxy:
        assert call(proxy, b"one") == b"two"


def test_what_is_late_can_be_brought_in(hub: Hub) -> None:
    with Proxy([hub.server_port], faults=Faults(late=100)) as proxy:
        call(proxy, b"one")
        proxy.settle()
        assert hub.heard == [b"one"]
        assert call(proxy, b"two") == b"two"


def test_a_kiosk_meets_the_same_again_whatever_the_others_do(hub: Hub) -> None:
    def faults_of_k1(others: int) -> list[bool]:
        with Proxy([hub.server_port], seed=7, faults=replace(BAD, hole=0)) as proxy:
            found = []
            for number in range(12):
                for _ in range(others):
                    call(proxy, b"other", kiosk="K2")
                found.append(call(proxy, b"%d" % number) == b"%d" % number)
            return found

    first = faults_of_k1(0)
    assert first == faults_of_k1(2)
    assert set(first) == {True, False}


def test_a_line_is_as_slow_as_asked_in_both_directions(hub: Hub) -> None:
    with Proxy([hub.server_port], bits_per_second=640_000) as proxy:
        start = monotonic()
        assert call(proxy, bytes(16_000)) == bytes(16_000)
        taken = monotonic() - start
        assert proxy.up.carried > 16_000
        assert proxy.down.carried > 16_000
    assert taken >= 0.4, "16,000 bytes there and back at 80,000 a second"


def test_a_hub_that_is_gone_is_no_reply(hub: Hub) -> None:
    with Proxy([hub.server_port]) as proxy:
        proxy.targets = [1]
        assert call(proxy, b"one") == b""
        assert proxy.met["no hub"] == 1
        proxy.targets = [hub.server_port]
        assert call(proxy, b"one") == b"one"

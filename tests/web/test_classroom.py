"""A trainee registers a family in the page of a real browser, and nothing leaves the machine."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kiosk.domain.identifiers import parse_reference
from tests.journeys.commands import OwnKiosk
from tests.journeys.families import keys_of, of
from tests.web.browser import CHROMIUM, Browser, host_of
from tests.web.serving import classroom

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
LOOPBACK = {"127.0.0.1"}
VISIBLE = """document.querySelector(".xterm-screen").getBoundingClientRect().bottom
    <= document.querySelector(".keys").getBoundingClientRect().top"""


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path)


async def test_a_trainee_registers_a_family_and_no_request_leaves_the_machine(
    own: OwnKiosk, tmp_path: Path
) -> None:
    keys = keys_of(own, of(2))
    with classroom(own) as address:
        async with Browser(tmp_path) as browser:
            await browser.open(address)
            await browser.wait_for("F10")
            assert await browser.evaluate("document.querySelector('h1').textContent") == "Latihan Kiosk JKN"
            await browser.press(keys)
            await browser.wait_for("8/8")
            (code,) = {word for word in browser.text.split() if parse_reference(word)}
            await browser.press(b"\x1b[24~")
            await browser.wait_for("F10")
            assert await browser.evaluate(VISIBLE), "the last line is not hidden behind the strip"
            assert await browser.evaluate("document.fonts.check(\"16px 'Roboto Mono'\")")
            assert {host_of(url) for url in browser.urls} - {""} == LOOPBACK
            assert {urlsplit(url).scheme for url in browser.urls} >= {"http", "ws"}
            assert browser.said == []
    assert browser.reached("http://127.0.0.1") == LOOPBACK
    assert own.stored() == [], "the trainee's family is in the trainee's own store"
    (folder,) = (tmp_path / "store" / "web").iterdir()
    own.env = {"KIOSK_CONFIG": str(folder / "kiosk.toml"), "KIOSK_STORE": str(folder)}
    assert [one["reference"] for one in own.stored()] == [code]


async def test_the_page_that_textual_serve_brings_along_does_reach_out(tmp_path: Path) -> None:
    """The control: the same look at a page that asks for its font elsewhere."""
    with plain_server() as address:
        async with Browser(tmp_path) as browser:
            await browser.open(address)
            await browser.wait_until(lambda: any("textual.js" in url for url in browser.urls), "the page")
            assert {host_of(url) for url in browser.urls} > LOOPBACK
        assert browser.reached("http://127.0.0.1") > LOOPBACK


@contextmanager
def plain_server() -> Iterator[str]:
    """A server of textual-serve as it is; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = f"Server('true', host='127.0.0.1', port={port}).serve()"
    process = subprocess.Popen(
        [sys.executable, "-c", f"from textual_serve.server import Server; {serve}"], stdout=subprocess.DEVNULL
    )
    try:
        while not is_listening(port):
            assert process.poll() is None
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


def is_listening(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0

"""A running `kiosk web`, and a visitor without a browser: the same pages, the same web socket."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import Self

import aiohttp
import pyte
from aiohttp import WSMsgType

from tests.journeys.commands import OwnKiosk
from tests.journeys.families import PRACTICE
from tests.journeys.terminal import ROOT

PATIENCE = 40.0


@contextmanager
def classroom(own: OwnKiosk, *options: str) -> Iterator[str]:
    """A running `kiosk web`; its address. When told to end it says nothing and leaves no program behind."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk", "web", "--profile", "training", "--port", "0", *PRACTICE, *options],
        cwd=ROOT,
        env={"HOME": str(own.folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **own.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        rest, errors = process.communicate(timeout=60)
    assert (rest, errors, process.returncode) == ("", "", 0)


class Visitor:
    """Loads the page, keeps its cookie, and has a terminal for as long as it is entered."""

    def __init__(self, address: str, cookies: aiohttp.CookieJar | None = None) -> None:
        self.address = address
        self.cookies = cookies or aiohttp.CookieJar(unsafe=True)  # an address without a name has cookies too
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(cookie_jar=self.cookies)
        try:
            async with self.session.get(self.address):
                pass
            self.socket = await self.session.ws_connect(f"{self.address}ws", origin=self.address.rstrip("/"))
        except BaseException:
            await self.session.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()
        await self.session.close()

    async def press(self, keys: bytes) -> None:
        """Sends all of these at once."""
        await self.socket.send_str(json.dumps(["stdin", keys.decode()]))

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    async def wait_for(self, text: str) -> None:
        """Waits until the text is on the screen."""
        end = monotonic() + PATIENCE
        while text not in self.text:
            try:
                message = await self.socket.receive(max(end - monotonic(), 0.01))
            except TimeoutError:
                raise AssertionError(f"{text!r} did not come:\n{self.text}") from None
            assert message.type is WSMsgType.BINARY, f"{text!r} did not come:\n{self.text}"
            self._stream.feed(message.data)

    async def wait_for_end(self) -> None:
        """Waits until the program has been left."""
        end = monotonic() + PATIENCE
        while not self.socket.closed:
            await self.socket.receive(max(end - monotonic(), 0.01))

"""A headless Chromium that is spoken to over its own protocol, and every request that it makes."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import select
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import pyte

from tests.journeys.terminal import XTERM

PATIENCE = 30.0
CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)

_QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
)
"""What keeps the browser itself from talking to its makers; what a page asks for is not touched by it."""

_SPECIAL = {value: name for name, value in XTERM.items()} | {b"\r": "ENTER", b"\x7f": "BACKSPACE"}
_CODES = {"ENTER": ("Enter", 13), "DELETE": ("Delete", 46), "BACKSPACE": ("Backspace", 8)} | {
    f"F{number}": (f"F{number}", 111 + number) for number in range(1, 13)
}
_ONE = re.compile(rb"\x1bO.|\x1b\[[0-9;]*.|[\x00-\x7f]", re.S)


class Browser:
    """One browser with one page; `screen` is what its terminal was told to show."""

    def __init__(self, folder: Path, *, columns: int = 1000, lines: int = 700) -> None:
        self.folder = folder
        self.urls: list[str] = []
        self.said: list[str] = []
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self._window = f"--window-size={columns},{lines}"
        self._net_log = folder / "net.json"
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        try:
            await self._connect(await asyncio.to_thread(self._start))
        except BaseException:
            await self._leave()
            raise
        return self

    async def _connect(self, port: int) -> None:
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            (page,) = [one for one in await answer.json() if one["type"] == "page"]
        self._socket = await self._session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
        self._listener = asyncio.create_task(self._listen())
        for domain in ("Network", "Page", "Runtime", "Log"):
            await self.ask(f"{domain}.enable")

    def _start(self) -> int:
        """Starts the browser; the port at which it listens for us."""
        assert CHROMIUM is not None
        profile = self.folder / "profile"
        self._errors = (self.folder / "chromium.log").open("wb")
        self._process = subprocess.Popen(
            [
                *(CHROMIUM, *_QUIET, self._window, f"--user-data-dir={profile}", "--remote-debugging-port=0"),
                *(f"--log-net-log={self._net_log}", "about:blank"),
            ],
            stdout=self._errors,
            stderr=self._errors,
        )
        file, end = profile / "DevToolsActivePort", monotonic() + PATIENCE
        while not (file.is_file() and len(file.read_text().split()) > 1):
            assert monotonic() < end, "the browser does not start"
            assert self._process.poll() is None, "the browser has ended"
            select.select([], [], [], 0.02)
        return int(file.read_text().split()[0])

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(self.ask("Browser.close"), 5)
        self._listener.cancel()
        with suppress(asyncio.CancelledError):
            await self._listener
        await self._socket.close()
        await self._leave()

    async def _leave(self) -> None:
        await self._session.close()
        try:
            await asyncio.to_thread(self._process.wait, 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        self._errors.close()

    # The protocol.

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command, and its result."""
        self._number += 1
        number = self._number
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(answer, PATIENCE)

    async def _listen(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            waiting = self._answers.pop(told.get("id", 0), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(told.get("result", {"error": told.get("error")}))
            self._note(told.get("method", ""), told.get("params", {}))
            self._news.set()
            self._news.clear()

    def _note(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.urls.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.urls.append(params["url"])
                self.screen.reset()
            case "Network.webSocketFrameReceived" if params["response"]["opcode"] == 2:
                self._stream.feed(base64.b64decode(params["response"]["payloadData"]))
            case "Network.webSocketFrameSent":
                match json.loads(params["response"]["payloadData"]):
                    case ["resize", {"width": columns, "height": lines}]:
                        self.screen.resize(lines, columns)
            case "Runtime.exceptionThrown":
                self.said.append(json.dumps(params))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.said.append(json.dumps(params))

    # What a person does and sees.

    async def open(self, url: str) -> None:
        """Goes to a page."""
        await self.ask("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = await self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        return found.get("result", {}).get("value")

    async def press(self, keys: bytes) -> None:
        """Presses keys, given as an xterm would send them, without a pause between them."""
        for one in _ONE.findall(keys):
            name, number = _CODES.get(_SPECIAL.get(one, ""), (one.decode(), 0))
            text = {"text": "\r" if one == b"\r" else one.decode()} if not one.startswith(b"\x1b") else {}
            number = number or (ord(name.upper()) if name.isalnum() else 0)
            key = {"key": name, "windowsVirtualKeyCode": number}
            await self.ask("Input.dispatchKeyEvent", type="keyDown", **key, **text)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", **key)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    async def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits until the condition holds, looked at with each thing that the browser tells."""
        end = monotonic() + PATIENCE
        while not condition():
            assert monotonic() < end, f"{what} did not come; the screen:\n{self.text}\n{self.said}"
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), 0.5)

    async def wait_for(self, text: str) -> None:
        """Waits until the text is on the screen of the terminal."""
        await self.wait_until(lambda: text in self.text, repr(text))

    async def has_class(self, name: str) -> bool:
        """Whether the page has this class, which tells how its terminal stands."""
        return bool(await self.evaluate(f"document.body.classList.contains({name!r})"))

    # What went over the line; known once the browser has ended.

    def reached(self, site: str) -> set[str]:
        """Every host that was asked for or looked up on behalf of a site, by the record of the whole browser.

        What a browser asks its makers by itself has another cause, and stands there under that.
        """
        told = json.loads(self._net_log.read_text(encoding="utf-8"))
        events = [event.get("params") or {} for event in told["events"]]
        return {host for params in events if site in json.dumps(params) for host in _hosts(params)}


def _hosts(params: dict[str, Any]) -> list[str]:
    found = [str(params[name]) for name in ("url", "original_url", "host", "address") if params.get(name)]
    found += [str(one) for one in params.get("address_list") or ()]
    return [host for one in found if (host := host_of(one))]


def host_of(place: str) -> str:
    """The host of an address or a URL; empty where there is none, as in `data:` and `about:`."""
    if re.match(r"(data|about|chrome|chrome-extension|devtools|blob|chrome-untrusted):", place):
        return ""
    return urlsplit(place if "://" in place else f"//{place}").hostname or ""

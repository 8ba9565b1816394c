"""Each trainee has a store of their own, kept by a cookie; the classroom has limits."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from kiosk import config
from kiosk.schooling import certificate_key
from kiosk.web.visitors import Visitors, as_toml
from tests.journeys.commands import OwnKiosk
from tests.journeys.families import keys_of, of
from tests.journeys.terminal import ROOT, XTERM
from tests.web.serving import Visitor, classroom


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path)


@pytest.fixture
def visitors(own: OwnKiosk, monkeypatch: pytest.MonkeyPatch) -> Visitors:
    for name, value in own.env.items():
        monkeypatch.setenv(name, value)
    return Visitors(config.load(None, "training"))


async def test_one_trainee_never_sees_the_family_of_another(own: OwnKiosk) -> None:
    with classroom(own) as address:
        async with Visitor(address) as ani:
            await ani.press(keys_of(own, of(1)))
            await ani.wait_for("8/8")
            async with Visitor(address) as budi:
                await budi.wait_for("F8")
                await budi.press(keys_of(own, of(1)))  # the same people: not known to this store
                await budi.wait_for("8/8")
                await budi.press(XTERM["F12"])
                await budi.wait_for("L-")
        async with Visitor(address, ani.cookies) as again:
            await again.wait_for("L-")
        async with Visitor(address) as cici:
            await cici.wait_for("F8")
            await cici.press(XTERM["F12"] + XTERM["F10"])
            await cici.wait_for_end()
            assert "L-" not in cici.text
    folders = list((own.folder / "store" / "web").iterdir())
    assert len(folders) == 3
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert own.stored() == []


async def test_a_lesson_goes_on_after_the_page_was_closed(own: OwnKiosk) -> None:
    with classroom(own) as address:
        async with Visitor(address) as ani:
            await ani.press(XTERM["F2"] + b"1\r1\r\r" + XTERM["F1"] + XTERM["F3"])
            await ani.wait_for("4/10")
        async with Visitor(address, ani.cookies) as again:
            await again.press(XTERM["F2"] + b"1\r")
            await again.wait_for("lanjut di 4/10")
        async with Visitor(address) as budi:
            await budi.press(XTERM["F2"] + b"1\r")
            await budi.wait_for("2 menit")
            assert "lanjut di" not in budi.text


async def test_a_case_is_begun_in_the_page(own: OwnKiosk) -> None:
    with classroom(own) as address:
        async with Visitor(address) as ani:
            await ani.press(XTERM["F2"] + b"2\r1\r")
            await ani.wait_for("F10 Mulai")
            await ani.press(XTERM["F10"])
            await ani.wait_for("1/8")


async def test_the_class_is_full_and_says_so(own: OwnKiosk) -> None:
    with classroom(own, "--most", "1") as address:
        async with Visitor(address) as first:
            await first.wait_for("F10")
            async with aiohttp.ClientSession() as late, late.get(address) as page:
                assert page.status == 503
                assert "Semua tempat sedang dipakai" in await page.text()
            with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
                async with Visitor(address):
                    pass
        async with Visitor(address) as second:
            await second.wait_for("F10")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with a_session() as session:
        yield session


def a_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def test_the_page_asks_for_nothing_from_outside(own: OwnKiosk, session: aiohttp.ClientSession) -> None:
    with classroom(own) as address:
        async with session.get(address) as page:
            text, headers = await page.text(), page.headers
        assert '<html lang="id">' in text
        assert set(re.findall(r"(?:src|href)=\"(?!data:|static/|page/|\./)[^\"]*", text)) == set()
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy.pop("default-src") == "'none'"
        here = address.removeprefix("http://").rstrip("/")
        allowed = {"'self'", "'none'", "'unsafe-inline'", "data:", f"ws://{here}", f"wss://{here}"}
        assert {word for words in policy.values() for word in words.split()} <= allowed
        for name in re.findall(r"(?:src|href)=\"((?:static|page)/[^\"]*)", text):
            async with session.get(address + name) as part:
                assert part.status == 200, name
        async with session.get(f"{address}static/") as listing:
            assert listing.status == 403


async def test_who_has_not_loaded_the_page_gets_no_terminal(
    own: OwnKiosk, session: aiohttp.ClientSession
) -> None:
    with classroom(own) as address:
        origin = address.rstrip("/")
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(f"{address}ws", origin=origin)
        async with session.get(address):
            pass
        for elsewhere in ("http://example.org", None):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(f"{address}ws", origin=elsewhere)
        for cookie in ("../../keys", "x" * 23, ""):
            forged = {"Cookie": f"kiosk_visitor={cookie}"}
            async with a_session() as stranger:
                with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                    await stranger.ws_connect(f"{address}ws", origin=origin, headers=forged)
        assert not (own.folder / "store").exists()


async def test_what_makes_no_sense_is_passed_over(own: OwnKiosk) -> None:
    with classroom(own) as address:
        async with Visitor(address) as odd:
            for words in ("[", "{}", '["stdin", 5]', '["resize", {"width": "x", "height": 0}]', "[" * 5000):
                await odd.socket.send_str(words)
            await odd.socket.send_str('["resize", {"width": 999999999, "height": -3}]')
            await odd.socket.send_str('["resize", {"width": 80, "height": 24}]')
            await odd.wait_for("F8")


def test_a_visitors_program_has_places_of_its_own(
    visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = config.load(None, "training")
    token = visitors.greet(None)
    assert not visitors.knows(token)
    for name, value in visitors.seat(token).items():
        monkeypatch.setenv(name, value)
    theirs = config.load(None, "training")
    folder = visitors.folder / token
    assert theirs.store_dir == folder / "training"
    assert theirs.sms_spool == folder / "sms" / "training"
    assert theirs.key_file.parent == folder.parent.parent.parent / "keys"
    assert (theirs.receipts_dir, theirs.copies_dir, theirs.hub.url) == (None, None, "")
    assert certificate_key(theirs).public == certificate_key(ours).public, "one classroom signs for all"
    assert visitors.greet(token) == token
    assert visitors.greet("another") not in {token, "another"}


@pytest.mark.usefixtures("visitors")
def test_a_settings_file_is_read_back_as_it_was(own: OwnKiosk) -> None:
    own.settings.write_text(
        '[kiosk]\nplace = "Balai \\"Desa\\" \\\\ 2"\n[hub]\nminutes = 7\n', encoding="utf-8"
    )
    read = config.load(None, "training")
    written = tomllib.loads(as_toml(read))
    assert config.config_from(written) == read


def test_who_does_not_come_back_is_forgotten(visitors: Visitors) -> None:
    stays, goes = visitors.greet(None), visitors.greet(None)
    for token in (stays, goes):
        visitors.seat(token)
    other = visitors.folder / "notes"
    other.mkdir()
    long_ago = (visitors.folder / stays / "kiosk.toml").stat().st_mtime - 31 * 24 * 60 * 60
    os.utime(visitors.folder / goes / "kiosk.toml", (long_ago, long_ago))
    visitors.tidy()
    assert {folder.name for folder in visitors.folder.iterdir()} == {stays, "notes"}


@pytest.mark.parametrize("profile", ["counter", "village"])
def test_the_browser_is_for_practice_alone(own: OwnKiosk, profile: str) -> None:
    done = own.run("web", profile=profile)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--profile training" in done.stderr


@pytest.mark.parametrize(
    "place", [("--host", "198.51.100.7"), ("--port", "99999"), ("--host", "no such host")]
)
def test_an_address_that_is_not_here_is_refused_in_words(own: OwnKiosk, place: tuple[str, str]) -> None:
    done = own.run("web", *place)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"kiosk: the pages cannot be served there: ")


def test_without_its_libraries_it_says_what_to_install(own: OwnKiosk) -> None:
    program = (
        "import importlib.util as u, sys; find = u.find_spec; "
        "u.find_spec = lambda name: None if name == 'textual_serve' else find(name); "
        "from kiosk.cli import run; sys.exit(run(['web', '--profile', 'training']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **own.env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "kiosk-jkn[web]; missing: textual_serve" in done.stderr

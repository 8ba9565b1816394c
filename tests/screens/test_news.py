"""What another program writes is seen on the screen within a second or two, and nothing else moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk import bootstrap
from kiosk.bootstrap import Services
from kiosk.config import Config
from kiosk.errors import StoreError
from kiosk.language import Language
from kiosk.services.sync_ports import SyncNote
from kiosk.store.sync_note import SyncNoteFile
from screens.base import Page, Shell
from screens.context import Context
from screens.home import HomePage
from screens.registration.account import AccountPage
from tests.builders import TODAY, a_member
from tests.screens.driven import Driven, driven
from tests.screens.hub_words import accepted, refused, registered
from tests.screens.stage import settings
from tests.unit.hub_pen import HubPen

OTHER: dict[str, Any] = {"kk": "9901010101200099", "members": [a_member(serial=50, name="WATI SUSANTI")]}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return settings(tmp_path)


@pytest.fixture
def elsewhere(config: Config) -> Iterator[Services]:
    """Another program on the same store."""
    services = bootstrap.services(config, today=TODAY)
    yield services
    services.close()


@asynccontextmanager
async def at(config: Config, page: Callable[[Context], Page]) -> AsyncIterator[tuple[Driven, Context]]:
    """The kiosk with this first page on an open store."""
    contexts: list[Context] = []

    def first(shell: Shell) -> Page:
        contexts.append(
            Context(shell, config, lambda: bootstrap.services(config, today=TODAY), Language("id"))
        )
        return page(contexts[0])

    async def has_news() -> bool:
        return await contexts[0].has_news()

    async def on_news(_: Shell) -> None:
        await contexts[0].take_news()

    async with driven(first, has_news=has_news, on_news=on_news) as kiosk:
        context = contexts[0]
        await context.ready()
        begin = kiosk.app.shell.top.begin  # type: ignore[union-attr]
        await begin()
        kiosk.app.redraw()
        await beat(kiosk)
        yield kiosk, context
        await kiosk.app.shell.run(context.services.close)


async def beat(kiosk: Driven) -> None:
    """A second passes: the store's pulse is felt, and what follows from it is done and drawn."""
    kiosk.app._on_second()
    assert kiosk.app._asking is not None
    await asyncio.wait([kiosk.app._asking])
    await kiosk.app.pipeline.settle()


async def test_what_another_program_stores_appears(config: Config, elsewhere: Services) -> None:
    async with at(config, HomePage) as (kiosk, _):
        assert "WATI" not in kiosk.text
        one = registered(elsewhere, **OTHER)
        await beat(kiosk)
        assert one.reference in kiosk.text
        assert "1 menunggu kirim" in kiosk.text
        refused(elsewhere, one)
        await beat(kiosk)
        assert "1 perlu diperbaiki" in kiosk.text
        assert "Perlu diperbaiki: 1" in kiosk.text
        assert "menunggu kirim" not in kiosk.text


async def test_a_number_being_typed_means_the_line_that_was_seen(config: Config, elsewhere: Services) -> None:
    one = registered(elsewhere)
    async with at(config, HomePage) as (kiosk, _):
        await kiosk.press("1")
        refused(elsewhere, registered(elsewhere, **OTHER))
        await beat(kiosk)
        assert "1 perlu diperbaiki" in kiosk.text
        assert "W*** S******" not in kiosk.text
        await kiosk.press("enter")
        assert one.reference in kiosk.text
        assert "W*** S******" not in kiosk.text
        await kiosk.press("f3")
        assert "W*** S******" in kiosk.text


async def test_what_is_written_before_the_first_look_is_news_as_well(
    config: Config, elsewhere: Services
) -> None:
    async with at(config, HomePage) as (kiosk, context):
        await context.refresh()
        one = registered(elsewhere)
        await beat(kiosk)
        assert one.reference in kiosk.text


async def test_the_list_is_read_as_soon_as_nothing_is_typed(config: Config, elsewhere: Services) -> None:
    async with at(config, HomePage) as (kiosk, _):
        await kiosk.press("1")
        registered(elsewhere, **OTHER)
        await beat(kiosk)
        assert "1 menunggu kirim" in kiosk.text
        assert "W*** S******" not in kiosk.text
        await kiosk.press("backspace")
        assert "W*** S******" in kiosk.text


async def test_the_page_of_a_registration_follows_the_hub(config: Config, elsewhere: Services) -> None:
    one = registered(elsewhere)
    async with at(config, lambda context: AccountPage(context, one, again=True)) as (kiosk, _):
        assert "Tersimpan, menunggu kirim" in kiosk.text
        accepted(elsewhere, one)
        await beat(kiosk)
        assert "Diterima 22-11-2026 10:41" in kiosk.text
        assert "BELUM DIKIRIM" not in kiosk.text


async def test_what_lies_under_another_page_is_up_to_date_as_well(
    config: Config, elsewhere: Services
) -> None:
    async with at(config, HomePage) as (kiosk, _):
        await kiosk.press("f1")
        registered(elsewhere, **OTHER)
        await beat(kiosk)
        assert "Bantuan" in kiosk.lines[1]
        await kiosk.press("enter")
        assert "W*** S******" in kiosk.text


async def test_nothing_is_drawn_while_nobody_writes(config: Config, elsewhere: Services) -> None:
    registered(elsewhere)
    async with at(config, HomePage) as (kiosk, _):
        drawn: list[object] = []
        kiosk.app.pipeline._draw = lambda: drawn.append(None)
        await beat(kiosk)
        await beat(kiosk)
        assert drawn == []
        registered(elsewhere, **OTHER)
        await beat(kiosk)
        assert drawn, "control: news are drawn"


@pytest.mark.parametrize("fails", ["page", "pulse"])
async def test_a_store_that_cannot_be_read_now_is_read_later(
    config: Config, elsewhere: Services, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    one = registered(elsewhere)
    async with at(config, HomePage) as (kiosk, context):

        def locked(*_: object, **__: object) -> None:
            raise StoreError("store.locked")

        with monkeypatch.context() as patched:
            patched.setattr(
                type(context.services.queries if fails == "page" else context.services), fails, locked
            )
            registered(elsewhere, **OTHER)
            await beat(kiosk)
            assert kiosk.app.failure is None
            assert one.reference in kiosk.text
            assert "W*** S******" not in kiosk.text
        registered(elsewhere, kk="9901010101200077", members=[a_member(serial=60, name="EKO")])
        await beat(kiosk)
        assert "W*** S******" in kiosk.text
        assert "E**" in kiosk.text


async def test_the_network_is_news_though_nothing_was_written(config: Config, elsewhere: Services) -> None:
    with elsewhere.open_work() as work:
        work.identity.put(HubPen().identity())
        work.commit()
    notes = SyncNoteFile(config.store_dir)
    async with at(config, HomePage) as (kiosk, context):
        assert "Luring" in kiosk.text
        now = context.services.clock.now().wall
        for note, shown in (
            (SyncNote(now, now), "Daring"),
            (SyncNote(now, _ago(now, -0.1), "hub.unreachable"), "Luring"),
            (SyncNote(_ago(now, 10.9), _ago(now, 10.9)), "Daring"),
            (SyncNote(_ago(now, 12), _ago(now, 12)), "Luring"),
        ):
            notes.remember(note)
            await beat(kiosk)
            assert shown in kiosk.text


def _ago(now: str, minutes: float) -> str:
    return (datetime.fromisoformat(now) - timedelta(minutes=minutes)).isoformat()

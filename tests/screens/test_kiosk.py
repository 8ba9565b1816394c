"""The pages in the real program, driven by Pilot: their work runs in the store thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk import bootstrap
from kiosk.config import Config
from kiosk.language import Language
from kiosk.services.clerk import Clerk
from screens.base import Page, Shell
from screens.context import Context
from screens.home import HomePage
from screens.keys import Press
from tests.builders import TODAY, a_draft
from tests.screens.driven import Driven, driven
from tests.screens.stage import settings


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return settings(tmp_path)


def first_page(config: Config) -> tuple[Callable[[Shell], Page], list[Context]]:
    """What makes the first page, and where its context will be."""
    contexts: list[Context] = []

    def first(shell: Shell) -> Page:
        context = Context(
            shell, config, lambda: bootstrap.services(config, today=TODAY, seed=7), Language("id")
        )
        contexts.append(context)
        return HomePage(context)

    return first, contexts


def clerks_keys(config: Config) -> list[str]:
    """The names of the keys for a family of three; the store is opened and closed again."""
    services = bootstrap.services(config, today=TODAY, seed=7)
    clerk = Clerk(a_draft(), services.rules(), services.membership.known_for, randomness=services.proofs)
    strokes = clerk.keys()
    names = [stroke.name for stroke in strokes]
    services.close()
    return names


async def close(kiosk: Driven, context: Context) -> None:
    await kiosk.app.shell.run(context.services.close)


async def test_a_family_from_the_first_key_to_the_receipt(config: Config) -> None:
    names = clerks_keys(config)
    first, contexts = first_page(config)
    async with driven(first) as kiosk:
        assert "Membuka penyimpanan" in kiosk.text
        await kiosk.press(*names)
        assert "TERSIMPAN DI KIOSK, BELUM DIKIRIM, BELUM AKTIF" in kiosk.text
        await kiosk.press("f12")
        assert "1 menunggu kirim" in kiosk.lines[0]
        assert kiosk.cursor is not None
        await close(kiosk, contexts[0])


async def test_keys_put_ahead_of_the_store_are_kept(config: Config) -> None:
    """All presses wait in the pipeline before the store is even open."""
    from screens.keys import KeyMap  # noqa: PLC0415

    names = clerks_keys(config)
    first, contexts = first_page(config)
    key_map = KeyMap()
    async with driven(first) as kiosk:
        for name in names:
            press = key_map.press(name, CHARACTERS.get(name, name if len(name) == 1 else None), 0.0)
            assert isinstance(press, Press), name
            kiosk.app.pipeline.put(press)
        await kiosk.app.pipeline.settle()
        assert "TERSIMPAN DI KIOSK" in kiosk.text
        await close(kiosk, contexts[0])


CHARACTERS = {"space": " ", "full_stop": ".", "at": "@", "minus": "-", "slash": "/", "apostrophe": "'"}


async def test_a_pasted_answer_is_one_press(config: Config) -> None:
    from textual import events  # noqa: PLC0415

    first, contexts = first_page(config)
    async with driven(first) as kiosk:
        await kiosk.press("f10", "f10")
        await kiosk.app.on_event(events.Paste("990101 010120\n0012"))
        await kiosk.press("enter")
        assert "990101 010120 0012" in kiosk.text
        assert "Ketik lima huruf" in kiosk.text
        await close(kiosk, contexts[0])


async def test_a_store_that_cannot_be_opened_is_said_on_the_page(config: Config, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    first, _ = first_page(config)
    async with driven(first) as kiosk:
        await kiosk.press("f10")
        assert "Penyimpanan" in kiosk.text
        assert kiosk.app.is_running


async def test_the_larger_window_is_filled(config: Config) -> None:
    first, contexts = first_page(config)
    async with driven(first, size=(120, 40)) as kiosk:
        await kiosk.press("f10")
        assert len(kiosk.lines) == 40
        assert kiosk.lines[39].startswith(" F1 Bantuan")
        await close(kiosk, contexts[0])

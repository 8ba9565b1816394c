"""A person at the pages of a kiosk without a terminal: presses keys and reads the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from kiosk.bootstrap import Services
from kiosk.commands.keys import pages_of
from kiosk.domain.draft import Draft
from kiosk.domain.registration import Registration
from kiosk.language import Language
from kiosk.services.answering import answers_of, filled
from kiosk.services.clerk import Clerk, Stroke
from screens.base import Companion, Page
from screens.context import Context
from screens.home import HomePage
from screens.journey import Journey
from screens.keys import Key, Press
from screens.safe import safe_text
from screens.view import HEIGHT, WIDTH

T = TypeVar("T")

_KEYS = {
    "enter": Key.ENTER,
    "delete": Key.DELETE,
    "backspace": Key.BACKSPACE,
    "up": Key.UP,
    "down": Key.DOWN,
    "pgup": Key.PAGE_UP,
    "f1": Key.HELP,
    "f3": Key.BACK,
    "f4": Key.CHOICES,
    "f5": Key.AGAIN,
    "f6": Key.SAME,
    "f8": Key.REVEAL,
    "f9": Key.LATER,
    "f10": Key.NEXT,
    "f12": Key.FINISH,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is: the step (or the class of another page), and the row."""

    page: str
    row: str


class Hand:
    """The `Shell` of a program without a terminal; work runs at once in the caller's thread."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.pages: list[Page] = []
        self.context = Context(
            self, services.config, lambda: services, Language(services.config.kiosk.language)
        )

    def show(self, page: Page) -> None:
        self.pages = [page]

    def push(self, page: Page) -> None:
        self.pages.append(page)

    def pop(self) -> None:
        if len(self.pages) > 1:
            self.pages.pop()

    def accompany(self, companion: Companion | None) -> None:
        """Nobody goes along here."""

    def redraw(self) -> None:
        """Nobody looks meanwhile."""

    async def run(self, function: Callable[..., T], *args: object) -> T:
        return function(*args)

    def leave(self, code: int = 0) -> None:
        """The program is not left here."""

    async def start(self) -> Hand:
        """The first screen, with the store open."""
        page = HomePage(self.context)
        self.show(page)
        await page.begin()
        return self

    async def press(self, stroke: Stroke) -> None:
        """One key."""
        key = Press(Key.TEXT, stroke.character) if stroke.character else Press(_KEYS[stroke.name])
        await self.pages[-1].press(key)

    async def type(self, text: str, *names: str) -> None:
        """A text, then keys by name."""
        for character in text:
            await self.press(Stroke(character, character))
        for name in names:
            await self.press(Stroke(name))

    @property
    def top(self) -> Page:
        return self.pages[-1]

    @property
    def place(self) -> Place:
        page = self.pages[0]
        return Place(str(getattr(page, "step", type(page).__name__)), str(getattr(page, "path", "")))

    @property
    def journey(self) -> Journey | None:
        """The family in hand, if any."""
        for name in ("journey", "_journey"):
            found = getattr(self.pages[0], name, None)
            if isinstance(found, Journey):
                return found
        return None

    @property
    def receipt(self) -> Registration | None:
        """The registration that the screen shows as stored, if any."""
        found = getattr(self.pages[0], "_registration", None)
        return found if isinstance(found, Registration) else None

    def lines(self) -> list[str]:
        """The screen as text, without the blanks at the ends of lines."""
        view = self.top.view(WIDTH, HEIGHT)
        return [safe_text("".join(span.text for span in line)).rstrip() for line in view.lines]


def wanted_draft(house: Services, family: Mapping[str, Any]) -> Draft:
    """A family file as the answers of a draft that is in no store."""
    answers, problems = answers_of(family)
    if problems:
        raise ValueError(f"no family: {problems}")
    return filled(house.drafts.start(), answers, house.rules().terms_version)


def strokes(house: Services, family: Mapping[str, Any]) -> list[Stroke]:
    """The keys that `kiosk keys` gives for a family on this kiosk."""
    clerk = Clerk(
        wanted_draft(house, family),
        house.rules(),
        house.membership.known_for,
        default_facility=house.config.kiosk.fktp,
        pages=pages_of(house.config),
        randomness=house.proofs,
    )
    return list(clerk.keys())


def only_draft(house: Services) -> Draft | None:
    """The one draft of a store that has at most one; ValueError where it has more."""
    found = house.drafts.page(limit=2)
    if len(found) > 1:
        raise ValueError("more than one draft")
    return house.drafts.resume(found[0].id) if found else None

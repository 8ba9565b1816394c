"""One random walk: two people at the pages of one store, and what befalls the machine meanwhile."""

from __future__ import annotations

import random
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.bootstrap import Services, services
from kiosk.domain.draft import split_member_path
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Registration, State
from kiosk.errors import KioskError
from screens.dialogs import Confirm
from screens.home import HomePage
from screens.keys import Key, Press
from tests.faults import crew
from tests.faults.clock import JUMPS, Machine
from tests.faults.families import answers, family, settings, steps
from tests.faults.hand import Hand
from tests.faults.invariants import Acknowledged, Broken
from tests.faults.planted import Plant
from tests.screens.hub_words import refused

_A_MONTH = 31 * 86_400
REFUSED = "address.street"
"""What the hub finds wrong in a walk."""

_NONSENSE = (
    "abc",
    "99",
    "0",
    "9901011208800001",
    "[/b]",
    "\x1b[2J",
    "é" * 60,
    "31-02-1980",
    "12345678901234567",
)
_ANY_KEYS = (
    Key.HELP, Key.BACK, Key.SAME, Key.REVEAL, Key.LATER, Key.NEXT, Key.FINISH, Key.UP, Key.DOWN,
    Key.DELETE, Key.BACKSPACE, Key.ENTER, Key.PAGE_UP, Key.PAGE_DOWN, Key.AGAIN, Key.CHOICES,
)  # fmt: skip


@dataclass(slots=True)
class Person:
    """One of the two: their kiosk, and the family that they have come to register."""

    hand: Hand
    number: int


class Walk:
    """A walk in a folder of its own; everything in it follows from `draw` and `seed`."""

    def __init__(self, folder: Path, draw: random.Random, seed: int) -> None:
        folder.mkdir()
        self._folder, self._draw, self._seed = folder, draw, seed
        self._machine = Machine()
        self._known = Acknowledged()
        self._people: list[Person] = []
        self._full_for = 0

    async def go(self, actions: int, plant: Plant | None = None) -> list[Broken]:
        """Walks until something is broken or so many actions are done; what is broken."""
        for number in (1, 2):
            self._people.append(Person(Hand(self._opened()), number))
        try:
            self._prepare()
            for person in self._people:
                await person.hand.start()
            for _ in range(actions):
                await self._act()
                if plant is not None:
                    plant(self._house, self._draw)
                broken = list(self._known.broken_in(self._house))
                if broken:
                    return broken
        finally:
            for person in self._people:
                person.hand.services.close()
        return []

    @property
    def _house(self) -> Services:
        return self._people[0].hand.services

    def _opened(self) -> Services:
        clock = self._machine.clock()
        house = services(settings(self._folder, reserve_mib=1), seed=self._seed, clock=clock)
        last = house.open_work.last_moment()
        if last is not None:
            clock.remember(last)
        return house

    def _prepare(self) -> None:
        """Staff, and a family that stopped somewhere, so that walks begin anywhere; at times two."""
        crew.engage(self._house)
        if self._draw.random() < 0.4:
            self._come_through(2, 1.0)
        self._come_through(1, self._draw.random() ** 0.5)

    def _come_through(self, number: int, part: float) -> None:
        """A family that fills in this part of the whole, at once."""
        house = self._house
        way = list(steps(family(self._seed, number)))
        draft: Any = house.drafts.start()
        for _, call in way[: round((len(way) + 1) * part)]:
            self._machine.run(1)
            found = call(house, draft)
            draft = draft if found is None else found
            self._acknowledge(draft)

    # Actions.

    async def _act(self) -> None:
        person = self._draw.choice(self._people)
        befalls: tuple[tuple[int, Callable[[Person], Awaitable[None]]], ...] = (
            (70, self._right),
            (6, self._nonsense),
            (8, self._any_key),
            (4, self._cut_off),
            (3, self._jump),
            (3, self._fill_disk),
            (3, self._discard),
            (3, self._submit_again),
            (3, self._change_turns),
            (2, self._take_back),
            (4, self._hub_refuses),
            (1, self._close_day),
            (1, self._month),
        )
        weights = [weight for weight, _ in befalls]
        action = self._draw.choices([one for _, one in befalls], weights)[0]
        self._machine.run(self._draw.choice((1, 5, 70)))
        self._full_for = max(self._full_for - 1, 0)
        with self._disk():
            await action(person)
        person.hand.lines()
        for one in self._people:
            self._look(one)

    def _look(self, person: Person) -> None:
        """What the screen of a person acknowledges."""
        journey = person.hand.journey
        if journey is not None:
            self._acknowledge(journey.draft)
        if person.hand.receipt is not None:
            self._acknowledge(person.hand.receipt)

    def _acknowledge(self, stored: Any) -> None:
        if isinstance(stored, Registration):
            self._known.receipt(stored)
        else:
            self._known.draft(stored)

    async def _press(self, person: Person, key: Key, text: str = "") -> None:
        await person.hand.top.press(Press(key, text))

    async def _right(self, person: Person) -> None:
        """What a person who makes no mistake does next."""
        hand = person.hand
        if hand.top is not hand.pages[0]:
            await self._press(person, self._draw.choice((Key.BACK, Key.BACK, Key.NEXT)))
            if not hand.pages:
                await hand.start()
            return
        step = hand.place.page
        if isinstance(hand.top, HomePage):
            await self._from_home(person)
        elif step in {"terms", "review"}:
            await self._press(person, Key.NEXT)
        elif step == "account":
            await self._press(person, Key.FINISH)
        else:
            await self._fill_in(person, hand.place.row)

    async def _from_home(self, person: Person) -> None:
        services = person.hand.services
        listed = services.mending.count() + len(services.drafts.page(limit=3))
        if listed and self._draw.random() < 0.7:
            await self._press(person, Key.TEXT, str(self._draw.randint(1, listed)))
            await self._press(person, Key.ENTER)
        else:
            person.number = self._draw.randint(1, 6)
            await self._press(person, Key.NEXT)

    async def _fill_in(self, person: Person, row: str) -> None:
        text = self._answer(person, row)
        if text is None:
            await self._press(person, Key.NEXT)
            return
        editor = getattr(person.hand.top, "editor", None)
        if editor is not None and not editor.suggested:
            await self._press(person, Key.END)
            for _ in range(len(editor.text)):
                await self._press(person, Key.BACKSPACE)
        if text:
            await self._press(person, Key.TEXT, text)
        await self._press(person, Key.ENTER)
        if row == "consent.accepted":
            await self._press(person, Key.NEXT)

    def _answer(self, person: Person, row: str) -> str | None:
        """What belongs into a row; None where the step is done."""
        page: Any = person.hand.top
        journey = person.hand.journey
        if journey is None:
            return None
        kk = journey.draft.answer("kk").strip()
        number = next((n for n in range(1, 7) if family(self._seed, n)["kk"] == kk), person.number)
        wanted = family(self._seed, number)
        if row == "captcha":
            return str(page._desk.challenge.answer)
        if row == "otp":
            phone = person.hand.services.phone
            text = phone.latest(page._phone) if phone is not None else None
            return next((word for word in (text or "").replace(".", " ").split() if len(word) == 6), "000000")
        member = split_member_path(row)
        if member is not None and member[0] >= len(wanted["members"]):
            return None
        if row == REFUSED and journey.mends:
            return f"Jl. Mawar {number}"
        given: dict[str, str] = {"consent.accepted": "y", "consent.guardian": wanted["members"][0]["name"]}
        return {**answers(wanted), **given}.get(row, "")

    async def _nonsense(self, person: Person) -> None:
        await self._press(person, Key.TEXT, self._draw.choice(_NONSENSE))
        await self._press(person, Key.ENTER)

    async def _any_key(self, person: Person) -> None:
        if isinstance(person.hand.top, Confirm) or not isinstance(person.hand.top, HomePage):
            await self._press(person, self._draw.choice(_ANY_KEYS))

    async def _discard(self, person: Person) -> None:
        """Throws the first draft of the list away, as staff do."""
        if not isinstance(person.hand.pages[0], HomePage):
            return
        await person.hand.start()
        services = person.hand.services
        cards = services.mending.cards(limit=1)
        first = cards[0].draft_id if cards else next((one.id for one in services.drafts.page(limit=1)), "")
        version = str(services.queries.registration(cards[0].reference).version) if cards else ""
        await self._press(person, Key.TEXT, "1")
        await self._press(person, Key.DELETE)
        if isinstance(person.hand.top, Confirm) and first:
            self._known.given_up.add((first, version))
            await self._press(person, Key.NEXT)

    async def _submit_again(self, person: Person) -> None:
        """Sends a family that is registered a second time; it stays one registration."""
        registered = [draft for draft in self._known.drafts.values() if self._is_registered(draft.id)]
        if registered:
            with suppress(KioskError):
                draft = self._draw.choice(registered)
                again = person.hand.services.registrar.submit(draft, person.hand.services.rules())
                assert again.registration is not None
                self._acknowledge(again.registration)

    def _is_registered(self, draft_id: str) -> bool:
        with self._house.open_work.reading() as work:
            return work.registrations.by_draft(draft_id) is not None

    async def _hub_refuses(self, person: Person) -> None:
        """The hub refuses a registration, which then waits to be mended."""
        house = person.hand.services
        with house.open_work.reading() as work:
            waiting = work.registrations.batch(state=State.SUBMITTED, limit=3)
        if waiting:
            with suppress(KioskError):
                refused(house, self._draw.choice(waiting), [Problem(REFUSED, "address.missing")], "")

    # What staff do beside the families.

    async def _change_turns(self, person: Person) -> None:
        """Somebody signs in, or out, wherever the family in hand stands."""
        journey = person.hand.journey
        with suppress(KioskError):
            if self._draw.random() < 0.2:
                crew.sign_out(person.hand.services)
            else:
                in_hand = journey.draft if journey is not None else None
                crew.take_turn(person.hand.services, self._draw, in_hand)

    async def _take_back(self, person: Person) -> None:
        """Two people take a registration back."""
        with suppress(KioskError):
            voided = crew.take_back(person.hand.services, self._draw, self._known.receipts.values())
            if voided is not None:
                self._acknowledge(voided)

    async def _close_day(self, person: Person) -> None:
        with suppress(KioskError):
            crew.close_day(person.hand.services)

    # What befalls the machine.

    async def _cut_off(self, person: Person) -> None:
        """The program of one of the two ends without a word, and is started again."""
        person.hand = Hand(self._opened())
        await person.hand.start()

    async def _jump(self, _: Person) -> None:
        """The clock is set, with or without a restart of the machine."""
        jump = self._draw.choice(JUMPS)
        self._machine.suffer(jump)
        if jump.restart and jump.seconds > _A_MONTH:
            # To the kiosk it was off for so long: what was unfinished then is told of, and may be removed.
            self._known.given_up |= set(self._known.drafts)
        if jump.restart:
            for person in self._people:
                await self._cut_off(person)

    async def _month(self, _: Person) -> None:
        """Nobody comes for a month: what is unfinished by now may be removed."""
        self._machine.run(_A_MONTH)
        self._known.given_up |= set(self._known.drafts)

    async def _fill_disk(self, _: Person) -> None:
        """No file grows for a while."""
        self._full_for = self._draw.randint(1, 4)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """While the disk is full, no write goes past the end of the store's longest file."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        if self._full_for:
            largest = max(path.stat().st_size for path in self._folder.rglob("kiosk.db*"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

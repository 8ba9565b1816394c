"""The pages on a real store, driven by key names and read as 24 lines of 80, without Textual."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from rich.cells import cell_len

from kiosk import bootstrap
from kiosk.clock import SystemClock
from kiosk.config import Config
from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft
from kiosk.domain.family import read_answer
from kiosk.domain.flow import Fact, Step, again_fact, fingerprint, step_of
from kiosk.domain.identifiers import digits_only
from kiosk.errors import NEXT_PERSON
from kiosk.language import Language
from kiosk.services.clerk import Stroke
from kiosk.services.receipt import PRACTICE_MARK
from screens import navigation
from screens.base import Companion, Page
from screens.context import Context
from screens.home import HomePage
from screens.journey import Journey
from screens.keys import FUNCTION_KEYS, Key, Press
from screens.safe import safe_text
from screens.shell import Alone
from screens.view import HEIGHT, WIDTH
from screens.village.welcome import WelcomePage
from tests.builders import TODAY, a_draft, a_family

T = TypeVar("T")

NAMES: Mapping[str, Key] = MappingProxyType(
    {f"F{number}": key for number, key in FUNCTION_KEYS.items()}
    | {
        "ENTER": Key.ENTER,
        "UP": Key.UP,
        "DOWN": Key.DOWN,
        "LEFT": Key.LEFT,
        "RIGHT": Key.RIGHT,
        "HOME": Key.HOME,
        "END": Key.END,
        "PGUP": Key.PAGE_UP,
        "PGDN": Key.PAGE_DOWN,
        "BACKSPACE": Key.BACKSPACE,
        "DEL": Key.DELETE,
        "DELETE": Key.DELETE,
    }
)
"""What `Stage.keys` takes as a key; anything else is typed character by character."""

_RAW_KEY = re.compile(
    r"(?<![@.\w])(?:screen|field|question|example|problem|help|outcome|state|segment|receipt)\.[a-z_]+(?:\.\w+)*\b"
)
_UNFILLED = re.compile(r"\{[a-z_]+\}")


NINE_IN_THE_MORNING = datetime(2026, 11, 22, 9, tzinfo=timezone(timedelta(hours=7))).timestamp()


class StageClock(SystemClock):
    """A clock that stands still until a test puts it forward."""

    def __init__(self, today: date | None = None, zone: str = "Asia/Jakarta") -> None:
        self.ahead_ns = 10**9
        super().__init__(today, zone, wall=self._wall_seconds, ticks=lambda: self.ahead_ns, boot="boot-1")

    def _wall_seconds(self) -> float:
        return NINE_IN_THE_MORNING + self.ahead_ns / 10**9

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.ahead_ns += round(seconds * 10**9)


def settings(folder: Path, profile: str = "training", **changes: Any) -> Config:
    """The settings of a profile with all its folders in `folder`; `changes` go to the profile's own table.

    Nobody signs in at the counter unless a test says so.
    """
    config = Config()
    kiosk = replace(config.kiosk, profile=profile)
    store = replace(config.store, dir=str(folder / "data"), keys=str(folder / "keys"))
    sms = replace(config.sms, spool=str(folder / "sms"))
    if profile == "counter":
        changes = {"sign_in": False} | changes
    own = replace(getattr(config, profile), **changes)
    return replace(config, kiosk=kiosk, store=store, sms=sms, **{profile: own})


class Stage:
    """The `Shell` of a program without a terminal; work runs at once, in the test's own thread.

    After every key the frame is looked at: 24 lines, none wider than 80 cells, no text key or
    place-holder in it, the cursor within, and in practice alone the word LATIHAN on its first line.
    """

    def __init__(
        self, config: Config, *, language: str = "id", today: date | None = TODAY, seed: int | None = 7
    ) -> None:
        self.config = config
        self.pages: list[Page] = []
        self.companion: Companion = Alone()
        self.left: int | None = None
        self.served = 0
        """How many people have left a kiosk without staff."""
        self._is_over = False
        self.services = bootstrap.services(config, today=today, seed=seed)
        self.context = Context(self, config, lambda: self.services, Language(language))

    # The shell.

    def show(self, page: Page) -> None:
        self.pages = [page]

    def push(self, page: Page) -> None:
        self.pages.append(page)

    def pop(self) -> None:
        if len(self.pages) > 1:
            self.pages.pop()

    def accompany(self, companion: Companion | None) -> None:
        self.companion = companion or Alone()

    def redraw(self) -> None:
        self.check()

    async def run(self, function: Callable[..., T], *args: object) -> T:
        await asyncio.sleep(0)
        return function(*args)

    def leave(self, code: int = 0) -> None:
        if code == NEXT_PERSON:
            self._is_over = True
        else:
            self.left = code

    async def settle(self) -> None:
        """Lets what runs beside the keys come to its end, and begins anew where a process has ended."""
        while beside := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(beside)
        if self._is_over:
            self._is_over = False
            self.served += 1
            self.context = Context(
                self, self.config, lambda: self.services, Language(self.context.config.kiosk.language)
            )
            await self.start()

    # What a test does.

    async def menu(self) -> Stage:
        """The page on which a family is begun or found; where there is no staff, behind the language."""
        await self.start()
        if self.context.is_public:
            await self.keys("F10")
        return self

    async def start(self) -> Stage:
        """The first screen, with the store open."""
        page = navigation.first_page(self.context)
        self.show(page)
        await page.begin()
        self.check()
        return self

    async def keys(self, *names: str) -> None:
        """Presses keys by name and types the rest."""
        for name in names:
            key = NAMES.get(name)
            presses = [Press(key)] if key else [Press(Key.TEXT, character) for character in name]
            for press in presses:
                await self._press(press)

    async def paste(self, text: str) -> None:
        """Pastes a text in one press."""
        await self._press(Press(Key.TEXT, text))

    async def play(self, strokes: Iterable[Stroke]) -> None:
        """The keys of the perfect clerk."""
        for stroke in strokes:
            await self.keys(stroke.character or stroke.name.upper())

    async def _press(self, press: Press) -> None:
        await self.companion.press(self.top, press)
        await self.settle()
        self.check()

    def tick(self, seconds: int = 1) -> bool:
        """Time passes, and the page on top is told each second; whether it asked to be drawn at the last."""
        asked = False
        for _ in range(seconds):
            self.clock.advance(1)
            tick = getattr(self.top, "tick", None)
            asked = (tick is not None and tick()) | self.companion.tick()
        self.check()
        return asked

    async def open(
        self,
        step: Step,
        family: Mapping[str, Any] | None = None,
        *,
        at: str = "",
        answers: Mapping[str, str | None] | None = None,
        without: Iterable[Step] = (),
    ) -> Journey:
        """A draft with a family's answers, everything before `step` proved, shown at `step`.

        `without` are the steps whose answers are left out.
        """
        filled = a_draft(a_family() if family is None else family)
        left_out = set(without)
        kept = {path: raw for path, raw in filled.answers.items() if step_of(path) not in left_out}
        draft = self.services.drafts.start().with_answers(kept).with_answers(answers or {})
        here = at or ("review" if step is Step.REVIEW else "")
        return await self.take_up(draft.with_facts(self.facts_for(draft)).moved_to(here), step, at)

    async def take_up(self, draft: Draft, step: Step, at: str = "") -> Journey:
        """Stores the draft and shows it at `step`."""
        await self.context.ready()
        journey = await Journey.resume(self.context, self.services.drafts.save(draft))
        await navigation.open_step(self.context, journey, step, at)
        self.check()
        return journey

    def facts_for(self, draft: Draft) -> dict[str, str]:
        """What is established of a family that has come through every step but consent."""
        phone = read_answer(draft, "contact.phone", self.services.rules()).value
        niks = [digits_only(raw) for path, raw in draft.answers.items() if path.endswith("].nik")]
        return {
            Fact.TERMS: self.services.rules().terms_version,
            Fact.CAPTCHA: "passed",
            Fact.REVIEWED: fingerprint(draft),
            **({Fact.VERIFIED: str(phone)} if phone else {}),
            **{again_fact(nik): "yes" for nik in niks},
        }

    def know(self, *people: Participant) -> None:
        """Puts participants into the directory."""
        with self.services.open_work() as work:
            work.directory.put(people)
            work.commit()

    # What a test reads.

    @property
    def top(self) -> Page:
        return self.pages[-1]

    @property
    def clock(self) -> StageClock:
        assert isinstance(self.services.clock, StageClock)
        return self.services.clock

    @property
    def draft(self) -> Draft:
        """The draft in hand."""
        return self.journey.draft

    @property
    def journey(self) -> Journey:
        for page in reversed(self.pages):
            for name in ("journey", "_journey"):
                found = getattr(page, name, None)
                if isinstance(found, Journey):
                    return found
        raise AssertionError(f"no family in hand on {type(self.top).__name__}")

    @property
    def step(self) -> str:
        """The step that is shown, "home" for the first screen, else the name of the dialog's class."""
        if isinstance(self.top, HomePage | WelcomePage):
            return "home"
        return str(getattr(self.top, "step", type(self.top).__name__))

    @property
    def path(self) -> str:
        """The row with the cursor."""
        return str(getattr(self.top, "path", ""))

    @property
    def typed(self) -> str:
        """What stands in the row with the cursor."""
        editor = getattr(self.top, "editor", None) or getattr(self.top, "_editor", None)
        assert editor is not None
        return str(editor.text)

    def lines(self) -> list[str]:
        """The lines as they are meant, neither cut nor padded."""
        view = self.companion.view(self.top, WIDTH, HEIGHT)
        return [safe_text("".join(span.text for span in line)) for line in view.lines]

    def frame(self) -> list[str]:
        """The screen: 24 lines of 80 columns."""
        return [line + " " * (WIDTH - cell_len(line)) for line in self.lines()]

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.frame())

    @property
    def message(self) -> str:
        """The line above the keys: the end of what the page has to say."""
        return self.frame()[22].strip()

    def says(self, key: str, **params: str | int) -> bool:
        """Whether the sentence of a key can be read on the screen, broken over lines or not.

        A receipt of practice has a mark before each of its lines.
        """
        sentence = " ".join(self.context.t(key, **params).split())
        assert sentence != key, f"no text for {key}"
        shown = (self.text, "\n".join(line.replace(PRACTICE_MARK.strip(), "") for line in self.lines()))
        return any(sentence in " ".join(text.split()) for text in shown)

    @property
    def cursor(self) -> tuple[int, int] | None:
        return self.companion.view(self.top, WIDTH, HEIGHT).cursor

    def check(self) -> None:
        """Fails where the frame is not fit to be shown."""
        lines = self.lines()
        shown = "\n".join(lines)
        assert len(lines) == HEIGHT, f"{len(lines)} lines:\n{shown}"
        wide = [line for line in lines if cell_len(line.rstrip()) > WIDTH]
        assert not wide, f"cut at 80 columns: {wide}"
        practised = PRACTICE_MARK.strip() in lines[0]
        assert practised is self.config.is_training, f"practice is told by the first line:\n{shown}"
        assert not _RAW_KEY.search(shown), f"a text is missing:\n{shown}"
        assert not _UNFILLED.search(shown), f"a place is not filled in:\n{shown}"
        x, y = self.cursor or (0, 0)
        assert 0 <= x < WIDTH, f"the cursor is at {x}, {y}:\n{shown}"
        assert 0 <= y < HEIGHT, f"the cursor is at {x}, {y}:\n{shown}"

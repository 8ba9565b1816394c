"""What a page is, what it may ask of the program around it, and how that program is set up."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from kiosk.errors import KioskError
from screens.keys import Press
from screens.view import View

T = TypeVar("T")


class Page(Protocol):
    """One screenful: says what it shows and takes one press at a time.

    A page may also have `tick() -> bool`, called once a second while the page is on top;
    True asks for a redraw. One with `recordable` True shows no code and takes none, so that it may be
    recorded in practice. One that has `async renew()` shows what is stored, and is told to read it again
    when somebody else has written. One with `wipes = True` is drawn on a terminal that was wiped for it
    first, so that nothing of the pages before it can be scrolled back to. One whose `rests` is true may stand
    for ever: nobody is missed there. `async stirred()` is told of keys that mean nothing.
    """

    def view(self, width: int, height: int) -> View:
        """What to show on a terminal of at least 80 by 24 cells."""
        ...

    async def press(self, press: Press) -> None:
        """Take one press; the next one comes when this returns, after which the page is drawn."""
        ...


class Beginning(Page, Protocol):
    """A page that reads something before it can be used."""

    async def begin(self) -> None:
        """Read it; called once, after the page was shown."""
        ...


class FirstPage(Page, Protocol):
    """A page with which the program may begin: it stands before the store is open."""

    async def begin(self) -> None:
        """Opens the store where that is still to be done."""
        ...


class Companion(Protocol):
    """Goes along with every page for a while: sees each key before the page, and may add to what is shown."""

    def view(self, page: Page, width: int, height: int) -> View:
        """What to show while this page is on top."""
        ...

    async def press(self, page: Page, press: Press) -> None:
        """Take one press, and give it to the page or not."""
        ...

    def tick(self) -> bool:
        """Called once a second; True asks for a redraw."""
        ...


class Shell(Protocol):
    """What a page may ask of the program; all of it is for the event loop's thread."""

    @property
    def top(self) -> Page | None:
        """The page that is shown and takes the keys."""
        ...

    @property
    def pages(self) -> Sequence[Page]:
        """Every page, the one that is shown last."""
        ...

    def show(self, page: Page) -> None:
        """Replace every page by this one."""
        ...

    def push(self, page: Page) -> None:
        """Put a page, such as a dialog, over the current one."""
        ...

    def pop(self) -> None:
        """Take the top page away; the last page stays."""
        ...

    def accompany(self, companion: Companion | None) -> None:
        """Let somebody go along from now on; None for nobody."""
        ...

    def redraw(self) -> None:
        """Draw the top page now, for news that come while no press is being taken."""
        ...

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run blocking work in the one store thread; jobs keep their order, errors are raised here."""
        ...

    def leave(self, code: int = 0) -> None:
        """End the program with this exit code; waiting presses are dropped."""
        ...


class Watcher(Protocol):
    """Who stands by an unattended program."""

    def alive(self) -> None:
        """Told once a second that the program can serve."""
        ...

    def gone(self) -> None:
        """Told that the program has served, and has left the terminal for good."""
        ...


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """How the program meets its place.

    `too_small` are the sentences for a window below 80 by 24; `idle_seconds` without a key call `on_idle`
    once, in line with the keys; `crash_log` stores a redacted record and returns its reference number.
    `on_error` shows an error of the program's own kind that a page did not show itself. Once a second
    `has_news` is asked whether anybody has written; then `on_news` is called in line with the keys, and the
    pages are renewed.
    """

    crash_log: Callable[[BaseException], str]
    too_small: tuple[str, ...] = (
        "Jendela terlalu kecil. Perbesar sampai 80 x 24.",
        "The window is too small. Please enlarge it to 80 x 24.",
    )
    colour: bool | Literal["auto"] = "auto"
    idle_seconds: float | None = None
    on_idle: Callable[[Shell], Awaitable[None]] | None = None
    on_error: Callable[[Shell, KioskError], None] | None = None
    has_news: Callable[[], Awaitable[bool]] | None = None
    on_news: Callable[[Shell], Awaitable[None]] | None = None
    alive: Callable[[], None] | None = None
    unattended: bool = False

"""What every page is given: the program around it, the services, the settings and the language."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from kiosk.config import Config
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Registration
from kiosk.domain.rulebook import Facility, Rulebook
from kiosk.domain.segments import refused
from kiosk.errors import KioskError, StoreError
from kiosk.language import Language
from kiosk.services.contact import Contact, Sender
from screens.base import Shell

if TYPE_CHECKING:  # the first screen stands before these are needed
    from kiosk.services.captcha_desk import CaptchaDesk
    from kiosk.services.doctor import Finding
    from kiosk.services.drafts import Drafts
    from kiosk.services.membership import Membership
    from kiosk.services.mending import Mending
    from kiosk.services.ports import Clock, Printer, PrintJob
    from kiosk.services.queries import Queries
    from kiosk.services.registration import Registrar
    from kiosk.services.restraint import Restraint
    from kiosk.services.staff import SignedIn
    from kiosk.services.staffing import Staffing
    from kiosk.services.standing import Standing, Standings
    from kiosk.services.verification import Verification
    from kiosk.training.session import Practice

T = TypeVar("T")


class Found(Protocol):
    """One place that a search found."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def detail(self) -> str: ...


class Places(Protocol):
    """Finds villages and facilities by a few letters, best match first."""

    def villages(self, text: str, *, near: str = "", limit: int = 20) -> Sequence[Found]: ...
    def facilities(self, text: str, *, near: str = "", limit: int = 20) -> Sequence[Found]: ...


class Phone(Protocol):
    """The simulated phone: what was last sent to a number, and forgetting it."""

    def latest(self, number: str) -> str | None: ...
    def clear(self, number: str) -> None: ...
    def clear_older(self, seconds: float) -> None: ...


class Reserve(Protocol):
    """Space kept aside on the disk for the family in hand."""

    def has_room(self) -> bool: ...
    def make_room(self, error: StoreError) -> bool: ...


class Services(Protocol):
    """The use cases that pages call; all but `rules` block and belong into `Context.work`."""

    @property
    def clock(self) -> Clock: ...
    @property
    def drafts(self) -> Drafts: ...
    @property
    def membership(self) -> Membership: ...
    @property
    def registrar(self) -> Registrar: ...
    @property
    def mending(self) -> Mending: ...
    @property
    def queries(self) -> Queries: ...
    @property
    def standings(self) -> Standings: ...
    @property
    def verification(self) -> Verification: ...
    @property
    def phone(self) -> Phone | None: ...
    @property
    def places(self) -> Places: ...
    @property
    def reserve(self) -> Reserve: ...
    @property
    def restraint(self) -> Restraint: ...
    @property
    def sender(self) -> Sender | None: ...
    @property
    def schooling(self) -> Practice | None: ...
    @property
    def staffing(self) -> Staffing: ...
    @property
    def printer(self) -> Printer | None: ...
    def rules(self) -> Rulebook: ...
    def captcha_desk(self, facts: Mapping[str, str]) -> CaptchaDesk: ...
    def cards_low(self) -> int | None: ...
    def contact(self) -> Contact: ...
    def pulse(self) -> int: ...
    def copy_problem(self) -> str: ...
    def examine(self) -> list[Finding]: ...
    def receipt(
        self,
        registration: Registration,
        language: Language,
        standing: Standing | None = None,
        *,
        again: bool = False,
    ) -> list[str]: ...
    def prepare(self) -> None: ...
    def close(self) -> None: ...


def _as_store_error(call: Callable[[], T]) -> T:
    try:
        return call()
    except OSError as error:
        code = "store.full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "store.io"
        raise StoreError(code, error.strerror or "") from None


@dataclass
class Context:
    """One running program as its pages see it; `services` are there once `ready` has been awaited."""

    shell: Shell
    config: Config
    load: Callable[[], Services]
    language: Language
    waiting: int = 0
    to_mend: int = 0
    contact: Contact = field(default_factory=Contact)
    now: str = ""
    """The wall time at which the first line was read."""
    cards_left: int | None = None
    copy_problem: str = ""
    settings_changed: bool = False
    """Whether settings differ from what two people of the counter agreed to last."""
    session: SignedIn | None = None
    """Who is signed in; always nobody where no sign-in is asked."""
    told: set[str] = field(default_factory=set)
    """The numbers that were sent something which the simulated phone still shows."""
    becomes: tuple[str, ...] = ()
    """The command as which the program goes on in this terminal when it has ended."""
    practises: bool = False
    """The program goes on as the practice of the classroom when this one has ended."""
    touched: bool = False
    """Whether a person has typed anything of theirs in this process."""
    printed: dict[str, PrintJob] = field(default_factory=dict, repr=False)
    """The slips that were asked for, by their codes."""
    opening: asyncio.Task[None] | None = field(default=None, repr=False)
    _beat: int = 0
    _loading: asyncio.Task[Services] | None = field(default=None, repr=False)
    _services: Services | None = field(default=None, repr=False)

    @property
    def services(self) -> Services:
        if self._services is None:
            raise RuntimeError("the services are asked for before they are ready")
        return self._services

    @property
    def is_ready(self) -> bool:
        return self._services is not None

    async def ready(self) -> None:
        """Opens the store in the store thread, once; raises StoreError where it cannot be opened."""
        if self._services is None:
            if self._loading is None:
                self._loading = asyncio.ensure_future(self.shell.run(self.load))
            self._services = await self._loading
            await self.refresh()

    async def refresh(self) -> None:
        """Reads what the first line shows; what is written from now on is news."""
        self._beat = await self.work(self.services.pulse)
        self.contact = await self.work(self.services.contact)
        self.now = self.services.clock.now().wall
        self.waiting = await self.work(self.services.queries.waiting)
        self.to_mend = await self.work(self.services.mending.count)
        self.cards_left = await self.work(self.services.cards_low)
        self.copy_problem = await self.work(self.services.copy_problem)
        if self.session is not None:
            self.settings_changed = bool(await self.work(self.services.staffing.settings.changes))

    async def has_news(self) -> bool:
        """Whether the first line is out of date: somebody has written, or the network is another."""
        if self._services is None:
            return False
        try:
            return await self.shell.run(self._look, self._services)
        except KioskError:
            return False

    def _look(self, services: Services) -> bool:
        if services.pulse() != self._beat:
            return True
        if not self.contact.enrolled:
            return False
        contact = services.contact()
        return contact != self.contact or contact.is_online(services.clock.now().wall) != self.is_online

    async def take_news(self) -> None:
        """Reads the first line anew; where that fails it stays as it was."""
        with suppress(KioskError):
            await self.refresh()

    async def forget_messages(self) -> None:
        """Takes away what the simulated phone shows of the family before, and what a cut left there."""
        phone = self.services.phone
        if phone is None:
            return
        for number in self.told:
            await self.work(phone.clear, number)
        self.told.clear()
        await self.work(phone.clear_older, self.config.registration.code_minutes * 60)

    async def work(self, function: Callable[..., T], *args: object, **named: object) -> T:
        """Runs one blocking service call in the store thread.

        A call is one whole transaction, so one that finds the disk full is made again once the reserve has
        been given up for it. Raises StoreError, also for a file beside the store that cannot be written.
        """
        call = partial(function, *args, **named)
        try:
            return await self.shell.run(_as_store_error, call)
        except StoreError as error:
            if self._services is None or not await self.shell.run(self._services.reserve.make_room, error):
                raise
        return await self.shell.run(_as_store_error, call)

    @property
    def schooling(self) -> Practice:
        """The classroom; there is one in the profile for practice alone."""
        if self.services.schooling is None:
            raise RuntimeError("there is no classroom here")
        return self.services.schooling

    @property
    def rules(self) -> Rulebook:
        return self.services.rules()

    def t(self, key: str, **params: str | int) -> str:
        return self.language.text(key, **params)

    def say(self, problem: Problem) -> str:
        """The sentence for a problem, and which office to go to where another one is the right one."""
        own = f"problem.{problem.code}.{problem.field.rpartition('.')[2]}"
        key = own if self.language.has(own) else f"problem.{problem.code}"
        sentence = self.t(key, **problem.params)
        office = refused((problem,)).refer_to
        has_office = office and self.language.has(f"refer.{office}")
        return f"{sentence}\n{self.t(f'refer.{office}')}" if has_office else sentence

    def facility(self, code: str) -> Facility | None:
        return self.rules.facilities.find(code)

    @property
    def is_online(self) -> bool:
        """Whether the hub was there when the first line was read."""
        return self.contact.is_online(self.now)

    @property
    def is_public(self) -> bool:
        """Whether people are here without staff: nobody's data is shown unasked."""
        return self.config.profile == "village"

    @property
    def asks_sign_in(self) -> bool:
        """Whether nothing is done here before somebody has signed in."""
        return self.config.profile == "counter" and self.config.counter.sign_in

    @property
    def is_single(self) -> bool:
        return self.config.screens.layout == "single"

    def switch_language(self) -> None:
        self.language = Language("en" if self.language.code == "id" else "id")

"""The one place that chooses implementations: settings in, services out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kiosk.domain.rulebook import Facilities, Facility, Rulebook, Settings
from kiosk.errors import KioskError

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from kiosk.channels.inbox import SimulatedPhone
    from kiosk.clock import SystemClock
    from kiosk.config import Config
    from kiosk.domain.registration import Registration
    from kiosk.language import Language
    from kiosk.schooling import Schooling
    from kiosk.search import Hit, SearchIndex
    from kiosk.services.captcha_desk import CaptchaDesk
    from kiosk.services.contact import Contact, Sender
    from kiosk.services.copies import Copies
    from kiosk.services.doctor import Finding
    from kiosk.services.drafts import Drafts
    from kiosk.services.importing import Importer
    from kiosk.services.membership import Membership
    from kiosk.services.mending import Mending
    from kiosk.services.ports import Printer, Randomness
    from kiosk.services.queries import Queries
    from kiosk.services.registration import Registrar
    from kiosk.services.restraint import Restraint
    from kiosk.services.staffing import Staffing
    from kiosk.services.standing import Standing, Standings
    from kiosk.services.verification import Verification
    from kiosk.store.reserve import Reserve
    from kiosk.store.unit_of_work import Store


def reference_dir(config: Config) -> Path:
    """Where a profile keeps its imported lists and the search index made from them: public data."""
    return config.reference_dir


def facility_files(config: Config) -> tuple[Path, ...]:
    """The lists of facilities in use: an imported one stands for the invented one that is shipped."""
    from kiosk.facilities import STORE_NAME
    from kiosk.reference import facilities_file

    imported = reference_dir(config) / STORE_NAME
    return (imported,) if imported.is_file() else (facilities_file(training=config.is_training),)


def light(config: Config, *, today: date | None = None) -> Rulebook:
    """The rules of a day (default: today) and the profile, without opening a store."""
    from kiosk.reference import PREMIUMS_NAME, regions_file, rulebook
    from kiosk.regions import RegionBook

    return rulebook(
        today or _today(config),
        training=config.is_training,
        regions=RegionBook(regions_file(training=config.is_training)),
        facilities=_Facilities(config),
        settings=_settings(config),
        premiums=reference_dir(config) / PREMIUMS_NAME,
    )


def _today(config: Config) -> date:
    """The day at this place; without the clock's module, which would double the time of a quick check."""
    from datetime import datetime, timedelta, timezone
    from zoneinfo import ZoneInfo

    try:
        return datetime.now(ZoneInfo(config.kiosk.timezone)).date()
    except (KeyError, ValueError, OSError):
        return datetime.now(timezone(timedelta(hours=7))).date()


def _settings(config: Config) -> Settings:
    return Settings(
        email_required=config.registration.email_required,
        autodebit_class_3=config.registration.autodebit_class_3,
        confirm_nik=config.screens.confirm_nik,
    )


class _Facilities:
    """The facilities in use, opened at the first look-up; an import is seen at the next one."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._open: tuple[tuple[Path, ...], Facilities] | None = None

    def find(self, code: str) -> Facility | None:
        files = facility_files(self._config)
        if self._open is None or self._open[0] != files:
            from kiosk.facilities import FacilityBook

            self._open = (files, FacilityBook(files))
        return self._open[1].find(code)


class Places:
    """The search for villages and facilities, opened at the first question; safe from several threads."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._open: tuple[tuple[Path, ...], SearchIndex] | None = None

    def villages(self, text: str, *, near: str = "", limit: int = 20) -> list[Hit]:
        """Villages that `text` names, best first; those around the region `near` come first."""
        return self._index().villages(text, near=near, limit=limit)

    def facilities(self, text: str, *, near: str = "", limit: int = 20) -> list[Hit]:
        """Facilities that `text` names, best first; those in the regency of `near` come first."""
        return self._index().facilities(text, near=near, limit=limit)

    def prepare(self) -> None:
        """Builds the index now where it is missing or old, so that the first search need not wait."""
        self._index().prepare()

    def close(self) -> None:
        """Lets go of the files."""
        with self._lock:
            if self._open is not None:
                self._open[1].close()
            self._open = None

    def _index(self) -> SearchIndex:
        from kiosk.reference import regions_file
        from kiosk.search import open_index

        with self._lock:
            files = facility_files(self._config)
            if self._open is None or self._open[0] != files:
                regions = regions_file(training=self._config.is_training)
                self._open = (files, open_index(reference_dir(self._config), regions, files))
            return self._open[1]


def proof_randomness(seed: int | None) -> Randomness:
    """What captchas and codes are drawn from: with a seed always the same, else unforeseeable."""
    from kiosk.randomness import SeededRandomness, SystemRandomness

    return SystemRandomness() if seed is None else SeededRandomness(seed)


@dataclass(frozen=True)
class Services:
    """The use cases of one profile on its open store."""

    config: Config
    clock: SystemClock
    open_work: Store
    drafts: Drafts
    membership: Membership
    registrar: Registrar
    mending: Mending
    queries: Queries
    standings: Standings
    importer: Importer
    verification: Verification
    phone: SimulatedPhone | None
    places: Places
    language: Language
    proofs: Randomness
    reserve: Reserve
    staffing: Staffing
    restraint: Restraint
    copies: Copies | None = None
    printer: Printer | None = None
    sender: Sender | None = None
    schooling: Schooling | None = None
    _rules: dict[tuple[date, int], Rulebook] = field(default_factory=dict, repr=False)

    def rules(self) -> Rulebook:
        """The rules of today; those of one day are made once, and anew when newer premiums came."""
        from kiosk.reference import PREMIUMS_NAME, changed_ns

        today = self.clock.today()
        key = (today, changed_ns(reference_dir(self.config) / PREMIUMS_NAME))
        rules = self._rules.get(key)
        if rules is None:
            rules = light(self.config, today=today)
            self._rules.clear()
            self._rules[key] = rules
        return rules

    def captcha_desk(self, facts: Mapping[str, str]) -> CaptchaDesk:
        """The captchas of one draft, which begin where its facts say."""
        from kiosk.services.captcha_desk import CaptchaDesk

        return CaptchaDesk(self.clock, self.proofs, facts)

    def cards_low(self) -> int | None:
        """How many card numbers are left, where that is fewer than the low-water mark; else None."""
        left = self.queries.cards_left()
        return left if left < self.config.cards.low_water else None

    def receipt(
        self,
        registration: Registration,
        language: Language,
        standing: Standing | None = None,
        *,
        again: bool = False,
    ) -> list[str]:
        """The lines of the receipt, also written to the folder for receipts where one is set.

        Raises OSError where they cannot be written there, KioskError `reprint.late` where one is asked for
        `again` after its time.
        """
        from kiosk.services.receipt import receipt_lines, write_receipt

        standing = standing or self.standings.of(registration)
        if again and not self.standings.may_reprint(standing):
            raise KioskError("reprint.late")
        with self.open_work.reading() as work:
            head, server = work.audit.head(), work.staff.get(registration.served_by)
        lines = receipt_lines(
            registration,
            language,
            self.config.kiosk.place,
            standing=standing,
            training=self.config.is_training,
            head=head,
            again=again,
            served_by=server.name if server else "",
        )
        folder = self.config.receipts_dir
        if folder is not None:
            write_receipt(folder, registration, lines, again=again)
        return lines

    def contact(self) -> Contact:
        """How this kiosk and its hub get on, by the note of the last run, whichever program made it."""
        if self.sender is not None:
            return self.sender.contact()
        from kiosk.syncing import contact_of

        return contact_of(self)

    def pulse(self) -> int:
        """Another number whenever anybody, another program too, has written to the store."""
        return self.open_work.pulse()

    def copy_problem(self) -> str:
        """The code of what keeps copies of the store from being made; empty for nothing."""
        return self.copies.problem if self.copies is not None else ""

    def examine(self) -> list[Finding]:
        """What the doctor finds."""
        from kiosk.care import examined

        return examined(self.config)

    def prepare(self) -> None:
        """Does what can be done before it is needed: reserve, copies, the search index, syncing."""
        self.reserve.ensure()
        if self.copies is not None:
            self.copies.watch()
        self.places.prepare()
        if self.sender is not None:
            self.sender.send_now()

    def close(self) -> None:
        """Lets the printer finish, ends what syncs, makes the last copy, and closes store and files."""
        if self.printer is not None:
            self.printer.close()
        if self.sender is not None:
            self.sender.close()
        if self.copies is not None:
            self.copies.close()
        self.places.close()
        self.open_work.close()


def services(
    config: Config,
    *,
    today: date | None = None,
    seed: int | None = None,
    clock: SystemClock | None = None,
    sends: bool = False,
) -> Services:
    """The use cases of the profile in `config`; opens its store, making it where there is none.

    `today` fixes the day, `seed` makes captchas and codes repeatable; both are for training. `clock` stands
    for the machine's. With `sends` another process syncs beside this one. Raises StoreError where the store
    cannot be opened.
    """
    from kiosk.beside import sender_of
    from kiosk.care import copies_of
    from kiosk.clock import SystemClock, find_zone
    from kiosk.guarding import restraint_of
    from kiosk.language import Language
    from kiosk.opening import opened
    from kiosk.printing import printer_of
    from kiosk.randomness import SystemRandomness
    from kiosk.services.drafts import DraftRules, Drafts
    from kiosk.services.importing import Importer
    from kiosk.services.membership import Membership
    from kiosk.services.mending import Mending
    from kiosk.services.queries import Queries
    from kiosk.services.registration import Registrar
    from kiosk.services.standing import Standings
    from kiosk.staffing import staffing_of
    from kiosk.store.reserve import Reserve

    clock = clock or SystemClock(today, config.kiosk.timezone)
    reserve = Reserve(config.store_dir, config.store.reserve_mib)
    open_work = opened(config, reserve)
    last = open_work.last_moment()
    if last is not None and not config.is_training:
        clock.remember(last)
    proofs = proof_randomness(seed)
    draft_rules = DraftRules(config.drafts.days, config.drafts.warn_days)
    drafts = Drafts(open_work, clock, SystemRandomness(), draft_rules)
    copies = copies_of(config, clock)
    sender = sender_of(config, open_work)

    def stored() -> None:
        if copies is not None:
            copies.registered()
        if sends:
            sender.send_now()

    registrar = Registrar(open_work, clock, SystemRandomness(), kiosk_id=config.reference_id, after=stored)
    return Services(
        config=config,
        clock=clock,
        open_work=open_work,
        drafts=drafts,
        membership=Membership(open_work.reading),
        registrar=registrar,
        mending=Mending(open_work, open_work.reading, clock, SystemRandomness(), after=stored),
        queries=Queries(open_work.reading),
        standings=Standings(
            open_work.reading,
            clock,
            zone=find_zone(config.kiosk.timezone),
            grace_days=config.hub.grace_days,
        ),
        importer=Importer(open_work, clock, drafts, registrar),
        verification=_verification(config, open_work, clock, proofs),
        phone=_phone(config),
        places=Places(config),
        language=Language(config.kiosk.language),
        proofs=proofs,
        reserve=reserve,
        staffing=staffing_of(open_work, clock, SystemRandomness(), config),
        copies=copies,
        restraint=restraint_of(config, open_work, clock),
        printer=printer_of(config),
        sender=sender if sends else None,
        schooling=_schooling(config, open_work, clock) if config.is_training else None,
    )


def _verification(config: Config, open_work: Store, clock: SystemClock, proofs: Randomness) -> Verification:
    from kiosk.channels.sms_files import FilesSender, code_texts
    from kiosk.services.verification import CodeRules, Verification

    chosen = config.registration
    return Verification(
        open_work,
        clock,
        proofs,
        FilesSender(config.sms_spool),
        texts=code_texts(),
        rules=CodeRules(chosen.code_minutes, chosen.code_tries, chosen.codes_an_hour),
    )


def _schooling(config: Config, open_work: Store, clock: SystemClock) -> Schooling:
    from kiosk.schooling import Schooling

    return Schooling(config, open_work, clock)


def _phone(config: Config) -> SimulatedPhone | None:
    if not config.sms_simulated:
        return None
    from kiosk.channels.inbox import SimulatedPhone

    return SimulatedPhone(config.sms_spool)

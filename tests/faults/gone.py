"""Gone: when a person has left a village kiosk, however that came, nothing of them is anywhere.

After F12, after a screen was left alone, after a crash and a kill: not in the bytes that the terminal got
since it was emptied, not in any file, and neither in the arguments, the variables nor the memory of the
process that serves the next person, nor of the small one. The controls serve on in the same process, and
leave the emptying of the terminal out.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from kiosk.randomness import SeededRandomness
from tests.builders import a_family, a_member, a_nik
from tests.faults import Result, Suite
from tests.faults.hand import strokes
from tests.faults.leaks import Guest, Search
from tests.faults.public import F12, come_home, house_of, own_kiosk, village
from tests.faults.recorder import scratch
from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import ROOT, XTERM
from tests.journeys.village import Village, children
from tests.screens.hub_words import REAL

_SEED = 7
_BEGIN = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import kiosk.bootstrap as bootstrap
from kiosk.randomness import SeededRandomness
bootstrap.proof_randomness = lambda seed: SeededRandomness({_SEED})
"""
"""Captcha and code can be typed by somebody who does not see them."""

_BREAK = "from tests.faults.unclean import break_at_the_name; break_at_the_name()\n"
_SAME_PROCESS = """
import screens.village.leaving as leaving
from screens.village.welcome import WelcomePage
async def stay(context):
    context.touched = False
    context.shell.show(WelcomePage(context))
leaving.end = stay
"""
_NOT_EMPTIED = """
import kiosk.guard.line as line
line.RESET = ""
"""
_NEVER, _SOON = "[village]\nidle_seconds = 0\n", "[village]\nidle_seconds = 4\nwarn_seconds = 1\n"


def guest(own: OwnKiosk) -> Guest:
    """A family that comes to this kiosk: its keys, and what must not be found of it."""
    born = date(1979, 3, 14)
    nik = a_nik(born, "L", 7, "317305")
    person = a_member(nik=nik, birth_date=born.isoformat(), name="ZAINURI QIRANAWAN", mother_name="XAVERINA")
    contact = {"phone": "081298761234", "email": "zainuri.q@example.org"}
    family = a_family(**{**REAL, "kk": "3173051403790077", "members": [person], "contact": contact})
    with house_of(own) as house:
        keys = tuple(strokes(replace(house, proofs=SeededRandomness(_SEED)), family))
    secrets = ("3173051403790077", nik, "98761234", "ZAINURI", "QIRANAWAN", "XAVERINA")
    return Guest(_SEED, keys, secrets, (str(person["name"]),))


# How a person goes.


def _is_in_the_middle(kiosk: Village, one: Guest) -> None:
    kiosk.send(one.in_the_middle)
    kiosk.wait_until(lambda: "3/8" in kiosk.text or "ZAINURI" in kiosk.text.upper(), "the family")
    kiosk.wait_quiet()


def with_f12(kiosk: Village, one: Guest, search: Search) -> None:
    """F12, and the code is written down."""
    del search
    _is_in_the_middle(kiosk, one)
    kiosk.send(F12)
    kiosk.wait_for("Kode untuk melanjutkan")
    kiosk.send("x")


def left_alone(kiosk: Village, one: Guest, search: Search) -> None:
    """Without a word."""
    del search
    _is_in_the_middle(kiosk, one)


def crashed(kiosk: Village, one: Guest, search: Search) -> None:
    """The program fails over the name, with the NIK beside it."""
    kiosk.send(one.in_the_middle)
    kiosk.wait_for("Mohon tunggu")
    search.terminal(kiosk)
    kiosk.send("x")


def killed(kiosk: Village, one: Guest, search: Search) -> None:
    """The process is ended from outside."""
    _is_in_the_middle(kiosk, one)
    os.kill(kiosk.serving, signal.SIGKILL)
    kiosk.wait_for("Mohon tunggu")
    search.terminal(kiosk)
    kiosk.send("x")


def registered(kiosk: Village, one: Guest, search: Search) -> None:
    """The receipt was looked at."""
    del search
    kiosk.send(one.all_of_it)
    kiosk.wait_for("8/8")
    kiosk.send(XTERM["F5"])
    kiosk.wait_for("ZAINURI")
    kiosk.send(F12)


Way = Callable[[Village, Guest, Search], None]
FEW: tuple[tuple[Way, str, str], ...] = (
    (with_f12, _NEVER, ""),
    (left_alone, _SOON, ""),
    (crashed, _NEVER, _BREAK),
)
MORE: tuple[tuple[Way, str, str], ...] = ((killed, _NEVER, ""), (registered, _NEVER, ""))
CONTROLS: tuple[tuple[Way, str, str], ...] = (
    (with_f12, _NEVER, _SAME_PROCESS),
    (killed, _NEVER, _NOT_EMPTIED),
)


def looked_for(folder: Path, way: Way, settings: str, first: str) -> Search:
    """What is found of a person who went that way, once the next one can come."""
    own = own_kiosk(folder, settings)
    one = guest(own)
    search = Search(one.secrets)
    with village(own, _BEGIN + first) as kiosk:
        before = kiosk.serving
        way(kiosk, one, search)
        stays = first == _SAME_PROCESS
        if stays:
            kiosk.wait_until(lambda: kiosk.is_at_the_beginning, "the first page")
        else:
            kiosk.wait_for_first_page(before)
        kiosk.wait_quiet(0.5)
        search.terminal(kiosk)
        search.files(folder)
        for pid in (kiosk.pid, *children(kiosk.pid)):
            search.process(pid)
            _search_memory(search, pid)
        if first != _NOT_EMPTIED and not come_home(kiosk):
            search.found.append("the next person cannot come")
    return search


def _search_memory(search: Search, pid: int) -> None:
    """In all that a process has written to its memory, where whoever looks may do that."""
    for name, content in _memory(pid):
        lower = content.lower()
        search.points += len(search.secrets)
        search.found += [
            f"memory of {pid} {name}: {one}" for one in search.secrets if one.lower().encode() in lower
        ]


def _memory(pid: int) -> Iterator[tuple[str, bytes]]:
    held = Path(f"/proc/{pid}/mem")
    if os.geteuid():  # the process is closed to others; only the administrator may look
        return
    with held.open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines():
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found is None or "[v" in line:
                continue
            first, last = (int(edge, 16) for edge in found.groups())
            try:
                memory.seek(first)
                yield line.rpartition(" ")[2] or "anonymous", memory.read(last - first)
            except OSError:  # a part that cannot be read, or has gone since
                continue


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Each way to go, with `many` all of them and five times; the controls must find something."""
    del seed  # whoever comes is the same person each time
    points = lost = seen = 0
    notes: list[str] = []
    with scratch() as place:
        for turn in range(5 if many else 1):
            for way, settings, first in (*FEW, *(MORE if many else ())):
                search = looked_for(place / f"{way.__name__}-{turn}", way, settings, first)
                points += search.points
                lost += len(search.found)
                notes += [f"{way.__name__}: {found}" for found in search.found[:5]]
        for number, (way, settings, first) in enumerate(CONTROLS):
            search = looked_for(place / f"control-{number}", way, settings, first)
            seen += len(search.found)
            if not search.found:
                lost += 1
                notes.append(f"the control {number} found nothing")
    return Result(points, lost, seen, tuple(notes[:20]))


SUITES = [Suite("gone", run_suite)]

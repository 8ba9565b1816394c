"""A village kiosk in a folder of its own, with families at every step, for the suites that knock at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path

from kiosk.bootstrap import Services, services
from kiosk.config import load
from kiosk.domain.family import read_answer
from kiosk.domain.flow import Fact, again_fact, fingerprint
from kiosk.domain.identifiers import digits_only
from tests.builders import a_draft, a_family, a_member, a_nik
from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import XTERM
from tests.journeys.village import Village
from tests.screens.hub_words import REAL

F10, F12 = XTERM["F10"], XTERM["F12"]
_BORN = date(1980, 8, 12)


@dataclass(frozen=True, slots=True)
class Room:
    """A page: the keys that lead there from the first one, and what is read on it."""

    name: str
    keys: bytes
    shows: str
    again: bytes = b""
    """The keys that lead there a second time, where that takes another family."""
    any_key: bool = False
    """Whether letters leave it."""

    def is_shown(self, kiosk: Village) -> bool:
        """Whether it stands on the screen; the line that names keys says nothing of that."""
        return self.shows in "\n".join(kiosk.screen.display[:23])


def own_kiosk(folder: Path, settings: str = "") -> OwnKiosk:
    """Settings and store in the folder, and beside them where else a program might write."""
    for name in ("home/Downloads", "tmp", "here"):
        (folder / name).mkdir(parents=True)
    return OwnKiosk(folder, settings)


@contextmanager
def village(own: OwnKiosk, first: str = "", env: Mapping[str, str] | None = None) -> Iterator[Village]:
    """The program in its terminal, at home in the folder, with these variables as well."""
    env = {"HOME": str(own.folder / "home"), "TMPDIR": str(own.folder / "tmp"), **(env or {})}
    with Village(own, first, env=env, cwd=own.folder / "here") as kiosk:
        kiosk.wait_for_first_page()
        yield kiosk


@contextmanager
def house_of(own: OwnKiosk) -> Iterator[Services]:
    """The services on the kiosk's store, in this process."""
    config = load(str(own.settings), "village")
    config = replace(config, store=replace(config.store, dir=own.env["KIOSK_STORE"]))
    house = services(config)
    yield house
    house.close()


def rooms(own: OwnKiosk) -> list[Room]:
    """Every page of a kiosk without staff; each has families of its own, who lead there twice."""
    with house_of(own) as house:
        reference = _registered(house, 99)
        serial = count(1)

        def behind(name: str, row: str, keys: bytes, shows: str, *, any_key: bool = False) -> Room:
            """The page behind these keys, of a family whose draft stands at this row."""
            ways = [F10 + f"{_stored(house, next(serial), row)}\r".encode() + keys for _ in range(2)]
            return Room(name, ways[0], shows, again=ways[1], any_key=any_key)

        known = str(_person(99)["nik"]).encode()
        return [
            Room("welcome", b"", "Tekan angka bahasa Anda", any_key=True),
            Room("menu", F10, "Melanjutkan? Kode atau nomor KK:"),
            Room("about", F10 * 2, "Sebelum mulai"),
            Room("terms", F10 * 3, "1/8"),
            Room("kk", F10 * 4, "Nomor KK"),
            Room("help", F10 * 4 + XTERM["F1"], "Bantuan"),
            Room("captcha", F10 * 4 + b"3171010101209999\r", "Ketik lima huruf"),
            Room("standing", F10 + f"{reference}\r".encode(), reference),
            behind("tasks", "kk", F10, "sampai di sini"),
            behind("members", "members[0].name", b"", "3/8"),
            behind("for staff", "members[0].nik", known + b"\r", "Perlu dilihat petugas"),
            behind("class", "class", b"", "4/8"),
            behind("choices", "class", XTERM["F4"], "Pilih dari daftar"),
            behind("contact", "contact.email", b"", "5/8"),
            behind("review", "review", b"", "6/8"),
            behind("call", "review", XTERM["F2"], "petugas"),
            behind("farewell", "review", F12, "Kode untuk melanjutkan", any_key=True),
            behind("consent", "consent.accepted", b"", "7/8"),
            behind("account", "consent.accepted", F10, "8/8"),
        ]


def _person(serial: int) -> dict[str, object]:
    return a_member(nik=a_nik(_BORN, "L", serial, "317305"), birth_date=_BORN.isoformat())


def _family(serial: int) -> dict[str, object]:
    return a_family(**{**REAL, "kk": f"317305210720{serial:04d}", "members": [_person(serial)]})


def _stored(house: Services, serial: int, row: str) -> str:
    """A family whose draft stands at this row; the number of its card."""
    draft = house.drafts.start().with_answers(a_draft(_family(serial)).answers)
    phone = read_answer(draft, "contact.phone", house.rules()).value
    niks = [digits_only(raw) for path, raw in draft.answers.items() if path.endswith("].nik")]
    facts = {
        Fact.TERMS: house.rules().terms_version,
        Fact.CAPTCHA: "passed",
        Fact.REVIEWED: fingerprint(draft),
        Fact.VERIFIED: str(phone),
        **{again_fact(nik): "yes" for nik in niks},
    }
    house.drafts.save(draft.with_facts(facts).moved_to(row))
    return draft.answer("kk")


def _registered(house: Services, serial: int) -> str:
    draft = replace(house.drafts.start(), answers=a_draft(_family(serial)).answers)
    done = house.registrar.submit(draft, house.rules()).registration
    assert done is not None
    return done.reference


def come_home(kiosk: Village) -> bool:
    """Leads whatever is shown back to the first page, with every key before taken; whether it came."""
    kiosk.send(b"\x1b[201~")
    for _ in range(40):
        kiosk.wait_quiet(0.2)
        if kiosk.is_at_the_beginning:
            kiosk.send(XTERM["F1"])  # its answer comes behind those to all keys before
            if _comes(kiosk, lambda: kiosk.screen.display[1].startswith(" Bantuan")):
                kiosk.send(XTERM["F3"])
                if _comes(kiosk, lambda: kiosk.is_at_the_beginning):
                    return True
        kiosk.send(F12)
    return False


def _comes(kiosk: Village, condition: Callable[[], bool]) -> bool:
    try:
        kiosk.wait_until(condition)
    except AssertionError:
        return False
    return True

"""What is known of a family before it registers: the directory extract and this kiosk's own registrations."""

from __future__ import annotations

from kiosk.domain.draft import Draft, member_path
from kiosk.domain.family import read_answer
from kiosk.domain.form import MEMBER_KEYS
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople
from kiosk.services.ports import UnitOfWork, UnitOfWorkFactory


def niks_of(draft: Draft, rules: Rulebook) -> frozenset[str]:
    """Every NIK in the draft that can be read, the mothers' among them."""
    paths = [
        member_path(index, key)
        for index in range(draft.member_count)
        for key in MEMBER_KEYS
        if key in {"nik", "mother_nik"}
    ]
    return frozenset(str(value) for path in paths if (value := read_answer(draft, path, rules).value))


def known_in(work: UnitOfWork, draft: Draft, rules: Rulebook) -> KnownPeople:
    """What the open unit of work knows of the people in `draft`.

    A draft that mends a registration has its id, and that registration does not count against itself.
    """
    kk = read_answer(draft, "kk", rules).value
    niks = niks_of(draft, rules)
    return KnownPeople(
        on_kk=tuple(work.directory.by_kk(str(kk))) if kk else (),
        by_nik=tuple(work.directory.by_niks(niks)) if niks else (),
        registered=work.registrations.live_niks(niks, but=draft.id) if niks else frozenset(),
    )


class Membership:
    """Answers who is known, in a transaction of its own."""

    def __init__(self, open_work: UnitOfWorkFactory) -> None:
        self._open_work = open_work

    def known_for(self, draft: Draft, rules: Rulebook) -> KnownPeople:
        with self._open_work() as work:
            return known_in(work, draft, rules)

"""`kiosk list` and `kiosk show REF`: what is stored, numbers masked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from kiosk.bootstrap import services
from kiosk.commands.signing import Secrets, allowed, signed_in
from kiosk.commands.tables import printed, visible
from kiosk.domain.identifiers import PRACTICE_ID, digits_only, masked, masked_name, parse_reference
from kiosk.domain.registration import Registration, State
from kiosk.domain.staff import Act
from kiosk.errors import KioskError, UsageError
from kiosk.services.drafts import Drafts
from kiosk.services.ports import DraftSummary
from kiosk.services.queries import Queries, draft_object, result_object, without_personal_data

if TYPE_CHECKING:
    from kiosk.bootstrap import Services
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.services.staff import SignedIn
    from kiosk.services.standing import Standing

_HEADS = ("reference", "state", "outcome", "no. kk", "people", "a month", "registered")
_PAGE = 200
_DOUBTFUL = "waktu diragukan"
"""Stands for a day by a clock that was in doubt, as on the receipt."""


def run_list(arguments: Arguments, config: Config) -> int:
    """Prints the registrations, newest first."""
    state = State(arguments.state) if arguments.state else None
    with closing(services(config)) as house:
        if arguments.full:
            _print_in_full(house, state, arguments)
        elif state is State.DRAFT:
            _list_drafts(house.drafts, arguments)
        elif arguments.json:
            _print_list(
                without_personal_data(result_object(found))
                for found in house.queries.newest(state=state, limit=arguments.limit)
            )
        else:
            printed(_HEADS, _lines(house.queries, state, arguments.limit))
    return 0


def _print_in_full(house: Services, state: State | None, arguments: Arguments) -> None:
    """All that is known of each, for two people who say why; in practice for anyone."""
    if state is State.DRAFT:
        raise UsageError("usage.arguments", "--full is for registrations")
    if not house.config.is_training:
        if house.staffing.staff.is_empty():
            raise KioskError("show.no_staff")
        allowed(house, arguments, Act.EXPORT_FULL, "list")
    found = house.queries.newest(state=state, limit=arguments.limit)
    _print_list(_told(one, house.queries, full=True) for one in found)


def _list_drafts(drafts: Drafts, arguments: Arguments) -> None:
    """Drafts have no reference yet; each is told by its masked No. KK and the field where it stopped."""
    found = _all_drafts(drafts, arguments.limit)
    if arguments.json:
        _print_list(
            {**draft_object(draft.people), "at": draft.at, "saved_at": draft.saved_at} for draft in found
        )
        return
    lines = (
        (
            "-",
            State.DRAFT.value,
            draft.at or "-",
            _masked_kk(draft),
            str(draft.people),
            "-",
            draft.saved_at[:10],
        )
        for draft in found
    )
    printed(_HEADS, lines)


def _masked_kk(draft: DraftSummary) -> str:
    return masked(digits_only(draft.kk.strip())) or "-"


def _all_drafts(drafts: Drafts, limit: int) -> Iterator[DraftSummary]:
    offset = 0
    while page := drafts.page(limit=min(_PAGE, limit - offset) if limit else _PAGE, offset=offset):
        yield from page
        offset += len(page)
        if limit and offset >= limit:
            return


def _print_list(items: Iterator[dict[str, Any]]) -> None:
    """A JSON list, written as its items come."""
    before = "["
    for item in items:
        sys.stdout.write(f"{before}\n{json.dumps(item)}")
        before = ","
    sys.stdout.write("[]\n" if before == "[" else "\n]\n")


def _lines(queries: Queries, state: State | None, limit: int) -> Iterator[tuple[str, ...]]:
    before, left = "", limit
    while True:
        size = min(_PAGE, left) if limit else _PAGE
        found = queries.page(state=state, limit=size, before=before)
        for line in found:
            total = _rupiah(line.premium_total)
            people, day = str(line.people), _DOUBTFUL if line.doubtful else line.created_at[:10]
            kk = "(removed)" if line.purged_at else line.kk
            yield line.reference, line.state.value, line.outcome, kk, people, total, day
        left -= len(found)
        if len(found) < size or (limit and left <= 0):
            return
        before = found[-1].reference


def _rupiah(amount: int | None) -> str:
    return "-" if amount is None else f"Rp{amount:,}"


def run_show(arguments: Arguments, config: Config) -> int:
    """Prints one registration; in full only for staff who sign in, or in practice."""
    typed = parse_reference(arguments.reference)
    if typed is not None and typed.kiosk == PRACTICE_ID and not config.is_training:
        raise KioskError("reference.practice")
    signs_in = arguments.full and not config.is_training
    if signs_in and arguments.staff is None:
        raise KioskError("show.sign_in")
    with closing(services(config)) as house:
        shown_to = _who_sees(house, arguments) if signs_in else None
        found = house.queries.registration(arguments.reference)
        if shown_to is not None:
            house.staffing.staff.note("registration.shown", found.reference, shown_to)
        standing = house.standings.of(found)
        if arguments.json:
            told = _told(found, house.queries, full=arguments.full)
            print(json.dumps({**told, "hub": _of_hub(standing)}))
        else:
            for line in (*_view(found, full=arguments.full), *_standing(standing, found)):
                print(line)
    return 0


def _who_sees(house: Services, arguments: Arguments) -> SignedIn:
    if house.staffing.staff.is_empty():
        raise KioskError("show.no_staff")
    return signed_in(house.staffing.staff, Secrets(arguments), arguments.staff, "--staff")


def _told(found: Registration, queries: Queries, *, full: bool) -> dict[str, Any]:
    result = result_object(found)
    if not full:
        return without_personal_data(result)
    return {**result, "family": dict(found.family), "history": queries.history(found)}


def _of_hub(standing: Standing) -> dict[str, Any]:
    """What the hub said of the present version: its problems, from where it knows the family, or why not."""
    return {
        "problems": [problem.as_dict() for problem in standing.problems],
        "other_reference": standing.other_reference or None,
        "not_taken": standing.code or None,
    }


def _standing(standing: Standing, found: Registration) -> Iterator[str]:
    if standing.at:
        yield f"{'since:':14} {standing.at}"
    if found.version > 1:
        yield f"{'version:':14} {found.version}"
    if standing.code:
        yield f"{'not taken:':14} {standing.code}"
    for problem in standing.problems:
        yield f"{'hub:':14} {visible(problem.field)} {visible(problem.code)}"
    if standing.other_reference:
        yield f"{'known as:':14} {visible(standing.other_reference)}"
    if found.purged_at:
        yield f"{'removed:':14} personal data, {found.purged_at[:10]}"


def _view(found: Registration, *, full: bool) -> Iterator[str]:
    result = result_object(found)
    shown = result if full else without_personal_data(result)
    for key in ("reference", "state", "outcome", "segment", "main_member", "class", "people"):
        yield f"{key + ':':14} {_text(shown[key])}"
    yield f"{'a month:':14} {_rupiah(shown['premium_total'])}"
    yield f"{'pay:':14} {_text(shown['pay_from'])} to {_text(shown['pay_until'])}"
    for bank, number in (shown["virtual_account"] or {}).items():
        yield f"{bank + ':':14} {number}{'  (demonstration)' if found.demo_card else ''}"
    doubt = "" if found.created.trusted else f"  ({_DOUBTFUL})"
    yield f"{'registered:':14} {found.created.wall[:16].replace('T', ' ')}{doubt}"
    for problem in shown["problems"]:
        yield f"{'note:':14} {problem['field']} {problem['code']}"
    for number, member in enumerate(found.family.get("members", ()), 1):
        nik, name = member.get("nik") or "-", member.get("name") or "-"
        shown_nik, shown_name = (nik, name) if full else (masked(nik), masked_name(name))
        yield f"{f'member {number}:':14} {shown_nik}  {visible(shown_name)}"


def _text(value: Any) -> str:
    return "-" if value is None else visible(str(value))

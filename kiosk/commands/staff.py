"""`kiosk staff`: makes accounts, lists them, and gives them new PINs."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.bootstrap import services
from kiosk.commands.signing import Secrets, refusal, signed_in
from kiosk.commands.tables import printed, visible
from kiosk.domain.fields import Problem
from kiosk.domain.staff import Role, pin_problem
from kiosk.errors import KioskError, UsageError

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.services.staff import StaffLine

_HEADS = ("id", "name", "role", "second factor", "state")
_LARGEST_KEY = 4096


def run_add(arguments: Arguments, config: Config) -> int:
    """Makes an account and prints its id; where there are accounts, a supervisor signs in first."""
    secrets = Secrets(arguments)
    with closing(services(config)) as house:
        staff = house.staffing.staff
        by = None if staff.is_empty() else signed_in(staff, secrets, arguments.by, "--by")
        pin = _new_pin(secrets, arguments.name)
        made = staff.add(arguments.name, Role(arguments.role), pin, by=by)
    if isinstance(made, Problem):
        raise refusal(made)
    print(json.dumps(_told(made)) if arguments.json else made.id)
    return 0


def run_list(arguments: Arguments, config: Config) -> int:
    """Prints the accounts, closed ones among them."""
    with closing(services(config)) as house:
        found = house.staffing.staff.people(with_inactive=True)
    if arguments.json:
        print(json.dumps([_told(line) for line in found]))
    else:
        printed(_HEADS, _lines(found))
    return 0


def run_reset(arguments: Arguments, config: Config) -> int:
    """Gives an account a new PIN: a supervisor does, or who holds the copy of the store's key."""
    secrets = Secrets(arguments)
    with closing(services(config)) as house:
        staff = house.staffing.staff
        if arguments.key_copy is not None:
            _require_copy(Path(arguments.key_copy), config.key_file)
            problem = staff.recover(arguments.staff, _new_pin(secrets, arguments.staff))
        else:
            by = signed_in(staff, secrets, arguments.by, "--by")
            problem = staff.reset(arguments.staff, _new_pin(secrets, arguments.staff), by=by)
    if problem is not None:
        raise refusal(problem)
    return 0


def _new_pin(secrets: Secrets, whose: str) -> str:
    pin, again = secrets.ask_new(f"New PIN of {visible(whose)}: ")
    problem = pin_problem(pin, again)
    if problem is not None:
        raise refusal(problem)
    return pin


def _require_copy(copy: Path, key_file: Path) -> None:
    """Raises an error unless `copy` is a copy of the key, kept apart from it."""
    try:
        if copy.samefile(key_file):
            raise KioskError("reset.key_itself")
        with copy.open("rb") as file:
            is_right = hmac.compare_digest(file.read(_LARGEST_KEY), key_file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError("usage.file", f"{copy}: {getattr(error, 'strerror', None) or 'no file'}") from error
    if not is_right:
        raise KioskError("reset.other_key")


def _told(line: StaffLine) -> dict[str, object]:
    return {
        "id": line.id,
        "name": line.name,
        "role": line.role.value,
        "active": line.active,
        "second_factor": line.second.value or None,
        "codes_left": line.codes_left,
        "wait_seconds": line.wait_seconds,
    }


def _lines(found: list[StaffLine]) -> Iterator[tuple[str, ...]]:
    for line in found:
        state = "closed" if not line.active else f"waits {line.wait_seconds} s" if line.wait_seconds else "-"
        second = f"{line.second.value}, {line.codes_left} codes left" if line.second else "-"
        yield line.id, line.name, line.role.value, second, state

"""Who stands at the command line: PINs typed unseen on the terminal, or as lines of standard input."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Act
from kiosk.errors import KioskError, UsageError
from kiosk.services.staff import SignedIn, Staff

if TYPE_CHECKING:
    from kiosk.bootstrap import Services
    from kiosk.commands.arguments import Arguments

_LONGEST_LINE = 1000
_TERMINAL = Path("/dev/tty")


class Secrets:
    """PINs and codes in the order in which they are asked for; none is ever an argument or an echo."""

    def __init__(self, arguments: Arguments) -> None:
        self._from_input = arguments.pin_stdin

    def ask(self, prompt: str) -> str:
        """The next one; raises UsageError where there is neither a terminal nor leave to read the input."""
        if self._from_input:
            line = sys.stdin.buffer.readline(_LONGEST_LINE)
            return line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        try:
            _TERMINAL.open("rb").close()
        except OSError as error:
            raise UsageError("usage.no_terminal") from error
        return getpass(prompt)

    def ask_new(self, prompt: str) -> tuple[str, str]:
        """A new PIN, and the same again where a person types it."""
        first = self.ask(prompt)
        return first, first if self._from_input else self.ask("Again: ")


def signed_in(staff: Staff, secrets: Secrets, staff_id: str | None, option: str) -> SignedIn:
    """Who `option` names, by PIN and second factor; raises KioskError where it is nobody, or not them."""
    if staff_id is None:
        raise UsageError("usage.staff", option)
    pin = secrets.ask(f"PIN of {staff_id}: ")
    found = staff.sign_in(staff_id, pin)
    if isinstance(found, Problem) and found.code in {"second.missing", "second.clock"}:
        found = staff.sign_in(staff_id, pin, secrets.ask(f"Second code of {staff_id}: "))
    return accepted(found)


def allowed(house: Services, arguments: Arguments, act: Act, subject: str) -> SignedIn:
    """Who asks for an act that takes two people, when a second one has allowed it and the reason is known.

    Raises KioskError where one of them does not sign in, or they may not.
    """
    staff, secrets = house.staffing.staff, Secrets(arguments)
    first = signed_in(staff, secrets, arguments.staff, "--staff")
    second = signed_in(staff, secrets, arguments.second, "--second")
    found = house.staffing.risky.allow(act, subject, first, second, arguments.reason)
    if isinstance(found, Problem):
        raise refusal(found)
    return first


def accepted(found: SignedIn | Problem) -> SignedIn:
    """What was asked for; raises KioskError with the code of the problem where it is one."""
    if isinstance(found, Problem):
        raise refusal(found)
    return found


def refusal(problem: Problem) -> KioskError:
    """The problem as the error with which a command ends; its number is the detail."""
    return KioskError(problem.code, " ".join(str(value) for value in problem.params.values()))

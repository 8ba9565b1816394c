"""`kiosk register FILE`: families without screens, one result line each."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from kiosk.bootstrap import services
from kiosk.commands.files import opened
from kiosk.commands.progress import counted
from kiosk.commands.signing import Secrets, refusal, signed_in
from kiosk.domain.fields import Problem
from kiosk.domain.staff import Act
from kiosk.services.family_files import read_families

if TYPE_CHECKING:
    from kiosk.bootstrap import Services
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config


def run(arguments: Arguments, config: Config) -> int:
    """Registers each family of the file; 1 where any was refused.

    Where there are accounts, two people sign in and say why, before the first family is read.
    """
    refused = 0
    with (
        opened(arguments.file) as stream,
        closing(services(config, today=arguments.today, seed=arguments.seed)) as house,
    ):
        who = "file"
        if not config.is_training and not house.staffing.staff.is_empty():
            who = _allowed_by(house, arguments)
        entries = counted(read_families(stream), "families")
        for result in house.importer.register(entries, house.rules(), who=who):
            refused += result["outcome"] == "refused"
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()
    return 1 if refused else 0


def _allowed_by(house: Services, arguments: Arguments) -> str:
    """The id of who registers, in whose name all of it is stored, when a second person has allowed it."""
    staff, secrets = house.staffing.staff, Secrets(arguments)
    first = signed_in(staff, secrets, arguments.staff, "--staff")
    second = signed_in(staff, secrets, arguments.second, "--second")
    allowed = house.staffing.risky.allow(Act.BULK, "file", first, second, arguments.reason)
    if isinstance(allowed, Problem):
        raise refusal(allowed)
    house.open_work.who = first.id
    return first.id

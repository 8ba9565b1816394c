"""`kiosk register FILE`: families without screens, one result line each."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from kiosk.bootstrap import services
from kiosk.commands.files import opened
from kiosk.commands.progress import counted
from kiosk.commands.signing import allowed
from kiosk.domain.staff import Act
from kiosk.services.family_files import read_families

if TYPE_CHECKING:
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
            who = house.open_work.who = allowed(house, arguments, Act.BULK, "file").id
        entries = counted(read_families(stream), "families")
        for result in house.importer.register(entries, house.rules(), who=who):
            refused += result["outcome"] == "refused"
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()
    return 1 if refused else 0

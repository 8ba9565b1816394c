"""`kiosk check KEY VALUE`: one field spec, without a store."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from kiosk.bootstrap import light
from kiosk.domain.form import CHECKABLE, SPECS
from kiosk.errors import UsageError

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config


def run(arguments: Arguments, config: Config) -> int:
    """Prints the cleaned value and its problems as one JSON object; 1 where an error stands."""
    if arguments.key not in CHECKABLE:
        raise UsageError("usage.key", ", ".join(CHECKABLE))
    cleaned = SPECS[arguments.key].clean(arguments.value, light(config, today=arguments.today))
    told = {"value": plain(cleaned.value), "problems": [problem.as_dict() for problem in cleaned.problems]}
    print(json.dumps(told))
    return 1 if cleaned.blocked else 0


def plain(value: Any) -> Any:
    """A value as JSON has it: dates in ISO form."""
    return value.isoformat() if isinstance(value, date) else value

"""`kiosk keys FILE`: what a perfect clerk types for a family."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from kiosk.bootstrap import Services, services
from kiosk.commands.files import opened
from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem, one_problem_a_field
from kiosk.errors import UsageError
from kiosk.services.answering import answers_of, filled
from kiosk.services.clerk import Clerk, NotTypeable, Pages, Stroke, decision_on
from kiosk.services.family_files import read_families
from kiosk.services.queries import refusal_object

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config


def pages_of(config: Config) -> Pages:
    """The pages that this kiosk has around the questions."""
    return Pages(public=config.profile == "village", single=config.screens.layout == "single")


def run(arguments: Arguments, config: Config) -> int:
    """Prints the keys by name, or their bytes; 1 with the problems where the family would be refused."""
    if arguments.raw and arguments.seed is None:
        raise UsageError("usage.raw")
    if arguments.file.endswith(".toml"):
        return _of_scenario(arguments, config)
    if arguments.part is not None:
        raise UsageError("usage.no_scenario")
    with (
        opened(arguments.file) as stream,
        closing(services(config, today=arguments.today, seed=arguments.seed)) as house,
    ):
        entries = list(islice(read_families(stream), 2))
        if len(entries) != 1:
            raise UsageError("usage.one_family")
        answers, problems = answers_of(entries[0].family or {})
        wanted = filled(house.drafts.start(), answers, house.rules().terms_version)
        keys, refusal = _keys(
            wanted, (*entries[0].problems, *problems), house, seeded=arguments.seed is not None
        )
    if refusal is not None:
        print(json.dumps(refusal))
        return 1
    _print(arguments, [keys])
    return 0


def _of_scenario(arguments: Arguments, config: Config) -> int:
    """The keys of a perfect run of a scenario; its day is its own."""
    from kiosk.bootstrap import light, proof_randomness
    from kiosk.schooling import scenario_named
    from kiosk.training.clerk import perfect_parts

    if not config.is_training:
        raise UsageError("usage.training_only")
    if arguments.today is not None:
        raise UsageError("usage.arguments", "--today is not taken for a scenario, which has a day of its own")
    scenario = scenario_named(config, arguments.file)
    parts = perfect_parts(
        scenario,
        light(config, today=scenario.today),
        default_facility=config.kiosk.fktp,
        pages=pages_of(config),
        randomness=proof_randomness(arguments.seed) if arguments.seed is not None else None,
    )
    if arguments.part is not None and len(parts) == 1:
        raise UsageError("usage.no_scenario")
    if arguments.part is None and arguments.raw and len(parts) > 1:
        raise UsageError("usage.part")
    _print(arguments, parts if arguments.part is None else [parts[arguments.part - 1]])
    return 0


def _print(arguments: Arguments, parts: list[list[Stroke]]) -> None:
    """Prints the keys; between two parts the power is cut."""
    keys = [key for part in parts for key in part]
    if arguments.raw:
        sys.stdout.buffer.write(b"".join(key.raw for key in keys))
    elif arguments.json:
        print(json.dumps({"keys": [key.name for key in keys], "count": len(keys)}))
    else:
        for number, part in enumerate(parts):
            sys.stdout.write("# power cut\n" if number else "")
            sys.stdout.writelines(f"{key.name}\n" for key in part)
        print(f"# {len(keys)} keys")


def _keys(
    wanted: Draft, problems: tuple[Problem, ...], house: Services, *, seeded: bool
) -> tuple[list[Stroke], dict[str, object] | None]:
    rules = house.rules()
    decision = decision_on(wanted, rules, house.membership.known_for(wanted, rules))
    if problems or decision.refused:
        return [], refusal_object(one_problem_a_field((*problems, *decision.problems)), decision.refer_to)
    clerk = Clerk(
        wanted,
        rules,
        house.membership.known_for,
        may_send=lambda phone: house.verification.resend_wait(wanted.id, phone) == 0,
        default_facility=house.config.kiosk.fktp,
        pages=pages_of(house.config),
        randomness=house.proofs if seeded else None,
    )
    try:
        return list(clerk.keys()), None
    except NotTypeable as stopped:
        return [], refusal_object((stopped.problem,))

"""The list of cases; one that is chosen is played by a program of its own in this terminal."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.training.scenario import Scenario
from screens.frame import indented
from screens.training.listing import Entry, ListPage
from screens.view import Line


class CasesPage(ListPage):
    """Every case that can be played, easy ones first, with the best points."""

    name = "cases"
    _faults: Sequence[str] = ()

    async def entries(self) -> Sequence[Entry]:
        scenarios, self._faults = await self._context.work(self._context.schooling.scenarios)
        return [await self._entry(one) for one in scenarios]

    async def _entry(self, scenario: Scenario) -> Entry:
        t = self._context.t
        best = await self._context.work(self._context.schooling.best, scenario.id)
        state = t("screen.training.level", level=scenario.level)
        if best is not None:
            state += "  " + t("screen.training.best", points=best.points)

        async def open_it() -> None:
            self._context.becomes = ("training", "run", scenario.id, "--menu")
            self._context.shell.leave()

        return Entry(scenario.title, state, open_it, best is not None)

    def head(self) -> list[Line]:
        faults = indented(*self._faults[:2], role="warn")
        return [(), *faults, *([()] if faults else [])]

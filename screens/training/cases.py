"""The list of cases; one that is chosen is played by a program of its own in this terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.training.kept import next_file
from kiosk.training.scenario import Scenario
from screens.frame import Message, indented
from screens.keys import Key
from screens.training.listing import Entry, ListPage
from screens.view import Line


class CasesPage(ListPage):
    """Every case that can be played, easy ones first, with the best points."""

    name = "cases"
    keys = ("help", "back", "record", "scroll", "carry_on")
    _faults: Sequence[str] = ()
    _records = False

    def more_keys(self) -> dict[Key, Callable[[], Awaitable[None]]]:
        return {Key.AGAIN: self._switch_recording}

    async def _switch_recording(self) -> None:
        self._records = not self._records
        self._message = Message(
            self._context.t(f"screen.training.{'records' if self._records else 'records_not'}")
        )

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
            words: tuple[str, ...] = ("training", "run", scenario.id, "--menu")
            if self._records:
                file = await self._context.work(next_file, self._context.config.store_dir, scenario.id)
                words = (*words, "--record", str(file))
            self._context.becomes = words
            self._context.shell.leave()

        return Entry(scenario.title, state, open_it, best is not None)

    def head(self) -> list[Line]:
        faults = indented(*self._faults[:2], role="warn")
        return [(), *faults, *([()] if faults else [])]

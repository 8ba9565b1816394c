"""The recordings of cases: each is shown again in this terminal, or removed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from kiosk.domain.identifiers import is_digits
from kiosk.training.kept import Kept, kept_in, remove
from screens.dialogs import Confirm
from screens.frame import Message
from screens.keys import Key
from screens.training.listing import Entry, ListPage


class RecordingsPage(ListPage):
    """Every recording that is kept, newest first."""

    name = "recordings"
    keys = ("help", "back", "scroll", "remove_recording")
    _kept: Sequence[Kept] = ()

    async def entries(self) -> Sequence[Entry]:
        self._kept = await self._context.work(kept_in, self._context.config.store_dir)
        return [self._entry(kept) for kept in self._kept]

    def _entry(self, kept: Kept) -> Entry:
        async def open_it() -> None:
            self._context.becomes = ("training", "play", str(kept.file), "--menu")
            self._context.shell.leave()

        moment = datetime.fromtimestamp(kept.at, UTC).isoformat()
        return Entry(kept.title, self._context.services.standings.local(moment), open_it)

    def more_keys(self) -> dict[Key, Callable[[], Awaitable[None]]]:
        return {Key.DELETE: self._ask_removal} if self._named() is not None else {}

    def _named(self) -> Kept | None:
        typed = self._editor.text.strip()
        number = int(typed) if is_digits(typed) else 0
        return self._kept[number - 1] if 1 <= number <= len(self._kept) else None

    async def _ask_removal(self) -> None:
        kept = self._named()
        if kept is None:
            return
        t = self._context.t

        async def do() -> None:
            await self._context.work(remove, kept)
            self._editor.clear()
            await self.begin()
            self._message = Message(t("screen.training.recording_removed"), "good")

        self._context.shell.push(Confirm(self._context, t("screen.training.remove", title=kept.title), do))

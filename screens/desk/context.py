"""What every page of the desk is given: the program around it, the work, who sits there, the language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TypeVar

from kiosk.language import Language
from kiosk.services.desk import Counts, DeskWork
from screens.base import Shell
from screens.frame import Message, fit, framed_under
from screens.view import Line, Span, View

T = TypeVar("T")


@dataclass
class DeskContext:
    """One running desk as its pages see it; `who` is written beside everything that is done.

    `zone` is where the desk stands: its times are told as there.
    """

    shell: Shell
    desk: DeskWork
    language: Language
    who: str = ""
    zone: tzinfo | None = None
    counts: Counts = field(default=Counts(0, 0, 0))

    def t(self, key: str, **params: str | int) -> str:
        return self.language.text(key, **params)

    async def work(self, function: Callable[..., T], *args: object) -> T:
        """Runs one call of the desk in the store thread; raises as it does."""
        return await self.shell.run(function, *args)

    async def refresh(self) -> None:
        """Reads what the first line shows."""
        self.counts = await self.work(self.desk.counts)

    def moment(self, at: datetime | None) -> str:
        """A moment by the clocks of the place, `-` for none."""
        return f"{at.astimezone(self.zone):%d-%m-%Y %H:%M}" if at else "-"

    def framed(
        self,
        title: str,
        body: Sequence[Line],
        *,
        width: int,
        height: int,
        message: Message | None = None,
        keys: Sequence[str] = (),
        cursor: tuple[int, int] | None = None,
    ) -> View:
        """A whole view under the desk's first line."""
        counts = self.counts
        left = f" KIOSK JKN  {self.t('desk.place')}  {self.who}"
        right = self.t("desk.counts", aside=counts.aside, refused=counts.refused, undecided=counts.undecided)
        head = fit(left, width - len(right) - 1) + right + " "
        return framed_under(
            (Span(fit(head, width), "header"),),
            self,
            (Span(f" {title}", "title"),),
            body,
            width=width,
            height=height,
            message=message,
            keys=keys,
            cursor=cursor,
        )

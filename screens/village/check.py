"""The review in parts, where one question fills a page: each is said to be right by itself."""

from __future__ import annotations

from kiosk.domain.draft import split_member_path
from kiosk.domain.form import ADDRESS_PATHS
from screens.context import Context
from screens.frame import step_title
from screens.journey import Journey
from screens.registration.review import ReviewPage
from screens.view import Line

_FAMILY, _PAYMENT = "family", "payment"


def _part_of(path: str) -> str:
    """The part in which an answer is checked: its member's, the address, or how it is paid for."""
    found = split_member_path(path)
    if found is not None or path == "kk":
        return str(found[0] if found else 0)
    return _FAMILY if path in {*ADDRESS_PATHS, "fktp"} else _PAYMENT


class CheckPage(ReviewPage):
    """F10 says that this part is right and shows the next one; after the last one it goes on."""

    _asks = "screen.review.part.ask"

    def __init__(self, context: Context, journey: Journey, at: str = "") -> None:
        self._part = 0
        super().__init__(context, journey, at)
        parts = self._parts()
        self._part = parts.index(_part_of(at)) if at and _part_of(at) in parts else 0
        self._paths = self._rows()

    def _parts(self) -> list[str]:
        return list(dict.fromkeys(map(_part_of, super()._rows())))

    def _rows(self) -> list[str]:
        parts = self._parts()
        self._part = min(self._part, len(parts) - 1)
        return [path for path in super()._rows() if _part_of(path) == parts[self._part]]

    @property
    def _is_last(self) -> bool:
        return self._part == len(self._parts()) - 1

    async def _confirm(self) -> None:
        if self._is_last:
            await super()._confirm()
        else:
            self._turn(1)

    async def _back(self) -> None:
        if self._part:
            self._turn(-1)
        else:
            await super()._back()

    def _turn(self, by: int) -> None:
        self._part += by
        self._top = 0
        self._editor.clear()

    def _totals(self) -> list[Line]:
        return super()._totals() if self._is_last else []

    def _title(self) -> Line:
        place = self._context.t("screen.review.part", at=self._part + 1, of=len(self._parts()))
        return step_title(self._context, self.step, place)

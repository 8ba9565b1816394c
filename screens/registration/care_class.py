"""Step 4: the class of care, with what it costs while it is being chosen, and the bank account."""

from __future__ import annotations

from kiosk.domain.flow import Step
from kiosk.domain.form import SPECS
from kiosk.domain.premium import per_person
from screens.form import FormPage
from screens.view import Line, Span


class ClassPage(FormPage):
    """Asks for class I, II or III; the family's total follows each key."""

    step = Step.CLASS

    def _chosen(self) -> int | None:
        raw = self.editor.text if self.path == "class" else self.journey.draft.answer("class")
        value = SPECS["class"].clean(raw, self.context.rules).value
        return int(value) if value is not None else None

    def above(self) -> list[Line]:
        if self.context.is_single and self.path != "class":
            return [()]
        people = max(len(self.journey.flow.family.members), 1)
        chosen = self._chosen()
        lines: list[Line] = [(), (Span("   " + self.context.t("screen.class.head", count=people)),)]
        for care_class in (1, 2, 3):
            price = per_person(self.context.rules, care_class)
            name = (
                self.context.rules.choices["class"].value(str(care_class)).labels[self.context.language.base]
            )
            row = self.context.t(
                "screen.class.row",
                mark=">" if care_class == chosen else " ",
                code=care_class,
                name=f"{name:10}",
                price=f"{self.context.language.rupiah(price):>10}",
                people=people,
                total=f"{self.context.language.rupiah(price * people):>12}",
            )
            lines.append((Span(f"   {row} ", "mark" if care_class == chosen else "plain"),))
        return [*lines, ()]

    def below(self) -> list[Line]:
        if self.context.is_single and self.path == "class":
            return []
        return [(), (Span("   " + self.context.t("screen.class.note")),)]

"""Step 3: the members of the family, one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.domain import entry
from kiosk.domain.draft import Draft, member_path, split_member_path
from kiosk.domain.family import NO_NIK, read_answer
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Flow, Step, again_fact
from kiosk.domain.form import spec_for
from kiosk.domain.identifiers import nik_birth_date, nik_sex
from screens import navigation
from screens.context import Context
from screens.dialogs import Confirm
from screens.display import displayed, grouped, hidden
from screens.form import FormPage
from screens.frame import Message, fit, indented, step_title, told
from screens.journey import Journey
from screens.keys import Key
from screens.view import Line, Span

_OF_NIK = frozenset({"nik", entry.NIK_AGAIN, "name"})
"""Questions with which stands what the NIK says, to be held against the KTP."""


class MembersPage(FormPage):
    """Lists the members and fills in one of them; after the last row of one comes the next, blank one."""

    step = Step.MEMBERS
    keys = ("help", "back", "choices", "same", "later", "next")

    def __init__(self, context: Context, journey: Journey, at: str = "") -> None:
        found = split_member_path(at)
        self.index = found[0] if found else 0 if at else self._open_member(journey.flow)
        self.revealed = False
        super().__init__(context, journey, at)

    @staticmethod
    def _open_member(flow: Flow) -> int:
        """The first member with a problem, else the place after the last one."""
        for problem in flow.problems_of(Step.MEMBERS):
            found = split_member_path(problem.field)
            if problem.blocks and found:
                return found[0]
        incomplete = any(p.blocks for p in flow.problems_of(Step.MEMBERS) if p.field != "members")
        return 0 if incomplete else flow.draft.member_count

    def rows(self) -> tuple[str, ...]:
        return entry.rows(Step.MEMBERS, self.journey.flow, self.index)

    def handlers(self) -> dict[Key, Callable[[], Awaitable[None]]]:
        return {
            **super().handlers(),
            Key.PAGE_UP: self._previous_member,
            Key.PAGE_DOWN: self._next_member,
            Key.REVEAL: self._reveal,
            **({Key.DELETE: self._ask_removal} if self._may_remove() else {}),
        }

    # Between members.

    @property
    def _nik_path(self) -> str:
        return member_path(self.index, "nik")

    @property
    def _is_blank(self) -> bool:
        return not self.journey.draft.member(self.index)

    def to_member(self, index: int) -> None:
        self.index = min(max(index, 0), self.journey.draft.member_count)
        self.go_to(self._first_open(self.rows()) if self._is_blank else self.rows()[0])

    async def up(self) -> None:
        if self.path == self.rows()[0] and self.index:
            self.to_member(self.index - 1)
        else:
            await super().up()

    async def back(self) -> None:
        """Where one question fills the page: to the member before, as to the question before."""
        if self.context.is_single and self.index and self.path == self.rows()[0]:
            await self.up()
        else:
            await super().back()

    async def down(self) -> None:
        if self.path == self.rows()[-1]:
            self.to_member(self.index + 1)
        else:
            await super().down()

    async def _previous_member(self) -> None:
        self.to_member(self.index - 1)

    async def _next_member(self) -> None:
        self.to_member(self.index + 1)

    async def _reveal(self) -> None:
        self.revealed = not self.revealed

    def _may_remove(self) -> bool:
        return self.path == self._nik_path and not self._is_blank and self.unchanged()

    async def _ask_removal(self) -> None:
        name = self.journey.draft.answer(member_path(self.index, "name")) or str(self.index + 1)
        question = self.context.t("screen.members.remove", name=name)
        self.context.shell.push(Confirm(self.context, question, self._removed))

    async def _removed(self) -> None:
        self.message = await told(self.context, self._remove()) or self.message

    async def _remove(self) -> None:
        draft = self.journey.draft.without_member(self.index)
        at = member_path(min(self.index, draft.member_count), "nik")
        await self.journey.save(draft.moved_to(at), fields=("members",), codes=("member.removed",))
        self.to_member(self.index)
        self.message = Message(self.context.t("screen.members.removed"), "good")

    # Accepting.

    async def accept(self, raw: str) -> None:
        draft, is_baby = self.journey.draft, self._has_no_nik
        if self.path == self._nik_path and is_baby and not raw.strip():
            await self.advance(self.path)
        elif self.path == self._nik_path and is_baby and draft.answer(member_path(self.index, "name")):
            self._ask_whose(raw)
        else:
            await super().accept(raw)

    @property
    def _has_no_nik(self) -> bool:
        return bool(self.journey.draft.answer(member_path(self.index, NO_NIK)))

    def _ask_whose(self, raw: str) -> None:
        """A NIK typed over a named baby may be the next member's."""

        async def give() -> None:
            self.message = await told(self.context, super(MembersPage, self).accept(raw)) or self.message

        name = self.journey.draft.answer(member_path(self.index, "name"))
        question = self.context.t("screen.members.whose", name=name.upper(), number=self.index + 1)
        self.context.shell.push(Confirm(self.context, question, give))

    async def advance(self, path: str) -> None:
        """A baby who cannot be registered here is said so as soon as the birth date tells."""
        await super().advance(path)
        if not self._has_no_nik or path != member_path(self.index, "birth_date"):
            return
        babies = (p for p in self.journey.flow.problems_of(self.step) if p.code.startswith("newborn."))
        problem = next((p for p in babies if p.blocks and split_member_path(p.field)), None)
        if problem is not None:
            self.go_to(self._nik_path)
            says = f"{self.context.say(problem)}\n{self.context.t('screen.members.take_out')}"
            self.message = Message(says, "error")

    def settled(self, draft: Draft, path: str) -> Draft:
        """A NIK that comes after all ends the member's being without one."""
        if path != self._nik_path:
            return draft
        return draft.with_answers(
            {member_path(self.index, NO_NIK): None, member_path(self.index, "mother_nik"): None}
        )

    async def accept_special(self, path: str, raw: str) -> Problem | None:
        nik = read_answer(self.journey.draft, self._nik_path, self.context.rules).value
        if nik is None or raw.strip() != str(nik)[-4:]:
            return Problem(path, "nik.again_wrong")
        await self.journey.record({again_fact(str(nik)): "yes"}, at=self.after(path, self.journey))
        return None

    async def later(self) -> None:
        """F9: a baby without a NIK on an empty NIK, "not known" where that may be, else save for later."""
        if self._may_be_a_baby():
            await self._without_nik()
        elif self._may_stay_empty():
            self.editor.clear()
            await self.accept("")
        else:
            await self.finish()

    def key_names(self) -> tuple[str, ...]:
        later = "baby" if self._may_be_a_baby() else "unknown" if self._may_stay_empty() else "later"
        names = [later if name == "later" else name for name in super().key_names()]
        if self._may_remove():
            names.insert(names.index("back") + 1, "remove")
        return tuple(names)

    def _may_be_a_baby(self) -> bool:
        """A NIK that stands there is not thrown away by a key that elsewhere keeps everything."""
        return self.path == self._nik_path and not self.editor.text.strip() and not self._has_no_nik

    def _may_stay_empty(self) -> bool:
        """A row that nothing was answered to and that may stay so."""
        if self.is_special(self.path) or self.journey.draft.answer(self.path):
            return False
        return not spec_for(self.path).required

    async def _without_nik(self) -> None:
        mother = member_path(self.index, "mother_nik")
        changes: dict[str, str | None] = {member_path(self.index, NO_NIK): "yes", self._nik_path: None}
        draft = self.journey.draft.with_answers(changes).moved_to(mother)
        await self.journey.save(draft, fields=(member_path(self.index, NO_NIK),))
        self.go_to(mother)

    def after(self, path: str, ahead: Journey) -> str:
        draft = ahead.draft
        paths = entry.member_rows(draft, self.index, self.context.rules)
        if path in paths and path != paths[-1]:
            return paths[paths.index(path) + 1]
        problem = self._first_problem(ahead.flow)
        return problem.field if problem else member_path(draft.member_count, "nik")

    async def finished(self) -> None:
        """To what was left out on the way and is needed, else to a blank member.

        Where one question fills a page, the list of what is done comes between.
        """
        problem = self._first_problem(self.journey.flow)
        if problem is None and self.context.is_single and not self.journey.mends:
            self.gone = True
            navigation.show_tasks(self.context, self.journey, self.step)
        elif problem is None:
            self.to_member(self.journey.draft.member_count)
        else:
            self.show_problem(problem)

    def _first_problem(self, flow: Flow) -> Problem | None:
        found = (p for p in flow.problems_of(Step.MEMBERS) if p.blocks and p.field != "members")
        return min(found, key=self.place_of, default=None)

    def place_of(self, problem: Problem) -> tuple[int, int]:
        if problem.field == "members":
            return (self.journey.draft.member_count, 0)
        found = split_member_path(problem.field)
        index = found[0] if found else 0
        paths = entry.member_rows(self.journey.draft, index, self.context.rules)
        return (index, paths.index(problem.field) if problem.field in paths else len(paths))

    def show_problem(self, problem: Problem) -> None:
        found = split_member_path(problem.field)
        if found is not None:
            self.index = found[0]
        elif problem.field != "members":
            self.index = 0
        super().show_problem(problem)

    # What is shown.

    def title(self) -> Line:
        kk = read_answer(self.journey.draft, "kk", self.context.rules).value
        return step_title(self.context, self.step, f"KK {grouped(str(kk))}" if kk else "")

    def above(self) -> list[Line]:
        if self.context.is_single:
            return [self._whose()]
        draft, count = self.journey.draft, self.journey.draft.member_count
        room = 3 if self.index == 0 else 7
        first = max(min(self.index - room + 2, count - room), 0)
        lines: list[Line] = []
        if count and not (self.index == 0 and count == 1):
            lines = [self._line(index, draft) for index in range(first, min(first + room, count))]
            lines.append(())
        number = self.context.t("screen.members.number", number=self.index + 1)
        facts = self._facts_of_nik()
        lines.append((Span(f"   {number}", "title"), Span(f": {facts}" if facts else "")))
        return lines

    def _whose(self) -> Line:
        """Whom the one question is about: by the NIK until there is a name, or the whole family."""
        found = split_member_path(self.path)
        if found is None:
            return (Span("   " + self.context.t("screen.review.family"), "title"),)
        number = self.context.t("screen.members.number", number=self.index + 1)
        name = self.journey.draft.answer(member_path(self.index, "name")).upper()
        known = self._facts_of_nik() if not name or found[1] in _OF_NIK else name
        return (Span(f"   {number}", "title"), Span(f": {known}" if known else ""))

    def _line(self, index: int, draft: Draft) -> Line:
        mark = ">" if index == self.index else " "
        nik = draft.answer(member_path(index, "nik"))
        number = grouped(nik) if self.revealed else hidden(nik) if nik else "-"
        relation = displayed(
            self.context, member_path(index, "relation"), draft.answer(member_path(index, "relation"))
        )
        name = draft.answer(member_path(index, "name")).upper()
        blocked = any(
            p.blocks and (found := split_member_path(p.field)) and found[0] == index
            for p in self.journey.flow.problems_of(Step.MEMBERS)
        )
        state = self.context.t("screen.members.open" if blocked else "screen.members.done")
        text = (
            f" {index + 1:>2}{mark} {fit(name, 26)} {fit(number, 18)} {fit(relation[2:].strip(), 16)} {state}"
        )
        return (Span(text, "value" if index == self.index else "plain"),)

    def _facts_of_nik(self) -> str:
        """What the NIK says of its bearer, to be held against the KTP."""
        nik = read_answer(self.journey.draft, self._nik_path, self.context.rules).value
        if nik is None:
            return ""
        born = nik_birth_date(str(nik), self.context.rules.today)
        names = self.context.rules.regions.path(str(nik)[:6])
        where = ", ".join(reversed(names[-2:])).replace("Kota Administrasi", "Kota Adm.") or self.context.t(
            "screen.members.unknown_region"
        )
        sex = self.context.t(f"screen.sex.{nik_sex(str(nik))}")
        return f"{born:%d-%m-%Y}, {sex}, {where}"

    def below(self) -> list[Line]:
        if self.index == 0:
            return []
        street = self.journey.draft.answer("address.street")
        facility = self.context.facility(self.journey.draft.answer("fktp"))
        place = facility.name if facility else self.journey.draft.answer("fktp")
        same = indented(self.context.t("screen.members.same", street=street, fktp=place))
        more = indented(self.context.t("screen.members.more"), role="title") if self._is_blank else []
        return more if self.context.is_single else [(), *same, *more]

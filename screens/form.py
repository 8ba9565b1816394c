"""A page of rows to be filled in: one sheet for the counter, one question at a time for the village."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from kiosk.domain import entry
from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Step
from screens import navigation
from screens.context import Context
from screens.dialogs import Help
from screens.display import displayed, key_of
from screens.editor import Editor
from screens.frame import Message, body_room, framed, indented, step_title, told, with_staff
from screens.journey import Journey
from screens.keys import Key, Press
from screens.layout import Row, question_lines, sheet_lines
from screens.view import Line, View

_TYPED_AT_MOST = 400
"""Characters that a row takes: more than any answer may have, so that what is too long is refused with a
sentence and not cut without a word."""


class FormPage:
    """One step's rows. Enter accepts what stands in the row, saves it, and goes on to the next.

    A step's own page says which step it is, and overrides what is special: rows that are not stored
    (`accept_special`), what stands above the rows (`above`) and what follows the last one (`finished`).
    """

    step: ClassVar[Step]
    keys: ClassVar[tuple[str, ...]] = ("help", "back", "choices", "later", "next")

    def __init__(self, context: Context, journey: Journey, at: str = "") -> None:
        self.context = context
        self.journey = journey
        self.message = Message()
        self.gone = False
        self._looked_at: set[tuple[str, str]] = set()
        self._cells: dict[str, str] = {}
        self._cells_of: tuple[Draft, str] | None = None
        self.path = ""
        self.editor = Editor()
        paths = self.rows()
        self.go_to(at if at in paths else self._first_open(paths))

    @property
    def recordable(self) -> bool:
        return not self.is_special(self.path) or self.path == entry.CAPTCHA

    # What the rows are.

    def rows(self) -> tuple[str, ...]:
        return entry.rows(self.step, self.journey.flow)

    def _first_open(self, paths: tuple[str, ...]) -> str:
        return next((path for path in paths if not self.journey.draft.answer(path)), paths[0])

    def suggested(self, path: str) -> str:
        return entry.suggestion(path, self.journey.flow, self.context.config.kiosk.fktp)

    def is_special(self, path: str) -> bool:
        """True for a row whose answer is checked and never stored."""
        return path in {entry.CAPTCHA, entry.CODE} or path.endswith(entry.NIK_AGAIN)

    def is_hidden(self, path: str) -> bool:
        return path.endswith(entry.NIK_AGAIN)

    def go_to(self, path: str) -> None:
        """Puts the cursor into a row, with its earlier answer or what is suggested there."""
        self.path = path
        given = "" if self.is_special(path) else self.journey.draft.answer(path)
        suggested = "" if given or self.is_special(path) else self.suggested(path)
        words = displayed(self.context, path, suggested) if suggested else ""
        text = given or suggested
        limit = max(_TYPED_AT_MOST, len(text))
        self.editor = Editor(
            text, bool(suggested), limit, words, replaces=bool(given) and self._is_short(path)
        )

    def _is_short(self, path: str) -> bool:
        """True for numbers, dates and choices, which are typed anew; names and addresses are mended."""
        return not self.is_special(path) and not entry.is_mended(path)

    # Keys.

    async def press(self, press: Press) -> None:
        handler = self.handlers().get(press.key)
        if handler is not None:
            self.message = Message()
            self.message = await told(self.context, handler()) or self.message
            if self.path not in self.rows():
                self.go_to(self._first_open(self.rows()))  # somebody else has changed the family meanwhile
        elif self.editor.press(press):
            self.message = Message()
            self.typed()

    def handlers(self) -> dict[Key, Callable[[], Awaitable[None]]]:
        return {
            Key.ENTER: self.enter,
            Key.UP: self.up,
            Key.DOWN: self.down,
            Key.HELP: self.help,
            Key.STAFF: self.staff,
            Key.BACK: self.back,
            Key.CHOICES: self.choose,
            Key.SAME: self.same,
            Key.LATER: self.later,
            Key.NEXT: self.next,
            Key.FINISH: self.finish,
        }

    def tell(self, message: Message) -> None:
        """Says something beside the row with the cursor."""
        self.message = message

    def typed(self) -> None:
        """Called after each key that changed the row, for totals that follow the typing."""

    async def enter(self) -> None:
        await self.accept(self.editor.text)

    async def up(self) -> None:
        self._move(-1)

    async def down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        paths = self.rows()
        index = paths.index(self.path) + by
        if 0 <= index < len(paths):
            self.go_to(paths[index])

    async def help(self) -> None:
        self.context.shell.push(Help(self.context, key_of(self.path), self.step))

    async def staff(self) -> None:
        self.message = await navigation.call_staff(self.context, self.journey)

    async def back(self) -> None:
        """To the question before where one fills the page, else to the step before."""
        if self.context.is_single and self.path != self.rows()[0]:
            await self.up()
            return
        await navigation.back(self.context, self.journey, self.step)

    async def choose(self) -> None:
        if not await navigation.choose(self.context, self.journey, self.path, self.editor.text, self.chosen):
            self.message = Message(self.context.t("screen.no_choices"))

    async def chosen(self, raw: str) -> None:
        """Takes an entry of a list as if it had been typed."""
        self.editor = Editor(raw, limit=max(self.editor.limit, len(raw)))
        self.message = Message()
        self.message = await told(self.context, self.accept(raw)) or self.message

    async def same(self) -> None:
        raw = entry.same_as_before(self.path, self.journey.draft, self._typed)
        if not raw:
            self.message = Message(self.context.t("screen.nothing_before"), "warn")
        elif entry.same_completes(self.path):
            self.editor = Editor(raw)
            await self.accept(raw)
        else:
            self.editor = Editor(raw, limit=self.editor.limit)

    @property
    def _typed(self) -> str:
        """What the person has put into the row; a suggestion is none of it."""
        return "" if self.editor.suggested else self.editor.text

    async def later(self) -> None:
        await self.finish()

    async def finish(self) -> None:
        await navigation.keep(self.context, self.journey)

    async def next(self) -> None:
        """Accepts what is typed in the row, then leaves the step if nothing is missing in it."""
        path = self.path
        if self.editor.text and (self.is_special(path) or not self.unchanged()):
            await self.accept(self.editor.text)
            if self.gone or self.message.text or self.path == path:
                return
        await self.leave_step()

    def unchanged(self) -> bool:
        return self.editor.text == self.journey.draft.answer(self.path)

    async def leave_step(self) -> None:
        """On to the next step, or to the first row that still has a problem."""
        problems = (p for p in self.journey.flow.problems_of(self.step) if p.blocks)
        problem = min(problems, key=self.place_of, default=None)
        if problem is None:
            self.gone = True
            returns = self.journey.reviewing
            if not (returns and await navigation.return_to_review(self.context, self.journey)):
                await navigation.forward(self.context, self.journey, self.step)
        else:
            self.show_problem(problem)

    def place_of(self, problem: Problem) -> tuple[int, int]:
        """Where a problem's row stands among all rows of the step: the first one is mended first."""
        paths = self.rows()
        return (0, paths.index(problem.field) if problem.field in paths else len(paths))

    def show_problem(self, problem: Problem) -> None:
        """Goes to the row of a problem and says what it is."""
        if problem.field in self.rows():
            self.go_to(problem.field)
        self.message = Message(self.context.say(problem), "error")

    # Accepting.

    async def accept(self, raw: str) -> None:
        """Takes `raw` as the answer to the row: refused, asked again, or saved and on to the next row."""
        path = self.path
        if self.is_special(path):
            problem = await self.accept_special(path, raw)
            if problem is None:
                await self.advance(path)
            else:
                self.editor.clear()
                self.message = Message(self.context.say(problem), "error" if problem.blocks else "warn")
                await navigation.missed(self.context, self.journey, problem)
            return
        raw = entry.expanded(path, raw, self.journey.draft)
        draft = self.journey.draft.with_answers({path: raw})
        known = await self.journey.known_with(draft, path)
        problems = entry.problems_at(path, draft, self.context.rules, known)
        if problems and not self._passes(problems[0], path, raw):
            await self.refused(problems[0], raw)
            return
        ahead = Journey(self.context, self.settled(draft, path), known)
        returns = self.journey.reviewing and ahead.flow.may_show(Step.REVIEW)
        draft = ahead.draft.moved_to(Step.REVIEW if returns else self.after(path, ahead))
        await self.journey.save(draft, fields=(path,), codes=[p.code for p in problems], known=known)
        await self.advance(path)

    def _passes(self, problem: Problem, path: str, raw: str) -> bool:
        """An error never passes, a warning the second time that the same answer is given."""
        if problem.blocks or (path, raw) not in self._looked_at:
            self._looked_at.add((path, raw))
            return False
        return True

    async def refused(self, problem: Problem, raw: str) -> None:
        """Says what is wrong; words where a code is asked open the list of places that fit them."""
        self.editor.suggested = False
        self.editor.replaces = self._is_short(self.path) or self.path == "contact.email"  # two in one pass
        if problem.code in {"region.unknown", "fktp.unknown"} and any(map(str.isalpha, raw)):
            await navigation.choose(self.context, self.journey, self.path, raw, self.chosen)
            return
        if problem.blocks:
            self.message = Message(self.context.say(problem), "error")
            await navigation.missed(self.context, self.journey, problem)
        else:
            again = self.context.t("screen.once_more")
            self.message = Message(f"{self.context.say(problem)}\n{again}", "warn")

    def settled(self, draft: Draft, path: str) -> Draft:
        """The draft with what follows from the answer at `path`; nothing for most."""
        del path
        return draft

    async def accept_special(self, path: str, raw: str) -> Problem | None:
        """Checks a row that is not stored; None where it is right."""
        raise NotImplementedError(path)

    def after(self, path: str, ahead: Journey) -> str:
        """Where the person will be once `path` is accepted, which makes the journey `ahead` of this one."""
        done = {special for special in entry.rows(self.step, self.journey.flow) if special not in self.rows()}
        paths = [row for row in entry.rows(self.step, ahead.flow) if row not in done]
        if path != paths[-1]:
            return paths[paths.index(path) + 1]
        problem = next((p for p in ahead.flow.problems_of(self.step) if p.blocks), None)
        if problem is not None:
            return problem.field if problem.field in paths else path
        return navigation.place_after(ahead, self.step)

    async def advance(self, path: str) -> None:
        """On to the next row, back to the review where it sent us, or on after the last row."""
        returns = self.journey.reviewing
        if returns and await navigation.return_to_review(self.context, self.journey, path):
            self.gone = True
            return
        paths = self.rows()
        index = paths.index(path) + 1 if path in paths else 0
        if index < len(paths):
            self.go_to(paths[index])
            await self.entered(paths[index])
        else:
            await self.finished()

    async def entered(self, path: str) -> None:
        """Called when a row is reached by accepting the one before it."""

    async def finished(self) -> None:
        """What follows the last row: the next step."""
        await self.leave_step()

    # What is shown.

    def key_names(self) -> tuple[str, ...]:
        """The keys of the last line: those that do something in the row with the cursor."""
        return tuple(name for name in self.keys if self._is_of_use(name))

    def _is_of_use(self, name: str) -> bool:
        if name == "choices":
            return entry.has_list(self.path)
        return name != "same" or entry.has_same(self.path, self.journey.draft, self._typed)

    def title(self) -> Line:
        return step_title(self.context, self.step)

    def above(self) -> list[Line]:
        """Lines over the rows."""
        return []

    def below(self) -> list[Line]:
        """Lines under the rows."""
        return []

    def cell(self, path: str) -> str:
        """What a row shows while another is being filled in."""
        stamp = (self.journey.draft, self.context.language.code)
        if self._cells_of != stamp:
            self._cells, self._cells_of = {}, stamp
        if path not in self._cells:
            raw = "" if self.is_special(path) else self.journey.draft.answer(path)
            self._cells[path] = displayed(self.context, path, raw)
        return self._cells[path]

    def row(self, path: str) -> Row:
        """One row as the layouts draw it."""
        key = key_of(path)
        focused = path == self.path
        return Row(
            label=self.context.t(f"field.{key}"),
            hint=self._hint(path) if focused else "",
            question=self.context.t(f"question.{key}") if focused else "",
            text="*" * len(self.editor.text) if focused and self.is_hidden(path) else self.cell(path),
            editor=self.editor if focused else None,
            hidden=self.is_hidden(path),
            reads=self._reads() if focused else "",
        )

    def _hint(self, path: str) -> str:
        if entry.may_stay_blank(path, self.journey.draft, self.context.rules):
            return self.context.t("screen.may_stay_blank")
        key = key_of(path)
        alone = f"example.single.{key}"
        is_alone = self.context.is_single and self.context.language.has(alone)
        return self.context.t(alone if is_alone else f"example.{key}")

    def _reads(self) -> str:
        """How the answer in the focused row reads, where that says more than what was typed."""
        if self.is_special(self.path) or not self.editor.text:
            return ""
        if self.editor.suggested:
            return self.context.t("screen.suggested.single" if self.context.is_single else "screen.suggested")
        raw = entry.expanded(self.path, self.editor.text, self.journey.draft)
        words = displayed(self.context, self.path, raw)
        return "" if words == self.editor.text else words

    def _explained(self) -> list[Line]:
        """The help of the row, where one question has the page to itself."""
        key = f"help.{key_of(self.path)}"
        asks_more = self.path in {entry.CAPTCHA, entry.CODE} or self.step is Step.CONSENT
        return [] if asks_more or not self.context.language.has(key) else indented(self.context.t(key))

    def view(self, width: int, height: int) -> View:
        paths = self.rows()
        rows = [self.row(path) for path in paths]
        focus = paths.index(self.path) if self.path in paths else 0
        above, below = self.above(), self.below()
        room = body_room(height)
        if self.context.is_single:
            place = self.context.t("screen.question", at=focus + 1, of=len(rows))
            explained = self._explained()
            gap: list[Line] = [()] if below and below[-1] and explained else []
            body, cursor = question_lines(rows, focus, above, [*below, *gap, *explained], place)
        else:
            body, cursor = sheet_lines(rows, focus, above, below, room)
        return framed(
            self.context,
            self.title(),
            body,
            width=width,
            height=height,
            message=self.message,
            keys=with_staff(self.context, self.key_names()),
            cursor=cursor,
        )

"""Step 8: the virtual accounts and the receipt."""

from __future__ import annotations

from kiosk.domain.flow import Step
from kiosk.domain.registration import Registration, State
from kiosk.errors import KioskError
from kiosk.services.mending import UNSAID
from kiosk.services.ports import PrintJob, Printout, PrintState
from kiosk.services.receipt import grouped_account
from kiosk.services.standing import Standing
from screens import navigation
from screens.cards import reason
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import Message, body_room, framed, indented, step_title, told
from screens.keys import Key, Press
from screens.view import Line, Span, View

_ROLES = {State.ACCEPTED: "good", State.NEEDS_FIX: "error", State.LAPSED: "error"}


class AccountPage:
    """Shows what was stored, how it stands, and where to pay; F5 shows the receipt, F12 clears the screen.

    Looked at `again` it can be left with F3, its receipt is a copy, and what was refused is mended with F10.
    """

    recordable = True

    step = Step.ACCOUNT

    def __init__(self, context: Context, registration: Registration, *, again: bool = False) -> None:
        self._context = context
        self._registration = registration
        self._again = again
        self._standing = Standing(registration.state)
        self._receipt: list[str] = []
        self._job: PrintJob | None = None
        self._told: PrintState | None = None
        self._scroll = Scroll()
        self._may_void = False
        done = "screen.account.mended" if registration.version > 1 else "screen.account.done"
        self._message = Message("" if again else context.t(done), "good")

    async def begin(self) -> None:
        """Reads how the registration stands."""
        services = self._context.services
        self._standing = await self._context.work(services.standings.of, self._registration)
        if self._again and self._context.session is not None:
            self._may_void = await self._context.work(services.staffing.risky.can_void, self._registration)

    async def renew(self) -> None:
        """Reads again what the hub may have said meanwhile."""
        queries = self._context.services.queries
        self._registration = await self._context.work(queries.registration, self._registration.reference)
        await self.begin()

    async def press(self, press: Press) -> None:
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        if press.key is Key.NEXT and self._mends:
            await navigation.mend(self._context, self._registration.reference)
        elif press.key is Key.NEXT and self._next_at_once:
            await navigation.next_family(self._context)
        elif press.key in {Key.FINISH, Key.NEXT} or (press.key is Key.BACK and self._again):
            await navigation.home(self._context)
        elif press.key is Key.AGAIN:
            await self._show_receipt()
        elif press.key is Key.DELETE and self._may_void:
            from screens.staff.void import VoidPage  # noqa: PLC0415  (only who takes one back needs it)

            self._context.shell.push(VoidPage(self._context, self._registration.reference, self._voided))
        elif press.key is Key.ENTER and self._may_print:
            await self._print()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", self.step))
        elif press.key is Key.STAFF:
            self._message = await navigation.call_staff(self._context)
        else:
            self._scroll.press(press)

    async def _voided(self) -> None:
        """Two people have taken it back."""
        self._receipt = []
        await self.renew()
        await self._context.refresh()
        self._message = Message(self._context.t("screen.staff.voided"), "good")

    @property
    def _may_print(self) -> bool:
        return self._context.config.printer_to is not None and not self._registration.purged_at

    async def _print(self) -> None:
        """The receipt on paper: once for a family that was just registered, then marked as a copy."""
        printer = self._context.services.printer
        lines = await self._receipt_lines(again=self._again or self._job is not None)
        if printer is None or not lines:
            return
        self._job = printer.print(Printout(self._registration.reference, tuple(lines)))
        self._told = self._job.state
        self._message = self._printing

    @property
    def _printing(self) -> Message:
        """How far the paper is."""
        role = "good" if self._told is PrintState.PRINTED else "plain"
        return Message(self._context.t(f"screen.print.{self._told}"), role)

    def tick(self) -> bool:
        """Tells when the paper has come out, or will not."""
        if self._job is None or self._told is self._job.state:
            return False
        self._told = self._job.state
        self._message = self._printing
        return True

    @property
    def _next_at_once(self) -> bool:
        """Where many families come one after another, the next one begins from the receipt."""
        return not self._again and self._context.config.profile == "counter"

    @property
    def _mends(self) -> bool:
        return self._again and self._standing.state is State.NEEDS_FIX

    async def _show_receipt(self) -> None:
        self._message = Message()
        if self._receipt:
            self._receipt = []
            return
        self._receipt = await self._receipt_lines(again=self._again)
        self._scroll = Scroll()

    async def _receipt_lines(self, *, again: bool) -> list[str]:
        """The receipt as of now; none where there can be none, which is said."""
        try:
            await self.renew()
            return await self._made_out(again=again)
        except KioskError as error:
            is_late = error.code == "reprint.late"
            key = "problem.reprint.late" if is_late else "screen.account.no_receipt"
            self._message = Message(self._context.t(key), "error")
            return []

    async def _made_out(self, *, again: bool) -> list[str]:
        """The receipt as of now; none where what it needs was removed, which is said."""
        context, registration = self._context, self._registration
        if registration.purged_at:
            self._message = Message(context.t("screen.account.no_reprint"), "warn")
            return []
        return await context.work(
            context.services.receipt, registration, context.language, self._standing, again=again
        )

    def _lines(self) -> list[Line]:
        registration, t = self._registration, self._context.t
        decision = registration.decision
        lines: list[Line] = [
            (),
            (Span("   " + t("receipt.reference") + "  "), Span(registration.reference, "title")),
            (
                Span("   " + t(f"outcome.{decision.outcome}")),
                Span(f", {t('screen.people', count=decision.people)}"),
            ),
            (),
            *standing_lines(self._context, self._standing, pays=decision.premium_total is not None),
            (),
        ]
        if registration.purged_at:
            return [*lines, *indented(t("screen.account.purged"))]
        if self._standing.state in {State.NEEDS_FIX, State.LAPSED, State.CANCELLED}:
            return lines
        if decision.premium_total is None:
            lines += indented(t("receipt.no_premium"))
        else:
            lines += self._payment()
        for problem in decision.problems:
            lines += indented("! " + self._context.say(problem).split("\n")[0])
        return lines

    def _payment(self) -> list[Line]:
        registration, t = self._registration, self._context.t
        decision = registration.decision
        total = self._context.language.rupiah(decision.premium_total or 0)
        lines: list[Line] = [(Span("   " + t("receipt.total") + "  "), Span(total, "title"))]
        if decision.pay_from and decision.pay_until:
            window = t(
                "screen.account.window",
                first=f"{decision.pay_from:%d-%m-%Y}",
                last=f"{decision.pay_until:%d-%m-%Y}",
            )
            lines.append((Span("   " + window),))
        lines.append(())
        if registration.waits_for_number:
            return [*lines, *indented(t("receipt.number_later"), role="warn")]
        lines.append((Span("   " + t("receipt.virtual_account"), "title"),))
        for bank, number in registration.virtual_accounts.items():
            lines.append((Span(f"   {bank:10}"), Span(grouped_account(number), "value")))
        if self._standing.has_new_number:
            lines += indented(t("receipt.new_number"), role="warn")
        if registration.demo_card:
            lines += indented(t("receipt.demo_card"), role="warn")
        elif self._context.is_public:
            lines += [(), *indented(t("screen.account.after"), role="title")]
        return lines

    def _title(self) -> Line:
        if not self._again:
            return step_title(self._context, self.step)
        reference = self._registration.reference
        return (Span(" " + self._context.t("screen.registration", reference=reference), "title"),)

    def _keys(self) -> list[str]:
        keys = ["help"]
        if not self._registration.purged_at:
            keys.append("receipt")
        if self._may_print:
            keys.append("print")
        if self._scroll.is_long:
            keys.append("scroll")
        if self._mends:
            keys.append("mend")
        if self._may_void and not self._receipt:
            keys.append("void")
        if self._again:
            keys.append("return")
            keys.append("clear")
        else:
            if self._next_at_once:
                keys.append("next_family")
            keys.append("finish")
        return keys

    def view(self, width: int, height: int) -> View:
        body = [(Span("   " + line),) for line in self._receipt] if self._receipt else self._lines()
        shown = self._scroll.cut(list(body), body_room(height))
        return framed(
            self._context,
            self._title(),
            shown,
            width=width,
            height=height,
            message=self._message,
            keys=self._keys(),
        )


def standing_lines(
    context: Context, standing: Standing, *, pays: bool, in_public: bool = False
) -> list[Line]:
    """How a registration stands: in a sentence with the time, then in capitals; and what a refusal says.

    In public it is not told what is wrong with whom.
    """
    key = f"screen.standing.{standing.state}"
    says = context.t(key, at=standing.at)
    if standing.code:
        says = context.t("screen.standing.set_aside", code=standing.code)
    lines = indented(says, role=_ROLES.get(standing.state, "title"))
    capitals = f"screen.account.state.{standing.state}"
    active = standing.state is State.ACCEPTED
    lines += indented(context.t("receipt.pays_first" if active and pays else capitals), role="warn")
    if standing.state is State.NEEDS_FIX and not in_public:
        lines.append(())
        errors = [problem for problem in standing.problems if problem.blocks]
        for problem in errors or [UNSAID]:
            lines += indented(reason(context, problem, standing.other_reference))
        lines += indented(context.t("screen.mend.how"), role="title")
    return lines

"""Step 8: the virtual accounts and the receipt."""

from __future__ import annotations

from kiosk.domain.flow import Step
from kiosk.domain.registration import Registration
from kiosk.errors import KioskError
from kiosk.services.receipt import grouped_account
from screens import navigation
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import Message, body_room, framed, indented, step_title, told
from screens.keys import Key, Press
from screens.view import Line, Span, View


class AccountPage:
    """Shows what was stored and where to pay; F5 shows the receipt, F12 clears the screen."""

    step = Step.ACCOUNT

    def __init__(self, context: Context, registration: Registration, *, again: bool = False) -> None:
        self._context = context
        self._registration = registration
        self._again = again
        self._receipt: list[str] = []
        self._scroll = Scroll()
        self._message = Message("" if again else context.t("screen.account.done"), "good")

    async def press(self, press: Press) -> None:
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        if press.key in {Key.FINISH, Key.NEXT} or (press.key is Key.BACK and self._again):
            await navigation.home(self._context)
        elif press.key is Key.AGAIN:
            await self._show_receipt()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", self.step))
        elif press.key is Key.STAFF:
            self._message = Message(self._context.t("screen.staff", place=self._context.config.kiosk.place))
        else:
            self._scroll.press(press)

    async def _show_receipt(self) -> None:
        self._message = Message()
        if self._receipt:
            self._receipt = []
            return
        services, language = self._context.services, self._context.language
        try:
            self._receipt = await self._context.work(services.receipt, self._registration, language)
        except KioskError:
            self._message = Message(self._context.t("screen.account.no_receipt"), "error")
        self._scroll = Scroll()

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
            *indented(t("screen.account.state"), role="warn"),
            (),
        ]
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
        if registration.demo_card:
            lines += indented(t("receipt.demo_card"), role="warn")
        return lines

    def view(self, width: int, height: int) -> View:
        body = [(Span("   " + line),) for line in self._receipt] if self._receipt else self._lines()
        return framed(
            self._context,
            step_title(self._context, self.step),
            self._scroll.cut(list(body), body_room(height)),
            width=width,
            height=height,
            message=self._message,
            keys=("help", "receipt", "scroll", "finish"),
        )

"""Whose turn it is at the counter: signing in and out, the lock, and taking over from each other."""

from __future__ import annotations

from kiosk.domain.draft import Draft
from kiosk.services.staff import SignedIn
from screens.context import Context
from screens.journey import Journey


async def gate(context: Context, message: str = "") -> None:
    """Where nobody is signed in: the page that asks who is there."""
    from screens.staff.sign_in import GatePage  # noqa: PLC0415  (that page asks for this module)

    page = GatePage(context, message)
    context.shell.show(page)
    await page.begin()


async def signed_in(context: Context, member: SignedIn, draft: Draft | None = None) -> None:
    """The turn is this person's: begun, gone on with, or taken over with the draft that is open."""
    shifts = context.services.staffing.shifts
    await context.work(shifts.begin, member, draft)
    if context.session is not None and context.session.id != member.id:
        _put_away(context)
    context.session = member
    await context.work(context.services.staffing.settings.begin, member)
    await context.refresh()


def _put_away(context: Context) -> None:
    """Takes away what one person had open for themselves, under the page by which another one came."""
    pages = context.shell.pages
    own = (at for at, page in enumerate(pages[:-1]) if getattr(page, "is_personal", False))
    first = next(own, None)
    if first is None:
        return
    coming = pages[-1]
    for _ in pages[first:]:
        context.shell.pop()
    context.shell.push(coming)


async def lock(context: Context, draft: Draft | None = None) -> None:
    """Covers everything until somebody signs in; nothing of it is lost."""
    if context.session is None or any(getattr(page, "locks", False) for page in context.shell.pages):
        return
    from screens.staff.sign_in import LockPage  # noqa: PLC0415  (that page asks for this module)

    page = LockPage(context, draft or draft_in_hand(context))
    context.shell.push(page)
    await page.begin()


def draft_in_hand(context: Context) -> Draft | None:
    """The family that is open on some page."""
    for page in reversed(context.shell.pages):
        for name in ("journey", "_journey"):
            journey = getattr(page, name, None)
            if isinstance(journey, Journey):
                return journey.draft
    return None


async def sign_out(context: Context, message: str = "") -> None:
    """Nobody is signed in any more; the turn stays open for whoever comes next."""
    await context.work(context.services.staffing.shifts.leave)
    context.session = None
    await context.forget_messages()
    await gate(context, message)

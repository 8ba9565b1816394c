"""From a step to its page, forward and back through the flow; a page is imported when first needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module

from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact, Step, step_of
from kiosk.errors import KioskError
from screens.base import FirstPage, Page
from screens.cards import why
from screens.context import Context
from screens.frame import Message
from screens.journey import Journey

_PAGES = {
    Step.TERMS: ("registration.terms", "TermsPage"),
    Step.KK: ("registration.kk", "KkPage"),
    Step.MEMBERS: ("registration.members", "MembersPage"),
    Step.CLASS: ("registration.care_class", "ClassPage"),
    Step.CONTACT: ("registration.contact", "ContactPage"),
    Step.REVIEW: ("registration.review", "ReviewPage"),
    Step.CONSENT: ("registration.consent", "ConsentPage"),
}
_CHECKED_IN_PARTS = ("village.check", "CheckPage")
_BEFORE_A_LIST = frozenset({Step.KK, Step.CLASS})
"""The steps after which it is told, where one question fills a page, what is done and what comes next."""

Accept = Callable[[str], Awaitable[None]]


def page_of(context: Context, journey: Journey, step: Step, at: str = "") -> Page:
    """A fresh page of a step, at a row where one is named."""
    module, name = _PAGES[step]
    if step is Step.REVIEW and context.is_single and not journey.mends:
        module, name = _CHECKED_IN_PARTS
    factory: Callable[[Context, Journey, str], Page] = getattr(import_module(f"screens.{module}"), name)
    return factory(context, journey, at)


async def open_step(context: Context, journey: Journey, step: Step, at: str = "") -> Page:
    """Shows a step and lets it begin what it begins with, such as a captcha."""
    page = page_of(context, journey, step, at)
    context.shell.show(page)
    begin: Callable[[], Awaitable[None]] | None = getattr(page, "begin", None)
    if begin is not None:
        await begin()
    return page


async def forward(context: Context, journey: Journey, step: Step) -> None:
    """The step after `step`, or the first incomplete one where that comes earlier.

    Where the person is then is kept before it is shown, so that the draft is taken up there.
    """
    later = journey.flow.next(step)
    if step_of(journey.draft.at) is not later:
        await journey.save(journey.draft.moved_to(place_after(journey, step)))
    if step in _BEFORE_A_LIST and context.is_single and not journey.mends:
        show_tasks(context, journey, later)
    else:
        await open_step(context, journey, later)


def show_tasks(context: Context, journey: Journey, then: Step) -> None:
    """The list of what is done and to be done, before the step `then`."""
    from screens.village.tasks import TasksPage  # noqa: PLC0415  (it opens steps)

    context.shell.show(TasksPage(context, journey, then))


def place_after(journey: Journey, step: Step) -> str:
    """The row that the step after `step` begins with; the step's own name where it has no rows."""
    later = journey.flow.next(step)
    return str(getattr(page_of(journey.context, journey, later), "path", later.value))


async def back(context: Context, journey: Journey, step: Step) -> None:
    """The step before `step`; the first screen before the first. Nothing is lost."""
    journey.reviewing = False
    earlier = journey.flow.previous(step)
    if earlier is not None:
        await open_step(context, journey, earlier)
    elif context.is_public and not journey.draft.answers:
        await new_family(context)
    else:
        await keep(context, journey)


async def change(context: Context, journey: Journey, path: str) -> None:
    """From the review to the row of `path`; accepting it comes back to the review."""
    journey.reviewing = True
    await open_step(context, journey, step_of(path), path)


async def return_to_review(context: Context, journey: Journey, at: str = "") -> bool:
    """Back to the review, to the row `at`, where the flow allows it; False where something is missing.

    What the hub refused as well is looked at before.
    """
    if not journey.flow.may_show(Step.REVIEW):
        return False
    problem = journey.next_to_mend()
    if problem is not None:
        await _open_to_mend(context, journey, problem)
        return True
    journey.reviewing = False
    await open_step(context, journey, Step.REVIEW, at)
    return True


async def resume(context: Context, draft_id: str) -> bool:
    """Takes a draft up at the field where it stopped; False where it is no longer there.

    Raises KioskError where it mends what can be mended no more.
    """
    draft = await context.work(context.services.drafts.resume, draft_id)
    if draft is not None:
        draft = await context.work(context.services.staffing.slips.settle, draft)
    if draft is None:
        return False
    if draft.fact(Fact.MENDS):
        await mend(context, await context.work(context.services.mending.take_up, draft))
    else:
        await _open_where_it_stands(context, await Journey.resume(context, draft))
    return True


async def mend(context: Context, reference: str) -> None:
    """Opens a refused registration where there is something to mend, and says what.

    Raises KioskError where it can be mended no more.
    """
    opened = await context.work(context.services.mending.open, reference, context.rules)
    journey = await Journey.resume(context, opened.draft)
    journey.opened = opened
    at = opened.draft.at
    rest = journey.next_to_mend() if opened.begun_at and step_of(at).number >= Step.REVIEW.number else None
    if rest is not None:
        page, problem = await _open_to_mend(context, journey, rest), rest
    else:
        journey.look_at(at)
        problem = next((one for one in opened.problems if one.field == at), opened.problems[0])
        page = await _open_where_it_stands(context, journey, problem.field)
    is_changed = bool(opened.begun_at) and problem not in opened.unmended(opened.draft)
    says = [] if is_changed else [why(context, problem, opened.other_reference)]
    if opened.begun_at:
        says.append(context.t("screen.mend.gone_on", at=context.services.standings.local(opened.begun_at)))
    _tell(page, "\n".join(says), "plain" if is_changed else "error")


async def _open_to_mend(context: Context, journey: Journey, problem: Problem) -> Page:
    """The row that a refusal names, and what it says; the first step that lacks something comes before."""
    opened, step = journey.opened, step_of(problem.field)
    if not journey.flow.may_show(step):
        step = journey.flow.first_incomplete()
    page = await open_step(context, journey, step, problem.field)
    _tell(page, why(context, problem, opened.other_reference if opened else ""), "error")
    return page


def _tell(page: Page, text: str, role: str) -> None:
    tell: Callable[[Message], None] | None = getattr(page, "tell", None)
    if tell is not None:
        tell(Message(text, role))


async def _open_where_it_stands(context: Context, journey: Journey, row: str = "") -> Page:
    """The page where the draft stopped; on the review the row named is in sight."""
    draft, flow = journey.draft, journey.flow
    step = step_of(draft.at) if draft.at else flow.first_incomplete()
    if not flow.may_show(step):
        step = flow.first_incomplete()
    step = min(step, Step.CONSENT, key=lambda found: found.number)
    return await open_step(context, journey, step, row if step is Step.REVIEW else draft.at)


async def register(context: Context, journey: Journey) -> tuple[Problem, ...]:
    """Registers the family and shows its account; why not, where it was refused."""
    submitted = await journey.submit()
    if submitted.registration is None:
        return submitted.decision.problems
    from screens.registration.account import AccountPage  # noqa: PLC0415  (needed once a family)

    await context.refresh()
    context.shell.show(AccountPage(context, submitted.registration))
    return ()


async def keep(context: Context, journey: Journey) -> None:
    """The first screen; a family of whom anything was typed gets a code to come back with.

    Where no code can be stored the family still leaves, and is found by its No. KK.
    """
    if not journey.is_stored:
        await home(context)
        return
    code = ""
    with suppress(KioskError):
        code = await journey.slip()
    await home(context, context.t("screen.draft_kept"), code)


def first_page(context: Context) -> FirstPage:
    """The page with which the program begins: where nobody is signed in who should be, that is asked.

    At a kiosk without staff it asks for the language.
    """
    if context.asks_sign_in and context.session is None:
        from screens.staff.sign_in import GatePage  # noqa: PLC0415  (it opens the first screen, as this does)

        return GatePage(context)
    if context.is_public:
        from screens.village.welcome import WelcomePage  # noqa: PLC0415  (it opens the next page, as home does)

        return WelcomePage(context)
    from screens.home import HomePage  # noqa: PLC0415  (home opens steps, steps go home)

    return HomePage(context)


async def home(context: Context, message: str = "", code: str = "") -> None:
    """The first screen, with what was there before out of sight; `code` is that of a slip to be shown.

    At a kiosk without staff it is shown by a fresh process, once anybody has been here.
    A run of a scenario in which nothing is left to do ends here.
    """
    if context.is_public and (context.touched or message or code):
        from screens.village.leaving import leave  # noqa: PLC0415  (only a kiosk without staff needs it)

        await leave(context, message, code)
        return
    run = context.services.schooling.current if context.services.schooling else None
    if run is not None and run.play.is_done:
        await context.work(run.finish)
        context.shell.leave(0)
        return
    if message or code:
        await menu(context, message, code)
        return
    page = first_page(context)
    context.shell.show(page)
    await page.begin()


async def menu(context: Context, message: str = "", code: str = "") -> None:
    """The page on which a new family is begun, or one is found."""
    if context.asks_sign_in and context.session is None:
        from screens.staff import turn  # noqa: PLC0415  (it opens this page, once somebody has signed in)

        await turn.gate(context, message)
        return
    from screens.home import HomePage  # noqa: PLC0415  (home opens steps, steps go home)
    from screens.village.menu import MenuPage  # noqa: PLC0415  (as home does)

    page = (MenuPage if context.is_public else HomePage)(context, message, code)
    context.shell.show(page)
    await page.begin()


async def settle(context: Context) -> None:
    """Opens the store where that is still to be done, and puts away what the family before left."""
    await context.ready()
    await context.refresh()
    await context.forget_messages()
    with suppress(KioskError):  # what cannot be removed now is removed another time
        await context.work(context.services.drafts.expire)


async def new_family(context: Context) -> None:
    """What comes before the first step: at a kiosk without staff, what one has to know beforehand."""
    if not context.is_public:
        await begin(context)
        return
    from screens.village.about import AboutPage  # noqa: PLC0415  (it opens the first step)

    context.shell.show(AboutPage(context))


async def next_family(context: Context) -> None:
    """The next family at once, when what the one before left is put away; the first screen on a full disk."""
    await settle(context)
    if await context.work(context.services.reserve.has_room):
        await new_family(context)
    else:
        await home(context, context.t("screen.home.disk_full"))


async def begin(context: Context) -> None:
    """The first step of a new family."""
    journey = await Journey.begin(context)
    await open_step(context, journey, journey.flow.steps[0])


async def call_staff(context: Context, journey: Journey | None = None) -> Message:
    """What F2 does, with the family in hand where there is one; what to say about it.

    Who is signed in gets the menu of the staff. A family without staff beside it gets its code, on paper as
    well. In a case for practice its paper is shown. Anybody else is told whom to turn to.
    """
    if context.session is not None:
        from screens.staff.menu import StaffMenu  # noqa: PLC0415  (only who asks for it needs it)

        context.shell.push(StaffMenu(context, journey))
        return Message()
    if context.is_public and journey is not None and journey.is_stored:
        from screens.village.call import CallPage  # noqa: PLC0415  (only a person who asks for help needs it)

        context.shell.push(CallPage(context, journey, await journey.slip()))
        return Message()
    schooling = context.services.schooling
    if schooling is not None and schooling.current is not None:
        from screens.training.paper import PaperPage  # noqa: PLC0415  (only a case has one)

        context.shell.push(PaperPage(context, schooling.current.scenario))
        return Message()
    return Message(context.t("screen.staff", place=context.config.kiosk.place))


async def missed(context: Context, journey: Journey, problem: Problem) -> None:
    """What follows a refused answer where nobody watches over the kiosk; nothing elsewhere."""
    if context.is_public:
        from screens.village.limits import missed as count  # noqa: PLC0415  (as above)

        await count(context, journey, problem)


async def choose(context: Context, journey: Journey, path: str, typed: str, accept: Accept) -> bool:
    """Shows the list of choices or places for a row over the page; False for a row that has none."""
    from screens.choose import chooser_for  # noqa: PLC0415  (only a person who asks for it needs it)

    page = chooser_for(context, journey, path, typed, accept)
    if page is None:
        return False
    context.shell.push(page)
    await page.begin()
    return True

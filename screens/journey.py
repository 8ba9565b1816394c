"""One family's way through the steps: the draft, what is known of it, and saving it before going on."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact, Flow
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople
from kiosk.errors import KioskError, StaleDraftError
from kiosk.services.mending import Opened, is_unchanged
from kiosk.services.registration import Submitted
from screens.context import Context

_LOOKED_UP = ("kk", ".nik", ".mother_nik")


class Journey:
    """Holds the draft in hand; nothing is shown as accepted before it is durable."""

    def __init__(self, context: Context, draft: Draft, known: KnownPeople | None = None) -> None:
        self.context = context
        context.touched = True
        self.known = known or KnownPeople()
        self.draft = draft
        self.reviewing = False
        self.opened: Opened | None = None
        self._code = ""
        self._looked_at: set[str] = set()
        self._flow: Flow | None = None
        self._stands_on: tuple[Draft, Rulebook, KnownPeople] | tuple[None, None, None] = (None, None, None)

    @classmethod
    async def begin(cls, context: Context) -> Journey:
        return cls(context, context.services.drafts.start())

    @classmethod
    async def resume(cls, context: Context, draft: Draft) -> Journey:
        known = await context.work(context.services.membership.known_for, draft, context.rules)
        journey = cls(context, draft, known)
        journey.reviewing = journey.mends
        return journey

    @property
    def mends(self) -> bool:
        """True for a registration that the hub refused."""
        return bool(self.draft.fact(Fact.MENDS))

    @property
    def is_stored(self) -> bool:
        """Whether anything of this family is kept: an answer, or the first change to what is mended."""
        return bool(self.draft.answers) and not (self.mends and not self.draft.revision)

    def next_to_mend(self) -> Problem | None:
        """What the hub refused, is still as it was, and was not looked at yet; it is from now on."""
        unmended = self.opened.unmended(self.draft) if self.opened else ()
        problem = next((one for one in unmended if one.field not in self._looked_at), None)
        if problem is not None:
            self.look_at(problem.field)
        return problem

    def look_at(self, path: str) -> None:
        """The answer at `path` is shown, so that nobody need be led there again."""
        self._looked_at.add(path)

    @property
    def is_unmended(self) -> bool:
        """True where anything that the hub refused is still as it was."""
        if not self.mends:
            return False
        return is_unchanged(self.draft) or bool(self.opened and self.opened.unmended(self.draft))

    @property
    def flow(self) -> Flow:
        """The flow of the draft as it stands; made anew when the draft, the rules or the people change."""
        flow, stands_on = self._flow, (self.draft, self.context.rules, self.known)
        if flow is None or any(new is not old for new, old in zip(stands_on, self._stands_on, strict=True)):
            flow = Flow(*stands_on)
            self._flow, self._stands_on = flow, stands_on
        return flow

    async def known_with(self, draft: Draft, path: str) -> KnownPeople:
        """Who is known once the answer at `path` holds; asks the store only where it can change."""
        if not path.endswith(_LOOKED_UP):
            return self.known
        return await self.context.work(self.context.services.membership.known_for, draft, self.context.rules)

    async def save(
        self,
        draft: Draft,
        *,
        fields: Iterable[str] = (),
        codes: Iterable[str] = (),
        known: KnownPeople | None = None,
    ) -> None:
        """Makes `draft` durable and takes it in hand; raises StoreError where that fails.

        Where somebody else has saved it meanwhile, what they saved is taken in hand, and StaleDraftError
        raised; where they ended it, KioskError `draft.gone`.
        """
        try:
            saved = await self.context.work(
                self.context.services.drafts.save, draft, fields=tuple(fields), codes=tuple(codes)
            )
        except StaleDraftError:
            await self._reload()
            raise
        self.draft = saved
        self.known = known or self.known

    async def record(self, facts: dict[str, str | None], at: str = "") -> None:
        """Makes facts beside the answers durable."""
        draft = self.draft.with_facts(facts)
        names = dict.fromkeys(name.partition(".")[0] for name in facts)  # what follows names a person
        await self.save(draft.moved_to(at) if at else draft, fields=tuple(names))

    async def slip(self) -> str:
        """The code by which this family can be taken up; the same one until it was used."""
        drafts = self.context.services.drafts
        self._code = await self.context.work(drafts.slip, self.draft.id, self._code)
        return self._code

    async def submit(self) -> Submitted:
        """Registers the family, or what was mended of it; durable when this returns it. Raises as `save`."""
        services, settled, rules = self.context.services, self.flow.settled, self.context.rules
        try:
            if self.mends:
                return await self.context.work(services.mending.submit, settled, rules)
            return await self.context.work(services.registrar.submit, settled, rules, source="screen")
        except StaleDraftError:
            await self._reload()
            raise

    async def _reload(self) -> None:
        stored = await self.context.work(self.context.services.drafts.resume, self.draft.id)
        if stored is None:
            raise KioskError("draft.gone")
        services = self.context.services
        self.known = await self.context.work(services.membership.known_for, stored, self.context.rules)
        self.draft = stored

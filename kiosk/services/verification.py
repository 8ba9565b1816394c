"""One-time codes: sends six digits to a phone and checks what the person types."""

from __future__ import annotations

import base64
import hmac
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kiosk.domain.elapsed import certain_seconds, likely_seconds
from kiosk.domain.fields import Problem, tidy
from kiosk.domain.identifiers import digits_only, is_digits
from kiosk.domain.registration import Moment
from kiosk.errors import KioskError
from kiosk.services.ports import (
    AuditLine,
    Clock,
    CodeAttempt,
    MessageSender,
    Randomness,
    UnitOfWork,
    UnitOfWorkFactory,
)

DIGITS = 6
HOUR = 3600
USED = "used"
REPLACED = "replaced"
FAILED = "failed"
_MANY = 1000


@dataclass(frozen=True, slots=True)
class CodeRules:
    """How long a code lives, how often it may be tried, how often one may be sent to a number."""

    minutes: int = 5
    tries: int = 5
    per_hour: int = 3
    wait_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Sent:
    """A code is on its way: `resend_seconds` until another may be asked for, `left` more this hour."""

    attempt_id: str
    resend_seconds: int
    left: int


def new_secret(randomness: Randomness, phone: str, number: int) -> str:
    """The base32 secret of the `number`-th code (from 1) that a draft has sent to `phone`."""
    return base64.b32encode(randomness.take(20, f"otp:{phone}:{number}")).decode()


def code_of(secret: str) -> str:
    """The six digits that belong to a secret."""
    import pyotp  # noqa: PLC0415 - needed by few families, so not at the start of the program

    return pyotp.HOTP(secret, digits=DIGITS).at(1)


class Verification:
    """Sends and checks the codes of one kiosk.

    `texts` holds the message by language with the places `{code}` and `{minutes}`. Phones are `+62...`.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        randomness: Randomness,
        sender: MessageSender,
        *,
        texts: Mapping[str, str],
        rules: CodeRules = CodeRules(),
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._randomness = randomness
        self._sender = sender
        self._texts = texts
        self._rules = rules

    def send_code(self, draft_id: str, phone: str, language: str = "id") -> Sent | Problem:
        """Sends a fresh code to `phone`; it closes every code that this draft was sent before.

        Problems: `otp.too_many_sent` (`seconds`, `minutes`), `otp.wait` (`seconds`), `otp.not_sent`; the last
        counts against nothing. Raises StoreError when the code cannot be stored; then nothing was sent.
        """
        now = self._clock.now()
        with self._open_work() as work:
            earlier = work.codes.sent_to(phone, limit=_MANY)
            refusal = self._too_soon(earlier, draft_id, now)
            if refusal is not None:
                return refusal
            number = 1 + sum(attempt.draft_id == draft_id for attempt in earlier)
            _close_latest(work, draft_id)
            attempt = CodeAttempt(
                id=self._randomness.take(16, f"otp-id:{draft_id}:{phone}:{number}").hex(),
                draft_id=draft_id,
                phone=phone,
                secret=new_secret(self._randomness, phone, number),
                sent=now,
            )
            work.codes.add(attempt)
            work.audit.append(AuditLine("otp.sent", draft_id, now, fields=("otp",)))
            work.commit()
        text = self._texts[language].format(code=code_of(attempt.secret), minutes=self._rules.minutes)
        try:
            self._sender.send(phone, text)
        except (OSError, KioskError):
            self._put_aside(attempt)
            return Problem("otp", "otp.not_sent")
        left = self._rules.per_hour - 1 - len(_ages(earlier, now))
        return Sent(attempt.id, self.resend_wait(draft_id, phone), left)

    def resend_wait(self, draft_id: str, phone: str) -> int:
        """Whole seconds until this draft may be sent another code at `phone`; 0 for now."""
        with self._open_work() as work:
            earlier = work.codes.sent_to(phone, limit=_MANY)
        refusal = self._too_soon(earlier, draft_id, self._clock.now())
        return int(refusal.params["seconds"]) if refusal is not None else 0

    def check_code(self, draft_id: str, phone: str, raw: str) -> Problem | None:
        """None where `raw` is the code last sent to `phone` for this draft; the code is used up then.

        Problems in order: `otp.missing` (nothing typed, or no code was sent there), `otp.used`,
        `otp.too_many`, `otp.expired` (also a code that a newer one replaced), `otp.wrong` (`left` tries).
        The try is durable before this returns. What is not six digits costs no try.
        Raises StoreError when the try cannot be stored; then nothing is told.
        """
        typed = digits_only(tidy(raw))
        now = self._clock.now()
        with self._open_work() as work:
            attempt = work.codes.latest(draft_id)
            if not typed or attempt is None or attempt.phone != phone or attempt.closed == FAILED:
                return Problem("otp", "otp.missing")
            closed = self._closed(attempt, now)
            if closed is not None:
                return closed
            left = self._rules.tries - attempt.tries
            if not is_digits(typed) or len(typed) != DIGITS:
                return Problem("otp", "otp.wrong", params={"left": left})
            right = hmac.compare_digest(typed, code_of(attempt.secret))
            problem = None if right else self._wrong(work, attempt, typed, left - 1)
            tried = replace(attempt, tries=attempt.tries + 1, closed=USED if right else "")
            work.codes.replace(tried)
            codes = (problem.code,) if problem else ()
            work.audit.append(AuditLine("otp.checked", draft_id, now, fields=("otp",), codes=codes))
            work.commit()
        return problem

    def is_proved(self, draft_id: str, phone: str) -> bool:
        """Whether this draft's last code was answered rightly at `phone`, told even after a crash."""
        with self._open_work() as work:
            attempt = work.codes.latest(draft_id)
        return attempt is not None and attempt.phone == phone and attempt.closed == USED

    def _too_soon(self, earlier: Iterable[CodeAttempt], draft_id: str, now: Moment) -> Problem | None:
        ages = _ages(earlier, now)
        if len(ages) >= self._rules.per_hour:
            seconds = math.ceil(HOUR - ages[self._rules.per_hour - 1])
            return Problem(
                "otp", "otp.too_many_sent", params={"seconds": seconds, "minutes": math.ceil(seconds / 60)}
            )
        own = _ages((attempt for attempt in earlier if attempt.draft_id == draft_id), now)
        if own and own[0] < self._rules.wait_seconds:
            return Problem(
                "otp", "otp.wait", params={"seconds": math.ceil(self._rules.wait_seconds - own[0])}
            )
        return None

    def _closed(self, attempt: CodeAttempt, now: Moment) -> Problem | None:
        if attempt.closed == USED:
            return Problem("otp", "otp.used")
        if attempt.tries >= self._rules.tries:
            return Problem("otp", "otp.too_many")
        passed = certain_seconds(attempt.sent, now)
        if attempt.closed or passed is None or passed >= self._rules.minutes * 60:
            return Problem("otp", "otp.expired", params={"minutes": self._rules.minutes})
        return None

    def _wrong(self, work: UnitOfWork, attempt: CodeAttempt, typed: str, left: int) -> Problem:
        for older in work.codes.sent_to(attempt.phone, limit=_MANY):
            own = older.draft_id == attempt.draft_id and older.closed == REPLACED
            if own and hmac.compare_digest(typed, code_of(older.secret)):
                return Problem("otp", "otp.expired", params={"minutes": self._rules.minutes})
        return Problem("otp", "otp.wrong", params={"left": left})

    def _put_aside(self, attempt: CodeAttempt) -> None:
        with self._open_work() as work:
            work.codes.replace(replace(attempt, closed=FAILED))
            line = AuditLine(
                "otp.not_sent", attempt.draft_id, self._clock.now(), fields=("otp",), codes=("otp.not_sent",)
            )
            work.audit.append(line)
            work.commit()


def _close_latest(work: UnitOfWork, draft_id: str) -> None:
    """Closes the one code of the draft that can still be open; each new code closed those before."""
    latest = work.codes.latest(draft_id)
    if latest is not None and not latest.closed:
        work.codes.replace(replace(latest, closed=REPLACED))


def _ages(attempts: Iterable[CodeAttempt], now: Moment) -> list[float]:
    """Seconds since each code that was sent within the hour, the newest first; those not sent left out."""
    ages = (likely_seconds(attempt.sent, now) for attempt in attempts if attempt.closed != FAILED)
    return sorted(age for age in ages if age < HOUR)

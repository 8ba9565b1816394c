"""Asks captchas one after another, and pauses after too many wrong answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.domain.captcha import RANDOM_BYTES, Challenge, check, make_challenge
from kiosk.domain.elapsed import likely_seconds
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Moment
from kiosk.services.ports import Clock, Randomness

TRIES_FACT = "captcha_tries"
PAUSE_FACT = "captcha_pause"


@dataclass(frozen=True, slots=True)
class CaptchaRules:
    """After `wrong_in_a_row` wrong answers a pause in seconds, twice as long each time up to the longest."""

    wrong_in_a_row: int = 5
    pause_seconds: int = 60
    longest_pause_seconds: int = 600


class CaptchaDesk:
    """The captchas of one draft; give it the draft's facts, and save `facts()` after every answer."""

    def __init__(
        self,
        clock: Clock,
        randomness: Randomness,
        facts: Mapping[str, str] | None = None,
        rules: CaptchaRules = CaptchaRules(),
    ) -> None:
        self._clock = clock
        self._randomness = randomness
        self._rules = rules
        held = facts or {}
        self._shown, self._wrong, self._pauses = map(int, held.get(TRIES_FACT, "0 0 0").split())
        self._paused_at = _moment(held[PAUSE_FACT]) if PAUSE_FACT in held else None
        self.challenge: Challenge = self.renew()

    def renew(self) -> Challenge:
        """Shows another challenge; one that is shown in a pause lives from the end of it."""
        self._shown += 1
        randomness = self._randomness.take(RANDOM_BYTES, f"captcha:{self._shown}")
        issued_ns = self._clock.now().monotonic_ns + self.paused_seconds() * 10**9
        self.challenge = make_challenge(randomness, issued_ns)
        return self.challenge

    def answer(self, raw: str) -> Problem | None:
        """None where `raw` is right; else `captcha.missing`, `.expired`, `.wrong` or `.paused`.

        A wrong or late answer brings a new challenge. `captcha.wrong` carries `left`, the answers before the
        pause; `captcha.paused` carries `seconds`, and the answer is not looked at.
        """
        paused = self.paused_seconds()
        if paused:
            return _paused(paused)
        now = self._clock.now()
        code = check(self.challenge, raw, now.monotonic_ns)
        if code is None:
            self._wrong, self._pauses, self._paused_at = 0, 0, None
            return None
        if code == "captcha.missing":
            return Problem("captcha", code)
        if code == "captcha.wrong":
            self._wrong += 1
        left = self._rules.wrong_in_a_row - self._wrong
        if left <= 0:
            self._wrong, self._pauses, self._paused_at = 0, self._pauses + 1, now
        self.renew()
        if left <= 0:
            return _paused(self.paused_seconds())
        return Problem("captcha", code, params={"left": left} if code == "captcha.wrong" else {})

    def paused_seconds(self) -> int:
        """Whole seconds until answers are taken again; 0 for now."""
        if self._paused_at is None:
            return 0
        doubled = self._rules.pause_seconds << min(self._pauses - 1, 20)
        length = min(doubled, self._rules.longest_pause_seconds)
        return max(0, math.ceil(length - likely_seconds(self._paused_at, self._clock.now())))

    def facts(self) -> dict[str, str | None]:
        """What the draft has to remember, for `Draft.with_facts`, so that a restart forgives nothing."""
        return {
            TRIES_FACT: f"{self._shown} {self._wrong} {self._pauses}",
            PAUSE_FACT: _as_text(self._paused_at) if self._paused_at else None,
        }


def _paused(seconds: int) -> Problem:
    return Problem("captcha", "captcha.paused", params={"seconds": seconds})


def _as_text(moment: Moment) -> str:
    return f"{moment.wall} {moment.monotonic_ns} {int(moment.trusted)} {moment.boot}"


def _moment(text: str) -> Moment:
    wall, monotonic_ns, trusted, boot = text.split(" ", 3)
    return Moment(wall, boot, int(monotonic_ns), trusted == "1")

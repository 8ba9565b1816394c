"""One-time codes: when they are sent, when they are right, and what no clock or crash can change."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from kiosk.channels.sms_files import code_texts
from kiosk.domain.elapsed import certain_seconds, likely_seconds
from kiosk.domain.registration import Moment
from kiosk.errors import StoreError
from kiosk.services.verification import CodeRules, Sent, Verification, code_of, new_secret
from tests.unit.fakes import FakeClock, FakeRandomness, FakeSender, FakeStore

PHONE = "+6281234567890"
OTHER_PHONE = "+6281234567891"
HOUR = 3600


@dataclass
class Desk:
    """A verification with everything around it, and what a person would do at it."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeStore = field(default_factory=FakeStore)
    sender: FakeSender = field(default_factory=FakeSender)
    randomness: FakeRandomness = field(default_factory=FakeRandomness)
    rules: CodeRules = field(default_factory=CodeRules)

    @property
    def service(self) -> Verification:
        """A fresh one each time, as after a restart: nothing may depend on memory."""
        return Verification(
            self.store, self.clock, self.randomness, self.sender, texts=code_texts(), rules=self.rules
        )

    def send(self, draft: str = "d1", phone: str = PHONE) -> str:
        """Sends a code and returns what the phone received, or the problem's code."""
        outcome = self.service.send_code(draft, phone)
        if not isinstance(outcome, Sent):
            return outcome.code
        found = re.search(r"[0-9]{6}", self.sender.sent[-1][1])
        assert found is not None
        return found[0]

    def check(self, raw: str, draft: str = "d1", phone: str = PHONE) -> str | None:
        problem = self.service.check_code(draft, phone, raw)
        return problem.code if problem else None


@pytest.fixture
def desk() -> Desk:
    return Desk()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_code_that_was_sent_is_right_once(desk: Desk) -> None:
    code = desk.send()
    assert desk.sender.sent[0][0] == PHONE
    assert desk.check(code) is None
    assert desk.check(code) == "otp.used"


def test_a_code_may_be_typed_with_gaps(desk: Desk) -> None:
    code = desk.send()
    assert desk.check(f" {code[:3]} {code[3:]}\u200b") is None


def test_the_code_is_that_of_the_seed_the_phone_and_the_count(desk: Desk) -> None:
    first = desk.send()
    desk.clock.advance(60)
    second = desk.send()
    known = [code_of(new_secret(FakeRandomness(), PHONE, number)) for number in (1, 2)]
    assert [first, second] == known
    assert first != second


def test_codes_keep_their_leading_noughts() -> None:
    codes = [code_of(new_secret(FakeRandomness(), PHONE, number)) for number in range(100)]
    assert {len(code) for code in codes} == {6}
    assert any(code.startswith("0") for code in codes)


def test_what_a_code_costs_is_told(desk: Desk) -> None:
    outcomes = []
    for _ in range(3):
        outcome = desk.service.send_code("d1", PHONE)
        assert isinstance(outcome, Sent)
        outcomes.append((outcome.resend_seconds, outcome.left))
        desk.clock.advance(60)
    assert outcomes == [(60, 2), (60, 1), (HOUR - 120, 0)]


def test_wrong_codes_count_down_and_the_sixth_try_is_not_looked_at(desk: Desk) -> None:
    code = desk.send()
    told = [desk.service.check_code("d1", PHONE, wrong(code)) for _ in range(5)]
    assert [(problem.code, dict(problem.params)) for problem in told if problem] == [
        ("otp.wrong", {"left": left}) for left in (4, 3, 2, 1, 0)
    ]
    assert desk.check(code) == "otp.too_many"


def test_the_fifth_try_may_be_the_right_one(desk: Desk) -> None:
    code = desk.send()
    for _ in range(4):
        desk.check(wrong(code))
    assert desk.check(code) is None


@pytest.mark.parametrize("raw", ["12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_what_is_not_six_digits_is_wrong_and_costs_no_try(desk: Desk, raw: str) -> None:
    code = desk.send()
    assert [desk.check(raw) for _ in range(9)] == ["otp.wrong"] * 9
    assert desk.check(code) is None


def test_nothing_typed_and_nothing_sent(desk: Desk) -> None:
    assert desk.check("123456") == "otp.missing"
    code = desk.send()
    assert desk.check(" ") == "otp.missing"
    assert desk.check(code) is None


def test_a_try_is_durable_before_it_is_answered(desk: Desk) -> None:
    code = desk.send()
    desk.store.broken = True
    for raw in (wrong(code), code):
        with pytest.raises(StoreError):
            desk.check(raw)
    desk.store.broken = False
    desk.check(wrong(code))
    (attempt,) = desk.store.state.codes.values()
    assert (attempt.tries, attempt.closed) == (1, "")
    assert desk.check(code) is None


def test_a_code_lives_five_minutes(desk: Desk) -> None:
    code = desk.send()
    desk.clock.advance(299)
    desk.check(wrong(code))
    desk.clock.advance(1)
    assert desk.check(code) == "otp.expired"
    assert desk.check(wrong(code)) == "otp.expired"


def test_used_goes_before_too_many_before_expired(desk: Desk) -> None:
    code = desk.send()
    for _ in range(5):
        desk.check(wrong(code))
    desk.clock.advance(HOUR)
    assert desk.check(code) == "otp.too_many"
    code = desk.send()
    desk.check(code)
    desk.clock.advance(HOUR)
    assert desk.check(code) == "otp.used"


def test_a_code_is_good_for_its_own_draft_and_number_only(desk: Desk) -> None:
    code = desk.send()
    assert desk.check(code, draft="d2") == "otp.missing"
    assert desk.check(code, phone=OTHER_PHONE) == "otp.missing"
    other = desk.send("d1", OTHER_PHONE)
    assert desk.check(code, phone=OTHER_PHONE) == "otp.wrong"
    assert desk.check(code) == "otp.missing"
    assert desk.check(other, phone=OTHER_PHONE) is None


def test_a_new_code_closes_the_older_one(desk: Desk) -> None:
    old = desk.send()
    desk.clock.advance(60)
    new = desk.send()
    assert desk.check(old) == "otp.expired"
    assert desk.check(new) is None


def test_guessing_older_codes_costs_tries_too(desk: Desk) -> None:
    old = desk.send()
    desk.clock.advance(60)
    new = desk.send()
    for _ in range(5):
        desk.check(old)
    assert desk.check(new) == "otp.too_many"


def test_another_code_has_to_wait_a_minute(desk: Desk) -> None:
    desk.send()
    desk.clock.advance(20.5)
    outcome = desk.service.send_code("d1", PHONE)
    assert not isinstance(outcome, Sent)
    assert (outcome.code, dict(outcome.params)) == ("otp.wait", {"seconds": 40})
    assert desk.service.resend_wait("d1", PHONE) == 40
    assert desk.service.resend_wait("d1", OTHER_PHONE) == 0
    assert len(desk.sender.sent) == 1
    desk.clock.advance(39.5)
    assert desk.service.resend_wait("d1", PHONE) == 0


def spend_the_hour(desk: Desk) -> None:
    for number in range(3):
        assert desk.send(f"draft-{number}").isdigit()
        desk.clock.advance(60)


def test_three_codes_an_hour_to_a_number_whatever_the_draft(desk: Desk) -> None:
    spend_the_hour(desk)
    outcome = desk.service.send_code("d9", PHONE)
    assert not isinstance(outcome, Sent)
    assert outcome.code == "otp.too_many_sent"
    assert dict(outcome.params) == {"seconds": HOUR - 180, "minutes": 57}
    assert desk.send("d9", OTHER_PHONE).isdigit()
    desk.clock.advance(HOUR - 180)
    assert desk.send("d9").isdigit()


@pytest.mark.parametrize("jump", [-2 * HOUR, 2 * HOUR, -400 * 86400, 400 * 86400])
def test_setting_the_clock_within_a_boot_changes_nothing(desk: Desk, jump: float) -> None:
    code = desk.send()
    desk.clock.jump(jump)
    desk.clock.trusted = False
    assert desk.send("d2").isdigit()
    assert desk.send("d3").isdigit()
    assert desk.send("d4") == "otp.too_many_sent"
    desk.clock.advance(299)
    assert desk.check(code) is None
    desk.clock.advance(HOUR - 299)
    assert desk.send("d4").isdigit()


@pytest.mark.parametrize(("off", "trusted"), [(60, True), (280, True), (-3600, True), (60, False)])
def test_a_restart_of_the_machine_expires_every_code(desk: Desk, off: float, *, trusted: bool) -> None:
    code = desk.send()
    desk.clock.reboot(off_seconds=off)
    desk.clock.trusted = trusted
    assert desk.check(code) == "otp.expired"


def test_a_code_of_a_doubtful_time_expires_with_the_restart(desk: Desk) -> None:
    desk.clock.trusted = False
    code = desk.send()
    desk.clock.reboot(off_seconds=10)
    desk.clock.trusted = True
    assert desk.check(code) == "otp.expired"


@pytest.mark.parametrize("off", [0, -30 * 86400, 30])
def test_a_restart_gives_no_more_codes_and_locks_nobody_out(desk: Desk, off: float) -> None:
    spend_the_hour(desk)
    desk.clock.trusted = False
    desk.clock.reboot(off_seconds=off, uptime_seconds=20)
    assert desk.send("d9") == "otp.too_many_sent"
    desk.clock.advance(HOUR)
    assert desk.send("d9").isdigit()


def test_a_message_that_cannot_be_sent_counts_against_nothing(desk: Desk) -> None:
    desk.sender.broken = True
    assert [desk.send() for _ in range(5)] == ["otp.not_sent"] * 5
    assert {attempt.closed for attempt in desk.store.state.codes.values()} == {"failed"}
    assert desk.check("123456") == "otp.missing"
    desk.sender.broken = False
    code = desk.send()
    assert desk.check(code) is None


def test_nothing_is_sent_that_is_not_stored(desk: Desk) -> None:
    desk.store.broken = True
    with pytest.raises(StoreError):
        desk.send()
    assert desk.sender.sent == []


def test_a_right_answer_is_known_after_a_crash(desk: Desk) -> None:
    code = desk.send()
    assert not desk.service.is_proved("d1", PHONE)
    desk.check(code)
    assert desk.service.is_proved("d1", PHONE)
    assert not desk.service.is_proved("d1", OTHER_PHONE)
    assert not desk.service.is_proved("d2", PHONE)


def test_the_audit_trail_tells_what_happened_and_no_number(desk: Desk) -> None:
    code = desk.send()
    desk.check(wrong(code))
    desk.check(code)
    desk.sender.broken = True
    desk.clock.advance(60)
    desk.send()
    lines = desk.store.state.audit
    assert [(line.action, line.codes) for line in lines] == [
        ("otp.sent", ()),
        ("otp.checked", ("otp.wrong",)),
        ("otp.checked", ()),
        ("otp.sent", ()),
        ("otp.not_sent", ("otp.not_sent",)),
    ]
    assert {line.subject for line in lines} == {"d1"}
    for secret in (PHONE[1:], code, wrong(code)):
        assert secret not in "".join(f"{line.action}{line.fields}{line.codes}{line.who}" for line in lines)


def test_the_rules_can_be_set() -> None:
    desk = Desk(rules=CodeRules(minutes=1, tries=1, per_hour=1, wait_seconds=0))
    code = desk.send()
    assert "1 menit" in desk.sender.sent[0][1]
    assert desk.check(wrong(code)) == "otp.wrong"
    assert desk.check(code) == "otp.too_many"
    assert desk.send() == "otp.too_many_sent"


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_message_fits_one_sms(desk: Desk, language: str) -> None:
    desk.service.send_code("d1", PHONE, language)
    text = desk.sender.sent[0][1]
    assert text.isascii()
    assert len(text) <= 160
    assert re.search(r"[0-9]{6}", text)


def moment(wall: str, boot: str, seconds: float, *, trusted: bool = True) -> Moment:
    return Moment(f"2026-11-22T{wall}+07:00", boot, round(seconds * 10**9), trusted)


def test_a_counter_that_runs_backwards_is_in_doubt() -> None:
    later, earlier = moment("09:00:00.000", "a", 50), moment("09:01:00.000", "a", 40)
    assert certain_seconds(later, earlier) is None
    assert likely_seconds(later, earlier) == 0

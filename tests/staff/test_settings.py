"""Settings that were changed are told until two people have looked at them, and said why."""

from __future__ import annotations

from dataclasses import replace

from kiosk.config import Config
from kiosk.domain.fields import Problem
from kiosk.services.settings_watch import Change, SettingsWatch
from kiosk.services.staff import SignedIn
from kiosk.settings import Cards, CounterSettings, Hub, Kiosk, VillageSettings
from kiosk.staffing import told_settings
from tests.staff.conftest import Counter

REASON = "the puskesmas was renamed"
MOVED = Config(kiosk=Kiosk(place="Puskesmas Melati"), cards=Cards(low_water=5))


def watch(counter: Counter, config: Config) -> SettingsWatch:
    return SettingsWatch(counter.store, counter.clock, counter.staffing.risky, told_settings(config))


def test_what_is_there_at_the_beginning_is_agreed(counter: Counter, boss: SignedIn) -> None:
    settings = counter.staffing.settings
    assert settings.changes() == ()
    settings.begin(boss)
    settings.begin(boss)
    assert settings.changes() == ()
    assert [line for line in counter.lines() if line[1] == "settings"] == [
        ("settings.noted", "settings", "S1")
    ]


def test_each_change_is_told_until_two_agree(counter: Counter, boss: SignedIn, clerk: SignedIn) -> None:
    counter.staffing.settings.begin(boss)
    moved = watch(counter, MOVED)
    changes = (
        Change("[cards] low_water", "50", "5"),
        Change("[kiosk] place", "Puskesmas Cempaka", "Puskesmas Melati"),
    )
    moved.begin(clerk)
    assert moved.changes() == changes
    for first, second, reason, code in (
        (boss, boss, REASON, "risky.same_person"),
        (clerk, clerk, REASON, "risky.same_person"),
        (boss, clerk, "why", "reason.short"),
    ):
        refused = moved.agree(first, second, reason)
        assert isinstance(refused, Problem)
        assert refused.code == code
        assert moved.changes() == changes
    assert moved.agree(clerk, boss, REASON) is None
    assert moved.changes() == ()
    assert watch(counter, MOVED).changes() == ()
    (approval,) = counter.staffing.risky.of("settings")
    assert (approval.first, approval.second, approval.reason) == ("S2", "S1", REASON)
    assert ("approved.settings", "settings", "S2") in counter.lines()


def test_going_back_is_a_change_as_well(counter: Counter, boss: SignedIn, clerk: SignedIn) -> None:
    counter.staffing.settings.begin(boss)
    assert watch(counter, MOVED).agree(clerk, boss, REASON) is None
    assert [one.name for one in watch(counter, Config()).changes()] == ["[cards] low_water", "[kiosk] place"]


def test_only_what_this_profile_goes_by_is_told_and_no_password(counter: Counter, boss: SignedIn) -> None:
    counter.staffing.settings.begin(boss)
    other = replace(Config(), village=VillageSettings(idle_seconds=1))
    assert watch(counter, other).changes() == ()
    own = replace(Config(), counter=CounterSettings(may_quit=False))
    assert watch(counter, own).changes() == (Change("[counter] may_quit", "true", "false"),)
    secret = replace(Config(), hub=Hub(database="postgresql://hub:rahasia@db/hub"))
    (change,) = watch(counter, secret).changes()
    assert change.name == "[hub] database"
    assert "rahasia" not in repr(change)
    assert change.after

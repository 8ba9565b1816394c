"""The doctor's judgements, and that it looks at everything, however broken the set-up is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.bootstrap import services
from kiosk.clock import SystemClock
from kiosk.config import Config
from kiosk.errors import StoreError
from kiosk.examination import Examination, Machine
from kiosk.language import LANGUAGES, Language
from kiosk.services import doctor
from kiosk.services.doctor import Finding, Health, examine, must_be_mended
from kiosk.services.ports import CopyNote
from kiosk.services.sync_ports import SyncNote
from kiosk.store.copying import StoreCopier
from kiosk.store.engine import DATABASE
from kiosk.store.health import look
from kiosk.store.unit_of_work import Store, store_factory
from tests.store import examples

MIB = 1024 * 1024
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OK, LOOK, MEND = Health.OK, Health.LOOK, Health.MEND


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


CASES: list[tuple[Finding, Health, str]] = [
    (doctor.disk(19 * MIB), MEND, "disk.full"),
    (doctor.disk(20 * MIB), LOOK, "disk.low"),
    (doctor.disk(200 * MIB), OK, "disk.ok"),
    (doctor.reserve(0, whole=True, room=True), LOOK, "reserve.none"),
    (doctor.reserve(8, whole=False, room=False), LOOK, "reserve.gone"),
    (doctor.reserve(8, whole=False, room=True), OK, "reserve.later"),
    (doctor.reserve(8, whole=True, room=False), OK, "reserve.ok"),
    (doctor.clock(NOW.replace(year=2019), None, trusted=False), MEND, "clock.year"),
    (doctor.clock(NOW.replace(year=1970), NOW, trusted=False), MEND, "clock.year"),
    (doctor.clock(NOW.replace(year=2093), NOW, trusted=True), MEND, "clock.year"),
    (doctor.clock(ago(minutes=3), NOW, trusted=False), MEND, "clock.behind"),
    (doctor.clock(ago(minutes=1), NOW, trusted=True), OK, "clock.ok"),
    (doctor.clock(NOW, ago(days=91), trusted=True), LOOK, "clock.ahead"),
    (doctor.clock(NOW, ago(days=89), trusted=False), LOOK, "clock.doubtful"),
    (doctor.clock(NOW, None, trusted=True), OK, "clock.ok"),
    (doctor.key("", "/k", has_store=True), OK, "key.ok"),
    (doctor.key("missing", "/k", has_store=False), OK, "key.later"),
    (doctor.key("missing", "/k", has_store=True), MEND, "key.missing"),
    (doctor.key("mode", "/k", has_store=False), MEND, "key.mode"),
    (doctor.folder([]), OK, "folder.ok"),
    (doctor.folder(["/a", "/b"]), MEND, "folder.open"),
    (doctor.database("", "/d"), OK, "database.ok"),
    (doctor.database("none", "/d"), OK, "database.none"),
    (doctor.database("", "/d", finished=False), LOOK, "database.unfinished"),
    (doctor.database("store.damaged", "/d"), MEND, "database.damaged"),
    (doctor.database("store.wrong_key", "/d"), MEND, "database.wrong_key"),
    (doctor.database("store.key_missing", "/d"), MEND, "database.unreadable"),
    (doctor.chain(5, None), OK, "chain.ok"),
    (doctor.chain(5, 6), MEND, "chain.broken"),
    (doctor.chain(5, None, copied=5), OK, "chain.ok"),
    (doctor.chain(5, None, copied=6), MEND, "chain.shorter"),
    (doctor.chain(5, None, lacking=1), MEND, "chain.cut"),
    (doctor.schema(2, 2), OK, "schema.ok"),
    (doctor.schema(1, 2), OK, "schema.older"),
    (doctor.schema(3, 2), MEND, "schema.newer"),
    (doctor.reference(date(2026, 2, 28), date(2027, 2, 28), 365), OK, "reference.ok"),
    (doctor.reference(date(2026, 2, 28), date(2027, 3, 1), 365), LOOK, "reference.old"),
    (doctor.facilities(None, training=True), OK, "facilities.practice"),
    (doctor.facilities(None, training=False), LOOK, "facilities.demo"),
    (doctor.facilities(120, training=False), OK, "facilities.ok"),
    (doctor.sms(simulated=True, training=True, writable=False, old=9, path="/s"), OK, "sms.practice"),
    (doctor.sms(simulated=True, training=False, writable=True, old=0, path="/s"), LOOK, "sms.simulated"),
    (doctor.sms(simulated=False, training=False, writable=False, old=0, path="/s"), MEND, "sms.closed"),
    (doctor.sms(simulated=False, training=False, writable=True, old=1, path="/s"), MEND, "sms.stuck"),
    (doctor.sms(simulated=False, training=False, writable=True, old=0, path="/s"), OK, "sms.ok"),
    (doctor.cards(900, 50, demo=True, training=False), LOOK, "cards.demo"),
    (doctor.cards(900, 50, demo=True, training=True), OK, "cards.ok"),
    (doctor.cards(49, 50, demo=False, training=False), LOOK, "cards.low"),
    (doctor.cards(0, 50, demo=False, training=False), LOOK, "cards.none"),
    (doctor.waiting(0, None, NOW, hub=True), OK, "waiting.none"),
    (doctor.waiting(3, ago(days=8), NOW, hub=True), LOOK, "waiting.late"),
    (doctor.waiting(3, ago(days=8), NOW, hub=False), OK, "waiting.ok"),
    (doctor.waiting(3, ago(days=6), NOW, hub=True), OK, "waiting.ok"),
    (doctor.drafts([ago(days=24)], NOW, 30, 5), OK, "drafts.ok"),
    (doctor.drafts([ago(days=25), ago(days=1)], NOW, 30, 5), LOOK, "drafts.ending"),
    (doctor.drafts([ago(days=900)], NOW, 0, 5), OK, "drafts.ok"),
    (doctor.drafts([ago(days=1)], NOW, 2, 5), LOOK, "drafts.ending"),
    (doctor.copies("", CopyNote(), there=False, same_disk=False), LOOK, "copies.none"),
    (doctor.copies("/c", CopyNote("2026"), there=False, same_disk=False), LOOK, "copies.absent"),
    (doctor.copies("/c", CopyNote(code="copy.full"), there=True, same_disk=False), MEND, "copies.full"),
    (doctor.copies("/c", CopyNote(code="store.io"), there=True, same_disk=False), MEND, "copies.failed"),
    (doctor.copies("/c", CopyNote("2026"), there=True, same_disk=True), LOOK, "copies.same_disk"),
    (doctor.copies("/c", CopyNote("2026"), there=True, same_disk=False), OK, "copies.ok"),
    (doctor.copies("/c", CopyNote(), there=True, same_disk=False), OK, "copies.first"),
    (doctor.sync(SyncNote(), NOW, 5), OK, "sync.none"),
    (doctor.sync(SyncNote(code="hub.unreachable"), NOW, 5), LOOK, "sync.failed"),
    (doctor.sync(SyncNote(contact_at=ago(hours=3).isoformat()), NOW, 5), OK, "sync.ok"),
    (doctor.sync(SyncNote(contact_at=ago(days=2).isoformat()), NOW, 5), LOOK, "sync.late"),
    (doctor.enrolment("", "K1", ""), OK, "enrolment.none"),
    (doctor.enrolment("", "K1", "https://hub"), LOOK, "enrolment.missing"),
    (doctor.enrolment("K2", "K1", "https://hub"), MEND, "enrolment.other"),
    (doctor.enrolment("K1", "K1", ""), OK, "enrolment.ok"),
    (doctor.set_aside(0, ()), OK, "aside.none"),
    (doctor.set_aside(2, ("record.conflict", "envelope.kind")), LOOK, "aside.some"),
    (doctor.staff(0, 0, None, NOW, signs_in=False), OK, "staff.none"),
    (doctor.staff(0, 0, None, NOW, signs_in=True), OK, "staff.first"),
    (doctor.staff(3, 1, None, NOW, signs_in=True), LOOK, "staff.alone"),
    (doctor.staff(3, 2, ago(days=3), NOW, signs_in=True), LOOK, "staff.unsigned"),
    (doctor.staff(3, 2, ago(days=2), NOW, signs_in=True), OK, "staff.ok"),
    (doctor.languages({}), OK, "languages.ok"),
    (doctor.languages({"jv": 9, "su": 400}), LOOK, "languages.unfilled"),
    (doctor.printer("", there=False), OK, "printer.none"),
    (doctor.printer("/dev/lp", there=True), OK, "printer.ok"),
    (doctor.printer("/dev/lp", there=False), MEND, "printer.closed"),
    (doctor.receipts("", writable=False), OK, "receipts.none"),
    (doctor.receipts("/r", writable=False), MEND, "receipts.closed"),
    (doctor.receipts("/r", writable=True), OK, "receipts.ok"),
    (doctor.terminal(None, utf8=False, colours=False), OK, "terminal.none"),
    (doctor.terminal((79, 24), utf8=True, colours=True), MEND, "terminal.small"),
    (doctor.terminal((80, 24), utf8=False, colours=True), LOOK, "terminal.encoding"),
    (doctor.terminal((80, 24), utf8=True, colours=False), OK, "terminal.mono"),
]


@pytest.mark.parametrize(("finding", "state", "text"), CASES, ids=[case[2] for case in CASES])
def test_a_judgement_and_its_words(finding: Finding, state: Health, text: str) -> None:
    assert (finding.state, finding.text) == (state, text)
    for code in LANGUAGES:
        language = Language(code)
        for said in (finding.name(language), finding.says(language), finding.mend(language)):
            assert "doctor." not in said, "no text"
            assert "{" not in said, "a parameter is missing"
        assert bool(finding.mend(language)) == (state is not OK)


def test_one_check_that_fails_leaves_the_others() -> None:
    def broken() -> Finding:
        raise ValueError("a name that must not be told")

    def refused() -> Finding:
        raise StoreError("store.io", "/secret")

    found = examine(
        [("disk", broken), ("key", refused), ("printer", lambda: doctor.printer("", there=False))]
    )
    assert [(one.check, one.state) for one in found] == [("disk", MEND), ("key", MEND), ("printer", OK)]
    said = [one.says(Language("en")) for one in found]
    assert said[0] == "Could not be checked (ValueError)."
    assert said[1] == "Could not be checked (store.io)."
    assert must_be_mended(found)
    assert not must_be_mended(found[2:])


# The whole of it, on a real store.


@dataclass(frozen=True)
class Room:
    f_bavail: int
    f_frsize: int = MIB


def _settings(folder: Path, profile: str = "counter") -> Config:
    config = Config()
    return replace(
        config,
        kiosk=replace(config.kiosk, profile=profile),
        store=replace(config.store, dir=str(folder / "data"), keys=str(folder / "keys")),
        sms=replace(config.sms, spool=str(folder / "sms")),
    )


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The settings of a counter with a store in which something stands."""
    monkeypatch.delenv("KIOSK_STORE", raising=False)
    found = _settings(tmp_path)
    services(found).close()
    store = store_factory(found.store_dir, found.key_file)
    _fill(store, 30)
    store.close()
    return found


def _fill(store: Store, count: int) -> None:
    with store() as work:
        for number in range(1, count + 1):
            registration = examples.a_registration(number)
            work.registrations.add(registration)
            work.outbox.add(registration, f"key-{number}")
            work.audit.append(
                examples.a_line(number, action="registration.submitted", subject=registration.reference)
            )
        work.commit()


def _machine(*, year: int = 2026, free: int = 900, terminal: tuple[int, int] | None = (80, 24)) -> Machine:
    wall = datetime(year, 11, 22, 9, 30, tzinfo=UTC).timestamp()
    clock = SystemClock(wall=lambda: wall, ticks=lambda: 0, boot="boot-2")
    return Machine(statvfs=lambda _: Room(free), clock=clock, seconds=lambda: wall, terminal=lambda: terminal)


def _states(config: Config, machine: Machine | None = None) -> dict[str, str]:
    found = Examination(config, machine or _machine()).findings()
    assert len({one.check for one in found}) == len(found)
    return {one.check: f"{one.state.value} {one.text}" for one in found}


EVERYTHING = {
    "disk", "reserve", "clock", "key", "folder", "database", "schema", "chain", "cards", "waiting", "drafts",
    "enrolment", "aside", "staff", "reference", "facilities", "sms", "copies", "sync", "languages", "printer",
    "receipts", "terminal",
}  # fmt: skip
OF_THE_STORE = {"schema", "chain", "cards", "enrolment", "waiting", "aside", "drafts", "staff"}


def test_a_good_set_up_has_nothing_to_be_mended(config: Config) -> None:
    states = _states(config)
    assert set(states) == EVERYTHING
    assert {check for check, said in states.items() if not said.startswith("ok")} == {
        "facilities", "sms", "cards", "copies"
    }  # fmt: skip
    assert states["waiting"] == "ok waiting.ok"
    assert states["chain"] == "ok chain.ok"


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIOSK_STORE", raising=False)
    config = _settings(tmp_path)
    states = _states(config)
    assert set(states) == EVERYTHING - OF_THE_STORE
    assert not any(said.startswith("mend") for said in states.values())
    assert list(tmp_path.iterdir()) == []


def _key_mode(config: Config) -> None:
    config.key_file.chmod(0o644)


def _key_gone(config: Config) -> None:
    config.key_file.unlink()


def _key_wrong(config: Config) -> None:
    config.key_file.write_bytes(bytes(32))


def _key_short(config: Config) -> None:
    config.key_file.write_bytes(b"short")


def _damaged(config: Config) -> None:
    path = config.store_dir / DATABASE
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 + 70] ^= 1
    path.write_bytes(content)


def _damaged_head(config: Config) -> None:
    path = config.store_dir / DATABASE
    path.write_bytes(b"\x00" * 4096 + path.read_bytes()[4096:])


def _plain(config: Config) -> None:
    (config.store_dir / DATABASE).write_bytes(b"SQLite format 3\0" + bytes(4080))


def _change(config: Config, statement: str) -> None:
    store = store_factory(config.store_dir, config.key_file)
    connection = store._database.take()
    connection.execute(statement)
    store._database.give_back(connection)
    store.close()


def _altered(config: Config) -> None:
    _change(config, "UPDATE audit SET who = 'nobody' WHERE n = 12")


def _cut_in_the_middle(config: Config) -> None:
    _change(config, "DELETE FROM audit WHERE n BETWEEN 10 AND 12")


def _cut_at_the_end(config: Config) -> None:
    _change(config, "DELETE FROM audit WHERE n > 20")


def _cut_with_its_records(config: Config) -> None:
    """What a cut can take along, so that only the last copy knows of it."""
    StoreCopier(config.store_dir, config.key_file, kiosk="K1", profile="counter", now=lambda: "").remember(
        CopyNote("2026-11-22T09:00", "stick", 30)
    )
    for table, which in (("outbox", "n"), ("member", "registration"), ("document", "registration")):
        _change(config, f"DELETE FROM {table} WHERE {which} > 20")
    _change(config, "DELETE FROM registration WHERE n > 20")
    _change(config, "DELETE FROM audit WHERE n > 20")


def _draft_without_line(config: Config) -> None:
    store = store_factory(config.store_dir, config.key_file)
    with store() as work:
        work.drafts.save(examples.a_draft(1), "2026-11-22T09:00:00.000+07:00")
        work.commit()
    store.close()


def _one_supervisor(config: Config) -> None:
    staff = "'Ratna', 'supervisor', '', 1, '', '', 0, '[]', 0, '', ''"
    _change(config, f"INSERT INTO staff VALUES ('S1', {staff})")


def _never_signed(config: Config) -> None:
    _one_supervisor(config)
    staff = "'Dewi', 'supervisor', '', 1, '', '', 0, '[]', 0, '', ''"
    _change(config, f"INSERT INTO staff VALUES ('S2', {staff})")
    began = "2026-11-19T08:00:00.000+07:00"
    _change(config, f"INSERT INTO shift VALUES (1, 'S1', '{began}', 0, '', '', '', 0, '')")


def _newer(config: Config) -> None:
    _change(config, "INSERT INTO migration (name, version) VALUES ('9999_x', '9')")


def _open_folder(config: Config) -> None:
    config.store_dir.chmod(0o755)


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (_one_supervisor, {"staff": "look staff.alone"}),
        (_never_signed, {"staff": "look staff.unsigned"}),
        (_key_mode, {"key": "mend key.mode", "database": "ok database.ok"}),
        (_key_gone, {"key": "mend key.missing", "database": "mend database.unreadable"}),
        (_key_wrong, {"key": "ok key.ok", "database": "mend database.wrong_key"}),
        (_key_short, {"key": "mend key.size", "database": "mend database.unreadable"}),
        (_damaged, {"database": "mend database.damaged"}),
        (_damaged_head, {"database": "mend database.damaged"}),
        (_plain, {"database": "mend database.plain"}),
        (_altered, {"database": "ok database.ok", "chain": "mend chain.broken"}),
        (_cut_in_the_middle, {"chain": "mend chain.broken"}),
        (_cut_at_the_end, {"chain": "mend chain.cut"}),
        (_cut_with_its_records, {"chain": "mend chain.shorter"}),
        (_draft_without_line, {"chain": "mend chain.cut"}),
        (_newer, {"database": "mend database.newer"}),
        (_open_folder, {"folder": "mend folder.open"}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_broken_is_found_and_all_else_is_still_told(
    config: Config, break_it: Callable[[Config], None], expected: dict[str, str]
) -> None:
    good = _states(config)
    break_it(config)
    found = _states(config)
    assert {check: found[check] for check in expected} == expected
    opens = found["database"].startswith("ok")
    assert set(found) == (EVERYTHING if opens else EVERYTHING - OF_THE_STORE)
    others = set(found) - set(expected)
    assert {check: found[check] for check in others} == {check: good[check] for check in others}


def test_looking_changes_nothing(config: Config) -> None:
    def everything() -> dict[str, Any]:
        places = sorted(config.store_dir.rglob("*"))
        return {str(one): (one.stat().st_mode, one.is_file() and one.read_bytes()) for one in places}

    config.store_dir.chmod(0o755)
    before = everything()
    _states(config)
    assert everything() == before
    assert config.store_dir.stat().st_mode & 0o777 == 0o755


def test_a_disk_that_is_full_and_a_clock_of_2019(config: Config) -> None:
    states = _states(config, _machine(year=2019, free=3))
    assert states["disk"] == "mend disk.full"
    assert states["clock"] == "mend clock.year"
    assert states["reserve"] == "look reserve.gone"
    assert _states(config, _machine(year=2027, free=100))["clock"] == "look clock.ahead"
    assert _states(config, _machine(year=2026, free=100))["disk"] == "look disk.low"


def test_a_clock_behind_the_newest_record(config: Config) -> None:
    store = store_factory(config.store_dir, config.key_file)
    with store() as work:
        work.audit.append(
            replace(examples.a_line(99), at=examples.a_moment(1, wall="2026-12-24T09:00:00.000+07:00"))
        )
        work.commit()
    store.close()
    assert _states(config)["clock"] == "mend clock.behind"


def test_a_machine_that_does_not_answer_is_no_reason_to_stop(config: Config) -> None:
    def fails(_: Path) -> Room:
        raise OSError(5, "Input/output error")

    states = _states(config, replace(_machine(), statvfs=fails))
    assert states["disk"] == states["reserve"] == "mend failed"
    assert states["chain"] == "ok chain.ok"


def test_messages_that_wait_too_long(config: Config) -> None:
    config = replace(config, sms=replace(config.sms, channel="gammu"))
    spool = config.sms_spool
    spool.mkdir()
    waiting = spool / "OUTA20261122_090000_00_+6281200000001_sms0.txt"
    waiting.write_text("code")
    then = _machine().seconds()
    os.utime(waiting, (then - 300, then - 300))
    assert _states(config)["sms"] == "ok sms.ok"
    os.utime(waiting, (then - 700, then - 700))
    assert _states(config)["sms"] == "mend sms.stuck"
    shutil.rmtree(spool)
    spool.write_text("in the way")
    assert _states(config)["sms"] == "mend sms.closed"


def test_a_check_of_the_file_that_takes_too_long_is_given_up(config: Config) -> None:
    times = iter(range(10**9))
    store = store_factory(config.store_dir, config.key_file)
    with store() as work:
        for number in range(1000, 4000):
            work.audit.append(examples.a_line(number))
        work.commit()
    store.close()
    facts = look(config.store_dir, config.key_file, seconds=0.5, ticks=lambda: float(next(times)))
    assert (facts.problem, facts.finished, facts.chain_lines) == ("", False, 3030)
    assert look(config.store_dir, config.key_file).finished


def test_copies_are_told_with_the_last_one(config: Config, tmp_path: Path) -> None:
    config = replace(config, copies=replace(config.copies, dir=str(tmp_path / "stick")))
    assert _states(config)["copies"] == "look copies.absent"
    (tmp_path / "stick").mkdir()
    assert _states(config)["copies"] == "look copies.same_disk"


def test_a_language_that_is_not_filled_in_is_told(config: Config) -> None:
    for changes in ({"languages": "id jv"}, {"language": "su"}):
        changed = replace(config, kiosk=replace(config.kiosk, **changes))
        assert _states(changed)["languages"] == "look languages.unfilled"


def test_the_printer_is_looked_for_where_it_should_be(config: Config, tmp_path: Path) -> None:
    place = tmp_path / "lp"
    config = replace(config, printer=replace(config.printer, kind="text", to=str(place)))
    assert _states(config)["printer"] == "mend printer.closed"
    place.write_text("an ordinary file is no printer")
    assert _states(config)["printer"] == "mend printer.closed"
    place.unlink()
    place.mkdir()
    assert _states(config)["printer"] == "ok printer.ok"


def test_imported_facilities_are_counted(config: Config) -> None:
    folder = config.store_dir / "reference"
    folder.mkdir()
    (folder / "facilities.csv").write_text("code,name\n1,A\n2,B\n")
    found = Examination(config, _machine()).findings()
    facilities = next(one for one in found if one.check == "facilities")
    assert (facilities.state, facilities.params) == (OK, {"count": 2})

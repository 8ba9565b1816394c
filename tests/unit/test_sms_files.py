"""Messages as files: what the daemon will find, and what stays behind."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from kiosk.channels.inbox import SimulatedPhone
from kiosk.channels.sms_files import FilesSender, decoded, encoded, waiting
from kiosk.errors import KioskError

NUMBER = "+6281234567890"
OTHER = "+6281234567891"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sms"


def names(spool: Path) -> list[str]:
    return sorted(path.name for path in spool.iterdir())


def test_the_file_is_named_as_the_daemon_wants_it(spool: Path) -> None:
    FilesSender(spool).send(NUMBER, "Kode: 012345")
    (name,) = names(spool)
    assert re.fullmatch(r"OUTA[0-9]{8}_[0-9]{6}_00_\+6281234567890_sms0\.txt", name)
    assert (spool / name).read_bytes() == b"Kode: 012345"


def test_nobody_else_may_read_it(spool: Path) -> None:
    before = os.umask(0)
    try:
        FilesSender(spool).send(NUMBER, "Kode: 012345")
    finally:
        os.umask(before)
    (path,) = waiting(spool)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["Kode: 012345", "Kode Anda \u2013 012345", "\U0001f511 012345", ""])
def test_every_text_comes_back(text: str) -> None:
    assert decoded(encoded(text)) == text


def test_other_than_ascii_is_marked_unicode() -> None:
    assert encoded("\u00e9") == b"\xfe\xff\x00\xe9"


@pytest.mark.parametrize("number", ["", "0812 345", "../../etc/passwd", "+62812_3", "12", "+6281234567890\n"])
def test_what_is_no_number_writes_nothing(spool: Path, number: str) -> None:
    with pytest.raises(KioskError) as raised:
        FilesSender(spool).send(number, "Kode")
    assert raised.value.code == "sms.number"
    assert number not in str(raised.value) or not number
    assert not spool.exists()


def test_a_failed_writing_leaves_nothing_and_is_told(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        FilesSender(spool).send(NUMBER, "Kode")
    assert names(spool) == []


def test_the_file_is_whole_and_durable_before_it_has_its_name(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, ...]] = []
    real = os.fsync

    def watched(handle: int) -> None:
        seen.append(tuple("OUT" if name.startswith("OUT") else "unfinished" for name in names(spool)))
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    FilesSender(spool).send(NUMBER, "Kode")
    assert seen == [("unfinished",), ("OUT",)]


def test_the_phone_shows_the_newest_message_to_its_number(spool: Path) -> None:
    phone, sender = SimulatedPhone(spool), FilesSender(spool)
    assert phone.latest(NUMBER) is None
    for text in [f"Kode {count}" for count in range(12)]:
        sender.send(NUMBER, text)
    sender.send(OTHER, "lain")
    assert phone.latest(NUMBER) == "Kode 11"
    assert phone.latest(OTHER) == "lain"


def test_the_newest_message_is_known_though_the_clock_was_set_back(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = iter(["20261122_090000", "20200101_000000"])
    monkeypatch.setattr("kiosk.channels.sms_files.time.strftime", lambda _form: next(stamps))
    sender = FilesSender(spool)
    sender.send(NUMBER, "lama")
    sender.send(NUMBER, "baru")
    assert SimulatedPhone(spool).latest(NUMBER) == "baru"


def test_clearing_takes_this_number_away_and_no_other(spool: Path) -> None:
    phone, sender = SimulatedPhone(spool), FilesSender(spool)
    phone.clear(NUMBER)
    sender.send(NUMBER, "satu")
    sender.send(OTHER, "dua")
    sender.send(NUMBER, "tiga")
    (spool / ".unfinished-abc").write_text("Kode 012345")
    phone.clear(NUMBER)
    assert phone.latest(NUMBER) is None
    assert phone.latest(OTHER) == "dua"
    assert len(names(spool)) == 1


def test_files_of_others_are_left_alone(spool: Path) -> None:
    spool.mkdir(parents=True)
    (spool / f"OUT{NUMBER}.txt").write_text("from elsewhere")
    FilesSender(spool).send(NUMBER, "Kode")
    SimulatedPhone(spool).clear(NUMBER)
    assert names(spool) == [f"OUT{NUMBER}.txt"]

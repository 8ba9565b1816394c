"""A code on its way through the real SMS daemon: gammu's SMSD with its dummy phone, fed by our files."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kiosk.channels.sms_files import FilesSender, code_texts, waiting
from kiosk.services.verification import Sent, Verification
from tests.unit.fakes import FakeClock, FakeRandomness, FakeStore

NUMBER = "+6281234567890"
OTHER = "+6281298765432"
TOO_LONG = 30.0
"""Seconds after which the daemon is ended, so that waiting for a line of its log ends too."""


def settings(folder: Path, *, keep_sent: bool) -> Path:
    """The daemon's settings for our spool; without a folder for sent messages it removes them."""
    for name in ("phone", "in", "spool", "sent", "errors"):
        (folder / name).mkdir()
    file = folder / "gammu-smsdrc"
    file.write_text(
        f"""[gammu]
model = dummy
connection = none
device = {folder}/phone
[smsd]
service = files
inboxpath = {folder}/in/
outboxpath = {folder}/spool/
{f"sentsmspath = {folder}/sent/" if keep_sent else ""}
errorsmspath = {folder}/errors/
logfile = stderr
debuglevel = 255
commtimeout = 1
loopsleep = 1
statusfrequency = 0
"""
    )
    return file


@contextmanager
def daemon(file: Path) -> Iterator[IO[str]]:
    """The daemon's log, line by line, while it runs."""
    program = f"import gammu.smsd; gammu.smsd.SMSD({str(file)!r}).MainLoop()"
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
    end = threading.Timer(TOO_LONG, process.kill)
    end.start()
    try:
        assert process.stderr is not None
        with process.stderr as log:
            yield log
    finally:
        end.cancel()
        process.kill()
        process.wait()


def wait_for(log: IO[str], pattern: str) -> str:
    """The next line of the log that matches."""
    seen = []
    for line in log:
        seen.append(line)
        if re.search(pattern, line):
            return line
    raise AssertionError(f"never saw {pattern!r} in:\n{''.join(seen[-40:])}")


def test_a_code_reaches_the_phone_and_is_right(tmp_path: Path) -> None:
    file = settings(tmp_path, keep_sent=True)
    verification = Verification(
        FakeStore(), FakeClock(), FakeRandomness(), FilesSender(tmp_path / "spool"), texts=code_texts()
    )
    with daemon(file) as log:
        assert isinstance(verification.send_code("d1", NUMBER), Sent)
        transmitted = wait_for(log, "Transmitted OUT")
        wait_for(log, "Renamed .*/sent/OUT")
    assert f"to {NUMBER}," in transmitted
    (sent,) = waiting(tmp_path / "sent", NUMBER)
    assert list((tmp_path / "spool").iterdir()) == []
    assert list((tmp_path / "errors").iterdir()) == []
    code = re.search(r"[0-9]{6}", sent.read_text("ascii"))
    assert code is not None
    assert verification.check_code("d1", NUMBER, code[0]) is None


def test_letters_beyond_ascii_and_the_order_of_messages_arrive(tmp_path: Path) -> None:
    file = settings(tmp_path, keep_sent=True)
    sender = FilesSender(tmp_path / "spool")
    sender.send(NUMBER, "Kode \u2013 \u00e9 543210")
    sender.send(NUMBER, "kedua")
    with daemon(file) as log:
        first, second = (wait_for(log, "Found 1 sms to") for _ in range(2))
    assert f'"{NUMBER}"' in first
    assert "543210" in first
    assert "kedua" in second


def test_without_a_folder_for_sent_messages_no_number_stays_behind(tmp_path: Path) -> None:
    file = settings(tmp_path, keep_sent=False)
    sender = FilesSender(tmp_path / "spool")
    sender.send(NUMBER, "Kode 012345")
    sender.send(OTHER, "the next message is begun when the first is done with")
    with daemon(file) as log:
        wait_for(log, re.escape(f"to {NUMBER},"))
        wait_for(log, re.escape(f'Found 1 sms to "{OTHER}"'))
    left = [path.name for path in tmp_path.rglob("*") if NUMBER[1:] in path.name]
    assert left == []

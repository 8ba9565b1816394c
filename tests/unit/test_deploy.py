"""The files that `kiosk deploy systemd` prints: what they say, and that systemd takes them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path, PurePath

import pytest

from kiosk import cli
from kiosk.guard.serving import HUNG_SECONDS
from kiosk.guard.units import PARTS, Place, text_of

PLACE = Place(
    user="kiosk",
    tty="tty1",
    command=["/srv/a kiosk/kiosk", "run", "--config", "/etc/100%/k$.toml"],
    environment=[("LANG", "C.UTF-8")],
    makes=[PurePath("/var/lib/kiosk"), PurePath("/srv/two words")],
    writes=[PurePath("/media")],
    devices=[PurePath("/dev/usb/lp0")],
)


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.run(["deploy", "systemd", *words]) == 0
    return capsys.readouterr().out


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file with folders of every kind."""
    monkeypatch.delenv("KIOSK_STORE", raising=False)
    file = tmp_path / "kiosk.toml"
    file.write_text(
        '[kiosk]\nprofile = "village"\n[store]\ndir = "~/data"\nkeys = "/srv/keys"\n'
        '[sms]\nspool = "/var/spool/sms"\n'
        '[receipts]\ndir = "/srv/receipts"\n[printer]\nkind = "escpos"\nto = "/dev/usb/lp1"\n'
    )
    return file


def test_the_service_may_write_where_the_settings_say_and_nowhere_else(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, "--config", str(settings), "--user", "kiosk", "--tty", "tty3", "--only", "service")
    lines = text.splitlines()
    assert lines[0] == "# /etc/systemd/system/kiosk-jkn.service"
    written = {
        line.partition("=")[2].removeprefix("-") for line in lines if line.startswith("ReadWritePaths=")
    }
    assert {
        "/home/kiosk/data",
        "/srv/keys",
        "/var/spool/sms",
        "/srv/receipts",
        "/media",
        "/run/media",
    } <= written
    assert {"ProtectSystem=strict", "ProtectHome=read-only", "User=kiosk", "TTYPath=/dev/tty3"} <= set(lines)
    assert "DeviceAllow=/dev/usb/lp1 rw" in lines
    assert f"run --profile village --config {settings}" in text


def test_a_watchdog_has_more_patience_than_the_kiosk_needs_between_two_notes(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, "--config", str(settings), "--only", "service")
    (seconds,) = [
        int(line.partition("=")[2]) for line in text.splitlines() if line.startswith("WatchdogSec=")
    ]
    assert 10 <= seconds < HUNG_SECONDS
    assert "Type=notify" in text
    assert "NotifyAccess=main" in text
    assert "Restart=always" in text


def test_all_of_them_come_one_after_the_other(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "--config", str(settings))
    assert [line[2:] for line in text.splitlines() if line.startswith("# /etc/")] == list(PARTS.values())
    assert "NAutoVTs=0" in text
    assert "kernel.sysrq = 0" in text


@pytest.mark.parametrize(
    "words", [("--user", "a b"), ("--user", "x\nExecStart=/bin/sh"), ("--tty", "/dev/sda")]
)
def test_a_name_that_is_none_is_refused(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["deploy", "systemd", *words]) == 2
    assert capsys.readouterr().out == ""


def test_signs_that_mean_something_to_systemd_are_kept_as_they_are() -> None:
    text = text_of("service", PLACE)
    assert 'ExecStart="/srv/a kiosk/kiosk" run --config /etc/100%%/k$$.toml' in text
    assert 'ReadWritePaths=-"/srv/two words"' in text
    assert '-p -m 0700 /var/lib/kiosk "/srv/two words"\n' in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize("spoilt", ["", "WatchdogSec=30", "ProtectSystem=strict", "RestrictNamespaces=yes"])
def test_systemd_takes_the_service(
    settings: Path, tmp_path: Path, spoilt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And finds fault with one that is spoilt, or this would show nothing."""
    text = printed(capsys, "--config", str(settings), "--user", "root", "--only", "service")
    text = text.replace(spoilt, f"{spoilt.partition('=')[0]}=perhaps") if spoilt else text
    unit = tmp_path / "kiosk-jkn.service"
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    faults = [line for line in done.stderr.splitlines() if "kiosk-jkn" in line]
    assert bool(faults) == bool(spoilt), done.stderr


def test_the_program_is_the_one_that_was_asked(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "--config", str(settings), "--only", "service")
    (command,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    assert command.startswith(f"ExecStart={Path(sys.executable).parent}/")

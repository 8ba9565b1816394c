"""The command line: what is taken, which exit code comes of it, and what it says where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk import cli, config
from kiosk.commands import check as check_command
from kiosk.commands import progress
from kiosk.commands.arguments import parsed
from kiosk.commands.progress import counted
from kiosk.commands.sentences import sentence
from kiosk.commands.tables import printed, visible
from kiosk.errors import KioskError, StoreError, UsageError
from kiosk.resources import default_settings
from tests.journeys.commands import OwnKiosk

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process with its own settings and store."""
    own = OwnKiosk(tmp_path)
    for name, value in own.env.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: cli.run(arguments)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["name", "-x"], "-X"),
        (["name", "--json"], "--JSON"),
        (["name", "--", "--profile"], "--PROFILE"),
        (["phone", "+62 812-3456-7890"], "+6281234567890"),
        (["birth_date", "12 Agustus 1980"], "1980-08-12"),
        (["class", "kelas II"], 2),
        (["email", "Budi@EXAMPLE.org"], "Budi@example.org"),
        (["nik", "3173051208800003"], "3173051208800003"),
        (["--profile=training", "nik", "9901011208800003"], "9901011208800003"),
        (["nik", "9901011208800003", "--profile", "training", "--today", "2026-11-22"], "9901011208800003"),
    ],
)
def test_check_prints_the_value(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], value: object
) -> None:
    assert run("check", *arguments) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"value": value, "problems": []}
    assert out.count("\n") == 1
    assert err == ""


def test_check_says_what_is_wrong(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "nik", "31730512088000") == 1
    assert json.loads(capsys.readouterr().out) == {
        "value": None,
        "problems": [{"field": "nik", "code": "nik.length", "severity": "error", "params": {"count": 14}}],
    }


def test_a_warning_is_no_refusal(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "nik", "0000011208800003") == 0
    assert "nik.region_unknown" in capsys.readouterr().out


@pytest.mark.parametrize(
    "value", ["\udcff\udc80", "\ud800", "\x1b[2J", "\u202e", "9" * 100_000, "٣" * 16, ""]
)
@pytest.mark.parametrize("key", ["nik", "name", "email", "class", "birth_date"])
def test_check_takes_any_text(run: Run, capsys: pytest.CaptureFixture[str], key: str, value: str) -> None:
    assert run("check", key, value) == 1
    assert json.loads(capsys.readouterr().out)["value"] is None


def test_the_day_of_practice_counts(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--profile", "training", "check", "birth_date", "2026-01-01", "--today", "2025-12-31") == 1
    assert "birth_date.future" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "colour", "red"],
        ["check", "nik"],
        ["check"],
        ["check", "nik", "1", "2"],
        ["check", "--today", "2020-01-01", "nik", "1"],
        ["check", "--seed", "1", "nik", "1"],
        ["--profile", "training", "check", "--today", "yesterday", "nik", "1"],
        ["--profile", "training", "check", "--today", "20261122", "nik", "1"],
        ["--profile", "training", "check", "--seed", "-1", "nik", "1"],
        ["--profile", "shop", "check", "nik", "1"],
        ["register", "nowhere.json", "--profile", "training"],
        ["register", "."],
        ["register", "x\0y"],
        ["register", "-", "--seed", "1"],
        ["keys", "-", "--raw"],
        ["keys", "-", "--today", "2020-01-01", "--profile", "village"],
        ["list", "--today", "2020-01-01", "--profile", "training"],
        ["--seed", "1", "--profile", "training", "list"],
        ["list", "--state", "lost"],
        ["list", "--limit", "-1"],
        ["show"],
        ["reference"],
        ["reference", "import", "region", "x"],
        ["reference", "import", "fktp", "nowhere.csv"],
        ["directory", "import", "nowhere.jsonl"],
        ["enrol"],
        ["sync", "--wait", "soon"],
        ["run", "--plain"],
        ["--nonsense"],
        ["nonsense"],
        ["run"],
        [],
    ],
)
def test_usage_is_refused_before_anything_is_opened(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("kiosk: ")
    assert err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["run", "--help"], ["check", "-h"], ["--version"]])
def test_help_and_version(run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(*arguments) == 0
    out, err = capsys.readouterr()
    assert "kiosk" in out
    assert err == ""


def test_only_what_works_is_offered(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("--help")
    out = capsys.readouterr().out
    for command in cli._COMMANDS:
        assert f"    {command.partition(' ')[0]} " in out
    assert "--plain" not in out


def test_settings_that_are_wrong_exit_3(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kiosk.toml").write_text("[kiosk]\nidd = 'K1'\n", "utf-8")
    assert run("check", "nik", "1") == 3
    assert "line 2" in capsys.readouterr().err
    assert run("check", "nik", "1", "--config", str(tmp_path / "nowhere.toml")) == 3


def test_a_store_without_its_key_exits_4(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("list", "--profile", "training") == 0
    for key in (tmp_path / "keys").iterdir():
        key.unlink()
    assert run("list", "--profile", "training") == 4
    assert "key" in capsys.readouterr().err
    assert "code=store.key_missing" in (tmp_path / "store/training/log/kiosk.log").read_text("utf-8")


def test_a_crash_shows_a_number_and_nothing_else(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: object, **__: object) -> object:
        raise RuntimeError("3173051208800003")

    monkeypatch.setattr(check_command, "light", crash)
    assert run("check", "nik", "3173051208800003") == 70
    out, err = capsys.readouterr()
    log = (tmp_path / "store/counter/log/kiosk.log").read_text("utf-8")
    reference = err.split("Reference ")[1][:6]
    assert f"crash {reference} RuntimeError" in log
    assert "kiosk/commands/check.py:" in log
    assert out == ""
    assert not any("3173051208800003" in text for text in (err, log))
    assert "Traceback" not in err


def test_an_interruption_exits_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "light", interrupt)
    assert run("check", "nik", "1") == 130


def test_check_imports_nothing_heavy() -> None:
    program = (
        "import sys; from kiosk.cli import run; run(['check', 'nik', '1'])\n"
        "heavy = {'textual', 'sqlmodel', 'sqlalchemy', 'sqlite3', 'sqlcipher3', 'argparse', 'rich', 'pyotp',"
        " 'logging', 'kiosk.search', 'kiosk.store.engine', 'kiosk.facilities'}\n"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=False,
        env={**os.environ, "KIOSK_CONFIG": str(default_settings())},
    )
    assert done.returncode == 0, done.stderr


def test_options_stand_before_or_after_the_command() -> None:
    for arguments in (["--profile", "village", "list"], ["list", "--profile", "village"]):
        found = parsed(arguments)
        assert (found.command, found.profile, found.limit, found.json) == ("list", "village", 50, False)
    assert parsed(["--profile", "village"]).command == "run"


def test_the_terminal_is_taken_for_the_screens_only() -> None:
    asks = cli._is_screens
    assert all(
        map(asks, ([], ["run"], ["--profile", "village"], ["--seed", "1", "run"], ["--today=2026-01-01"]))
    )
    refused = (
        ["check", "x", "run"],
        ["-h"],
        ["--help"],
        ["--version"],
        ["run", "-h"],
        ["--profile", "run", "list"],
    )
    assert not any(map(asks, refused))


@pytest.mark.parametrize(
    "error", [KioskError("reference.check"), UsageError("usage.raw"), StoreError("store.new")]
)
def test_every_error_has_one_line(error: KioskError) -> None:
    assert sentence(error)
    assert "\n" not in sentence(error)


def test_a_hostile_file_name_steers_no_terminal() -> None:
    name = "\x1b]52;c;aGk=\x07\x9b31m\u202e\u200b\ud800.json"
    said = sentence(UsageError("usage.file", f"{name}: No such file or directory"))
    assert said == "?]52;c;aGk=??31m???.json: No such file or directory; name a file that can be read"


def test_tables_are_plain_in_a_pipe_and_show_no_steering_signs(capsys: pytest.CaptureFixture[str]) -> None:
    printed(("code", "name"), [("1", "A\x1b[2JB"), ("22", "\u202eC")])
    assert capsys.readouterr().out == "code  name\n1     A?[2JB\n22    ?C\n"
    assert visible("a\tb") == "a?b"


def test_long_tables_are_printed_in_portions(capsys: pytest.CaptureFixture[str]) -> None:
    printed(("n",), ((str(number),) for number in range(1_200)))
    assert capsys.readouterr().out.splitlines() == ["n", *map(str, range(1_200))]


def test_counting_changes_nothing() -> None:
    assert list(counted(iter(range(5)), "things")) == [0, 1, 2, 3, 4]


def test_a_progress_line_leaves_the_answer_on_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "_LONG_SECONDS", 0.0)
    for number in counted(range(3), "families"):
        sys.stdout.write(f"{number}\n")
    out, err = capsys.readouterr()
    assert out == "0\n1\n2\n"
    assert "families" in err


def test_the_profiles_of_the_parser_are_those_of_the_settings() -> None:
    for profile in config.PROFILES:
        assert parsed(["list", "--profile", profile]).profile == profile

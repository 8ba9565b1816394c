"""What the README says is so: commands, settings, keys, codes, examples, and the picture of the screen."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import __version__, cli, errors
from kiosk.commands import arguments
from kiosk.config import Config
from kiosk.domain.form import CHECKABLE
from screens.keys import FUNCTION_KEYS, TWINS
from tests.journeys.terminal import XTERM, Terminal

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
BLOCKS = [(kind, text) for kind, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)]
PLACES = {"data", "kiosk", "screens", "tests"}
FILES = {"CHANGELOG.md", "LICENSE", "README.md", "kiosk.toml", "pyproject.toml"}
MADE = {"build", "dist"}


def section(title: str) -> str:
    """The text under a heading, as far as the next one of its level."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


def parsers(
    parser: argparse.ArgumentParser, name: str = "kiosk"
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that can be typed, with its parser."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner or name == "kiosk":
        yield name, parser
    for action in inner:
        for word, child in action.choices.items():
            yield from parsers(child, f"{name} {word}")


COMMANDS = dict(parsers(arguments._parser()))


def test_every_command_is_in_the_readme_and_the_changelog() -> None:
    table = section("Commands")
    assert len(COMMANDS) == len(cli._COMMANDS) + 1
    for name in COMMANDS:
        assert f"`{name}" in table, name
    assert [name for name in cli._COMMANDS if f"`{name}`" not in CHANGELOG] == []


def test_what_is_not_there_yet_is_not_there() -> None:
    missing = set(re.findall(r"`([a-z]+)`", section("Not there yet")))
    assert missing
    assert missing & {name.split()[0] for name in cli._COMMANDS} == set()


def test_every_option_is_in_the_readme_and_no_other() -> None:
    known = {
        option
        for parser in COMMANDS.values()
        for action in parser._actions
        for option in action.option_strings
    }
    written = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section("Commands")))
    assert {option for option in known if option.startswith("--")} == written


def test_the_keys_of_check_are_in_the_readme() -> None:
    assert f"`{' '.join(CHECKABLE)}`" in section("Commands")


def test_every_exit_code_is_in_the_readme() -> None:
    written = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Commands"), re.M)}
    kinds = (errors.KioskError, errors.UsageError, errors.ConfigError, errors.StoreError)
    carrier = 5
    assert {0, cli.CRASHED, carrier} | {kind.exit_code for kind in kinds} == written


def settings() -> dict[tuple[str, str], object]:
    config = Config()
    return {
        (part.name, key.name): getattr(getattr(config, part.name), key.name)
        for part in dataclasses.fields(config)
        for key in dataclasses.fields(getattr(config, part.name))
    }


def test_the_settings_file_holds_every_key_as_the_program_takes_it() -> None:
    tables = tomllib.loads((ROOT / "kiosk.toml").read_text("utf-8"))
    assert {
        (name, key): value for name, table in tables.items() for key, value in table.items()
    } == settings()


def test_the_readme_tells_of_every_setting_and_of_no_other() -> None:
    rows = re.findall(r"^\| `\[(\w+)\] (\w+)` \| `(.*?)` \| (.+) \|$", section("Configure"), re.M)
    told = {(name, key): tomllib.loads(f"value = {value}")["value"] for name, key, value, _ in rows}
    assert told == settings()
    assert len(rows) == len(told)


def test_every_function_key_and_its_twin_are_in_the_readme() -> None:
    rows = dict(re.findall(r"^\| F(\d+) \| Esc (.) \|", section("What it does"), re.M))
    twins = {str(number): twin for twin, number in TWINS.items() if number in FUNCTION_KEYS}
    assert rows == twins


def test_the_examples_answer_as_written(tmp_path: Path) -> None:
    (transcript,) = blocks("console")
    examples = re.findall(r"^\$ kiosk (.*)\n((?:[^$].*\n)+)", transcript, re.M)
    assert len(examples) == transcript.count("$ ")
    for line, answer in examples:
        assert run(tmp_path, *shlex.split(line)).stdout == answer, line


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kiosk", *words],
        cwd=ROOT,
        env={"HOME": str(home), "LANG": "C.UTF-8"},
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def family(tmp_path: Path) -> Path:
    """The family file of the README."""
    file = tmp_path / "family.json"
    file.write_text(blocks("json")[0])
    return file


PRACTICE = ("--profile", "training", "--today", "2026-11-22")


def test_the_family_file_can_be_registered(tmp_path: Path, family: Path) -> None:
    done = run(tmp_path, "register", *PRACTICE, str(family))
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["problems"] == []


def test_the_directory_line_can_be_loaded(tmp_path: Path) -> None:
    extract = tmp_path / "extract.jsonl"
    extract.write_text(blocks("json")[1])
    done = run(tmp_path, "directory", "import", str(extract), "--json")
    assert json.loads(done.stdout) == {"stored": 1, "refused": 0}, done.stderr


def test_the_picture_is_what_the_program_draws(tmp_path: Path, family: Path) -> None:
    typed = subprocess.run(
        [sys.executable, "-m", "kiosk", "keys", "--raw", *PRACTICE, "--seed", "7", family],
        cwd=ROOT,
        env={"HOME": str(tmp_path / "clerk"), "LANG": "C.UTF-8"},
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    before_class = typed.split(XTERM["F10"])[:3]  # the first screen, the terms, the members
    keys = b"".join(part + XTERM["F10"] for part in before_class) + b"2\r"
    (picture,) = blocks("text")
    program = ["-m", "kiosk", *PRACTICE, "--seed", "7"]
    with Terminal.python(*program, env={"HOME": str(tmp_path)}) as terminal:
        terminal.send(keys)
        terminal.wait_for("4/8")
        terminal.wait_until(
            lambda: terminal.text.splitlines() == picture.splitlines(), "the README's picture"
        )


def test_commands_in_the_text_can_be_typed() -> None:
    named = re.findall(r"`kiosk ((?:reference|directory|register|keys|check|list|show)[^`]*)`", README)
    assert len(named) > 8
    for line in named:
        words = ["x" if word == "TEXT" else word for word in shlex.split(line)]
        try:
            arguments.parsed(words)
        except errors.UsageError as error:
            pytest.fail(f"kiosk {line}: {error.detail}")


def test_the_commands_to_install_name_what_there_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = set(re.findall(r"-e '\.\[(\w+)\]'", README))
    assert extras == set(project["optional-dependencies"])
    assert "    python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/kiosk\n" in README
    assert "    .venv/bin/pip install -e '.[test]' && .venv/bin/pytest\n" in README
    assert project["scripts"] == {"kiosk": "kiosk.__main__:main"}


def test_links_and_paths_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    paths = re.findall(r"`((?:kiosk|screens|data|tests|\.ci)/[\w./-]*)`", README)
    assert links
    assert paths
    inside = {name: ROOT / "tests" / name for name in re.findall(r"`(\w+/)`", section("Develop"))}
    missing = [path for path in (*links, *paths) if not (ROOT / path).exists()]
    assert (
        missing + [name for name, path in inside.items() if not path.exists() and not (ROOT / name).exists()]
        == []
    )
    headings = {re.sub(r"\W+", "-", title.lower()) for title in re.findall(r"^#+ (.+)$", README, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings


def test_the_changelog_begins_with_this_version() -> None:
    assert re.findall(r"^## (\S+)", CHANGELOG, re.M)[0] == __version__


def test_the_top_level_holds_what_the_house_has_and_nothing_else() -> None:
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert {name for name in there - MADE if not name.endswith(".egg-info")} == PLACES | FILES


def own_files() -> Iterator[Path]:
    yield from (ROOT / name for name in FILES)
    yield from (path for path in (ROOT / ".ci").rglob("*") if path.is_file())
    for place in PLACES:
        for path in (ROOT / place).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
                yield path


def test_no_file_names_a_machine_or_a_registry() -> None:
    folders = "|".join(("work", "root", "opt", "mnt", "Users", "home/(?!kiosk/)"))
    hosts = "|".join((r"pypi\.", "pythonhosted", r"npmjs\.", r"github\.com", "localhost:[0-9]"))
    foreign = re.compile(rf"(?<![\w.~-])/({folders})\b/?|{hosts}".encode())
    found = {
        f"{path.relative_to(ROOT)}: {match[0].decode()}"
        for path in own_files()
        if path != Path(__file__).resolve()
        for match in foreign.finditer(path.read_bytes())
    }
    assert found == set()
    assert foreign.search(b"see /root/x")
    assert foreign.search(b"from pypi.example")

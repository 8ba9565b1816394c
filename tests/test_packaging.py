"""The wheel alone is the program: built from this clone, installed elsewhere, run from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import __version__
from tests.builders import a_family

ROOT = Path(__file__).resolve().parent.parent
NOT_SHIPPED = (".pyc", ".db", ".key", ".log", ".po~")


def build(kind: str, folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder],
        cwd=ROOT,
        check=True,
        timeout=120,
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel, and with the libraries that the tests run with."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True, timeout=120)
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    site(folder).joinpath("libraries.pth").write_text("\n".join(sorted(libraries)) + "\n")
    return folder


def site(environment: Path) -> Path:
    (found,) = environment.glob("lib/python*/site-packages")
    return found


class Installed:
    """The installed console script, run in an empty folder with an empty home."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self.script = environment / "bin" / "kiosk"
        self.python = environment / "bin" / "python"
        self.home, self.cwd = folder / "home", folder / "cwd"
        self.home.mkdir()
        self.cwd.mkdir()

    def __call__(
        self, *arguments: str, code: int = 0, given: str = "", program: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [program or self.script, *arguments],
            input=given,
            text=True,
            capture_output=True,
            cwd=self.cwd,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done


@pytest.fixture
def kiosk(environment: Path, tmp_path: Path) -> Iterator[Installed]:
    installed = Installed(environment, tmp_path)
    yield installed
    assert not list(installed.cwd.iterdir()), "the program wrote into the folder it was started in"


def test_the_program_that_runs_is_the_installed_one(kiosk: Installed, environment: Path) -> None:
    program = (
        "import kiosk, screens, kiosk.resources as found\n"
        "print(kiosk.__file__, screens.__file__, found.data_dir(), sep='\\n')"
    )
    places = kiosk("-c", program, program=kiosk.python).stdout.splitlines()
    assert [Path(place).is_relative_to(site(environment)) for place in places] == [True] * 3


def test_version(kiosk: Installed) -> None:
    assert kiosk("--version").stdout == f"kiosk {__version__}\n"


def test_check(kiosk: Installed) -> None:
    told = json.loads(kiosk("check", "nik", "317305 120880 0003").stdout)
    assert told == {"value": "3173051208800003", "problems": []}
    kiosk("check", "nik", "3173051208800000", code=1)


def test_register_and_list_in_practice(kiosk: Installed) -> None:
    family = json.dumps(a_family())
    done = kiosk("register", "--profile", "training", "--today", "2026-11-22", "-", given=family)
    result = json.loads(done.stdout)
    assert (result["state"], result["people"]) == ("submitted", 3)
    (listed,) = json.loads(kiosk("list", "--profile", "training", "--json").stdout)
    assert listed["reference"] == result["reference"]


def test_villages_are_found(kiosk: Installed) -> None:
    assert "Gambir" in kiosk("reference", "list", "region", "gambir").stdout


def test_the_screens_can_be_imported_without_the_clone(kiosk: Installed) -> None:
    kiosk("-c", "import screens.start, screens.first_frame", program=kiosk.python)


def test_it_is_compiled_where_it_is_installed(environment: Path) -> None:
    assert list((site(environment) / "kiosk" / "__pycache__").glob("cli.*.pyc"))


def source_files() -> set[str]:
    folders = [ROOT / "kiosk", ROOT / "screens", ROOT / "data"]
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    kept = (path for path in files if "__pycache__" not in path.parts and path.suffix not in NOT_SHIPPED)
    return {path.relative_to(ROOT).as_posix() for path in kept}


def test_the_wheel_holds_the_program_and_its_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        licence = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
    expected = {f"kiosk/_{name}" if name.startswith("data/") else name for name in source_files()}
    assert names == expected | {"kiosk/_data/kiosk.toml"}
    assert licence


def test_the_source_archive_builds_and_tests_itself(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {
        "kiosk.toml",
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        ".ci/run",
        "tests/builders.py",
    }
    assert needed | source_files() <= names
    assert not [name for name in names if name.endswith(NOT_SHIPPED)]


def test_what_the_tests_need_comes_with_the_test_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (builder,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert project["version"] == __version__
    assert any(needed.startswith(builder) for needed in project["optional-dependencies"]["test"])

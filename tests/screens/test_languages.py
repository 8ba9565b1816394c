"""Every text that a page can ask for is there in both languages, and every page can be explained."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import screens
from kiosk.commands.keys import pages_of
from kiosk.config import PROFILES
from kiosk.domain import entry
from kiosk.domain.flow import Step
from kiosk.domain.form import SPECS
from kiosk.domain.registration import Outcome, State
from kiosk.domain.tasks import TaskState
from kiosk.language import LANGUAGES, Language
from kiosk.reference import document
from kiosk.services.clerk import Clerk
from kiosk.services.ports import PrintState
from screens.display import key_of
from screens.layout import LABEL_WIDTH
from screens.village.about import _ELSEWHERE
from tests.builders import a_draft
from tests.screens.conftest import Stager

FOLDER = Path(screens.__file__).parent
SERVICES = FOLDER.parent / "kiosk" / "services"
SOURCES = [*FOLDER.rglob("*.py"), SERVICES / "receipt.py", SERVICES / "slip.py", SERVICES / "day_report.py"]
KEY = re.compile(r"(?:screen|receipt|report|help|outcome|state|segment)\.[a-z_]+(?:\.[a-zA-Z_]+)*")
FIELDS = (*SPECS, entry.CAPTCHA, entry.CODE, entry.NIK_AGAIN)
STORED = ("submitted", "sent", "needs_fix", "accepted", "lapsed", "cancelled")
"""The states of what is registered."""
SEGMENTS = ("PBI_JK", "PD_PEMDA", "PPU_PN", "PPU_TNI_POLRI", "PPU_BU", "PBPU", "BP", "BP_PN")


def constants() -> Iterator[str]:
    """Every string in the sources of the pages; those of formatted strings with a star for each gap."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def key_names() -> set[str]:
    """The names of keys in the last line: every tuple that is given as `keys` or to `with_staff`."""
    found = {"baby", "unknown"}  # which stand for "later" in some rows
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            value = None
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "keys.append":
                found |= {str(ast.literal_eval(node.args[0]))}
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "with_staff":
                value = node.args[1]
            if isinstance(node, ast.keyword) and node.arg == "keys":
                value = node.value
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                names = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(name, ast.Name) and name.id in {"keys", "keys_of_code"} for name in names):
                    value = node.value
            if isinstance(value, ast.Tuple | ast.List):
                found |= {str(part.value) for part in value.elts if isinstance(part, ast.Constant)}
    return found


PATTERNS = {
    "screen.mode.*": PROFILES,
    "screen.step.*": [step.value for step in Step],
    "screen.key.*": sorted(key_names()),
    "screen.sex.*": ("L", "P"),
    "outcome.*": [outcome.value for outcome in Outcome],
    "state.*": [state.value for state in State],
    "screen.standing.*": STORED,
    "screen.account.state.*": STORED,
    "receipt.state.*": STORED,
    "screen.sending.*": ("waiting", "to_mend", "network", "contact", "tried"),
    "screen.training.*": ("menu", "lessons", "cases", "results", "recordings", "records", "records_not"),
    "segment.*": SEGMENTS,
    "screen.call.*": ("none", *PrintState),
    "screen.print.*": tuple(PrintState),
    "screen.tasks.*": tuple(TaskState),
    "screen.about.who.*": _ELSEWHERE,
    "screen.about.where.*": _ELSEWHERE,
    "field.*": FIELDS,
    "question.*": FIELDS,
    "example.*": FIELDS,
    "help.*": FIELDS,
    "screen.otp.*": ("where", "again", "no_more", "not_sent"),
    "help.page.*": [
        *("first_start", "sign_in", "locked", "hand_over", "unlock", "staff_menu", "new_member"),
        *("accounts", "second_sheet", "end_of_day", "void", "signs"),
        *(
            "home",
            "home_public",
            "welcome",
            "about",
            "call",
            "tasks",
            "standing",
            "sending",
            "choose",
            "confirm",
            "doctor",
            *("menu", "lessons", "cases", "results", "debrief", "brief", "certificate", "recordings"),
        ),
        *(step.value for step in Step),
    ],
}


def test_the_sources_were_read() -> None:
    written = set(constants())
    assert set(PATTERNS) - {"help.*"} <= written, "a pattern is not used any more"
    assert {"screen.home.title", "receipt.head", "screen.captcha.type"} <= written
    assert {"help", "agree", "finish", "quit", "unverified"} <= key_names()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_in_the_sources_has_a_text(language: str) -> None:
    texts = Language(language)
    plain = {text for text in constants() if KEY.fullmatch(text)}
    made = {pattern.replace("*", str(end)) for pattern, ends in PATTERNS.items() for end in ends}
    assert sorted(key for key in plain | made if not texts.has(key)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_pattern_is_forgotten(language: str) -> None:
    del language
    prefixes = ("screen.", "receipt.", "help.", "outcome.", "state.", "segment.", "field.", "question.")
    used = {text for text in constants() if text.startswith(prefixes) and "*" in text}
    assert used <= set(PATTERNS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_their_column(language: str) -> None:
    texts = Language(language)
    assert [field for field in FIELDS if len(texts.text(f"field.{field}")) > LABEL_WIDTH] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_shown_in_cp437(language: str) -> None:
    for name in ("screens", "fields", "help", "problems", "village", "staff", "counter"):
        file = FOLDER.parent / "data" / "languages" / language / f"{name}.po"
        assert file.read_text("utf-8").isascii(), name
    for kind in ("terms", "consent"):
        assert "\n".join(document(kind, language)).encode("cp437")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", ["sheet", "single"])
async def test_f1_explains_every_row_of_every_page(staged: Stager, language: str, layout: str) -> None:
    stage = staged(language=language, layout=layout, confirm_nik=True)
    for step in (Step.KK, Step.MEMBERS, Step.CLASS, Step.CONTACT, Step.CONSENT):
        journey = await stage.open(step, at="members[0].nik" if step is Step.MEMBERS else "")
        for path in entry.rows(step, journey.flow):
            await stage.open(step, at=path)
            if stage.path != path:  # a captcha that is solved, a phone that is proved
                continue
            before = stage.text
            await stage.keys("F1")
            assert stage.step == "Help"
            assert stage.says(f"help.{key_of(path)}")
            await stage.keys("ENTER")
            assert stage.text == before


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", ["sheet", "single"])
async def test_a_whole_family_by_the_clerks_keys(staged: Stager, language: str, layout: str) -> None:
    stage = await staged(language=language, layout=layout).start()
    services = stage.services
    known = services.membership.known_for
    pages = pages_of(stage.config)
    clerk = Clerk(a_draft(), services.rules(), known, pages=pages, randomness=services.proofs)
    await stage.play(clerk.keys())
    assert stage.step == Step.ACCOUNT
    found = next(iter(services.queries.newest(limit=1)))
    assert found.decision.people == 3
    assert found.verified_phone

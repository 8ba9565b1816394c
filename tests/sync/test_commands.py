"""`kiosk enrol`, `kiosk sync`, and what list, show and doctor say of it: as commands, at a real hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_family, a_member
from tests.hub.placed import Hub
from tests.hub.running import RunningHub


@dataclass
class Shell:
    """Runs the program's commands on a kiosk for practice in one folder."""

    folder: Path

    def __call__(self, *words: str, code: int = 0) -> str:
        done = self.run(*words)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kiosk", *words, "--config", str(self.folder / "kiosk.toml")],
            env={**os.environ, "HOME": str(self.folder), "KIOSK_STORE": str(self.folder / "store")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def told(self, *words: str, code: int = 0) -> Any:
        return json.loads(self(*words, "--json", code=code))


@pytest.fixture
def shell(tmp_path: Path, served: RunningHub) -> Shell:
    (tmp_path / "kiosk.toml").write_text(
        f"""[kiosk]
profile = "training"
[store]
keys = "{tmp_path}/keys"
[sms]
spool = "{tmp_path}/sms"
[hub]
url = "{served.url}"
""",
        "utf-8",
    )
    return Shell(tmp_path)


def test_from_the_code_to_accepted_and_every_word_about_it(
    shell: Shell, served: RunningHub, hub: Hub
) -> None:
    assert "not enrolled" in shell.run("sync").stderr
    doctor = {one["check"]: one for one in shell.told("doctor")}
    assert doctor["enrolment"]["state"] == "look"
    hub.numbers("0001000000000", 500, training=True)
    enrolled = shell("enrol", str(served.code("K1", training=True)))
    assert f"kiosk K1 is enrolled at a hub for practice: {served.url}" in enrolled
    assert "200 card numbers came" in enrolled
    family = shell.folder / "family.json"
    family.write_text(json.dumps(a_family(members=[a_member(serial=5)])), "utf-8")
    (registered,) = map(json.loads, shell("register", str(family)).splitlines())
    reference = registered["reference"]
    assert registered["virtual_account"]
    assert shell.told("sync", "--wait", "0") == {
        "sent": 1, "accepted": 0, "refused": 0, "lapsed": 0, "set_aside": {}, "messages": 0, "kept": 0,
        "numbers": 0, "waiting": 0, "code": "",
    }  # fmt: skip
    (listed,) = shell.told("list", "--state", "sent")
    assert (listed["reference"], listed["version"], listed["purged_at"]) == (reference, 1, None)
    assert listed["state_at"]
    while hub.decide():
        pass
    assert shell("sync", "--wait", "0").splitlines() == ["0 sent, 1 accepted, 0 refused", "0 still wait"]
    shown = shell("show", reference)
    assert "state:         accepted" in shown
    assert "since:" in shown
    assert shell.told("show", reference)["hub"] == {
        "problems": [],
        "other_reference": None,
        "not_taken": None,
    }
    doctor = {one["check"]: one for one in shell.told("doctor")}
    assert [doctor[name]["state"] for name in ("enrolment", "sync", "waiting", "aside")] == ["ok"] * 4
    assert shell("verify")


def test_a_hub_that_is_away_ends_with_code_5_and_loses_nothing(shell: Shell, served: RunningHub) -> None:
    shell("enrol", str(served.code("K1", training=True)))
    family = shell.folder / "family.json"
    family.write_text(json.dumps(a_family()), "utf-8")
    shell("register", str(family))
    settings = shell.folder / "kiosk.toml"
    settings.write_text(settings.read_text("utf-8").replace(served.url, "http://127.0.0.1:9"), "utf-8")
    told = shell("sync", code=5)
    assert "1 still wait" in told
    assert "nothing is lost" in told
    assert [one["state"] for one in shell.told("list")] == ["submitted"]
    doctor = {one["check"]: one for one in shell.told("doctor")}
    assert doctor["sync"]["state"] == "look"


def test_a_code_with_a_slip_or_of_elsewhere_is_refused_in_a_sentence(
    shell: Shell, served: RunningHub
) -> None:
    code = str(served.code("K1", training=True))
    slip = code[:-1] + ("A" if code[-1] != "A" else "B")
    refused = shell.run("enrol", slip)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "there is a slip in it" in refused.stderr
    other = shell.run("enrol", str(served.code("K2", training=True)))
    assert other.returncode == 1
    assert "for another kiosk" in other.stderr
    away = shell.run("enrol", code, "--url", "http://127.0.0.1:9")
    assert away.returncode == 5
    shell("enrol", code)
    again = shell.run("enrol", code)
    assert again.returncode == 1
    assert "used before" in again.stderr

"""A program killed in the middle of a family leaves a draft that the command line lists without its data."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.builders import a_family
from tests.journeys.commands import DAY, OwnKiosk
from tests.journeys.terminal import Terminal

PRACTICE = ("--today", DAY, "--seed", "7")


def test_a_draft_that_a_kill_left_is_listed_masked(tmp_path: Path) -> None:
    own = OwnKiosk(tmp_path)
    family = a_family()
    keys = own.run("keys", own.file("family.json", family), *PRACTICE, "--raw").stdout
    name = family["members"][0]["name"]
    start = keys[: keys.index(name.lower().encode()) + len(name) + 1]
    with Terminal.python("-m", "kiosk", "run", "--profile", "training", *PRACTICE, env=own.env) as terminal:
        terminal.send(start)
        terminal.wait_for("1 Kepala keluarga")
        terminal.signal(signal.SIGKILL)
        terminal.wait_gone()
    listed = own.run("list", "--state", "draft", "--json").stdout.decode()
    (draft,) = json.loads(listed)
    assert (draft["state"], draft["people"], draft["at"]) == ("draft", 1, "members[0].relation")
    assert draft["reference"] is None
    table = own.run("list", "--state", "draft").stdout.decode()
    assert f"9901**********{family['kk'][-2:]}" in table
    for hidden in (name, family["kk"], family["members"][0]["nik"]):
        assert hidden not in listed + table

"""A village kiosk and a counter on one machine: the slip of the one opens the family at the other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.journeys.commands import OwnKiosk
from tests.journeys.counter import counter
from tests.journeys.terminal import XTERM
from tests.journeys.village import Village

KK = "3173050101200012"
PIN = "271828"


def test_who_calls_staff_goes_on_at_the_counter(tmp_path: Path) -> None:
    village_file = tmp_path / "village.toml"
    own = OwnKiosk(
        tmp_path, f'[kiosk]\nid = "C1"\n[counter]\nsign_in = true\nslips_from = "{village_file}"\n'
    )
    village_file.write_text(own.settings.read_text("utf-8").replace('"C1"', '"V1"'), "utf-8")
    with Village(own, env={"KIOSK_CONFIG": str(village_file)}) as village, counter(own) as desk:
        serving = village.wait_for_first_page()
        village.begin(KK)
        village.send(XTERM["F2"])
        code = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")
        village.wait_until(lambda: code.search(village.text) is not None, "a code")
        found = code.search(village.text)
        assert found is not None

        desk.wait_for("Latihan dulu")
        desk.send("1\r", "Siti Rahma\r", PIN, "\r", PIN, "\r")
        desk.wait_for("Akun Siti Rahma dibuat")
        desk.send(found[0], "\r")
        desk.wait_for("Ketik lima huruf")
        assert "317305 010120 0012" in desk.text

        village.send("\r", "12345\r")  # who goes on typing there is told, and led back to the beginning
        village.wait_for("sudah diselesaikan atau dibuang di tempat lain")
        assert "3173" not in village.text
        village.send("\r")
        village.wait_for_first_page(other_than=serving)
    for profile, settings in (("counter", own.settings), ("village", village_file)):
        done = own.run("verify", "--config", str(settings), profile=profile)
        assert done.returncode == 0, done.stdout

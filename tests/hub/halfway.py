"""A worker that stops in the middle of a decision, to be killed: `python -m tests.hub.halfway URL KEYS`.

It prints a line when everything but the commit is done, and waits.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

from kiosk.hub import answers, deciding
from kiosk.hub.database import make_engine
from kiosk.hub.deciding import Desk, decide_once
from kiosk.hub.keys import KeyFile
from tests.hub.judged import rules


def main(url: str, keys: str) -> None:
    """Decides what waits, up to the last moment before it would be durable."""
    written = answers.write

    def write_and_wait(*arguments: Any) -> None:
        written(*arguments)
        sys.stdout.write("halfway\n")
        sys.stdout.flush()
        threading.Event().wait()

    vars(deciding)["write"] = write_and_wait
    decide_once(make_engine(url, pool=1), Desk(KeyFile(Path(keys)).current, rules))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A program that tests start beside themselves: commits families and says which are durable.

`python -m tests.store.writer FOLDER KEY KIOSK COUNT [careless]` prints a reference after each commit;
careless, it prints and never commits.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from kiosk.store.unit_of_work import store_factory
from tests.store import examples


def main(folder: str, key_path: str, kiosk: str, count: str, manner: str = "careful") -> None:
    """Registers `count` families at `kiosk`, one transaction each."""
    store = store_factory(Path(folder), Path(key_path), busy_seconds=30)
    for _ in range(int(count)):
        with store() as work:
            number = work.registrations.next_number("shared")
            registration = replace(
                examples.a_registration(number), reference=examples.reference(number, kiosk)
            )
            work.registrations.add(registration)
            work.outbox.add(registration, f"key-{number}")
            work.audit.append(examples.a_line(number, subject=registration.reference))
            if manner == "careful":
                work.commit()
        sys.stdout.write(registration.reference + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""`python -m kiosk`, and the console script."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command that was typed and returns its exit code."""
    from kiosk.cli import run  # noqa: PLC0415 - the terminal is taken before the slow imports

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

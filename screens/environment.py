"""Closes the doors that Textual opens through environment variables."""

import os
from collections.abc import MutableMapping


def clean_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Remove what would change Textual from outside; call it before Textual is imported.

    `TEXTUAL` and `TEXTUAL_*` open the developer tools, screenshots, logs of keys and other drivers;
    a stale `COLUMNS` or `LINES` hides the real size of the terminal.
    """
    for name in [name for name in environ if name == "TEXTUAL" or name.startswith("TEXTUAL_")]:
        del environ[name]
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)

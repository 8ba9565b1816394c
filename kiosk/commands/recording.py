"""Recording the screens of practice, where a command is asked for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.errors import UsageError
from kiosk.language import Language

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config

Around = Callable[[Any], Any]
"""Makes a companion of the screens one that records as well."""


def refuse_outside_practice(arguments: Arguments, config: Config) -> None:
    """Raises UsageError where the screens of another profile are to be recorded."""
    if getattr(arguments, "record", None) is not None and not config.is_training:
        raise UsageError("usage.record")


@contextmanager
def recorded(arguments: Arguments, config: Config, title: str) -> Iterator[Around | None]:
    """Records what is shown in the file that `--record` names; None where nothing is to be recorded.

    Says so in the end if the file could not take it. Raises UsageError outside practice.
    """
    refuse_outside_practice(arguments, config)
    file = getattr(arguments, "record", None)
    if file is None:
        yield None
        return
    from kiosk.training.recording import Recording
    from screens.recorded import Recorded

    recording = Recording(Path(file), title=title, go_on=getattr(arguments, "go_on", False))
    language = Language(config.kiosk.language)
    try:
        yield lambda companion: Recorded(companion, recording, language)
    finally:
        recording.close()
        if recording.failed:
            sys.stderr.write("kiosk: the recording could not be written to its end\n")

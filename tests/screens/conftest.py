"""A stage for each test: the pages on a store of its own."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.screens.stage import Stage, StageClock, settings

Stager = Callable[..., Stage]


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stager]:
    """Makes a stage: `staged(profile, language=..., layout=..., confirm_nik=...)`; closed in the end."""
    monkeypatch.setattr("kiosk.clock.SystemClock", StageClock)
    made: list[Stage] = []

    def make(profile: str = "training", *, language: str = "id", **changes: object) -> Stage:
        config = settings(tmp_path, profile, **changes)
        made.append(Stage(config, language=language, seed=7 if config.is_training else None))
        return made[-1]

    yield make
    for stage in made:
        stage.services.close()


@pytest.fixture
def stage(staged: Stager) -> Stage:
    """A stage in training, in the sheet layout, in Indonesian."""
    return staged()


@pytest.fixture
def no_room() -> Iterator[Callable[..., None]]:
    """Lets no file grow, as a full disk does; undone in the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def limit(*, full: bool = True) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 if full else soft, hard))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, handler)

"""Chooses what cares for a store: copies, the way back, proofs and the doctor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.config import Config

if TYPE_CHECKING:
    from kiosk.language import Language
    from kiosk.services.copies import Copies
    from kiosk.services.doctor import Finding
    from kiosk.services.ports import Clock, Proof
    from kiosk.store.copying import StoreCopier
    from kiosk.store.restore import Restored


def copies_of(config: Config, clock: Clock) -> Copies | None:
    """The copies made unasked; None where no folder is set for them."""
    to = config.copies_dir
    if to is None:
        return None
    from time import monotonic

    from kiosk.services.copies import Copies
    from kiosk.store.copying import FolderCopies

    maker = FolderCopies(
        config.store_dir,
        config.key_file,
        to=to,
        keep=config.copies.keep,
        kiosk=config.kiosk.id,
        profile=config.profile,
        now=lambda: clock.now().wall,
    )
    return Copies(to, config.copies.minutes, maker, ticks=monotonic)


def language(config: Config) -> Language:
    """The texts in the language of the settings."""
    from kiosk.language import Language

    return Language(config.kiosk.language)


def copier(config: Config) -> StoreCopier:
    """What `kiosk backup` copies with."""
    from kiosk.clock import SystemClock
    from kiosk.store.copying import StoreCopier

    clock = SystemClock(zone=config.kiosk.timezone)
    return StoreCopier(
        config.store_dir,
        config.key_file,
        kiosk=config.kiosk.id,
        profile=config.profile,
        now=lambda: clock.now().wall,
    )


def restored(config: Config, file: Path, *, replace: bool) -> Restored:
    """Puts the sealed copy in `file` in the place of the store; raises as `kiosk.store.restore` does."""
    from datetime import datetime

    from kiosk.clock import SystemClock
    from kiosk.store.restore import restore

    now = datetime.fromisoformat(SystemClock(zone=config.kiosk.timezone).now().wall)
    return restore(
        file,
        config.store_dir,
        config.key_file,
        profile=config.profile,
        stamp=f"{now:%Y%m%d-%H%M%S}",
        replace=replace,
    )


def proved(config: Config, *, head: str = "", progress: Callable[[int, int], None] | None = None) -> Proof:
    """What `kiosk verify` finds; raises StoreError where the store cannot be opened."""
    from kiosk.store.proof import proved as prove

    return prove(config.store_dir, config.key_file, head=head, progress=progress)


def examined(config: Config) -> list[Finding]:
    """What the doctor finds, whatever is broken."""
    from kiosk.examination import Examination

    return Examination(config).findings()

"""A progress line on standard error, where a person is looking and the work is long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_LONG_SECONDS = 1.0


def counted(things: Iterable[T], what: str) -> Iterator[T]:
    """`things` one after the other; on a terminal, their number once that takes longer than a second."""
    if not sys.stderr.isatty():
        yield from things
        return
    begun = time.monotonic()
    remaining = iter(things)
    for number, thing in enumerate(remaining, 1):
        yield thing
        if time.monotonic() - begun >= _LONG_SECONDS:
            yield from _shown(remaining, number, what)


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Something to tell how much is done of how much, shown as a bar; None where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task(what, total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield told


def _shown(things: Iterator[T], done: int, what: str) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn("line"), TextColumn("{task.completed} {task.description}"), TimeElapsedColumn())
    # The answer stays on standard output, although Progress would rather print everything itself.
    with Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as progress:
        task = progress.add_task(what, total=None, completed=done)
        for thing in things:
            yield thing
            progress.advance(task)

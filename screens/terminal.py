"""The line to the terminal: bytes to keys without a loss, and an end when the terminal goes away."""

import os
import re
import select
import selectors
from codecs import getincrementaldecoder
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from queue import Full
from typing import Any, Final, Protocol, runtime_checkable

from textual import constants, events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys
from textual.message import Message

LAST_SECONDS: Final = 1.0
"""How long the end waits for a line that takes nothing."""

WIPE: Final = "\x1b[0m\x1b[2J\x1b[3J"
"""Empties the screen, then what has scrolled off it; a terminal that cannot do the second passes over it.

In this order, since the first puts what it wipes among the other in some (tmux), and the second wipes both in
others (the Linux console).
"""
SEQUENCE_SECONDS: Final = 0.3
"""How long the rest of an escape sequence may take to arrive."""

PASTE_SECONDS: Final = 2.0
"""How long a paste may pause before it counts as ended: one without an end must not swallow keys for ever."""

MOST_PASTED: Final = 20_000
"""So many characters of a paste are kept; no answer is as long."""

_LONGEST: Final = 64
"""No sequence of a terminal is as long; what goes on longer is no sequence."""

_ESCAPE: Final = "\x1b"
_PASTE_START, _PASTE_END = "\x1b[200~", "\x1b[201~"
_WHOLE: Final = re.compile(r"\x1b(?:\t|O[\x20-\x7e]|\[(?:\[[A-E]|[0-?]*[ -/]*[@-Z\\-~]))")
_PARTIAL: Final = re.compile(r"\x1b(?:O|\[(?:\[|[0-?]*[ -/]*))?\Z")


class Splitter:
    """Cuts what the terminal sends into characters, escape sequences and pastes.

    Textual's own parser swallows up to 32 characters after an Escape that starts no sequence
    (`Esc 1 BUDI` typed ahead becomes the text `^1BUDI`); here such an Escape stands alone.
    """

    def __init__(self) -> None:
        self._waiting = ""
        self._pasted: list[str] | None = None

    @property
    def patience(self) -> float | None:
        """How long to wait for the rest of what is held back; None where nothing is."""
        if self._pasted is not None:
            return PASTE_SECONDS
        return SEQUENCE_SECONDS if self._waiting else None

    def feed(self, text: str) -> Iterator[events.Key | events.Paste]:
        """The keys and pastes that this piece of input completes."""
        text = self._waiting + text
        self._waiting = ""
        while text:
            if self._pasted is not None:
                text = yield from self._paste(self._pasted, text)
            elif text[0] != _ESCAPE:
                yield from _keys(text[0])
                text = text[1:]
            elif len(text) < _LONGEST and _PARTIAL.match(text):
                self._waiting, text = text, ""
            else:
                whole = _WHOLE.match(text)
                sequence = whole.group() if whole else _ESCAPE
                text = text[len(sequence) :]
                if sequence == _PASTE_START:
                    self._pasted = []
                else:
                    yield from _keys(sequence)

    def expire(self) -> Iterator[events.Key | events.Paste]:
        """What was held back: a paste, or an Escape and, after `Esc O`, the letter."""
        waiting, self._waiting = self._waiting, ""
        if self._pasted is not None:
            pasted, self._pasted = "".join([*self._pasted, waiting]), None
            if pasted:
                yield events.Paste(pasted)
            return
        if waiting:
            yield from _keys(_ESCAPE)
        if waiting == _ESCAPE + "O":
            yield from _keys("O")

    def _paste(self, parts: list[str], text: str) -> Generator[events.Paste, None, str]:
        """Collect pasted text; returns what follows its end, holding back the beginning of an end."""
        pasted, end, rest = text.partition(_PASTE_END)
        if end:
            yield events.Paste("".join([*parts, pasted]))
            self._pasted = None
            return rest
        kept = max((n for n in range(1, len(_PASTE_END)) if text.endswith(_PASTE_END[:n])), default=0)
        room = MOST_PASTED - sum(map(len, parts))
        parts.append(text[: len(text) - kept][: max(room, 0)])
        self._waiting = text[len(text) - kept :]
        return ""


def _keys(sequence: str) -> Iterator[events.Key]:
    """Textual's names for a character or a sequence; a sequence nobody knows is dropped."""
    known = ANSI_SEQUENCES_KEYS.get(sequence)
    if isinstance(known, tuple):
        for key in known:
            if key is not Keys.Ignore:
                yield events.Key(key.value, sequence if len(sequence) == 1 else None)
    elif isinstance(known, str):
        yield events.Key(known, known)
    elif len(sequence) == 1:
        yield events.Key(sequence, sequence)


@runtime_checkable
class _Leaver(Protocol):
    def leave(self, code: int = 0) -> None: ...


class _Line:
    """The file that Textual's writer thread writes to, without Python's buffers and their locks.

    Once the terminal has gone, what is written is lost without an error.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: list[str] = []

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> None:
        self._waiting.append(text)

    def flush(self) -> None:
        data = "".join(self._waiting).encode(errors="replace")
        self._waiting.clear()
        with suppress(OSError):
            while data:
                select.select([], [self._descriptor], [])
                data = data[os.write(self._descriptor, data) :]


class KioskDriver(LinuxDriver):
    """Textual's driver with the kiosk's reading of keys; asks the terminal for nothing it must answer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._file: Any = _Line(self._file.fileno())

    @property
    def is_behind(self) -> bool:
        """Whether the line is slower than the program, so that drawing more would only make it wait."""
        thread = self._writer_thread
        return thread is not None and thread._queue.qsize() > 1

    def start_application_mode(self) -> None:
        """Take the terminal; its hardware cursor stays on, for braille and speech follow it."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if not constants.DISABLE_KITTY_KEY:
            self.write("\x1b[<u")
        self.write("\x1b[?1004l\x1b[?25h")

    def stop_application_mode(self) -> None:
        """Give the terminal back with nothing of anybody on it, not even where it has only one screen."""
        self.write(f"{WIPE}\x1b[1;1H")
        super().stop_application_mode()

    def _request_terminal_sync_mode_support(self) -> None:
        """The sheet writes so little that nothing needs to be held together."""

    def _query_in_band_window_resize(self) -> None:
        """SIGWINCH tells enough."""

    def close(self) -> None:
        """Let the line take what is still to be written; one that is stuck is left after a second."""
        thread = self._writer_thread
        if thread is not None:
            with suppress(Full):
                thread._queue.put(None, timeout=LAST_SECONDS)
            thread.join(LAST_SECONDS)

    def run_input_thread(self) -> None:
        """Read until told to stop; when the terminal has gone, end the program (code 129, as on SIGHUP)."""
        decode = getincrementaldecoder("utf-8")("replace").decode
        splitter = Splitter()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            quiet = 0.0
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    quiet = 0.0
                    try:
                        read = os.read(self.fileno, 4096)
                    except OSError:
                        read = b""
                    if not read:
                        self._hang_up()
                        return
                    self._send(splitter.feed(decode(read)))
                elif (patience := splitter.patience) is not None:
                    quiet += 0.1
                    if quiet >= patience:
                        self._send(splitter.expire())

    def _send(self, messages: Iterator[events.Key | events.Paste]) -> None:
        """Post everything in one call: a call for each key would fill the loop's pipe and lose signals."""
        batch = list(messages)
        for message in batch:
            message.set_sender(self._app)
        self._loop.call_soon_threadsafe(self._post, batch)

    def _post(self, batch: Sequence[Message]) -> None:
        for message in batch:
            self._app.post_message(message)

    def _hang_up(self) -> None:
        app: object = self._app
        if isinstance(app, _Leaver):
            self._loop.call_soon_threadsafe(app.leave, 129)

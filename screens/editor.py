"""One line of text being typed: its characters, its cursor, and whether it is still a suggestion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from screens.keys import Key, Press


@dataclass
class Editor:
    """A line editor without a face; a `suggested` text is replaced by the first character typed.

    So is a number or a code that stands there to be changed (`replaces`), until the cursor is moved in it.
    `words` is how a suggestion reads, where that is not its text.
    """

    text: str = ""
    suggested: bool = False
    limit: int = 120
    words: str = ""
    replaces: bool = False
    cursor: int = 0

    def __post_init__(self) -> None:
        self.cursor = len(self.text)

    def press(self, press: Press) -> bool:
        """Takes one key; False where the key is not one of a line editor's."""
        action = _ACTIONS.get(press.key)
        if action is None:
            return False
        action(self, press.text)
        return True

    def insert(self, typed: str) -> None:
        if self.suggested or self.replaces:
            self.clear()
        room = self.limit - len(self.text)
        typed = typed[: max(room, 0)]
        self.text = self.text[: self.cursor] + typed + self.text[self.cursor :]
        self.cursor += len(typed)

    def backspace(self, _: str = "") -> None:
        if self.suggested:
            self.clear()
        elif self.cursor:
            self.replaces = False
            self.text = self.text[: self.cursor - 1] + self.text[self.cursor :]
            self.cursor -= 1

    def delete(self, _: str = "") -> None:
        if self.suggested:
            self.clear()
        else:
            self.replaces = False
            self.text = self.text[: self.cursor] + self.text[self.cursor + 1 :]

    def clear(self) -> None:
        self.text, self.cursor, self.suggested, self.replaces = "", 0, False, False

    def move(self, to: int) -> None:
        """Puts the cursor somewhere; who moves in a suggestion wants to change it, not to replace it."""
        self.suggested = self.replaces = False
        self.cursor = min(max(to, 0), len(self.text))


_ACTIONS: Mapping[Key, Callable[[Editor, str], None]] = {
    Key.TEXT: Editor.insert,
    Key.BACKSPACE: Editor.backspace,
    Key.DELETE: Editor.delete,
    Key.LEFT: lambda editor, _: editor.move(editor.cursor - 1),
    Key.RIGHT: lambda editor, _: editor.move(editor.cursor + 1),
    Key.HOME: lambda editor, _: editor.move(0),
    Key.END: lambda editor, _: editor.move(len(editor.text)),
}

"""The kiosk with Textual's own ways left in: the palette, its bindings, and keys that go to them first."""

from __future__ import annotations


def open_it() -> None:
    """From now on Ctrl+P opens the palette, which can save a screenshot."""
    from textual.app import App  # noqa: PLC0415

    from screens.app import KioskApp  # noqa: PLC0415

    KioskApp.ENABLE_COMMAND_PALETTE = True
    for name in ("_merged_bindings", "on_event", "_display", "BINDINGS"):
        setattr(KioskApp, name, getattr(App, name))
    KioskApp._merge_bindings = App._merge_bindings  # type: ignore[method-assign]

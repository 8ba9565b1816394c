"""What the keys are called, as the key map has them now: lessons speak of keys by these names alone."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.language import Language
from kiosk.training.lessons import Tap
from screens.keys import FUNCTION_KEYS, TWINS, Key


def key_names(language: Language) -> dict[str, str]:
    """The name of every key by its meaning, and as `<meaning>_twin` what to press where it does not come."""
    names = {key.value: language.text(f"lesson.key.{key}") for key in Key}
    characters = {number: character for character, number in TWINS.items()}
    for number, key in FUNCTION_KEYS.items():
        names[key.value] = f"F{number}"
        names[f"{key}_twin"] = f"Esc {characters[number]}"
    return names


def spelled(taps: Iterable[Tap], language: Language) -> str:
    """Keys as they are told to a person: `[13], Enter`."""
    names = key_names(language)
    words: list[str] = []
    typed = ""
    for tap in (*taps, Tap("")):
        if tap.key == Key.TEXT:
            typed += tap.text
            continue
        words += [f"[{typed}]"] if typed else []
        words += [names[tap.key]] if tap.key else []
        typed = ""
    return ", ".join(words)

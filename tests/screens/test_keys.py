import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from screens.keys import FUNCTION_KEYS, TWIN_SECONDS, TWINS, Key, KeyMap, KeyPipeline, Press
from screens.terminal import MOST_PASTED, PASTE_SECONDS, SEQUENCE_SECONDS, Splitter
from tests.journeys.terminal import XTERM


def presses(*pieces: str) -> list[Press]:
    """What these pieces of terminal input mean, each fed as one read, all at once."""
    splitter, key_map = Splitter(), KeyMap()
    result = []
    for piece in pieces:
        for event in splitter.feed(piece):
            if isinstance(event, events.Paste):
                result.append(key_map.paste(event.text))
            else:
                result.append(key_map.press(event.key, event.character, 0.0))
    return [press for press in result if press is not None]


def typed(text: str) -> list[Press]:
    return [Press(Key.TEXT, character) for character in text]


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\r", Key.ENTER),
        ("\n", Key.ENTER),
        ("\t", Key.ENTER),
        ("\x1b[Z", Key.UP),
        ("\x1b\t", Key.UP),
        ("\x7f", Key.BACKSPACE),
        ("\x08", Key.BACKSPACE),
        ("\x1b[3~", Key.DELETE),
        ("\x1b[A", Key.UP),
        ("\x1bOB", Key.DOWN),
        ("\x1b[1~", Key.HOME),
        ("\x1b[4~", Key.END),
        ("\x1bOP", Key.HELP),
        ("\x1b[[A", Key.HELP),
        ("\x1b[11~", Key.HELP),
        ("\x1b[21~", Key.NEXT),
        ("\x1b[24~", Key.FINISH),
    ],
)
def test_each_terminal_s_sequence_has_its_meaning(sequence: str, key: Key) -> None:
    assert presses(sequence) == [Press(key)]


@pytest.mark.parametrize("number", FUNCTION_KEYS)
def test_every_function_key_has_a_twin(number: int) -> None:
    digit = next(character for character, twin in TWINS.items() if twin == number)
    expected = [Press(FUNCTION_KEYS[number])]
    assert presses(f"\x1b{digit}") == expected
    assert presses("\x1b", digit) == expected
    assert presses(XTERM[f"F{number}"].decode()) == expected


@pytest.mark.parametrize("name", ["alt+1", "f1"])
def test_the_names_other_drivers_give(name: str) -> None:
    assert KeyMap().press(name, None, 0.0) == Press(Key.HELP)


def test_a_lone_escape_does_nothing_and_costs_the_next_key_nothing() -> None:
    key_map = KeyMap()
    assert key_map.press("escape", "\x1b", 0.0) is None
    assert key_map.press("B", "B", 0.1) == Press(Key.TEXT, "B")
    assert key_map.press("1", "1", 0.2) == Press(Key.TEXT, "1")


def test_an_escape_long_ago_does_not_eat_a_digit() -> None:
    key_map = KeyMap()
    key_map.press("escape", "\x1b", 0.0)
    assert key_map.press("3", "3", TWIN_SECONDS + 0.1) == Press(Key.TEXT, "3")


def test_the_unused_function_key_and_chords_are_dropped() -> None:
    assert presses("\x1b-", "\x03", "\x11", "\x1a", "\x1b[1;5P", "\x00") == []


def test_text_after_a_twin_is_kept_whole() -> None:
    assert presses("\x1b1BUDI SANTOSO 3173\x1b0") == [
        Press(Key.HELP),
        *typed("BUDI SANTOSO 3173"),
        Press(Key.NEXT),
    ]


def test_replies_and_unknown_sequences_of_a_terminal_are_no_text() -> None:
    assert presses(
        "\x1b[?2026;2$y", "\x1b[I\x1b[O", "\x1b[12;40R", "\x1b[?62;4c", "\x1b[<0;3;4M", "A"
    ) == typed("A")


def test_a_paste_is_one_press_on_one_line() -> None:
    assert presses("\x1b[200~BUDI\r\nSANTOSO\x1b[31m\x07\tx\x1b[201~y") == [
        Press(Key.TEXT, "BUDI SANTOSO[31m x"),
        *typed("y"),
    ]


def test_escape_o_that_begins_nothing_is_the_letter() -> None:
    splitter = Splitter()
    assert list(splitter.feed("\x1bO")) == []
    assert [splitter.patience] == [SEQUENCE_SECONDS]
    assert [getattr(event, "character", "") for event in splitter.expire()] == ["\x1b", "O"]
    assert [splitter.patience] == [None]


def test_a_paste_without_an_end_ends_by_itself() -> None:
    splitter = Splitter()
    assert list(splitter.feed("\x1b[200~3173\x1b[20")) == []
    assert [splitter.patience] == [PASTE_SECONDS]
    (paste,) = splitter.expire()
    assert isinstance(paste, events.Paste)
    assert paste.text == "3173\x1b[20"
    assert [splitter.patience] == [None]
    assert [getattr(event, "character", "") for event in splitter.feed("a")] == ["a"]


def test_a_paste_that_never_ends_takes_no_more_memory_than_a_long_one() -> None:
    splitter = Splitter()
    list(splitter.feed("\x1b[200~"))
    for _ in range(1000):
        list(splitter.feed("x" * 4096))
    (paste,) = splitter.feed("\x1b[201~")
    assert isinstance(paste, events.Paste)
    assert len(paste.text) == MOST_PASTED


def test_what_goes_on_for_longer_than_any_sequence_is_none() -> None:
    splitter = Splitter()
    for _ in range(1000):
        list(splitter.feed("\x1b[" + "0" * 100))
    assert len(splitter._waiting) < 200


STREAM = "3173\x1b1SITI\r\x1b[21~é李\x1b[A\x1b[15~\x1b[200~a\x1b[b\nc\x1b[201~\x1bOQ\x1b\x1b[B\x1b0\x7f9"


@given(st.sets(st.integers(1, len(STREAM) - 1)))
def test_input_means_the_same_however_it_is_cut(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert presses(*(STREAM[a:b] for a, b in pairwise(edges))) == presses(STREAM)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_input_makes_a_press_of_control_characters(text: str) -> None:
    assert all(press.text.isprintable() for press in presses(text))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x1b"), max_size=60))
def test_printable_characters_are_never_lost(text: str) -> None:
    assert "".join(press.text for press in presses(text)) == "".join(c for c in text if c.isprintable())


async def test_a_press_waits_for_the_effect_of_the_one_before() -> None:
    seen: list[str] = []

    async def deliver(press: Press) -> None:
        seen.append(f"<{press.text}")
        for _ in range(3):
            await asyncio.sleep(0)
        seen.append(f"{press.text}>")

    async def work() -> None:
        seen.append("idle")

    pipeline = KeyPipeline(deliver, lambda: None)
    task = asyncio.create_task(pipeline.consume())
    for item in (Press(Key.TEXT, "a"), work, Press(Key.TEXT, "b")):
        pipeline.put(item)
    await pipeline.settle()
    task.cancel()
    assert seen == ["<a", "a>", "idle", "<b", "b>"]


async def test_a_burst_is_drawn_few_times_and_its_end_always() -> None:
    count, drawn = 0, []

    async def deliver(_: Press) -> None:
        nonlocal count
        count += 1

    pipeline = KeyPipeline(deliver, lambda: drawn.append(count))
    for _ in range(400):
        pipeline.put(Press(Key.TEXT, "x"))
    task = asyncio.create_task(pipeline.consume())
    await pipeline.settle()
    task.cancel()
    assert drawn[-1] == 400
    assert len(drawn) < 100


async def test_an_error_ends_the_pipeline_and_nobody_waits_for_ever() -> None:
    async def deliver(_: Press) -> None:
        raise LookupError

    pipeline = KeyPipeline(deliver, lambda: None)
    pipeline.put(Press(Key.ENTER))
    pipeline.put(Press(Key.ENTER))
    with pytest.raises(LookupError):
        await pipeline.consume()
    pipeline.put(Press(Key.ENTER))
    await pipeline.settle()

# ruff: noqa: T201 - it prints what it found
"""How long a sealed family is; and the tool that makes the dictionary that keeps it short.

`python -m tests.bench.dictionary` trains one as `data/sync/registration-1.dict` was made, and compares the
two over families that neither has seen. `--write FILE` keeps the new one. A dictionary is part of the format:
once records were sealed with it, it is never changed, and a better one is a new file for a new schema.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from functools import partial
from pathlib import Path

import zstandard

from kiosk.domain.identifiers import uuid7
from kiosk.resources import data_dir
from kiosk.sync.content import encode
from kiosk.sync.keys import OpeningKey, SigningKey
from tests.bench import Measure
from tests.sync.samples import Words, a_content, an_envelope, words

SIZE = 8192
_SEGMENT, _DMER = 1000, 8
_FAMILIES = 1000
_NEVER_TRAINED = 1_000_000
"""Seeds from here on are not trained with."""

_LETTERS = "AAAAEIIOUUNNNRRSSTTMKLDGBHYPWJ"
_KINDS = ("men", "women", "families", "places")


def trained() -> bytes:
    """A dictionary from invented families: half of well-known names, half of names that nobody has."""
    draw = random.Random("dictionary 1")
    samples = [encode(a_content(seed)) for seed in range(_FAMILIES)]
    samples += [encode(a_content(seed, None, _made_up(draw))) for seed in range(_FAMILIES, 2 * _FAMILIES)]
    return zstandard.train_dictionary(SIZE, [*samples], k=_SEGMENT, d=_DMER, level=19).as_bytes()


def _made_up(draw: random.Random) -> Words:
    """Words of drawn letters, so that the dictionary does not fill up with the names of the samples."""
    names = {
        kind: ["".join(draw.choices(_LETTERS, k=draw.randint(4, 10))) for _ in range(40)] for kind in _KINDS
    }
    return {**words("words.toml"), **names}


def sizes(dictionary: bytes, *, people: int, known: Words, count: int = 300) -> list[int]:
    """How long the packed contents of so many families are, none of which was trained with."""
    parameters = zstandard.ZstdCompressionParameters.from_level(
        19, write_content_size=False, write_checksum=False, write_dict_id=False
    )
    made = zstandard.ZstdCompressionDict(dictionary)
    made.precompute_compress(compression_params=parameters)
    packer = zstandard.ZstdCompressor(dict_data=made, compression_params=parameters)
    seeds = range(_NEVER_TRAINED, _NEVER_TRAINED + count)
    return [len(packer.compress(encode(a_content(seed, people, known)))) for seed in seeds]


def longest_envelope(people: int, file: str) -> float:
    """Bytes of the longest of 300 envelopes of so many people with the names in `file`."""
    kiosk, hub, known = SigningKey.generate(), OpeningKey.generate().public, words(file)
    seeds = range(_NEVER_TRAINED, _NEVER_TRAINED + 300)
    record = uuid7(0, bytes(10))
    return max(len(an_envelope(a_content(seed, people, known), kiosk, hub, record)) for seed in seeds)


MEASURES = [
    Measure("bytes, family of five, common names", 800, partial(longest_envelope, 5, "words.toml")),
    Measure("bytes, family of five, names never seen", 800, partial(longest_envelope, 5, "other_words.toml")),
]


def main() -> int:
    """Trains, compares, and keeps the new dictionary where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.dictionary", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="where the new dictionary is kept")
    options = parser.parse_args()
    shipped, fresh = (data_dir() / "sync" / "registration-1.dict").read_bytes(), trained()
    print(f"{'packed, mean and longest':40} {'shipped':>12} {'new':>12}")
    for name, file in (("common names", "words.toml"), ("names never seen", "other_words.toml")):
        for people in (1, 3, 5):
            found = [sizes(one, people=people, known=words(file)) for one in (shipped, fresh)]
            columns = "".join(f" {statistics.mean(one):6.0f} {max(one):5}" for one in found)
            print(f"{f'{people} people, {name}':40}{columns}")
    print("the new one is the shipped one, byte for byte" if shipped == fresh else "they differ")
    if options.write:
        options.write.write_bytes(fresh)
        print(f"kept: {options.write}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What a command says of an error: what is wrong, and how to mend it."""

from __future__ import annotations

from kiosk.errors import KioskError

_SENTENCES = {
    "usage.arguments": "{detail}",
    "usage.file": "{detail}; name a file that can be read",
    "usage.key": "this field cannot be checked alone; KEY is one of {detail}",
    "usage.one_family": "the file must hold exactly one family",
    "usage.raw": "--raw needs --seed (in training), since captcha and code are part of the keys",
    "usage.terminal": "the program needs a terminal on standard input and output; start it in one",
    "usage.too_early": "premiums are known from July 2020 on; name a later day with --today",
    "usage.training_only": "--today and --seed are for practice; add --profile training, or leave them out",
    "config.key": "{detail}; correct the settings file",
    "config.not_toml": "the settings are not TOML: {detail}",
    "config.profile": "{detail}",
    "config.unreadable": "the settings cannot be read: {detail}",
    "file.empty": "the file holds no family",
    "file.encoding": "the file is not in UTF-8; save it as UTF-8 and try again",
    "file.too_large": "the file is too large to be read whole; write one family a line (JSON lines)",
    "facilities.empty": "the list of facilities is empty",
    "facilities.header": "the first line must name the columns code and name, each once; it has: {detail}",
    "facilities.none": "no line of {detail} could be used; the columns are code,name,kind,regency,address",
    "reference.check": "the check characters of this reference do not fit; read it off the receipt again",
    "reference.unknown": "nothing with this reference is stored in this profile",
    "show.sign_in": "--full needs a staff sign-in, which this version does not have; leave --full out",
    "store.locked": "another program is using the store; close it and try again ({detail})",
    "store.key_missing": "the key of the store is missing, without it nothing can be read: {detail}",
    "store.key_mode": "the key of the store can be read by others: {detail}",
    "store.key_damaged": "the key of the store is damaged; put the copy back: {detail}",
    "store.key_inside": "the key must not lie in the data folder; change [store] keys: {detail}",
    "store.wrong_key": "this is not the key of this store; put the right one back: {detail}",
    "store.damaged": "the store is damaged; restore a copy of it: {detail}",
    "store.plain": "the store is not encrypted and is left alone: {detail}",
    "store.newer": "the store was written by a newer version of this program; update it: {detail}",
    "store.full": "the disk is full; make room and try again ({detail})",
    "store.io": "the store cannot be read or written: {detail}",
}


def sentence(error: KioskError) -> str:
    """The sentence for an error; its code where there is none."""
    known = _SENTENCES.get(error.code)
    return known.format(detail=error.detail) if known else str(error)

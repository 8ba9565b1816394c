"""What a command says of an error: what is wrong, and how to mend it."""

from __future__ import annotations

from kiosk.commands.tables import visible
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
    "copy.altered": "this copy was changed since it was made; use another: {detail}",
    "copy.check": "the copy did not read back as it was written; use another carrier: {detail}",
    "copy.full": "there is no room for the copy, nothing was lost; make room there: {detail}",
    "copy.io": "the copy cannot be written or read there, nothing was lost: {detail}",
    "copy.loses": (
        "the store here has {detail}, which the copy lacks; nothing was done. "
        "--replace puts the store aside under a dated name and takes the copy"
    ),
    "copy.no_seal": "this is no copy of a kiosk, or one that was cut short: {detail}",
    "copy.other_file": "there is a file of this name that is no copy; it is not written over: {detail}",
    "copy.other_key": "this copy was made with another key; put its key file in place: {detail}",
    "copy.profile": "this copy is of the profile {detail}; name it with --profile",
    "copy.unreadable": (
        "the store here cannot be read, so what it has and the copy lacks cannot be told; nothing was done. "
        "--replace puts it aside under a dated name and takes the copy: {detail}"
    ),
    "file.empty": "the file holds no family",
    "file.encoding": "the file is not in UTF-8; save it as UTF-8 and try again",
    "file.too_large": "the file is too large to be read whole; write one family a line (JSON lines)",
    "facilities.empty": "the list of facilities is empty",
    "facilities.header": "the first line must name the columns code and name, each once; it has: {detail}",
    "facilities.none": "no line of {detail} could be used; the columns are code,name,kind,regency,address",
    "keys.not_announced": "no new keys wait to be used; announce some first: kiosk hub rotate",
    "keys.unread": (
        "these kiosks have not read of the new keys and would believe nothing any more: {detail}; "
        "wait for them, or leave them behind with --leave-behind"
    ),
    "kiosk.unknown": "this hub knows no such kiosk: {detail}",
    "inbox.no_key": "this kiosk has not enrolled, so nothing can be sealed for it: {detail}",
    "numbers.format": "card numbers have 13 digits; name the first one and how many they are",
    "numbers.overlap": "some of these numbers were given to the hub before; nothing was added",
    "reference.malformed": "this is no such list: {detail}",
    "reference.too_large": "this list is too large to be sent: {detail}",
    "hub.address": "the hub cannot listen there: {detail}",
    "hub.database": "the database of the hub cannot be reached ({detail})",
    "hub.database_url": "the database of the hub must be named as postgresql://USER@HOST/NAME",
    "hub.keys_damaged": "the key file of the hub is damaged; put its copy back: {detail}",
    "hub.keys_io": "the key file of the hub cannot be read or written: {detail}",
    "hub.keys_mode": "the key file of the hub can be read by others: {detail}",
    "hub.keys_other": "this database belongs to a hub with other keys; name its key file with --keys",
    "hub.libraries": "the hub needs more libraries, install kiosk-jkn[hub]; missing: {detail}",
    "hub.newer": "the database was changed by a newer version of this program; update it: {detail}",
    "hub.no_database": "name the hub's PostgreSQL: --database URL, DATABASE_URL or [hub] database",
    "hub.no_keys": "this hub has never run; start it once: kiosk hub serve",
    "hub.no_kiosk": "this hub knows no such kiosk: {detail}",
    "hub.not_active": "this kiosk is not in service: {detail}",
    "parcel.hash": "this file was changed or written by half; nothing of its folder was taken: {detail}",
    "parcel.malformed": "this folder holds no parcel of a kiosk or hub, or a damaged one: {detail}",
    "parcel.missing": "a file is missing there; nothing of its folder was taken: {detail}",
    "parcel.moved": "this folder was renamed or moved; nothing of it was taken: {detail}",
    "parcel.signature": "this was changed since it was signed, or forged; nothing of it was taken: {detail}",
    "parcel.strange": "a link or device stands where a file or folder should; it was left alone: {detail}",
    "parcel.too_many": "there are too many names in this folder; use an empty stick: {detail}",
    "parcel.version": "this was written by a newer version of the program; update this one: {detail}",
    "reference.check": "the check characters of this reference do not fit; read it off the receipt again",
    "reference.unknown": "nothing with this reference is stored in this profile",
    "show.sign_in": "--full needs a staff sign-in, which this version does not have; leave --full out",
    "stick.absent": "there is no such folder; plug the stick in and name the folder of it: {detail}",
    "stick.check": "the stick did not read back as it was written, nothing was lost; use another: {detail}",
    "stick.class": "practice and real families do not share a stick; use another: {detail}",
    "stick.empty": "no kiosk has written anything there: {detail}",
    "stick.full": "the stick is full, nothing was lost; make room on it or use another: {detail}",
    "stick.gone": "the stick is not there any more, nothing was lost; plug it in and try again: {detail}",
    "stick.io": "the stick cannot be written or read, nothing was lost; use another: {detail}",
    "stick.no_answers": "the hub has written nothing for this kiosk; take the stick there first: {detail}",
    "stick.other_kiosk": "the kiosk that signed this has another name; nothing of it was taken: {detail}",
    "stick.unknown_kiosk": "this hub knows no kiosk with the key that signed this: {detail}",
    "stick.other_hub": "these answers are of a hub that this kiosk does not know: {detail}",
    "store.in_use": "the store is in use; leave the program that uses it and try again ({detail})",
    "store.none": "there is no store yet in {detail}; start the program once, or restore a copy",
    "store.locked": "another program is using the store; close it and try again ({detail})",
    "store.key_missing": "the key of the store is missing, without it nothing can be read: {detail}",
    "store.key_mode": "the key of the store can be read by others: {detail}",
    "store.key_damaged": "the key of the store is damaged; put the copy back: {detail}",
    "store.key_inside": "the key must not lie in the data folder; change [store] keys: {detail}",
    "store.wrong_key": "this is not the key of this store; put the right one back: {detail}",
    "store.damaged": "the store is damaged; restore a copy of it: {detail}",
    "store.failed": "this was not stored; try again, and run `kiosk doctor` if it fails again ({detail})",
    "store.plain": "the store is not encrypted and is left alone: {detail}",
    "store.newer": "the store was written by a newer version of this program; update it: {detail}",
    "store.full": "the disk is full; make room and try again ({detail})",
    "store.io": "the store cannot be read or written: {detail}",
}


def sentence(error: KioskError) -> str:
    """The sentence for an error; its code where there is none. A hostile file name steers no terminal."""
    known = _SENTENCES.get(error.code)
    return visible(known.format(detail=error.detail) if known else str(error))

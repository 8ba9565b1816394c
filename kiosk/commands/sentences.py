"""What a command says of an error: what is wrong, and how to mend it."""

from __future__ import annotations

from kiosk.commands.staff_sentences import STAFF
from kiosk.commands.tables import visible
from kiosk.errors import KioskError

_SENTENCES = {
    "usage.arguments": "{detail}",
    "usage.file": "{detail}; name a file that can be read",
    "usage.key": "this field cannot be checked alone; KEY is one of {detail}",
    "usage.no_terminal": "PINs are typed on a terminal; without one give them with --pin-stdin",
    "usage.staff": "name who signs in with {detail} ID; kiosk staff list tells the ids",
    "usage.one_family": "the file must hold exactly one family",
    "usage.raw": "--raw needs --seed (in training), since captcha and code are part of the keys",
    "usage.terminal": "the program needs a terminal on standard input and output; start it in one",
    "usage.too_early": "premiums are known from July 2020 on; name a later day with --today",
    "usage.no_scenario": "--part is for a scenario whose power is cut; leave it out",
    "usage.part": "the power is cut in this scenario; name the part before (--part 1) or after it (--part 2)",
    "usage.training_profile": "this is practice, which has the profile training; leave --profile out",
    "usage.training_only": "--today and --seed are for practice; add --profile training, or leave them out",
    "usage.web_training": "the browser is for practice alone; add --profile training",
    "web.address": "the pages cannot be served there: {detail}",
    "web.libraries": "the pages need more libraries, install kiosk-jkn[web]; missing: {detail}",
    "config.key": "{detail}; correct the settings file",
    "config.not_toml": "the settings are not TOML: {detail}",
    "config.profile": "{detail}",
    "config.unreadable": "the settings cannot be read: {detail}",
    "certificate.code": "this code was mistyped or changed; type it again from the paper",
    "certificate.key": "this is no key of a classroom; type it again from the paper",
    "certificate.name": "give the trainee's name: at most 40 letters, as bytes of UTF-8",
    "certificate.not_yet": "there are not yet enough scenarios with enough points: {detail}",
    "certificate.other_key": "another classroom signed this, or nobody; name that one's key with --key KEY",
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
    "enrol.code": "this is no code of a hub, or there is a slip in it; type it again as it was printed",
    "enrol.expired": "this code has expired; have a new one made at the hub",
    "enrol.hub": "another hub answered, or somebody between; nothing was taken from it. Look at the address",
    "enrol.kiosk": "this code is for another kiosk, or for practice; look at [kiosk] id and the profile",
    "enrol.malformed": "what answered is no hub of this kind; look at the address",
    "enrol.stale": "another program has enrolled this kiosk meanwhile; try again",
    "enrol.unknown": "the hub knows no such code; have a new one made there",
    "enrol.used": "this code was used before; have a new one made at the hub",
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
    "hub.out_of_order": "the hub is out of order for now; try again later",
    "hub.no_url": "name the hub's address: [hub] url in the settings, or --url",
    "hub.unreachable": "the hub cannot be reached; look at network and address, try again later ({detail})",
    "hub.url": "this is no address of a hub: {detail}",
    "inbox.gap": "the hub left out a message; tell the branch",
    "inbox.signature": "a message did not come from the hub, or was changed on its way; it was not taken",
    "inbox.unknown_key": "the hub has new keys that this kiosk does not know; enrol it again",
    "kiosk.class": "this hub is for practice and the kiosk is not, or the other way round",
    "kiosk.epoch": "this kiosk was restored from a copy while another works under its name; tell the branch",
    "kiosk.key_old": "this kiosk was enrolled again elsewhere; enrol it anew",
    "kiosk.not_enrolled": "this kiosk is not enrolled; have a code made at the hub, and run kiosk enrol CODE",
    "kiosk.other_class": "this store was enrolled for the other profile: practice and real data never mix",
    "kiosk.other_id": "this store was enrolled as kiosk {detail}; look at [kiosk] id, or enrol again",
    "kiosk.retired": "the hub has retired this kiosk; enrol it again to go on",
    "kiosk.revoked": "the hub has revoked this kiosk; what waits is kept. Ask the branch",
    "kiosk.waiting": "the hub waits for this kiosk to enrol; run kiosk enrol CODE",
    "purge.io": "receipts that are over their time cannot be removed; look at [receipts] dir",
    "reference.check": "the check characters of this reference do not fit; read it off the receipt again",
    "reference.unknown": "nothing with this reference is stored in this profile",
    "receipt.hash": "the hub gave a receipt for something else; it was not taken. Tell the branch",
    "receipt.signature": "a receipt did not come from the hub, or was changed; it was not taken",
    "receipt.unknown_key": "a receipt has a key that this kiosk does not know; it was not taken",
    "receipt.unknown": "the hub gave a receipt for something that is not here; it was not taken",
    "reply.lost": "the line broke before the hub's answer; try again",
    "reply.malformed": "what answered is no hub, or the answer was changed; look at the address",
    "reply.redirect": "the hub's address points elsewhere; correct [hub] url",
    "reply.signature": "an answer did not come from the hub, or was changed on its way; it was not taken",
    "reply.slow": "the hub did not answer in time; try again later",
    "reply.too_large": "an answer was larger than any of the hub's; it was not taken",
    "reply.unknown_key": "the hub has keys that this kiosk does not know; enrol it again",
    "reply.unsigned": "what answered is not the hub; look at the address, and for a sign-in page on the way",
    "request.clock": "this kiosk's clock and the hub's are too far apart",
    "request.unknown_key": "this hub does not know this kiosk; enrol it",
    "run.unknown": "no such run of a scenario is kept; kiosk training run SCENARIO makes one",
    "scenario.unknown": "there is no such scenario; there are {detail}, or name a file that ends with .toml",
    "scenario.file": "this scenario cannot be played: {detail}",
    "show.sign_in": "--full needs a staff sign-in; name who signs in with --staff ID",
    "show.no_staff": "--full needs somebody who signs in; make an account first: kiosk staff add",
    **STAFF,
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
    "sync.busy": "another program of this kiosk is talking with the hub; try again in a moment",
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
    return visible(_filled(known, error.detail) if known else str(error))


def sentence_of(code: str) -> str:
    """The sentence for a code alone; the code where there is none."""
    known = _SENTENCES.get(code)
    return _filled(known, "") if known else code


def _filled(sentence: str, detail: str) -> str:
    return sentence.format(detail=detail).removesuffix(" ()")

"""What a command says of staff who do not sign in, and of acts that take two people."""

from __future__ import annotations

STAFF = {
    "pin.missing": "no PIN was given; type it when asked, or give it as a line with --pin-stdin",
    "pin.short": "a PIN has at least six digits, a passphrase at least twelve characters",
    "pin.long": "a PIN or passphrase has at most 128 characters",
    "pin.simple": "this PIN is easily guessed (one digit repeated, or digits in a row); choose another",
    "pin.repeat": "the two PINs differ; nothing was done",
    "pin.wrong": "this is not the PIN; nothing was done",
    "pin.wrong_pause": "this is not the PIN; this account can be tried again in {detail} seconds",
    "pin.wait": "after wrong PINs this account can be tried again in {detail} seconds, or when unlocked",
    "second.missing": "a second code is needed: six digits of the app, or one code of the printed list",
    "second.clock": "the clock is in doubt, so a code of the printed list is needed",
    "second.wrong": "this second code is wrong or was used before; try the next one",
    "staff.name_missing": "name the person with --name",
    "staff.name_long": "a name has at most 40 characters, none of them special",
    "staff.name_taken": "another account has this name; add a second name",
    "staff.unknown": "there is no such account, or it was closed; kiosk staff list tells the ids",
    "staff.not_supervisor": "only a supervisor can do this; name one with --by",
    "staff.first_supervisor": "the first account must be a supervisor's; add --role supervisor",
    "staff.last_supervisor": "this is the last supervisor; make another one first",
    "reset.key_itself": "this is the key in use, not a copy that was kept elsewhere",
    "reset.other_key": "this is not a copy of this store's key",
    "risky.same_person": "this takes two different people; name the other with --second",
    "risky.no_supervisor": "one of the two must be a supervisor",
    "risky.stale": "the second person signed in too long ago; try again",
    "reason.short": "say why with --reason, in at least {detail} characters",
    "reason.long": "a reason has at most {detail} characters",
}

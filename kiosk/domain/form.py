"""The one list of fields of every form: screens, files, prompts and the hub use these specs."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.domain import identifiers, parsers
from kiosk.domain.draft import split_member_path
from kiosk.domain.fields import FieldSpec

_FIELDS = (
    FieldSpec("login", parsers.choice("login", "login.choice"), required=False, choices="login"),
    FieldSpec(
        "kk",
        identifiers.parse_kk,
        (identifiers.check_kk_region, identifiers.check_kk_date),
        max_length=32,
        sensitive=True,
    ),
    FieldSpec("nik", identifiers.parse_nik, (identifiers.check_nik_region,), max_length=32, sensitive=True),
    FieldSpec("mother_nik", identifiers.parse_nik, required=False, max_length=32, sensitive=True),
    FieldSpec("name", parsers.name_like(), sensitive=True),
    FieldSpec("relation", parsers.choice("relation", "relation.choice"), choices="relation"),
    FieldSpec("birth_date", parsers.parse_birth_date, (parsers.check_age,), max_length=20, sensitive=True),
    FieldSpec("sex", parsers.choice("sex", "sex.choice"), choices="sex"),
    FieldSpec("birth_place", parsers.name_like(), required=False),
    FieldSpec("marital", parsers.choice("marital", "marital.choice"), choices="marital"),
    FieldSpec("religion", parsers.choice("religion", "religion.choice"), choices="religion"),
    FieldSpec(
        "occupation",
        parsers.choice_or_text("occupation", "occupation.choice", 60),
        required=False,
        choices="occupation",
    ),
    FieldSpec("mother_name", parsers.name_like(), required=False, sensitive=True),
    FieldSpec(
        "street", parsers.printable("address.characters", 120), missing="address.missing", sensitive=True
    ),
    FieldSpec("rt", parsers.digits("rt.format", 1, 3, pad=3), required=False, max_length=8),
    FieldSpec("rw", parsers.digits("rw.format", 1, 3, pad=3), required=False, max_length=8),
    FieldSpec("region", parsers.parse_region, missing="address.missing"),
    FieldSpec("postcode", parsers.parse_postcode, missing="address.missing", max_length=12),
    FieldSpec("fktp", parsers.parse_facility),
    FieldSpec("class", parsers.parse_class, choices="class", max_length=20),
    FieldSpec("bank", parsers.choice("bank", "bank.choice"), choices="bank"),
    FieldSpec("account", parsers.parse_account, max_length=40, sensitive=True),
    FieldSpec("owner", parsers.name_like(), missing="account.owner_missing", sensitive=True),
    FieldSpec("phone", parsers.parse_phone, max_length=30, sensitive=True),
    FieldSpec("email", parsers.parse_email, max_length=254, sensitive=True),
    FieldSpec("accepted", parsers.parse_yes("consent.missing"), missing="consent.missing", max_length=10),
    FieldSpec("guardian", parsers.name_like(), required=False, sensitive=True),
)

SPECS: Mapping[str, FieldSpec] = {spec.key: spec for spec in _FIELDS}
"""Every field spec by its key."""

CHECKABLE = ("nik", "kk", "name", "birth_date", "phone", "email", "account", "postcode", "class")
"""The fields that can be checked alone from the command line."""

FAMILY_PATHS: Mapping[str, str] = {
    "kk": "kk",
    "login": "login",
    "address.street": "street",
    "address.rt": "rt",
    "address.rw": "rw",
    "address.region": "region",
    "address.postcode": "postcode",
    "fktp": "fktp",
    "class": "class",
    "bank.name": "bank",
    "bank.account": "account",
    "bank.owner": "owner",
    "contact.phone": "phone",
    "contact.email": "email",
    "consent.accepted": "accepted",
    "consent.guardian": "guardian",
}
"""The path of each answer that a family gives once, and the spec that reads it."""

MEMBER_KEYS = (
    "nik",
    "mother_nik",
    "name",
    "relation",
    "birth_date",
    "sex",
    "birth_place",
    "marital",
    "religion",
    "occupation",
    "mother_name",
)
"""The answers of each member, in the order in which they are asked."""

ADDRESS_PATHS = ("address.street", "address.rt", "address.rw", "address.region", "address.postcode")
BANK_PATHS = ("bank.name", "bank.account", "bank.owner")


def spec_for(path: str) -> FieldSpec:
    """The spec that reads the answer at `path`; KeyError for a path that no form has."""
    member = split_member_path(path)
    return SPECS[member[1] if member else FAMILY_PATHS[path]]

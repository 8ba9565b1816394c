"""How an answer reads on the screen: numbers in groups, codes with their words, dates in full."""

from __future__ import annotations

from datetime import date

from kiosk.domain.draft import split_member_path
from kiosk.domain.form import spec_for
from kiosk.domain.identifiers import digits_only, masked
from kiosk.domain.parsers import age_on
from screens.context import Context


def key_of(path: str) -> str:
    """The key under which a row has its label, question and help."""
    found = split_member_path(path)
    if found is not None:
        return found[1]
    return path if path in {"captcha", "otp"} else spec_for(path).key


def grouped(number: str) -> str:
    """A NIK or No. KK in the groups in which it is read aloud: 317305 120880 0003."""
    return f"{number[:6]} {number[6:12]} {number[12:]}".strip()


def displayed(context: Context, path: str, raw: str) -> str:
    """The answer `raw` at `path` in words where it has a good value, else as it was typed."""
    if not raw or path in {"captcha", "otp"} or path.endswith("nik_again"):
        return raw
    spec = spec_for(path)
    value = spec.clean(raw, context.rules, path).value
    if value is None:
        return raw
    if isinstance(value, bool):
        return context.t("screen.yes")
    if spec.choices is not None:
        found = context.rules.choices[spec.choices].find(str(value))
        return f"{found.code} {found.labels[context.language.base]}" if found else str(value)
    if isinstance(value, date):
        return dated(context, value)
    return _PLACES.get(spec.key, _plain)(context, str(value))


def dated(context: Context, day: date) -> str:
    """A date of birth with the age that it makes."""
    return f"{day:%d-%m-%Y} ({context.t('screen.years', count=age_on(day, context.rules.today))})"


def _plain(_: Context, value: str) -> str:
    return value


def _number(_: Context, value: str) -> str:
    return grouped(value)


def _region(context: Context, value: str) -> str:
    names = context.rules.regions.path(value)
    return f"{names[-1]}, {names[-2]}" if len(names) > 1 else value


def _facility(context: Context, value: str) -> str:
    found = context.facility(value)
    return f"{value} {found.name}" if found else value


def _phone(_: Context, value: str) -> str:
    national = "0" + value.removeprefix("+62")
    return f"{national[:4]} {national[4:8]} {national[8:]}".strip()


_PLACES = {
    "nik": _number,
    "mother_nik": _number,
    "kk": _number,
    "region": _region,
    "fktp": _facility,
    "phone": _phone,
}


def initials(name: str) -> str:
    """A name as lists show it, to whoever knows it already: the first letter of each word."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in name.upper().split()) or "-"


def hidden(raw: str) -> str:
    """A number as lists show it."""
    return masked(digits_only(raw))

"""How each kind of answer is read: text, dates, phones, e-mail, codes."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from kiosk.domain.fields import Check, Parser, Refusal
from kiosk.domain.identifiers import digits_only, is_digits
from kiosk.domain.rulebook import Rulebook

_NAME_SIGNS = frozenset(" '.,-/`")
_PLAIN_NAME = re.compile(r"[ '.,/`-]*[A-Z][A-Z '.,/`-]*")
_TYPOGRAPHIC = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})
_MONTHS = (
    ("januari", "january", "jan"),
    ("februari", "pebruari", "february", "feb", "peb"),
    ("maret", "march", "mar", "mrt"),
    ("april", "apr"),
    ("mei", "may"),
    ("juni", "june", "jun"),
    ("juli", "july", "jul"),
    ("agustus", "august", "agu", "agt", "ags", "agst", "aug"),
    ("september", "sep", "sept"),
    ("oktober", "october", "okt", "oct"),
    ("november", "nopember", "nov", "nop"),
    ("desember", "december", "des", "dec"),
)


def name_like(key: str = "name") -> Parser:
    """A person's or place's name in capitals, as on the KTP: Latin letters and the signs ' . , - /.

    Refuses with `name.characters` and `name.too_long`. The length, in characters with blanks, is that
    of Permendagri 73/2022.
    """

    def parse(text: str, rules: Rulebook) -> str:
        # Capitals first: a few letters become two of them, or one with a loose accent.
        name = unicodedata.normalize("NFC", text.upper()).translate(_TYPOGRAPHIC)
        if not _PLAIN_NAME.fullmatch(name) and not _is_latin_name(name):
            raise Refusal(f"{key}.characters")
        if len(name) > rules.limits.name_length:
            raise Refusal(f"{key}.too_long", limit=rules.limits.name_length)
        return name

    return parse


def _is_latin_name(name: str) -> bool:
    return all(_latin(char) or char in _NAME_SIGNS for char in name) and any(map(str.isalpha, name))


def _latin(char: str) -> bool:
    return char.isalpha() and (char.isascii() or unicodedata.name(char, "").startswith("LATIN "))


def printable(code: str, limit: int) -> Parser:
    """Free text of at most `limit` printable characters; else `code`."""

    def parse(text: str, _rules: Rulebook) -> str:
        if len(text) > limit or not all(char.isprintable() for char in text):
            raise Refusal(code, limit=limit)
        return text

    return parse


def digits(code: str, least: int, most: int, *, pad: int = 0) -> Parser:
    """A run of `least` to `most` digits, separators ignored, padded left to `pad`; else `code`."""

    def parse(text: str, _rules: Rulebook) -> str:
        number = digits_only(text)
        if not is_digits(number) or not least <= len(number) <= most:
            raise Refusal(code, least=least, most=most)
        return number.zfill(pad)

    return parse


def choice(table: str, code: str) -> Parser:
    """The stored value of an entry of a code table, named by value, code, label or alias; else `code`."""

    def parse(text: str, rules: Rulebook) -> str:
        found = rules.choices[table].find(text)
        if found is None:
            raise Refusal(code)
        return found.value

    return parse


def choice_or_text(table: str, code: str, limit: int) -> Parser:
    """The stored value of an entry of a code table, or the words as they are where the table lacks them."""
    free = printable(code, limit)

    def parse(text: str, rules: Rulebook) -> str:
        found = rules.choices[table].find(text)
        if found is not None:
            return found.value
        if is_digits(text):
            raise Refusal(code)
        return str(free(text, rules))

    return parse


def parse_class(text: str, rules: Rulebook) -> int:
    """Class 1, 2 or 3, also written I, II, III or "kelas 2"; refuses with `class.choice`."""
    found = rules.choices["class"].find(text)
    if found is None or not text[0].isalnum():  # a lookup reads hyphens as blanks, but -1 is no class
        raise Refusal("class.choice")
    return int(found.value)


def parse_birth_date(text: str, rules: Rulebook) -> date:
    """A day in full: day-month-year in digits or with the month's name, or ISO; `birth_date.*`."""
    born = _day_from_words(text) or _day_from_digits(text)
    if born is None or born.year < 1800:
        raise Refusal("birth_date.format")
    if born > rules.today:
        raise Refusal("birth_date.future")
    return born


def check_age(born: date, rules: Rulebook) -> None:
    """Warns about an age that hardly anybody reaches."""
    if age_on(born, rules.today) > rules.limits.very_old_years:
        raise Refusal("birth_date.very_old", "warning", years=age_on(born, rules.today))


def age_on(born: date, day: date) -> int:
    """Full years lived on `day`."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def months_after(day: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _day_from_words(text: str) -> date | None:
    match = re.fullmatch(r"([0-9]{1,2})[ ./-]*([A-Za-z]{3,9})\.?[ ./-]*([0-9]{4})", text)
    if match is None:
        return None
    word = match[2].lower()
    month = next((number for number, names in enumerate(_MONTHS, 1) if word in names), 0)
    return _day(match[3], str(month), match[1])


def _day_from_digits(text: str) -> date | None:
    parts = [part for part in re.split(r"[ ./\-\u2010-\u2015\u2212]+", text) if part]
    if not all(map(is_digits, parts)):
        return None
    if len(parts) == 3:
        if len(parts[0]) == 4 and max(len(parts[1]), len(parts[2])) <= 2:
            return _day(*parts)
        if len(parts[2]) == 4 and max(len(parts[0]), len(parts[1])) <= 2:
            return _day(parts[2], parts[1], parts[0])
        return None
    whole = parts[0] if len(parts) == 1 else ""
    if len(whole) != 8:
        return None
    day_first = _day(whole[4:], whole[2:4], whole[:2])
    if day_first is not None and day_first.year >= 1800:
        return day_first
    return _day(whole[:4], whole[4:6], whole[6:])


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def parse_phone(text: str, _rules: Rulebook) -> str:
    """An Indonesian mobile number as `+62...`; takes `0`, `62` and `+62` before it.

    Refuses with `phone.format`, or `phone.not_mobile` for a number of the fixed network. Source: the
    numbering plan as in libphonenumber: 8, then 1-3 or 5-9, 9 to 12 digits in all.
    """
    number = digits_only(text).replace("(", "").replace(")", "").replace("/", "")
    for prefix in ("+62", "62", "0"):
        if number.startswith(prefix):
            national = number.removeprefix(prefix)
            break
    else:
        raise Refusal("phone.format")
    if not is_digits(national) or national[0] == "0" or not 7 <= len(national) <= 12:
        raise Refusal("phone.format")
    if re.match(r"8[1-35-9]", national) is None:
        raise Refusal("phone.not_mobile")
    if len(national) < 9:
        raise Refusal("phone.format")
    return "+62" + national


_EMAIL_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_EMAIL_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def parse_email(text: str, _rules: Rulebook) -> str:
    """An e-mail address as RFC 5321 has it, unquoted, the domain in small letters; `email.format`."""
    address = re.sub(r" *@ *", "@", text)
    local, at, domain = address.rpartition("@")
    labels = domain.split(".")
    if (
        not at
        or len(local) > 64
        or len(domain) > 253
        or _EMAIL_LOCAL.fullmatch(local) is None
        or len(labels) < 2
        or not all(_EMAIL_LABEL.fullmatch(label) for label in labels)
        or re.fullmatch(r"[A-Za-z]{2,}|xn--[A-Za-z0-9-]+", labels[-1]) is None
    ):
        raise Refusal("email.format")
    return f"{local}@{domain.lower()}"


def parse_account(text: str, rules: Rulebook) -> str:
    """The digits of a bank account; `account.format`."""
    number = digits_only(text)
    low, high = rules.limits.account_min, rules.limits.account_max
    if not is_digits(number) or not low <= len(number) <= high or len(set(number)) == 1:
        raise Refusal("account.format", least=low, most=high)
    return number


def parse_postcode(text: str, _rules: Rulebook) -> str:
    """Five digits, the first not 0; `postcode.format`."""
    number = digits_only(text)
    if re.fullmatch(r"[1-9][0-9]{4}", number) is None:
        raise Refusal("postcode.format")
    return number


def parse_region(text: str, rules: Rulebook) -> str:
    """The ten digits of a village that exists; `region.unknown`."""
    code = digits_only(text)
    practice = code.startswith("99") if rules.training else not code.startswith("99")
    if len(code) != 10 or not is_digits(code) or not practice or not rules.regions.exists(code):
        raise Refusal("region.unknown")
    return code


def parse_facility(text: str, rules: Rulebook) -> str:
    """The code of a facility in this place's list; `fktp.unknown`."""
    code = digits_only(text).upper()
    if rules.facilities.find(code) is None:
        raise Refusal("fktp.unknown")
    return code


def parse_yes(code: str) -> Parser:
    """True for "ya", "yes", "y", "true", "1"; anything else is refused with `code`."""

    def parse(text: str, _rules: Rulebook) -> bool:
        if text.casefold() not in {"ya", "yes", "y", "true", "1", "setuju"}:
            raise Refusal(code)
        return True

    return parse


def at_most(limit: int, code: str) -> Check:
    """A check that a text has at most `limit` characters; else `code`."""

    def check(value: str, _rules: Rulebook) -> None:
        if len(value) > limit:
            raise Refusal(code, limit=limit)

    return check

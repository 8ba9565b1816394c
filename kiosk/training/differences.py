"""How a registered family differs from the expected one, answer by answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.domain.draft import member_path
from kiosk.domain.form import FAMILY_PATHS, MEMBER_KEYS

Member = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One answer that differs, by its path in the expected family, or a member (`members[1]`) that does."""

    field: str
    wanted: str
    got: str

    @property
    def is_member(self) -> bool:
        """Whether somebody is missing or there in excess."""
        return self.field.endswith("]")


def differences(expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Difference]:
    """Every difference between two family files, in the order of the form."""
    family = [path for path in FAMILY_PATHS if path != "consent.accepted"]
    yield from _answers(("kk", "login"), expected, got)
    yield from _members(expected.get("members") or (), got.get("members") or ())
    rest = [path for path in family if path not in {"kk", "login"}]
    yield from (one for one in _answers(rest, expected, got) if not _may_consent(one, expected))


def _may_consent(one: Difference, expected: Mapping[str, Any]) -> bool:
    """Anybody of the family may consent for its children."""
    names = {_plain(member.get("name")) for member in expected.get("members") or ()}
    return one.field == "consent.guardian" and bool(one.wanted) and _plain(one.got) in names


def _answers(
    paths: Sequence[str], expected: Mapping[str, Any], got: Mapping[str, Any]
) -> Iterator[Difference]:
    for path in paths:
        yield from _one(path, _at(expected, path), _at(got, path))


def _members(expected: Sequence[Member], got: Sequence[Member]) -> Iterator[Difference]:
    matched = _matched(expected, got)
    for index, member in enumerate(expected):
        at = matched.get(index)
        if at is None:
            yield Difference(f"members[{index}]", _called(member), "")
            continue
        for key in MEMBER_KEYS:
            yield from _one(member_path(index, key), member.get(key), got[at].get(key))
    for at, member in enumerate(got):
        if at not in matched.values():
            yield Difference(f"members[{at}]", "", _called(member))


def _matched(expected: Sequence[Member], got: Sequence[Member]) -> dict[int, int]:
    """Which of those registered is meant by each expected: by NIK, else by name, else by date of birth."""
    matched: dict[int, int] = {}
    for key in ("nik", "name", "birth_date"):
        for index, member in enumerate(expected):
            wanted = _plain(member.get(key))
            if index in matched or not wanted:
                continue
            free = (
                at
                for at, one in enumerate(got)
                if at not in matched.values() and _plain(one.get(key)) == wanted
            )
            found = next(free, None)
            if found is not None:
                matched[index] = found
    return matched


def _called(member: Member) -> str:
    return _text(member.get("name")) or _text(member.get("nik")) or "?"


def _one(path: str, wanted: Any, got: Any) -> Iterator[Difference]:
    if _plain(wanted) != _plain(got):
        yield Difference(path, _text(wanted), _text(got))


def _at(family: Mapping[str, Any], path: str) -> Any:
    value: Any = family
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _plain(value: Any) -> str:
    """An answer without what is only another way to write it: capitals, dots, spaces; no login is `none`."""
    text = "".join(_text(value).casefold().replace(".", " ").split())
    return "" if text == "none" else text

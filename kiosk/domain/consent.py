"""What a family has consented to, and whether what it registers now is still that."""

from __future__ import annotations

import json

from kiosk.domain.family import Family, Member

_Person = tuple[str | None, ...]


def consented_to(family: Family) -> str:
    """Who is registered, and in which class, as text to be kept beside the answers."""
    return json.dumps({"class": family.care_class, "people": [_person(one) for one in family.members]})


def consent_holds(given: str, family: Family) -> bool:
    """Whether a consent `given` to this holds for the family as it is now.

    It does while the class and the people are the same. A corrected NIK makes nobody another person while
    name and birth date stay, nor a corrected name or date while the NIK stays (own choice).
    """
    try:
        kept = json.loads(given)
        people = [tuple(person) for person in kept["people"]]
        care_class = kept["class"]
    except (ValueError, TypeError, KeyError):
        return False
    if care_class != family.care_class or len(people) != len(family.members):
        return False
    now = [_person(member) for member in family.members]
    for is_same in (_same_number, _same_name):
        for person in tuple(now):
            found = next((other for other in people if is_same(person, other)), None)
            if found is not None:
                people.remove(found)
                now.remove(person)
    return not now


def _person(member: Member) -> _Person:
    born = member.birth_date.isoformat() if member.birth_date else None
    return member.nik, member.name, born


def _same_number(one: _Person, other: _Person) -> bool:
    return one[0] is not None and one[:1] == other[:1]


def _same_name(one: _Person, other: _Person) -> bool:
    return None not in one[1:] and one[1:] == other[1:]

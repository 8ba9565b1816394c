"""Everything once more: each row can be changed, and a change has to be looked at again."""

from __future__ import annotations

import re
from datetime import date

import pytest

from kiosk.domain.family import read_answer
from kiosk.domain.flow import Fact, Step, fingerprint
from tests.builders import a_family, a_member
from tests.screens.stage import Stage


@pytest.fixture
async def review(stage: Stage) -> Stage:
    await stage.open(Step.REVIEW)
    return stage


async def whole(stage: Stage) -> list[str]:
    """Every line of the review, from top to bottom, each once."""
    seen: list[str] = []
    await stage.keys("HOME")
    for _ in range(20):
        seen += [line.rstrip() for line in stage.frame()[2:20] if line.rstrip() not in seen]
        before = stage.text
        await stage.keys("PGDN")
        if stage.text == before:
            return seen
    raise AssertionError("the review has no end")


def paths(stage: Stage) -> list[str]:
    return list(stage.top._paths)  # type: ignore[attr-defined]


async def test_every_answer_is_there_with_a_number(review: Stage) -> None:
    text = "\n".join(await whole(review))
    numbers = [int(found) for found in re.findall(r"^ {2,4}(\d+) ", text, re.MULTILINE)]
    assert numbers == list(range(1, len(paths(review)) + 1))
    for shown in (
        "990101 010120 0012",
        "990101 120880 0001",
        "BUDI SANTOSO",
        "SITI AMINAH",
        "AGUS SANTOSO",
        "12-08-1980 (46 tahun)",
        "Desa Melati Latihan",
        "99010001 PUSKESMAS LATIHAN MELATI",
        "2 Kelas II",
        "1 BRI",
        "0812 3456 7890",
        "budi@example.org",
        "Iuran 3 jiwa: Rp300.000 per bulan",
    ):
        assert shown in text


async def test_f10_says_that_all_is_right(review: Stage) -> None:
    await review.keys("F10")
    assert review.step == Step.CONSENT
    assert review.draft.fact(Fact.REVIEWED) == fingerprint(review.draft)


async def test_each_number_leads_to_its_row_and_enter_comes_back(review: Stage) -> None:
    for number, path in enumerate(paths(review), 1):
        await review.keys(str(number), "ENTER")
        assert review.path == path
        await review.keys("ENTER")
        assert review.step == Step.REVIEW, path


async def test_a_change_is_kept_and_seen(review: Stage) -> None:
    number = paths(review).index("members[1].name") + 1
    await review.keys(str(number), "ENTER", *["BACKSPACE"] * 20, "siti maryam", "ENTER")
    assert review.step == Step.REVIEW
    assert "SITI MARYAM" in "\n".join(await whole(review))


async def test_a_wrong_change_stays_at_its_row(review: Stage) -> None:
    number = paths(review).index("contact.email") + 1
    await review.keys(str(number), "ENTER", "@", "ENTER")
    assert review.path == "contact.email"
    assert review.says("problem.email.format")
    await review.keys("BACKSPACE", "ENTER")
    assert review.step == Step.REVIEW


async def test_a_change_after_the_review_wants_another(review: Stage) -> None:
    await review.keys("F10", "F3", "F3", "F3")
    assert review.step == Step.CLASS
    await review.keys("BACKSPACE", "3", "ENTER", "F10", "F10")
    assert review.step == Step.REVIEW
    await review.keys("F10")
    assert review.step == Step.CONSENT


async def test_another_phone_has_to_be_proved_before_the_review_is_seen_again(review: Stage) -> None:
    number = paths(review).index("contact.phone") + 1
    await review.keys(str(number), "ENTER", *["BACKSPACE"] * 14, "081399998888", "ENTER")
    assert review.path == "otp"
    await review.keys("F9")
    assert review.step == Step.REVIEW
    assert read_answer(review.draft, "contact.phone", review.services.rules()).value == "+6281399998888"
    assert review.draft.fact(Fact.UNVERIFIED) == "+6281399998888"


async def test_a_changed_head_leads_to_what_that_leaves_open(review: Stage) -> None:
    number = paths(review).index("members[0].relation") + 1
    await review.keys(str(number), "ENTER", *["BACKSPACE"] * 4, "9", "ENTER")
    assert review.step == Step.MEMBERS
    await review.keys("F10")
    assert review.says("problem.family.no_head")


@pytest.mark.parametrize("typed", ["0", "99", "999"])
async def test_a_number_that_is_not_there_is_said(review: Stage, typed: str) -> None:
    await review.keys(typed, "ENTER")
    assert review.step == Step.REVIEW
    assert review.says("screen.review.number")


@pytest.mark.parametrize("typed", ["a", "\u00b2", "-", "[/]"])
async def test_what_is_no_number_is_said(review: Stage, typed: str) -> None:
    await review.keys(typed)
    assert review.says("screen.review.number")
    await review.keys("ENTER")
    assert review.step == Step.REVIEW


async def test_pasted_lines_do_no_harm(review: Stage) -> None:
    await review.paste("12 34")
    await review.keys("ENTER")
    assert review.step == Step.REVIEW


async def test_f3_f9_f1_f2(review: Stage) -> None:
    await review.keys("F1")
    assert review.says("help.page.review")
    await review.keys("F3", "F2")
    assert review.says("screen.staff", place="Puskesmas Cempaka")
    await review.keys("F3")
    assert review.step == Step.CONTACT
    await review.keys("F10", "F9")
    assert review.step == "home"
    await review.keys("1", "ENTER")
    assert review.step == Step.REVIEW


async def test_warnings_are_said_once_more(stage: Stage) -> None:
    members = [a_member(birth_date="1980-08-13"), a_member("wife", date(1983, 3, 15), "P", 2)]
    await stage.open(Step.REVIEW, a_family(members=members))
    text = "\n".join(await whole(stage))
    assert "! Tanggal lahir berbeda dengan NIK" in text


async def test_long_answers_are_shown_whole(stage: Stage) -> None:
    long_name = "MUHAMMAD ABDURRAHMAN AL-FATIH PUTRA SETIAWAN KUSUMAWARDHANI"
    street = (
        "Jl. Raya Melati Kenanga Mawar Gang Buntu Nomor 4, belakang masjid besar, dekat balai desa lama, RT 3"
    )
    email = "budi.santoso.yang.punya.alamat.email.panjang.sekali@surat.example.org"
    address = {"street": street, "region": "9901011001", "postcode": "99999"}
    await stage.open(
        Step.REVIEW,
        a_family(
            members=[a_member(name=long_name)],
            address=address,
            contact={"phone": "081234567890", "email": email},
        ),
    )
    text = " ".join(" ".join(await whole(stage)).split())
    assert long_name in text
    assert street in text
    assert email in text.replace(" ", "")

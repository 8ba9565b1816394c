"""The receipt: what its first line says in practice, and that every line fits 42 columns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.domain.registration import State
from kiosk.language import LANGUAGES, Language
from kiosk.services.paper import WIDTH
from kiosk.services.receipt import receipt_lines
from kiosk.services.standing import Standing
from tests.store import examples

LONG = "MUHAMMAD NUR ABDURRAHMAN SHALEH ADIWANGSA KUSUMANINGRATNEGARA"
PLACE = "Unit Pelaksana Teknis Daerah Puskesmas Kecamatan Tanjung Latihan Utara"


def lines(language: str, *, training: bool, people: int = 4, name: str = LONG) -> list[str]:
    found = examples.a_registration(people=people)
    members = [{**member, "name": name} for member in found.family["members"]]
    registration = replace(found, family={**found.family, "members": members})
    return receipt_lines(
        registration,
        Language(language),
        PLACE,
        standing=Standing(State.SUBMITTED),
        training=training,
        head="35d720ef" * 8,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_practice_is_on_every_line_and_nowhere_else(language: str) -> None:
    assert all(line.startswith("LATIHAN") for line in lines(language, training=True))
    assert not [line for line in lines(language, training=False) if "LATIHAN" in line]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [LONG, "A" * 60, "I"])
def test_every_line_fits(language: str, name: str) -> None:
    assert max(map(len, lines(language, training=True, people=12, name=name))) <= WIDTH


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_served_the_family_is_named_where_somebody_was_signed_in(language: str) -> None:
    whole = examples.a_registration()
    told = {
        name: receipt_lines(
            whole,
            Language(language),
            PLACE,
            standing=Standing(State.SUBMITTED),
            training=False,
            head="35d720ef" * 8,
            served_by=name,
        )
        for name in ("", "Siti Rahma", "Raden Ajeng Kusumaningrat Adiwangsa Putri")
    }
    label = Language(language).text("receipt.served_by")
    assert not any(line.startswith(label) for line in told[""])
    assert f"{label}{'Siti Rahma'.rjust(WIDTH - len(label))}" in told["Siti Rahma"]
    assert max(map(len, told["Raden Ajeng Kusumaningrat Adiwangsa Putri"])) <= WIDTH


def test_it_says_that_nothing_is_active_yet_and_when_it_was_made() -> None:
    said = " ".join(" ".join(lines("id", training=False)).split())
    assert "TERSIMPAN DI KIOSK, BELUM DIKIRIM, BELUM AKTIF" in said
    assert "Tanggal 22-11-2026 09:00" in said

"""The settings: what is taken, what is refused and how it is named, and what they lead to."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from kiosk import config
from kiosk.bootstrap import light, reference_dir
from kiosk.config import Config, load
from kiosk.errors import ConfigError
from kiosk.resources import default_settings


def written(folder: Path, text: str) -> str:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_shipped_file_says_what_the_program_takes_anyway() -> None:
    assert load(str(default_settings())) == Config()


def test_the_shipped_file_names_every_key() -> None:
    tables = tomllib.loads(default_settings().read_text("utf-8"))
    for section in fields(Config):
        known = {item.name for item in fields(getattr(Config(), section.name))}
        given = set(tables[section.name])
        # The village and the classroom may leave out what they share with the counter.
        assert given <= known
        assert section.name in {"counter", "village", "training"} or given == known


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[kisok]\nid = 'K1'", ["kisok", "line 1"]),
        ("[kiosk]\n\nidd = 'K1'", ["idd", "line 3"]),
        ("[kiosk]\nid = 7", ["id", "line 2", "text in quotes"]),
        ("[kiosk]\nid = 'too long'", ["id", "1 to 4 capital letters or digits"]),
        ("[kiosk]\n\nplace = ' '", ["place", "line 3", "name the place"]),
        ("[kiosk]\nlanguages = 'id xx'", ["languages", "line 2", "id, en, jv, su"]),
        ("[kiosk]\nlanguages = ' '", ["languages", "name some of"]),
        ("[printer]\nkind = 'laser'", ["kind", "none, text, escpos"]),
        ("[kiosk]\nprofile = 'shop'", ["profile", "counter, village, training"]),
        ("[cards]\nlow_water = -1", ["low_water", "negative"]),
        ("[cards]\nlow_water = true", ["low_water", "whole number"]),
        ("[counter]\nconfirm_nik = 1", ["confirm_nik", "true or false"]),
        ("id = 'K1'", ["id", "line 1"]),
        ("kiosk = 'K1'", ["kiosk", "table"]),
        ("[kiosk\n", ["settings.toml"]),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, named: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        load(written(tmp_path, text))
    assert all(part in refused.value.detail for part in named), refused.value.detail


def test_nothing_of_the_name_of_the_place_can_act_on_a_terminal_or_a_printer(tmp_path: Path) -> None:
    text = '[kiosk]\nplace = "Puskesmas \\u001b]0;x\\u0007 \\u202e [/] {0}"'
    assert load(written(tmp_path, text)).kiosk.place == "Puskesmas ?]0;x? ? [/] {0}"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load(str(tmp_path / "nowhere.toml"))


def test_the_variables_go_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_CONFIG", written(tmp_path, "[store]\ndir = '/tmp/there'\n[kiosk]\nid='K9'"))
    monkeypatch.delenv("KIOSK_STORE", raising=False)
    assert (load().kiosk.id, load().store_dir) == ("K9", Path("/tmp/there/counter"))
    monkeypatch.setenv("KIOSK_STORE", str(tmp_path))
    assert load(profile="village").store_dir == tmp_path / "village"


def test_profiles_share_neither_store_nor_key_nor_messages() -> None:
    loaded = [load(str(default_settings()), profile) for profile in config.PROFILES]
    assert len({one.store_dir for one in loaded}) == len(loaded)
    assert len({one.key_file for one in loaded}) == len(loaded)
    training, counter = loaded[2], loaded[0]
    assert training.sms_spool != counter.sms_spool
    assert all(not one.key_file.is_relative_to(one.store_dir) for one in loaded)


def test_practice_never_sends_a_real_message(tmp_path: Path) -> None:
    file = written(tmp_path, "[sms]\nchannel = 'gammu'")
    assert load(file, "training").sms_simulated
    assert not load(file, "counter").sms_simulated


def test_settings_reach_the_rules(tmp_path: Path) -> None:
    text = "[registration]\nemail_required = false\nautodebit_class_3 = false\n[counter]\nconfirm_nik = true"
    rules = light(load(written(tmp_path, text), "counter"))
    assert (rules.settings.email_required, rules.settings.autodebit_class_3) == (False, False)
    assert rules.settings.confirm_nik
    assert not light(load(str(default_settings()), "counter")).settings.confirm_nik


def test_an_imported_list_of_facilities_stands_for_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIOSK_STORE", str(tmp_path))
    settings = load(str(default_settings()), "training")
    rules = light(settings)
    assert rules.facilities.find("99010001") is not None
    folder = reference_dir(settings)
    folder.mkdir(parents=True)
    (folder / "facilities.csv").write_text("code,name,kind,regency,address\n99077777,BARU,,,\n", "utf-8")
    assert rules.facilities.find("99010001") is None
    found = rules.facilities.find("99077777")
    assert found is not None
    assert found.name == "BARU"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('[kiosk]\nid = "K9"\n', encoding="utf-8-sig")
    assert load(str(file)).kiosk.id == "K9"

"""The settings: kiosk.toml read into frozen dataclasses; what is unknown or ill-typed is refused by name."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.domain.identifiers import PRACTICE_ID, is_kiosk_id
from kiosk.errors import ConfigError
from kiosk.resources import default_settings
from kiosk.settings import (
    Cards,
    Copies,
    CounterSettings,
    Doctor,
    Drafts,
    Email,
    Hub,
    Kiosk,
    PrinterSettings,
    ProfileSettings,
    Receipts,
    RegistrationSettings,
    Sms,
    Store,
    TrainingSettings,
    VillageSettings,
)

PROFILES = ("counter", "village", "training")


@dataclass(frozen=True, slots=True)
class Config:
    """All settings, for one profile."""

    kiosk: Kiosk = field(default_factory=Kiosk)
    store: Store = field(default_factory=Store)
    cards: Cards = field(default_factory=Cards)
    sms: Sms = field(default_factory=Sms)
    email: Email = field(default_factory=Email)
    hub: Hub = field(default_factory=Hub)
    receipts: Receipts = field(default_factory=Receipts)
    printer: PrinterSettings = field(default_factory=PrinterSettings)
    copies: Copies = field(default_factory=Copies)
    doctor: Doctor = field(default_factory=Doctor)
    drafts: Drafts = field(default_factory=Drafts)
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    counter: CounterSettings = field(default_factory=CounterSettings)
    village: VillageSettings = field(default_factory=VillageSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)

    @property
    def profile(self) -> str:
        return self.kiosk.profile

    @property
    def is_training(self) -> bool:
        return self.profile == "training"

    def of_class(self, *, training: bool) -> Config:
        """The same for real registrations, or for practice."""
        if self.is_training == training:
            return self
        profile = "training" if training else "counter"
        return dataclasses.replace(self, kiosk=dataclasses.replace(self.kiosk, profile=profile))

    @property
    def reference_id(self) -> str:
        """What references begin with: the kiosk's id, in practice always `L`."""
        return PRACTICE_ID if self.is_training else self.kiosk.id

    @property
    def screens(self) -> ProfileSettings:
        """The settings of the profile in use."""
        found: ProfileSettings = getattr(self, self.profile)
        return found

    @property
    def hub_keys(self) -> Path:
        """The file of the hub's secret keys."""
        return Path(self.hub.keys).expanduser()

    @property
    def store_dir(self) -> Path:
        """The data folder of this profile; the variable KIOSK_STORE goes before `[store] dir`."""
        return _path(os.environ.get("KIOSK_STORE") or self.store.dir) / self.profile

    @property
    def reference_dir(self) -> Path:
        """Where a profile keeps its imported lists and the search index made from them: public data."""
        return self.store_dir / "reference"

    @property
    def key_file(self) -> Path:
        return _path(self.store.keys) / f"{self.profile}.key"

    @property
    def log_dir(self) -> Path:
        """Beside the data folder's profile: the log holds field names and codes only."""
        return self.store_dir / "log"

    @property
    def sms_spool(self) -> Path:
        """The folder of outgoing messages; practice has its own, so that it never reaches a real phone."""
        spool = _path(self.sms.spool)
        return spool / "training" if self.is_training else spool

    @property
    def sms_simulated(self) -> bool:
        return self.is_training or self.sms.channel == "simulated"

    @property
    def receipts_dir(self) -> Path | None:
        return _path(self.receipts.dir) if self.receipts.dir else None

    @property
    def printer_to(self) -> Path | None:
        """The device or folder of the printer; None where there is none."""
        return None if self.printer.kind == "none" else _path(self.printer.to or "/dev/usb/lp0")

    @property
    def stick_places(self) -> tuple[Path, ...]:
        """The folders below which sticks appear."""
        return tuple(_path(one) for one in self.hub.sticks.split(":") if one)

    @property
    def copies_dir(self) -> Path | None:
        return _path(self.copies.dir) if self.copies.dir else None


_LANGUAGES = ("id", "en", "jv", "su")
_ALLOWED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("kiosk", "profile"): PROFILES,
    ("kiosk", "language"): _LANGUAGES,
    ("cards", "block"): ("demo", "none"),
    ("sms", "channel"): ("simulated", "gammu"),
    ("email", "channel"): ("none",),
    ("printer", "kind"): ("none", "text", "escpos"),
    **{(profile, "layout"): ("sheet", "single") for profile in PROFILES},
}


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def find_file(given: str | None = None) -> Path:
    """The settings file: `given`, KIOSK_CONFIG, kiosk.toml here, in ~/.config/kiosk, /etc/kiosk, or ours."""
    named = given or os.environ.get("KIOSK_CONFIG")
    if named:
        return _path(named)
    places = (
        Path("kiosk.toml"),
        Path("~/.config/kiosk/kiosk.toml").expanduser(),
        Path("/etc/kiosk/kiosk.toml"),
    )
    return next((place for place in places if place.is_file()), default_settings())


def load(given: str | None = None, profile: str | None = None) -> Config:
    """The settings of the file that `find_file` names; raises ConfigError naming key and line."""
    file = find_file(given)
    try:
        text = file.read_text("utf-8-sig")
        tables = tomllib.loads(text)
    except OSError as error:
        raise ConfigError("config.unreadable", f"{file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("config.not_toml", f"{file}: {error}") from error
    config = _read(tables, _Place(file, text))
    if profile is not None:
        if profile not in PROFILES:
            raise ConfigError("config.profile", f"profile is one of {', '.join(PROFILES)}")
        config = dataclasses.replace(config, kiosk=dataclasses.replace(config.kiosk, profile=profile))
    return config


def config_from(told: Mapping[str, Mapping[str, Any]]) -> Config:
    """The settings that another process of this program has told as `dataclasses.asdict` gives them."""
    return Config(**{name: type(getattr(Config(), name))(**part) for name, part in told.items()})


@dataclass(frozen=True, slots=True)
class _Place:
    """Names the file and line of a key in a message."""

    file: Path
    text: str

    def error(self, section: str, key: str, says: str) -> ConfigError:
        inside, line = section == "", 0
        for number, raw in enumerate(self.text.splitlines(), 1):
            heading = re.match(r"\s*\[\s*([\w.-]+)\s*\]", raw)
            if heading:
                inside = heading[1] == section
                line = number if inside and not key else line
            elif inside and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", raw):
                line = number
        name = f"[{section}] {key}".strip() if section else key
        return ConfigError("config.key", f"{self.file}, line {line}: {name} {says}")


def _read(tables: Mapping[str, Any], place: _Place) -> Config:
    sections = {item.name: item for item in dataclasses.fields(Config)}
    values: dict[str, Any] = {}
    for name, table in tables.items():
        if name not in sections:
            raise place.error(
                name if isinstance(table, dict) else "", "" if isinstance(table, dict) else name, "is unknown"
            )
        if not isinstance(table, dict):
            raise place.error("", name, "must be a table")
        default = getattr(Config(), name)
        values[name] = dataclasses.replace(default, **_section(name, table, default, place))
    return Config(**values)


def _section(name: str, table: Mapping[str, Any], default: Any, place: _Place) -> dict[str, Any]:
    known = {item.name for item in dataclasses.fields(default)}
    for key, value in table.items():
        if key not in known:
            raise place.error(name, key, "is unknown")
        kind = type(getattr(default, key))
        if type(value) is not kind:
            raise place.error(name, key, f"must be {_KINDS[kind]}")
        allowed = _ALLOWED.get((name, key))
        if allowed and value not in allowed:
            raise place.error(name, key, f"must be one of {', '.join(allowed)}")
        if kind is int and value < 0:
            raise place.error(name, key, "must not be negative")
        if (name, key) == ("kiosk", "place") and not value.strip():
            raise place.error(name, key, "must name the place")
        if (name, key) == ("kiosk", "languages") and not _are_languages(value):
            raise place.error(name, key, f"must name some of {', '.join(_LANGUAGES)}, divided by blanks")
        if (name, key) == ("kiosk", "id") and not is_kiosk_id(value):
            raise place.error(name, key, "must be 1 to 4 capital letters or digits")
        if (name, key) == ("kiosk", "id") and value == PRACTICE_ID:
            raise place.error(
                name, key, f"must not be {PRACTICE_ID}, with which references of practice begin"
            )
    return {key: _printable(value) if key == "place" else value for key, value in table.items()}


def _are_languages(text: str) -> bool:
    return bool(text.split()) and set(text.split()) <= set(_LANGUAGES)


def _printable(text: str) -> str:
    """The name of the place goes to screens, receipts and printers: none of it may act there."""
    return "".join(char if char.isprintable() else "?" for char in text)


_KINDS = {str: "text in quotes", int: "a whole number", bool: "true or false"}

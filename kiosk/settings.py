"""The sections of kiosk.toml as frozen dataclasses; the values here are what the program takes as shipped."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kiosk:
    """Who and where this kiosk is."""

    id: str = "K1"
    place: str = "Puskesmas Cempaka"
    profile: str = "counter"
    language: str = "id"
    languages: str = "id en"
    timezone: str = "Asia/Jakarta"
    fktp: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """Where the data and its keys lie, never the one inside the other; how many MiB are kept in reserve."""

    dir: str = "~/.local/share/kiosk"
    keys: str = "~/.config/kiosk/keys"
    reserve_mib: int = 8


@dataclass(frozen=True, slots=True)
class Cards:
    """Which block of card numbers is used without a hub, when to warn that it ends, how many to keep."""

    block: str = "demo"
    low_water: int = 50
    keep: int = 200


@dataclass(frozen=True, slots=True)
class Sms:
    """How text messages leave: `simulated` or `gammu`, through files in `spool`."""

    channel: str = "simulated"
    spool: str = "~/.local/state/kiosk/sms"


@dataclass(frozen=True, slots=True)
class Email:
    """How e-mail leaves: `none` today."""

    channel: str = "none"
    spool: str = "~/.local/state/kiosk/email"


@dataclass(frozen=True, slots=True)
class Hub:
    """Where the hub is reached (empty for none), and how often it is asked for news; where sticks appear.

    Personal data stay for days of grace after its decision. The rest is for the hub itself.
    """

    url: str = ""
    minutes: int = 5
    sticks: str = "/media:/run/media"
    grace_days: int = 30
    database: str = ""
    keys: str = "~/.config/kiosk/hub.keys"
    host: str = "127.0.0.1"
    port: int = 8470
    processes: int = 0
    requests_a_minute: int = 600


@dataclass(frozen=True, slots=True)
class Receipts:
    """Where receipt text files go; empty for nowhere."""

    dir: str = ""


@dataclass(frozen=True, slots=True)
class PrinterSettings:
    """What prints slips and receipts: `none`, `text` or `escpos`, and to which device or folder."""

    kind: str = "none"
    to: str = ""


@dataclass(frozen=True, slots=True)
class Copies:
    """Where copies of the store are made unasked (empty for nowhere), how often, and how many are kept."""

    dir: str = ""
    minutes: int = 5
    keep: int = 3


@dataclass(frozen=True, slots=True)
class Doctor:
    """After how many days `kiosk doctor` tells of premiums that nobody has checked."""

    reference_days: int = 365


@dataclass(frozen=True, slots=True)
class Drafts:
    """After how many days without a change a draft is removed (0: never), and how long before to tell."""

    days: int = 30
    warn_days: int = 5


@dataclass(frozen=True, slots=True)
class RegistrationSettings:
    """What JKN leaves open and a place decides."""

    email_required: bool = True
    autodebit_class_3: bool = True
    code_minutes: int = 5
    code_tries: int = 5
    codes_an_hour: int = 3


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """How the screens of one profile behave."""

    layout: str = "sheet"
    confirm_nik: bool = False
    idle_seconds: int = 900
    may_quit: bool = True


@dataclass(frozen=True, slots=True)
class CounterSettings(ProfileSettings):
    """What only a counter with staff knows: whether they sign in, and the settings file of the village kiosk
    on the same machine whose slips are taken here; empty for none.
    """

    idle_seconds: int = 300
    sign_in: bool = True
    slips_from: str = ""


@dataclass(frozen=True, slots=True)
class VillageSettings(ProfileSettings):
    """What only an unattended kiosk knows."""

    layout: str = "single"
    confirm_nik: bool = True
    idle_seconds: int = 120
    may_quit: bool = False
    warn_seconds: int = 30
    families_a_day: int = 60
    failures: int = 20
    pause_minutes: int = 10


@dataclass(frozen=True, slots=True)
class TrainingSettings(ProfileSettings):
    """What only a classroom knows: the folder of a trainer's own scenarios, empty for none."""

    scenarios: str = ""
    idle_seconds: int = 0

"""The commands: reads arguments, runs one command, turns every ending into an exit code and a sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.errors import KioskError

CRASHED, INTERRUPTED, CUT_OFF = 70, 130, 1
WITH_VALUE = ("--config", "--profile", "--today", "--seed")
"""The options that take a value and may stand before the command as well as after it."""


def run(argv: Sequence[str]) -> int:
    """Runs the command in `argv` and returns its exit code; says on standard error why it failed."""
    if not _is_screens(argv):
        return _guarded(argv, sys.stderr.write)
    _leave_doors_behind(argv)
    from screens.first_frame import prepare_terminal

    with prepare_terminal():
        words: list[str] = []
        code = _guarded(argv, words.append)
    sys.stderr.write("".join(words))
    return code


def _is_screens(argv: Sequence[str]) -> bool:
    """Whether the terminal program is asked for, told before anything slow is imported."""
    words = iter(argv)
    for word in words:
        if word in WITH_VALUE:
            next(words, None)
        elif not word.startswith("--") or word in {"--help", "--version"}:
            return word == "run" and not {"-h", "--help"}.intersection(argv)
    return True


def _leave_doors_behind(argv: Sequence[str]) -> None:
    """Begins anew for an unattended kiosk where a variable has already changed this process."""
    from kiosk.guard.surroundings import has_doors, start_afresh

    if not has_doors(os.environ):
        return
    from kiosk import config
    from kiosk.commands.arguments import parsed
    from kiosk.errors import KioskError

    with suppress(KioskError, SystemExit):  # what is wrong is said later
        arguments = parsed(argv)
        if config.load(arguments.config, arguments.profile).profile == "village":
            start_afresh(argv)


def _guarded(argv: Sequence[str], say: Callable[[str], object]) -> int:
    from kiosk.errors import KioskError, StoreError

    loaded: list[Config] = []
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _dispatch(argv, loaded)
        sys.stdout.flush()
    except KioskError as error:
        from kiosk.commands.sentences import sentence

        if loaded and isinstance(error, StoreError):
            _noted(error, loaded[0])
        say(f"kiosk: {sentence(error)}\n")
        return error.exit_code
    except SystemExit as asked:  # --help and --version
        return asked.code if isinstance(asked.code, int) else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return CUT_OFF
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it was, no personal data is printed
        say(_last_words(error, loaded))
        return CRASHED
    return code


def _forget_output() -> None:
    """The reader has gone; nothing more is written, not even when Python ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _noted(error: KioskError, config: Config) -> None:
    from kiosk.log import Log

    log = Log(config.log_dir)
    log.event("store.refused", codes=(error.code,))
    log.close()


def _last_words(error: Exception, loaded: list[Config]) -> str:
    from kiosk.config import Config
    from kiosk.log import Log

    log = Log((loaded[0] if loaded else Config()).log_dir)
    reference = log.crash(error)
    log.close()
    return f"kiosk: the program failed; what was saved is safe. Reference {reference}, in {log.file}\n"


def _dispatch(argv: Sequence[str], loaded: list[Config]) -> int:
    from kiosk import config

    arguments = _check_arguments(argv)
    if arguments is None:
        from kiosk.commands.arguments import parsed

        arguments = parsed(argv)
    settings = config.load(arguments.config, _profile(arguments))
    loaded.append(settings)
    _refuse_outside_training(arguments, settings)
    return _command(arguments)(arguments, settings)


def _profile(arguments: Arguments) -> str | None:
    """The profile that is asked for; commands of practice have their own."""
    from kiosk.errors import UsageError

    if not arguments.command.startswith("training"):
        named: str | None = arguments.profile
        return named
    if arguments.profile not in {None, "training"}:
        raise UsageError("usage.training_profile")
    return "training"


def _check_arguments(argv: Sequence[str]) -> Arguments | None:
    """The arguments of `kiosk check KEY VALUE`, whatever VALUE begins with; None for anything else.

    Read by hand, since an answer may look like an option, and because it is quicker.
    """
    given: dict[str, str] = {}
    words: list[str] = []
    rest = iter(argv)
    for word in rest:
        option, equals, value = word.partition("=")
        if word in {"-h", "--help"} or (words and words[0] != "check"):
            return None
        if option in WITH_VALUE:
            given[option[2:]] = value if equals else next(rest, "")
        elif word == "--":
            words += rest
        else:
            words.append(word)
    if len(words) != 3:
        return None
    from kiosk.commands.arguments import check_arguments

    return check_arguments(words[1], words[2], given)


def _refuse_outside_training(arguments: Arguments, settings: Config) -> None:
    from kiosk.errors import UsageError

    if not settings.is_training and (arguments.today is not None or arguments.seed is not None):
        raise UsageError("usage.training_only")
    if arguments.today is not None:
        from kiosk.reference import first_day

        if arguments.today < first_day():
            raise UsageError("usage.too_early")


def _command(arguments: Arguments) -> Callable[[Arguments, Config], int]:
    from importlib import import_module

    module, function = _COMMANDS[arguments.command]
    found: Callable[[Arguments, Config], int] = getattr(import_module(f"kiosk.commands.{module}"), function)
    return found


_COMMANDS = {
    "run": ("screens", "run"),
    "check": ("check", "run"),
    "register": ("register", "run"),
    "keys": ("keys", "run"),
    "list": ("stored", "run_list"),
    "show": ("stored", "run_show"),
    "reference import": ("reference", "run_import"),
    "reference list": ("reference", "run_list"),
    "directory import": ("reference", "run_directory"),
    "verify": ("verify", "run"),
    "backup": ("copies", "run_backup"),
    "restore": ("copies", "run_restore"),
    "doctor": ("doctor", "run"),
    "training menu": ("screens", "run_classroom"),
    "training list": ("training", "run_list"),
    "training run": ("training", "run_run"),
    "training score": ("training", "run_score"),
    "training certificate": ("training", "run_certificate"),
    "training play": ("training", "run_play"),
    "training verify": ("training", "run_verify"),
    "hub serve": ("hub", "run_serve"),
    "hub enrol": ("hub", "run_enrol"),
    "hub revoke": ("hub", "run_revoke"),
    "hub retire": ("hub", "run_retire"),
    "hub kiosks": ("hub", "run_kiosks"),
    "hub desk": ("hub_desk", "run"),
    "hub decide": ("hub_decide", "run_decide"),
    "hub import": ("hub_stick", "run_import"),
    "hub numbers add": ("hub_tell", "run_numbers_add"),
    "hub numbers list": ("hub_tell", "run_numbers_list"),
    "hub send directory": ("hub_tell", "run_send_directory"),
    "hub send reference": ("hub_tell", "run_send_reference"),
    "hub lapse": ("hub_tell", "run_lapse"),
    "hub verify": ("hub_verify", "run"),
    "hub rotate": ("hub_tell", "run_rotate"),
    "staff add": ("staff", "run_add"),
    "staff list": ("staff", "run_list"),
    "staff reset": ("staff", "run_reset"),
    "enrol": ("sync", "run_enrol"),
    "sync": ("sync", "run_sync"),
    "export": ("sticks", "run_export"),
    "import": ("sticks", "run_import"),
    "web": ("web", "run"),
    "deploy systemd": ("deploy", "run_systemd"),
}

"""What can be typed after `kiosk training`."""

from __future__ import annotations

from typing import Any

from kiosk.commands.arguments import command, group, whole_number


def add_training(commands: Any, common: Any, table: Any) -> None:
    """Adds the commands of practice; they stand in the profile `training` without its being named."""
    training = group(commands, "training", "lessons, and practice with scenarios", [common], "training menu")
    menu = command(training, "menu", "the classroom on screens (default)", [common], "training menu")
    menu.add_argument("--debrief", default="", metavar="RUN", help="begin with what this run was worth")
    command(training, "list", "list the scenarios", [common, table], "training list")
    menu.add_argument("--seed", type=whole_number, metavar="N", help="repeat captchas and codes in cases")
    run = command(training, "run", "play a scenario in the terminal program", [common, table], "training run")
    run.add_argument("scenario", metavar="SCENARIO", help="its id, or a file that ends with .toml")
    run.add_argument("--seed", type=whole_number, metavar="N", help="repeat captchas and codes")
    run.add_argument(
        "--again", action="store_true", default=False, help="do not go on with a run that was cut short"
    )
    run.add_argument(
        "--menu", action="store_true", default=False, help="go on with the classroom when it is over"
    )
    run.add_argument("--record", metavar="FILE", default=None, help="record what is shown (asciicast v2)")
    play = command(training, "play", "show a recording again", [common], "training play")
    play.add_argument("file", metavar="FILE", help="what --record wrote")
    play.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="so many times as fast (1)")
    play.add_argument(
        "--menu", action="store_true", default=False, help="go on with the classroom when it is over"
    )
    certificate = command(
        training, "certificate", "make a certificate", [common, table], "training certificate"
    )
    certificate.add_argument("name", metavar="NAME", help="whose it is")
    verify = command(training, "verify", "check a certificate's code", [common, table], "training verify")
    verify.add_argument("code", metavar="CODE", nargs="+", help="as it stands on the certificate")
    verify.add_argument("--key", default="", metavar="KEY", help="of the classroom that signed it")
    score = command(training, "score", "tell what a run is worth", [common, table], "training score")
    score.add_argument("--scenario", metavar="SCENARIO", default=None, help="rate a registration by this one")
    score.add_argument("--of", metavar="REF", default=None, help="the registration's reference")
    score.add_argument("run", metavar="RUN", nargs="?", default="", help="its id (default: the last run)")


def _speed(text: str) -> float:
    """A number from 0.1 to 100; ValueError for anything else."""
    found = float(text)
    if not 0.1 <= found <= 100:
        raise ValueError(text)
    return found

"""Every fault suite at its small count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import FIGURES
from tests.faults import Suite, Unavailable, suites
from tests.faults.__main__ import SEED


@pytest.mark.parametrize("suite", list(suites()), ids=lambda suite: suite.name)
def test_nothing_is_lost_and_the_control_loses(
    suite: Suite, record_property: Callable[[str, object], None]
) -> None:
    try:
        result = suite.run(SEED, False)  # noqa: FBT003
    except Unavailable as missing:
        pytest.skip(str(missing))
    figures = f"{result.points} points, {result.lost} lost, control {result.control_lost}"
    record_property(FIGURES, f"{suite.name}: {figures}")
    assert result.points > 0
    assert result.lost == 0, f"seed {SEED}: {result.notes}"
    assert result.control_lost > 0, f"seed {SEED}: the control lost nothing: {result.notes}"

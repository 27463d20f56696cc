"""Numbers as a person reads them."""

import math

import pytest

from aeviz.gui import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.001, "1e-3"), (2.5e-4, "2.5e-4"), (0.1, "0.1"), (0.0, "0"), (4.0, "4"),
        (128.0, "128"), (1e6, "1e6"), (-0.5, "-0.5"), (0.012345, "0.012345"),
    ],
)  # fmt: skip
def test_a_setting_is_short_and_can_be_typed_again(value: float, text: str) -> None:
    assert numbers.setting(value) == text
    assert float(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (37.1834, "37.18"), (0.030271, "0.03027"), (1797.2, "1,797"), (-2.5, "−2.500"),
        (0.0, "0.000"), (3.2e-7, "3.200e−7"), (math.nan, "–"), (math.inf, "–"),
    ],
)  # fmt: skip
def test_a_measure_has_four_significant_digits(value: float, text: str) -> None:
    assert numbers.measure(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8.2, "8 s"), (60, "1 min"), (200, "3 min 20 s"), (1500, "25 min"), (7500, "2 h 5 min")],
)
def test_a_duration_has_at_most_two_units(seconds: float, text: str) -> None:
    assert numbers.duration(seconds) == text

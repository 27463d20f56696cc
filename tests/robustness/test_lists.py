"""Every item of the lists has tests that exist."""

import pytest

from tests.robustness.lists import ITEMS, functions, nodes_of


def test_the_lists_are_whole() -> None:
    counts = {"F": 26, "D": 10, "S": 18, "X": 7}
    wanted = [
        f"{letter}{number:02}" for letter in counts for number in range(1, counts[letter] + 1)
    ]
    assert list(ITEMS) == wanted


@pytest.mark.parametrize("number", ITEMS)
def test_an_item_has_tests_that_exist(number: str) -> None:
    found = nodes_of(number)
    assert found
    for test in found:
        file, _, name = test.partition("::")
        assert name in functions(file), test

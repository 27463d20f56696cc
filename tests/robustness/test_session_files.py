"""Damaged session files: refused by their name, or read as what was saved."""

from collections import Counter

import pytest

from aeviz.sessions import file
from aeviz.sessions.archive import SessionError
from tests.robustness.mutations import mutations
from tests.sessions.making import make_session

COUNT = 1000
"""Damaged contents; the slow suite tries a hundred times as many."""

SLICES = 10
"""Of the slow suite, each with a seed of its own."""

WHERE = "a.aeviz"


def outcome(data: bytes, sound: bytes) -> str:
    """What became of a damaged file: "refused", "harmless", or what must not be."""
    try:
        read = file.from_bytes(data, WHERE)
    except SessionError as error:
        return "refused" if str(error).startswith(WHERE) else f"names no file: {error}"
    except Exception as error:  # noqa: BLE001 - any other is a defect, and says which
        return f"{type(error).__name__}: {error}"
    return "harmless" if file.to_bytes(read) == sound else "believed"


def check(count: int, seed: int) -> None:
    sound = file.to_bytes(make_session())
    outcomes = Counter(outcome(data, sound) for data in mutations(sound, count, seed))
    assert set(outcomes) <= {"refused", "harmless"}, outcomes
    assert outcomes.total() == count
    assert outcomes["harmless"] < count / 4, outcomes


def test_no_damage_to_a_session_file_is_believed() -> None:
    check(COUNT, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, SLICES + 1))
def test_no_damage_of_very_many_is_believed(seed: int) -> None:
    check(100 * COUNT // SLICES, seed)

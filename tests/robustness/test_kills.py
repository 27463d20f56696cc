"""Processes that are killed while they save leave the old file or the new one, never neither."""

import os
from pathlib import Path

import pytest

from tests.robustness.killing import kill_often
from tests.robustness.saving import KINDS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")


def check(name: str, kills: int, seed: int, folder: Path) -> None:
    found = kill_often(name, kills, seed, folder)
    assert not found.wrong, found.wrong
    assert found.kills == found.old + found.new == kills
    assert found.saves > 0


@pytest.mark.parametrize("name", KINDS)
def test_s02_twenty_kills_leave_old_or_new(name: str, tmp_path: Path) -> None:
    check(name, 20, 0, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_s02_a_thousand_kills_leave_old_or_new(name: str, tmp_path: Path) -> None:
    check(name, 1000, 1, tmp_path)


def test_s02_a_file_that_is_written_in_place_is_found_out(tmp_path: Path) -> None:
    assert kill_often("in place", 60, 0, tmp_path).wrong

"""The frame of the benchmarks judges rows as it says."""

from collections.abc import Iterator

import pytest

from tests.benchmarks.frame import Benchmark, Row, from_json, judge, row, run, table, to_json


def test_a_ratio_is_judged() -> None:
    assert judge(row("a", 1.0, "ms", reference=2.0), "ratio <= 0.5").holds
    assert not judge(row("a", 1.1, "ms", reference=2.0), "ratio <= 0.5").holds
    assert judge(row("a", 30.0, "ms"), "value <= 33").holds


@pytest.mark.parametrize("value", [None, float("nan")])
def test_what_was_not_measured_does_not_hold(value: float | None) -> None:
    assert judge(row("a", value, "ms", reference=1.0), "ratio <= 0.5").holds is False


def test_a_goal_behind_a_crash_does_not_hold() -> None:
    def measure(full: bool) -> Iterator[Row]:
        yield row("first", 1.0, "ms", reference=4.0)
        raise RuntimeError("no such thing")

    complaints: list[str] = []
    goals = {"first": "ratio <= 0.5", "second": "ratio <= 0.5"}
    rows = list(run(Benchmark("x", measure, goals), False, complaints.append))
    assert [(each.name, each.holds) for each in rows] == [("first", True), ("second", False)]
    assert "no such thing" in complaints[0]


def test_rows_survive_json_and_make_a_table() -> None:
    rows = [judge(row("a", 1.0, "ms", reference=2.0), "ratio <= 0.5"), row("b", None, "s")]
    assert from_json(to_json(rows)) == rows
    assert table(rows).splitlines()[1].split()[-1] == "yes"

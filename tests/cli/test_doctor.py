"""`aeviz doctor` says what is there and how to mend what is not."""

import json

from tests.cli.conftest import Command


def test_doctor_answers_in_json(command: Command) -> None:
    outcome = command("doctor", "--json")
    report = json.loads(outcome.out)
    assert outcome.code == 0
    assert report["versions"]["torch"]
    assert report["qt"] == "offscreen"
    assert "cpu" in report["devices"]


def test_doctor_answers_in_lines(command: Command) -> None:
    assert "Qt starts on" in command("doctor").out

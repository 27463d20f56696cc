"""The detectors of conftest detect."""

import logging
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

LEAKS = {
    "widget": "kept.append(QWidget())",
    "timer": "kept.append(QTimer()); kept[-1].start(60_000)",
    "animation": "kept.append(QVariantAnimation()); kept[-1].setDuration(60_000);"
    " kept[-1].setStartValue(0.0); kept[-1].setEndValue(1.0); kept[-1].start()",
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_fails_the_test(leak: str, pytester: pytest.Pytester) -> None:
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(
        f"""
        from PySide6.QtCore import QTimer, QVariantAnimation
        from PySide6.QtWidgets import QWidget

        kept = []

        def test_leak(qapp):
            {LEAKS[leak]}
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-config")
    result.assert_outcomes(passed=1, errors=1)


def test_an_expected_log_record_is_allowed(expect_log: list[str]) -> None:
    expect_log.append("half of it")
    logging.getLogger("aeviz").warning("only half of it came")

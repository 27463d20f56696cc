"""The table of figures beside published ones."""

from tests.numbers.__main__ import PAGE, find
from tests.numbers.frame import Figure, Record, from_json, line, page, to_json, value

FIGURE = Figure("k = 2", 0.05595, "0.055953", holds=True, unit="mse", source="Baldi & Hornik, 1989")
RECORD = Record("pca", "PCA", "2026-11-21", 12.3, False, {"torch": "2.13"}, [FIGURE])


def test_a_record_survives_its_file() -> None:
    assert from_json(to_json(RECORD)) == RECORD


def test_the_page_says_ours_theirs_whether_it_holds_and_when() -> None:
    text = page([RECORD])
    assert "| k = 2 | 0.05595 | 0.055953 | mse | ✓ | Baldi & Hornik, 1989 |" in text
    assert "Measured 2026-11-21 in 12 s" in text


def test_a_quick_trial_is_no_evidence() -> None:
    quick = Record("pca", "PCA", "2026-11-21", 1.0, True, {}, [FIGURE])
    assert "no evidence" in page([quick])


def test_a_figure_is_written_to_the_digits_of_its_error() -> None:
    assert value(Figure("a", 1.23456, error=0.0123)) == "1.235 ± 0.012"
    assert value(Figure("a", 137.26, error=2.0)) == "137.3 ± 2.0"
    assert value(Figure("a", 0.0559527)) == "0.055953"


def test_what_does_not_hold_is_said() -> None:
    wrong = Figure("k = 2", 0.9, "0.1", holds=False)
    assert line(wrong).endswith("DOES NOT HOLD")
    assert "✗" in page([Record("pca", "PCA", "2026-11-21", 1.0, False, {}, [wrong])])


def test_the_shipped_page_has_every_set_and_no_trial() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "no evidence" not in text
    for figures in find().values():
        assert f"## {figures.title}\n" in text

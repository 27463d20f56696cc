import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz.gui import plotting, theme


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b"],
        [None, 1.0],
        np.array(["2020-01-01"], "datetime64[D]"),
        np.array([1 + 2j]),
        np.array([object()]),
        np.array([b"x"]),
    ],
)
def test_what_crashes_pyqtgraph_never_reaches_it(values: object) -> None:
    with pytest.raises(ValueError, match="a plot needs real numbers"):
        plotting.to_plot_array(values)


def test_numbers_become_contiguous_doubles_of_the_same_shape() -> None:
    for values in ([1, 2, 3], np.float32(2), np.arange(12).reshape(3, 4)[:, ::2], [True, False]):
        made = plotting.to_plot_array(values)
        assert made.dtype == np.float64
        assert made.flags.c_contiguous
        assert made.shape == np.asarray(values).shape


def test_infinities_become_gaps_and_the_original_stays() -> None:
    given = np.array([1.0, np.inf, -np.inf, np.nan])
    assert np.isnan(plotting.to_plot_array(given)).tolist() == [False, True, True, True]
    assert np.isinf(given[1])


def test_ticks_are_1_2_5_times_a_power_of_ten_and_not_too_close() -> None:
    for length in np.geomspace(1e-12, 1e12, 97):
        step = plotting.nice_step(length, 800, 84)
        assert float(f"{step:e}".split("e")[0]) in (1.0, 2.0, 5.0)
        assert step / length * 800 >= 84 - 1e-6


@pytest.mark.parametrize("length", [0.0, -1.0, np.nan, np.inf, 5e-324])
def test_an_axis_without_a_length_has_no_ticks(length: float) -> None:
    assert plotting.nice_step(length, 800, 84) >= 0


def test_tick_texts_are_short_and_have_a_true_minus_sign() -> None:
    assert plotting.tick_text(-0.5, 0.5) == "−0.5"
    assert plotting.tick_text(2.0, 2.0) == "2"
    assert plotting.tick_text(1e-17, 0.5) == "0"
    assert plotting.tick_text(0.30000000000000004, 0.1) == "0.3"
    assert plotting.tick_text(250_000.0, 50_000.0) == "2.5e+05"


def test_a_plot_offers_no_menu_and_wears_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    plot = plotting.StyledPlot("a plot", x_title="epoch", y_title="nats")
    qtbot.addWidget(plot)
    plot.plot(np.arange(3.0), np.arange(3.0))
    assert not plot.getViewBox().menuEnabled()
    for colours in (theme.DARK, theme.LIGHT):
        plot.setPalette(theme.palette(colours))
        assert plot.backgroundBrush().color() == QColor(colours.surface)
        assert plot.getAxis("left").textPen().color() == QColor(colours.muted)


def test_a_linear_and_a_logarithmic_axis_can_be_painted(qapp: QApplication, qtbot: QtBot) -> None:
    plot = plotting.StyledPlot("a plot", x_title="epoch", y_title="nats")
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.plot(np.arange(5.0), np.arange(5.0) - 2)
    assert not plot.grab().isNull()
    plot.getAxis("left").setLogMode(x=False, y=True)
    assert not plot.grab().isNull()


def test_a_title_is_never_read_as_markup(qapp: QApplication, qtbot: QtBot) -> None:
    plot = plotting.StyledPlot("named")
    qtbot.addWidget(plot)
    plot.set_titles("<b>bold</b> & <img src='x.png'>", "y")
    assert "<b>bold</b> & <img src='x.png'>" in plot.getAxis("bottom").label.toPlainText()

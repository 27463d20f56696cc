"""The loss chart: its curves are the session's metrics, nothing that is not finite is drawn."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from aeviz import messages as m
from aeviz.gui import theme
from aeviz.gui.loss_plot import MSE, LossPlot, quantity_unit
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session
from aeviz.gui.training_monitor import TrainingMonitor
from tests.gui.offers import ROWS, TERMS, epoch, run


@pytest.fixture
def session() -> Session:
    return Session([].append)


@pytest.fixture
def plot(qtbot: Any, session: Session) -> LossPlot:
    made = LossPlot(session)
    qtbot.addWidget(made)
    made.resize(400, 300)
    return made


@pytest.fixture
def feed(qtbot: Any, session: Session) -> Callable[..., None]:
    def give(epochs: int = 3, **changes: Any) -> None:
        session.receive(run(**changes))
        for number in range(epochs + 1):
            session.receive(epoch(number))
        QApplication.processEvents()

    return give


def heights(plot: LossPlot, name: str) -> list[float]:
    data = plot.curve(name)
    assert data is not None
    return [float(value) for value in data[1]]


def test_total_and_terms_are_drawn_for_both_parts(plot: LossPlot, feed: Any) -> None:
    feed()
    assert plot.names == ("loss", "reconstruction", "kl")
    assert heights(plot, "validation_loss") == [12, 11, 10, 9]
    loss = heights(plot, "loss")
    assert np.isnan(loss[0])
    assert loss[1:] == [9, 8, 7]


def test_a_single_term_is_drawn_once(plot: LossPlot, feed: Any) -> None:
    feed(terms=TERMS[:1])
    assert plot.names == ("reconstruction",)


def test_the_mean_error_is_a_quantity_of_its_own_with_its_truth_line(
    plot: LossPlot, feed: Any
) -> None:
    feed()
    assert plot._truths == []
    plot.set_quantity(MSE)
    assert heights(plot, MSE)[0] == pytest.approx(0.09)
    ((truth, line, text),) = plot._truths
    assert line.value() == pytest.approx(truth.value)
    assert text.toPlainText() == "PCA {optimum}"
    low, high = plot.viewRange()[1]
    assert low < 0.0225 < truth.value < 0.09 < high


def test_a_truth_line_far_from_the_curves_does_not_flatten_them(plot: LossPlot, feed: Any) -> None:
    far = m.TruthLine("reconstruction", -500.0, "Floor", "Far below.")
    near = m.TruthLine("reconstruction", 3.0, "Collapsed", "Near.")
    feed(truths=(far, near))
    low, high = plot.viewRange()[1]
    assert -500 < low < 3 < high
    (_, _, hidden), (_, _, shown) = plot._truths
    assert not hidden.isVisible()
    assert shown.isVisible()


def test_the_title_of_a_truth_line_keeps_clear_of_the_curves(plot: LossPlot, feed: Any) -> None:
    feed()
    plot.set_quantity(MSE)
    ((_, _, text),) = plot._truths
    plot.show()
    QApplication.processEvents()
    plot._on_redraw()
    place = text.mapRectToParent(text.boundingRect())
    view = plot.plotItem.vb.viewRange()
    assert place.left() >= view[0][0] - 1e-6
    assert place.right() <= view[0][1] + 1e-6
    epochs, at = plot.curve(MSE) or ((), ())
    along = np.interp(np.linspace(place.left(), place.right(), 50), epochs, at, np.nan, np.nan)
    low, high = sorted((place.top(), place.bottom()))
    assert not ((along > low) & (along < high)).any()


def test_a_logarithmic_axis_leaves_gaps_where_nothing_is_positive(
    plot: LossPlot, session: Session
) -> None:
    session.receive(run())
    for number, value in enumerate((100.0, 0.0, -1.0, 10.0)):
        session.receive(epoch(number, loss=value))
    plot.set_log(True)
    assert heights(plot, "loss")[0] == pytest.approx(2)
    assert np.isnan(heights(plot, "loss")[1:3]).all()
    assert heights(plot, "loss")[3] == pytest.approx(1)


def test_no_data_and_infinite_data_are_drawn_as_nothing(
    plot: LossPlot, session: Session, qtbot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    plot.show()
    plot.grab()
    session.receive(run())
    plot.grab()
    session.receive(epoch(0, validation_loss=np.inf, validation_reconstruction=np.nan))
    session.receive(epoch(1, loss=np.inf, reconstruction=np.nan, kl=np.nan))
    QApplication.processEvents()
    plot.grab()
    plot.set_log(True)
    plot.grab()
    assert np.isfinite(plot.viewRange()).all()


def test_a_thousand_epochs_at_once_are_drawn_once(
    plot: LossPlot, feed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    fit = plot._fit
    monkeypatch.setattr(plot, "_fit", lambda *given: (drawn.append(1), fit(*given)))
    feed(epochs=1000)
    assert len(drawn) <= 3
    assert len(heights(plot, "loss")) == 1001


def test_the_marker_follows_the_playhead_and_moves_it(
    plot: LossPlot, session: Session, feed: Any
) -> None:
    feed()
    session.set_playhead(1.5)
    assert plot._playhead is not None
    assert plot._playhead.value() == 1.5
    plot._go_to(2.2)
    assert session.playhead == 2
    assert not session.following
    assert plot._playhead.value() == 2


def test_curves_wear_the_colours_of_the_formula_in_light_and_dark(
    plot: LossPlot, feed: Any
) -> None:
    feed()
    for tokens in (theme.LIGHT, theme.DARK):
        plot.setPalette(theme.palette(tokens))
        wears = theme.curve_colours(["reconstruction", "kl"], tokens)
        for name in ("loss", "reconstruction", "kl"):
            for full in (name, f"validation_{name}"):
                assert plot._curves[full].opts["pen"].color() == QColor(wears[name])


def test_another_run_takes_its_curves_away(plot: LossPlot, session: Session, feed: Any) -> None:
    feed()
    session.receive(run(run="s", terms=TERMS[:1], truths=()))
    assert plot.curve("kl") is None
    data = plot.curve("reconstruction")
    assert data is None or data[0] is None or len(data[0]) == 0


def test_the_unit_stands_on_the_axis(session: Session) -> None:
    session.receive(run())
    assert quantity_unit(session, "loss") == "nats per sample"
    assert quantity_unit(session, MSE) == "squared error per feature"


def test_what_a_model_reports_besides_its_loss_is_offered_too(qtbot: Any) -> None:
    session = Session([].append)
    monitor = TrainingMonitor(session, Plan(ROWS))
    qtbot.addWidget(monitor)
    session.receive(run())
    session.receive(epoch(0, perplexity=3.0, validation_perplexity=4.0))
    titles = [monitor.quantity.itemText(row) for row in range(monitor.quantity.count())]
    assert titles == ["Loss and its terms", "Error per feature", "Perplexity"]
    monitor.quantity.setCurrentIndex(2)
    drawn = monitor.plot.curve("validation_perplexity")
    assert drawn is not None
    assert drawn[1].tolist() == [4.0]
    session.receive(run())
    assert monitor.quantity.currentText() == "Loss and its terms"

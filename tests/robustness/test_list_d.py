"""List D, bad data: what `lists.ITEMS` does not find among the other tests. See RELIABILITY.md."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

import aeviz
from aeviz import data
from aeviz.data.dataset import DataError, standardise
from aeviz.gui.figure import svg_of
from aeviz.gui.latent_view import LatentView
from aeviz.gui.main_window import MainWindow
from aeviz.gui.map_notes import note_on
from aeviz.gui.plot_figures import map_figure
from aeviz.gui.session import Session
from tests.gui.map_scene import session_with

TABLE = np.random.default_rng(0).normal(size=(30, 4))
SMALL: dict[str, Any] = {"model.widths": [4]}


def saved(folder: Path, **arrays: Any) -> Path:
    path = folder / "own.npz"
    np.savez(path, **arrays)
    return path


def trained(path: Path, model: str = "vae", **options: Any) -> aeviz.Run:
    """A run of one epoch whose latents are all numbers."""
    run = aeviz.train(
        str(path), model, epochs=1, options=options, out=path.parent / "run", progress=False
    )
    assert np.isfinite(run.latents()).all()
    return run


# ── values ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("where", "rows"), [((3, 1), 1), ((slice(None), 1), 30), (..., 30)])
def test_d01_what_is_not_finite_is_counted_and_never_trained_on(
    value: float, where: Any, rows: int, tmp_path: Path
) -> None:
    values = TABLE.copy()
    values[where] = value
    path = saved(tmp_path, x=values)
    with pytest.raises(DataError, match=rf"own\.npz: {rows} of the rows of x have values that"):
        aeviz.train(str(path), "vae", epochs=1, out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "values",
    [
        np.ones((9, 3)),
        1 + 1e-300 * np.arange(18).reshape(9, 2),
        1e-310 * np.arange(18).reshape(9, 2),
        np.repeat(TABLE[:, :1], 3, 1),
        1e-30 * TABLE,
    ],
    ids=["constant", "near-constant", "denormal", "double", "tiny"],
)
def test_d02_features_without_a_spread_divide_by_nothing(values: Any, tmp_path: Path) -> None:
    scaling = standardise(values.astype(np.float32))
    there = scaling.apply(values)
    assert np.isfinite(there).all()
    np.testing.assert_allclose(scaling.undo(there), values, rtol=1e-5, atol=1e-30)
    trained(saved(tmp_path, x=values), **SMALL)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((4, 2), 1e308), "4 of the rows of x have values beyond 3.4e\\+38"),
        (np.full((4, 2), 1 + 2j), "samples must be numbers"),
        (np.full((4, 2), "2020-01-01", "M8[D]"), "samples must be numbers"),
        (np.array([["1", "2"]] * 3), "samples must be numbers"),
    ],
    ids=["1e308", "complex", "dates", "words"],
)
def test_d06_values_that_are_none_here_are_refused(values: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        data.load(str(saved(tmp_path, x=values)), tmp_path)


@pytest.mark.parametrize(
    "values",
    [
        TABLE * 1e37,
        10**18 + 10**12 * np.arange(10).reshape(5, 2),
        np.array([[0, 2**64 - 1], [2**63, 7]], np.uint64),
        np.array([[True, False]] * 5),
    ],
    ids=["1e37", "int64", "uint64", "bool"],
)
def test_d06_extreme_values_are_trained_on(values: Any, tmp_path: Path) -> None:
    trained(saved(tmp_path, x=values), **SMALL)


def test_d06_digits_that_single_precision_loses_are_told(tmp_path: Path) -> None:
    values = np.column_stack([10**18 + np.arange(5), np.arange(5)])
    names = np.array(["when", "what"])
    found = data.load(str(saved(tmp_path, x=values, feature_names=names)), tmp_path)
    assert len(found.remarks) == 1
    assert "'when' differs so little" in found.remarks[0]


# ── counts ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("model", ["linear", "vae", "vq-vae", "realnvp", "conditional-vae"])
def test_d03_very_few_samples_are_enough(count: int, model: str, tmp_path: Path) -> None:
    path = saved(tmp_path, x=TABLE[:count], y=np.arange(count))
    assert len(trained(path, model).latents()) == count


@pytest.mark.parametrize("count", [1, 3, 17])
def test_d03_a_batch_of_one_does_not_stop_batch_normalisation(count: int, tmp_path: Path) -> None:
    path = saved(tmp_path, x=TABLE[:count])
    trained(path, "deep", **{"model.batch_norm": True, "train.batch_size": 2, **SMALL})


def test_d03_no_sample_at_all_is_refused_before_training(tmp_path: Path) -> None:
    path = saved(tmp_path, x=np.zeros((0, 3)))
    with pytest.raises(ValueError, match=r"own\.npz: samples must be a table"):
        trained(path)
    (tmp_path / "own.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match=r"own\.csv"):
        trained(tmp_path / "own.csv")


def test_d04_two_hundred_thousand_features_are_read_and_trained_on(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(6, 200_000)).astype(np.float32)
    run = trained(saved(tmp_path, x=values), "linear")
    assert run.latents().shape == (6, 2)


def test_d04_of_very_many_rows_a_part_is_shown_and_that_is_said() -> None:
    session, _ = session_with(total=10**7)
    assert "Showing 60 of 10,000,000 samples, at random" in note_on(session, True)


def test_d07_labels_of_another_number_are_never_joined(tmp_path: Path) -> None:
    for labels in (np.arange(29), np.arange(31), np.arange(30).reshape(30, 1)):
        with pytest.raises(DataError, match=r"own\.npz: y must be one .* each of the 30 samples"):
            data.load(str(saved(tmp_path, x=TABLE, y=labels)), tmp_path)


# ── labels ────────────────────────────────────────────────────────────────────────────────────

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "%s%n{0}",
    "=cmd|'/c calc'!A0",
    "\u202egnp.exe",
    "a&amp;b",
)
LABELS: dict[str, Any] = {
    "ten thousand": np.arange(30) * 300,
    "negative": np.arange(30) - 40,
    "unicode": np.array(["Äpfel", "日本", "🙂"] * 10),
    "very long": np.array(["a" * 100_000] * 15 + ["b"] * 15),
    "hostile": np.array(HOSTILE * 6),
    "one": np.zeros(30, int),
}


@pytest.mark.parametrize("name", LABELS)
def test_d05_labels_of_every_kind_are_shown(
    name: str, tmp_path: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    found = data.load(str(saved(tmp_path, x=TABLE, y=LABELS[name])), tmp_path)
    assert found.labels is not None
    session, _ = session_with(count=30, labels=found.labels, class_names=found.class_names)
    window = shown(session, qtbot)
    for dock in window.docks.docks.values():
        dock.raise_()
        assert not window.grab().isNull()


@pytest.mark.parametrize(
    "labels",
    [np.full(30, np.nan), np.linspace(0, 1, 30), np.zeros((30, 2), int), np.full(30, 2**40)],
)
def test_d05_labels_that_are_none_are_refused(labels: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"own\.npz: (y|labels in y)"):
        data.load(str(saved(tmp_path, x=TABLE, y=labels)), tmp_path)


def shown(session: Session, qtbot: QtBot) -> MainWindow:
    window = MainWindow(session, None, ())
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    QApplication.processEvents()
    return window


@pytest.mark.parametrize("dimensions", [1, 2, 3, 512])
def test_d08_every_panel_bears_every_number_of_dimensions(
    dimensions: int, qapp: QApplication, qtbot: QtBot
) -> None:
    session, _ = session_with(dimensions=dimensions)
    window = shown(session, qtbot)
    session.set_playhead(2)
    session.select([3])
    for dock in window.docks.docks.values():
        dock.raise_()
        QApplication.processEvents()
        assert not window.grab().isNull()


def rich(widget: QWidget) -> Iterator[str]:
    """Texts that Qt would read as a page: what of a stranger's stands in one has to be quoted."""
    for label in widget.findChildren(QLabel):
        yield label.text()
    for each in widget.findChildren(QWidget):
        yield each.toolTip()


def test_d09_words_of_strangers_are_shown_as_they_are(qapp: QApplication, qtbot: QtBot) -> None:
    session, _ = session_with(
        classes=len(HOSTILE), class_names=HOSTILE, title=HOSTILE[0], feature_names=HOSTILE[:3],
        sample_shape=(3,), samples=np.zeros((60, 3), np.float32),
    )  # fmt: skip
    window = shown(session, qtbot)
    session.select([0])
    for dock in window.docks.docks.values():
        dock.raise_()
        QApplication.processEvents()
    for text in rich(window):
        if "img" in text and Qt.mightBeRichText(text):
            page = QTextDocument()
            page.setHtml(text)
            assert HOSTILE[0] in page.toPlainText(), text


def test_d09_words_of_strangers_are_quoted_in_a_drawing(qapp: QApplication, qtbot: QtBot) -> None:
    session, _ = session_with(classes=len(HOSTILE), class_names=HOSTILE)
    view = LatentView(session)
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.show()
    QApplication.processEvents()
    content = svg_of(map_figure(view, HOSTILE[0], {"Run": HOSTILE[0]}, has_legend=True))
    assert b"<img" not in content
    assert b"&lt;img" in content


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("width", [5, 101])
def test_d10_pictures_of_every_number_of_channels_are_trained_on_and_shown(
    channels: int, width: int, tmp_path: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 3, width, channels)).astype(np.uint8)
    run = trained(saved(tmp_path, x=pixels, y=np.arange(8) % 2), "linear")
    assert run.sample_shape == (3, width, channels)
    np.testing.assert_array_equal(run.folder.samples, pixels[run.index])
    session, _ = session_with(
        count=8, sample_shape=(3, width, channels), samples=pixels, labels=np.arange(8) % 3
    )
    window = shown(session, qtbot)
    session.select([3])
    for dock in window.docks.docks.values():
        dock.raise_()
        QApplication.processEvents()
        assert not window.grab().isNull()

"""Pictures, profiles, words and exports that the inspectors are made of."""

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFontMetrics, QImage, QPalette
from PySide6.QtWidgets import QApplication

from aeviz.gui import exporting, scales, theme, wording
from aeviz.gui.captions import Caption, LabelName, tip
from aeviz.gui.film import clamp_side, error_texts, film_epochs, shortened
from aeviz.gui.image_label import ImageLabel, to_bytes, to_image, whole_pixels
from aeviz.gui.profile import Profile
from aeviz.gui.tiles import SampleStyle, style_of_samples

STYLE = SampleStyle(255.0, np.zeros(3, np.float32), np.array([1, 10, 1000], np.float32))
NAMES = ("alcohol", "ash", "proline")


# ── pictures ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("width", [1, 7, 101])
def test_a_picture_has_the_very_pixels_of_the_array(qapp: Any, channels: int, width: int) -> None:
    array = np.random.default_rng(0).integers(0, 256, (5, width, channels), np.uint8)
    if channels == 4:
        array[:, :, 3] = 255
    image = to_image(array)
    for y, x in ((0, 0), (4, width - 1), (2, width // 2)):
        colour = image.pixelColor(x, y)
        seen = [colour.red(), colour.green(), colour.blue()]
        assert seen == (array[y, x, :3].tolist() if channels > 1 else array[y, x].tolist() * 3)


def test_the_white_of_digits_is_white() -> None:
    array = np.array([[[0], [8], [16], [200]]], np.uint8)
    assert to_bytes(array, 16.0).ravel().tolist() == [0, 128, 255, 255]


def test_other_channel_counts_are_shown_as_their_mean() -> None:
    array = np.array([[[0, 10, 20, 30, 40]]], np.uint8)
    assert to_bytes(array).tolist() == [[[20]]]


@pytest.mark.parametrize(
    "array", [np.zeros((2, 2, 1)), np.zeros((0, 2, 1), np.uint8), np.zeros(4, np.uint8)]
)
def test_what_is_no_image_of_bytes_is_refused(array: Any) -> None:
    with pytest.raises(ValueError, match="an image is uint8"):
        to_bytes(array)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_pixels_cover_whole_device_pixels(ratio: float) -> None:
    place = whole_pixels(QRectF(3, 3, 101, 77), 28, 28, ratio)
    assert (place.width() * ratio) % 28 == pytest.approx(0)
    assert (place.left() * ratio) % 1 == pytest.approx(0)
    assert place.width() <= 101
    assert place.height() <= 77


def test_a_large_picture_shrinks_into_its_area() -> None:
    place = whole_pixels(QRectF(0, 0, 50, 50), 1000, 500, 1.0)
    assert (place.width(), place.height()) == (50, 25)


def test_an_enlarged_picture_stays_crisp(qtbot: Any) -> None:
    label = ImageLabel("picture")
    qtbot.addWidget(label)
    label.set_image(np.array([[[0], [255]], [[255], [0]]], np.uint8))
    label.resize(66, 66)
    grabbed = label.grab().toImage()
    levels = {grabbed.pixelColor(x, 10).red() for x in range(1, 65)}
    assert levels == {0, 255}


def test_a_picture_keeps_its_bytes_alive(qtbot: Any) -> None:
    label = ImageLabel("picture")
    qtbot.addWidget(label)
    label.set_image(np.full((3, 101, 3), 77, np.uint8))
    rubbish = [np.zeros((3, 101, 3), np.uint8) for _ in range(200)]
    assert label.image.pixelColor(100, 2).red() == 77
    assert rubbish


def test_a_picture_asks_for_the_height_that_its_pixels_need(qtbot: Any) -> None:
    label = ImageLabel("picture", most=100)
    qtbot.addWidget(label)
    label.set_shape(28, 28)
    assert label.heightForWidth(60) == 56 + 2
    assert label.heightForWidth(1000) == 84 + 2


def test_a_difference_is_coloured_by_its_sign() -> None:
    colours = scales.diverging(np.array([-1, 0, 1, np.nan], np.float32), 1.0, dark=False)
    assert colours[0, 2] > colours[0, 0]
    assert colours[2, 0] > colours[2, 2]
    assert colours[1].tolist() == colours[3].tolist() == [247, 247, 247]


# ── profiles ──────────────────────────────────────────────────────────────────────────────────


def test_features_of_very_different_magnitude_share_the_length_of_a_bar(qtbot: Any) -> None:
    profile = Profile("profile")
    qtbot.addWidget(profile)
    profile.set_features(NAMES, STYLE)
    profile.show_values(np.array([0.5, 5, 500], np.float32))
    assert profile.bars.bars is not None
    assert profile.bars.bars.lengths.tolist() == [0.5, 0.5, 0.5]
    assert profile.bars.bars.texts == ("0.500", "5.00", "500")
    assert "range over the run's samples" in profile.legend.text()


def test_a_second_row_is_told_in_the_tip(qtbot: Any) -> None:
    profile = Profile("profile")
    qtbot.addWidget(profile)
    profile.set_features(NAMES, STYLE)
    values = np.array([0.5, 5, 500], np.float32)
    profile.show_values(values, values * 2, ("reconstruction", "original"))
    assert profile.bars.bars is not None
    assert profile.bars.bars.marks is not None
    assert "500.0 (reconstruction), 1,000 (original)" in profile.bars.bars.tips[2]


def test_differences_and_errors_are_measured_against_the_samples(qtbot: Any) -> None:
    profile = Profile("profile")
    qtbot.addWidget(profile)
    profile.set_features(NAMES, STYLE, np.array([1, 10, 100], np.float32))
    difference = np.array([0.1, -2, 0], np.float32)
    profile.show_difference(difference)
    assert profile.bars.bars is not None
    assert profile.bars.bars.lengths.tolist() == pytest.approx([0.5, -1.0, 0.0])
    assert "20\N{NO-BREAK SPACE}%" in profile.legend.text()
    profile.show_error(difference)
    assert profile.bars.bars.texts[1] == "0.0400"


def test_many_features_are_a_curve(qtbot: Any) -> None:
    profile = Profile("profile")
    qtbot.addWidget(profile)
    samples = np.random.default_rng(0).random((5, 200), np.float32)
    profile.set_features([f"{n} nm" for n in range(200)], style_of_samples(samples, 255.0))
    profile.show_values(samples[0], samples[1], ("decode", "nearest sample"))
    profile.resize(300, 240)
    profile.show()
    assert not profile.bars.isVisibleTo(profile)
    place = QPointF(
        profile.curve.mapFromScene(profile.curve.plotItem.vb.mapViewToScene(QPointF(7, 0)))
    )
    assert profile.curve.tip_at(place).startswith("7 nm: ")
    assert profile.curve.tip_at(QPointF(-50, 0)) == ""


def test_values_that_are_not_finite_are_drawn_as_nothing(qtbot: Any) -> None:
    profile = Profile("profile")
    qtbot.addWidget(profile)
    for features in (3, 100):
        style = style_of_samples(np.zeros((2, features), np.float32), 255.0)
        profile.set_features((), style)
        rows = np.full(features, np.nan, np.float32)
        profile.show_values(rows, rows)
        profile.show_difference(rows)
        profile.show_error(rows)
        profile.resize(200, 400)
        assert not profile.grab().isNull()


def test_a_constant_feature_lies_in_the_middle() -> None:
    style = style_of_samples(np.full((4, 2), 7, np.float32), 255.0)
    assert style.fractions(np.array([7, 7], np.float32)).tolist() == [0.5, 0.5]


# ── words ─────────────────────────────────────────────────────────────────────────────────────


def test_a_scale_ends_at_a_round_number() -> None:
    assert [wording.nice_ceiling(v) for v in (0.011, 0.2, 0.21, 7.0, 0.0, float("nan"))] == [
        0.02, 0.2, 0.5, 10.0, 1.0, 1.0,
    ]  # fmt: skip


def test_names_from_data_are_never_markup(qtbot: Any) -> None:
    label = Caption("<b>bold</b>")
    qtbot.addWidget(label)
    assert label.textFormat().name == "PlainText"
    assert tip("<img src=x>") == "<qt>&lt;img src=x&gt;</qt>"


def test_a_caption_follows_light_and_dark(qtbot: Any) -> None:
    label = Caption("quiet", tone="warning")
    qtbot.addWidget(label)
    for colours in (theme.DARK, theme.LIGHT):
        label.setPalette(theme.palette(colours))
        assert label.palette().color(QPalette.ColorRole.WindowText).name() == colours.warning


def test_a_label_name_is_read_aloud(qtbot: Any) -> None:
    name = LabelName()
    qtbot.addWidget(name)
    name.say("seven")
    assert name.accessibleName() == "seven"


def test_a_film_has_at_most_eleven_columns_and_ends_with_the_last_epoch() -> None:
    for last in [*range(60), 100, 999, 1000, 123_456]:
        epochs = film_epochs(last)
        assert len(epochs) <= 11
        assert (epochs[0], epochs[-1]) == (0, last)
        assert list(epochs) == sorted(set(epochs))
    assert film_epochs(100) == tuple(range(0, 101, 10))


# ── exports ───────────────────────────────────────────────────────────────────────────────────


def picture() -> QImage:
    return to_image(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))


@pytest.mark.parametrize(("side", "least"), [(8, 16), (10, 20), (16, 16), (28, 28), (64, 16)])
def test_a_small_picture_is_never_smaller_than_it_can_be_read(side: int, least: int) -> None:
    assert clamp_side(1.0, (side, side, 1), 96.0) == least


def test_names_that_begin_alike_keep_their_end(qapp: QApplication) -> None:
    metrics = QFontMetrics(qapp.font())
    width = metrics.horizontalAdvance("sphere 10") * 0.8
    alike = [f"sphere {number}" for number in (1, 2, 10)]
    short = shortened(metrics, alike, width)
    assert len(set(short)) == 3
    assert short[2].endswith("10")
    assert shortened(metrics, ["upper moon", "lower moon"], width)[0].startswith("up")
    assert shortened(metrics, alike, 1000) == alike


def test_errors_under_narrow_pictures_do_not_touch(qapp: QApplication) -> None:
    metrics = QFontMetrics(qapp.font())
    wide, narrow = (metrics.horizontalAdvance(text) for text in ("0.00910", "0.091"))
    errors = (0.0091, 0.011)
    assert error_texts(metrics, errors, wide) == ["0.0091", "0.011"]
    assert error_texts(metrics, errors, narrow) == ["0.009", "0.011"]
    assert error_texts(metrics, (0.000012, 0.011), narrow) == ["1e−5", "0.01"]


def test_a_saved_picture_can_be_read(qapp: QApplication, tmp_path: Path) -> None:
    target = tmp_path / "film.png"
    target.write_bytes(b"old")
    exporting.write_whole(target, exporting.png_bytes(picture()))
    assert QImage(str(target)).size() == QSize(4, 4)
    assert [path.name for path in tmp_path.iterdir()] == ["film.png"]


def test_no_picture_is_a_sentence(qapp: QApplication) -> None:
    with pytest.raises(exporting.ExportError, match="too large"):
        exporting.png_bytes(QImage())


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "no room"), (errno.EACCES, "may not be written"), (errno.EIO, "could not be")],
)
def test_a_failed_write_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    target = tmp_path / "film.png"
    target.write_bytes(b"old")

    def fail(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(exporting.ExportError, match=said):
        exporting.write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["film.png"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(exporting.ExportError, match="no folder"):
        exporting.write_whole(tmp_path / "gone" / "film.png", b"new")

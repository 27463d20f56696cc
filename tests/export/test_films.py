"""Films have the frames they were made of, and say what is missing."""

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeviz.cli.console import CommandError
from aeviz.cli.outputs import check_film
from aeviz.export import films

FRAMES = np.zeros((5, 7, 9, 3), np.uint8)
for number in range(5):
    FRAMES[number, :, number] = 40 * number + 60


def test_a_gif_keeps_grey_frames_to_the_bit() -> None:
    with Image.open(io.BytesIO(films.film("gif", FRAMES, 1.0))) as film:
        assert film.n_frames == 5
        for number in range(5):
            film.seek(number)
            np.testing.assert_array_equal(np.asarray(film.convert("RGB")), FRAMES[number])
            assert film.info["duration"] == 200


def test_an_mp4_has_even_sides_and_all_frames(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    target.write_bytes(films.film("mp4", FRAMES, 1.0))
    command = [films._ffmpeg(), "-i", str(target), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    shown = np.frombuffer(raw, np.uint8).reshape(5, 8, 10, 3)
    assert shown[3, :7, 3].mean() > shown[3, :7, 6:].mean() + 50


def test_without_ffmpeg_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(CommandError, match=r"aeviz\[video\]"):
        check_film("mp4")
    check_film("gif")
    check_film("png")


def test_frames_stay_at_least_20_ms() -> None:
    with Image.open(io.BytesIO(films.film("gif", FRAMES, 0.001))) as film:
        assert film.info["duration"] == 20


def test_a_webp_keeps_every_pixel_and_its_pause() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (5, 9, 7, 3), np.uint8)
    with Image.open(io.BytesIO(films.film("webp", frames, 1.0))) as found:
        assert found.n_frames == 5
        for number, frame in enumerate(frames):
            found.seek(number)
            assert np.array_equal(np.asarray(found.convert("RGB")), frame)
            assert found.info["duration"] == 200


@pytest.mark.parametrize("kind", films.KINDS)
def test_an_iterator_is_read_picture_by_picture(kind: str, tmp_path: Path) -> None:
    lengths = []

    def frames() -> Iterator[np.ndarray]:
        for frame in FRAMES:
            lengths.append(len(frame))
            yield frame

    made = films.film(kind, frames(), 1.0, count=5, is_exact=False)
    assert len(lengths) == 5
    assert len(made) > 100


def test_an_ffmpeg_without_the_best_encoder_takes_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent = ("no-such-encoder",)
    monkeypatch.setattr(films, "ENCODERS", (absent, films.ENCODERS[-1]))
    assert films.film("mp4", FRAMES, 1.0)[4:8] == b"ftyp"
    monkeypatch.setattr(films, "ENCODERS", (absent,))
    with pytest.raises(films.FilmError, match=r"no encoder for MP4 .* use GIF or WebP"):
        films.film("mp4", FRAMES, 1.0)


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="there is no ffprobe")
def test_ffprobe_finds_size_and_pictures_of_an_mp4(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    target.write_bytes(films.film("mp4", FRAMES, 1.0))
    shown = "stream=width,height,nb_frames"
    words = ["ffprobe", "-v", "error", "-show_entries", shown, "-of", "csv=p=0", str(target)]
    done = subprocess.run(words, capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "10,8,5"

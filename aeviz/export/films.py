"""Films: pictures of one size one after the other, as animated GIF or WebP, or as MP4.

Pictures may come from an iterator, so that a long film never lies in memory as a whole.
"""

import io
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from aeviz.messages import ByteArray

KINDS = ("gif", "webp", "mp4")

SECONDS = 4.0
"""How long a film plays where nothing else is said."""

LONGEST, SHORTEST = 1.0, 0.02
"""Seconds that a picture stays at most and at least: viewers slow a GIF below 20 ms down."""

ENCODERS = (("libx264", "-crf", "16"), ("libopenh264", "-b:v", "8M"), ("mpeg4", "-q:v", "2"))
"""What ffmpeg may have for MP4, the best one first: some systems ship it without the first."""


class FilmError(ValueError):
    """A film cannot be written here; the message says what is missing."""


def film(
    kind: str,
    frames: Iterable[ByteArray],
    seconds: float = SECONDS,
    *,
    count: int | None = None,
    is_exact: bool = True,
) -> bytes:
    """Frames as the bytes of a film.

    Args:
        kind: "gif", "webp" or "mp4".
        frames: uint8 (H, W, 3) each, or (T, H, W, 3).
        seconds: How long it plays, within the limits for a picture.
        count: How many there are, T; an iterator without it is read as a whole.
        is_exact: Whether a WebP keeps every value and a GIF the greys, for more bytes and time.

    Raises:
        FilmError: If no ffmpeg is found for MP4, or it fails.
    """
    if count is None:
        frames = list(frames)
        count = len(frames)
    pause = min(LONGEST, max(SHORTEST, seconds / count))
    if kind == "mp4":
        return _mp4(iter(frames), pause)
    return _animated(kind, iter(frames), pause, is_exact)


def check_kind(kind: str) -> None:
    """Raise FilmError before the work where films of that kind cannot be written."""
    if kind not in KINDS:
        known = ", ".join(f".{each}" for each in KINDS)
        raise FilmError(f"a film is written as {known}, not as .{kind}")
    if kind == "mp4":
        _ffmpeg()


def _animated(kind: str, frames: Iterator[ByteArray], pause: float, is_exact: bool) -> bytes:
    """In a GIF every frame has its own palette, which keeps 256 greys exact."""
    pictures: Iterator[Image.Image] = (Image.fromarray(frame) for frame in frames)
    if kind == "gif":
        method = Image.Quantize.MEDIANCUT if is_exact else Image.Quantize.FASTOCTREE
        pictures = (picture.quantize(256, method) for picture in pictures)
        options: dict[str, Any] = {"disposal": 1}
    elif is_exact:
        options = {"lossless": True, "quality": 0, "method": 0}
    else:
        options = {"quality": 90, "method": 2}
    buffer = io.BytesIO()
    next(pictures).save(
        buffer,
        format=kind.upper(),
        save_all=True,
        append_images=pictures,
        duration=round(1000 * pause),
        loop=0,
        **options,
    )
    return buffer.getvalue()


def _ffmpeg() -> str:
    """The ffmpeg of the system, else that of the extra `video`."""
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise FilmError(
            "MP4 films need ffmpeg, and none was found: install it, or "
            "`pip install 'aeviz[video]'`; GIF and WebP need neither"
        ) from None


def _mp4(frames: Iterator[ByteArray], pause: float) -> bytes:
    """H.264 with a mark-free 4:2:0 picture, which every player takes: its sides must be even."""
    first = _even(next(frames))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "film.mp4"
        encoder = _encoder(Path(folder), first)
        command = _command(first, pause, encoder, target)
        failed = _fed(command, itertools.chain([first], map(_even, frames)))
        if failed or not target.exists():
            raise FilmError(f"ffmpeg made no film: {failed or 'it wrote nothing'}")
        return target.read_bytes()


def _even(frame: ByteArray) -> ByteArray:
    height, width = frame.shape[:2]
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _encoder(folder: Path, frame: ByteArray) -> tuple[str, ...]:
    """The first of the encoders that makes a film of one frame."""
    said = ""
    for encoder in ENCODERS:
        said = _fed(_command(frame, 1.0, encoder, folder / f"{encoder[0]}.mp4"), iter([frame]))
        if not said:
            return encoder
    raise FilmError(f"ffmpeg has no encoder for MP4 ({said}): use GIF or WebP")


def _command(frame: ByteArray, pause: float, encoder: tuple[str, ...], target: Path) -> list[str]:
    height, width = frame.shape[:2]
    return [
        *(_ffmpeg(), "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"),
        *("-s", f"{width}x{height}", "-r", f"{1 / pause:.4f}", "-i", "-", "-an"),
        *("-c:v", *encoder, "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(target)),
    ]


def _fed(command: list[str], frames: Iterator[ByteArray]) -> str:
    """Run ffmpeg over the frames; what it said last where it failed, else "".

    It is ended with this process's work, also where that is cancelled.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors)
        try:
            assert process.stdin is not None
            _pour(process.stdin, frames)
            code = process.wait()
        finally:
            process.kill()
            process.wait()
        if code == 0:
            return ""
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
        return said[-1] if said else f"it ended with {code}"


def _pour(pipe: IO[bytes], frames: Iterator[ByteArray]) -> None:
    try:
        for frame in frames:
            pipe.write(np.ascontiguousarray(frame).tobytes())
        pipe.close()
    except BrokenPipeError:  # it has ended, and says why
        return

"""Films: pictures of one size one after the other, as GIF, WebP or MP4."""

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from aeviz.messages import ByteArray

SECONDS = 4.0
"""How long a film plays where nothing else is said."""

LONGEST, SHORTEST = 1.0, 0.02
"""Seconds that a picture stays at most and at least: viewers slow a GIF below 20 ms down."""


class FilmError(ValueError):
    """A film cannot be written here; the message says what is missing."""


def film(kind: str, frames: ByteArray, seconds: float = SECONDS) -> bytes:
    """Frames as the bytes of a film.

    Args:
        kind: "gif", "webp" or "mp4".
        frames: uint8 (T, H, W, 3).
        seconds: How long it plays, within the limits for a picture.

    Raises:
        FilmError: If no ffmpeg is found for MP4, or it fails.
    """
    pause = min(LONGEST, max(SHORTEST, seconds / len(frames)))
    return {"gif": _gif, "webp": _webp, "mp4": _mp4}[kind](frames, pause)


def check_kind(kind: str) -> None:
    """Raise FilmError before the work where films of that kind cannot be written."""
    if kind == "mp4":
        _ffmpeg()


def _gif(frames: ByteArray, pause: float) -> bytes:
    """A palette of its own for every frame keeps grey images exact: they have 256 values."""
    pictures = [Image.fromarray(frame).quantize(256) for frame in frames]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 * pause),
        loop=0,
        disposal=1,
    )
    return buffer.getvalue()


def _webp(frames: ByteArray, pause: float) -> bytes:
    """Every pixel as it is, in fewer bytes than a GIF takes."""
    pictures = [Image.fromarray(frame) for frame in frames]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 * pause),
        loop=0,
        lossless=True,
        method=2,
    )
    return buffer.getvalue()


def _ffmpeg() -> str:
    """The ffmpeg of the system, else that of the extra `video`."""
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        import imageio_ffmpeg
    except ImportError:
        raise FilmError(
            "no ffmpeg was found: install it, or `pip install 'aeviz[video]'`; .gif and .webp need "
            "neither"
        ) from None
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _mp4(frames: ByteArray, pause: float) -> bytes:
    """H.264 with a mark-free 4:2:0 picture, which every player takes: its sides must be even."""
    even = np.pad(
        frames, ((0, 0), (0, frames.shape[1] % 2), (0, frames.shape[2] % 2), (0, 0)), mode="edge"
    )
    height, width = even.shape[1:3]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "film.mp4"
        command = [_ffmpeg(), "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
        command += ["-s", f"{width}x{height}", "-r", f"{1 / pause:.4f}", "-i", "-", "-an"]
        command += ["-c:v", "libx264", "-crf", "16", "-pix_fmt", "yuv420p"]
        command += ["-movflags", "+faststart", str(target)]
        done = subprocess.run(command, input=even.tobytes(), capture_output=True, check=False)
        if done.returncode != 0 or not target.exists():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise FilmError(f"ffmpeg ended with {done.returncode}: {said[-1] if said else ''}")
        return target.read_bytes()

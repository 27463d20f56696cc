"""Films: pictures of one size one after the other, as an animated GIF."""

import io

from PIL import Image

from aeviz.messages import ByteArray

SECONDS = 4.0
"""How long a film plays, within 10 to 50 pictures a second at most."""


def gif(frames: ByteArray, seconds: float = SECONDS) -> bytes:
    """Frames as the bytes of a GIF that repeats for ever.

    A palette of their own for every frame keeps grey images exact: they have 256 values.

    Args:
        frames: uint8 (T, H, W, 3).
        seconds: How long it plays; a frame stays 20 ms to 1 s.
    """
    pause = int(min(1000, max(20, 1000 * seconds / len(frames))))
    pictures = [Image.fromarray(frame).quantize(256) for frame in frames]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=pause,
        loop=0,
        disposal=1,
    )
    return buffer.getvalue()

"""Child process of the gallery: one scene in one window; `python -m tests.gallery.window …`."""

import sys
from pathlib import Path

from aeviz.gui.exporting import png_bytes
from aeviz.messages import Failed
from aeviz.picture import settle
from aeviz.program import Program, make_application
from tests.gallery.scenes import SCENES


def main() -> int:
    """Show the run, act, wait, save; 1 where something failed on the way."""
    name, run, theme, size, target = sys.argv[1:6]
    scene = next(scene for scene in SCENES if scene.name == name)
    make_application("dark" if theme == "dark" else "light")
    program = Program(None, own_process=False)
    failures: list[Failed] = []
    program.session.failed.connect(failures.append)
    width, height = (int(side) for side in size.split("x"))
    program.window.setFixedSize(width, height)
    try:
        program.session.set_following(False)
        program.open(run)
        program.show()
        settle(program)
        program.window.stop()
        program.session.set_playhead(program.session.last_epoch)
        settle(program)
        scene.act(program)
        settle(program)
        Path(target).write_bytes(png_bytes(program.window.grab().toImage()))
    finally:
        program.shutdown()
    for failure in failures:
        sys.stderr.write(failure.summary + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

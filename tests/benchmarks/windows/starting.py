"""Child process of the start benchmark: starts the program as `aeviz` does; prints JSON.

    python -m tests.benchmarks.windows.starting TIME_OF_START

Seconds from the start of the process to the window's first paint, to the first movement of the
demo's timeline, and to the first decode of a pinned latent.
"""

import sys
import time

BEGUN = float(sys.argv[1])

from aeviz import app  # noqa: E402  the clock runs


def main() -> None:
    """Start, wait for the three moments, close."""
    program_class = app._program_class()

    import json

    from PySide6.QtCore import QEvent, QObject, Slot

    from aeviz.messages import Decoded
    from aeviz.program import Program

    class Moments(QObject):
        """Notes when what happened first."""

        def __init__(self, program: Program) -> None:
            super().__init__()
            self.program = program
            self.seen: dict[str, float] = {}
            program.window.latent_view.installEventFilter(self)
            program.session.playhead_changed.connect(self._on_playhead_changed)
            program.session.decoded.connect(self._on_decoded)

        def note(self, what: str) -> None:
            self.seen.setdefault(what, time.time() - BEGUN)

        @Slot(float)
        def _on_playhead_changed(self, playhead: float) -> None:
            if playhead > 0 and self.program.window.timeline.is_playing:
                self.note("timeline plays")
                if self.program.session.pin is None:
                    self.program.session.set_pin(self.program.session.latent_at((0.0, 0.0)))

        @Slot(object)
        def _on_decoded(self, message: Decoded) -> None:
            if message.view == "cursor":
                self.note("first decode")
                self.program.shutdown()

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                self.note("window painted")
            return False

    program = program_class.make(own_process=True)
    moments = Moments(program)
    program.open(None)
    program.run()
    print(json.dumps(moments.seen))


if __name__ == "__main__":
    main()

"""What somebody asks of a training while it runs, from whatever thread."""

from collections import deque
from collections.abc import Mapping
from typing import Any


class Controls:
    """Requests on their way to a training, which looks at them between two steps.

    Attributes:
        is_stopping: Whether the training should save and end.
        is_paused: Whether it should wait.
        is_saving: Whether it should write a checkpoint and go on.
        is_single: Whether it is to do one step at a time.
        signal: Number of the signal that asked it to stop, 0 without one.
        is_shared: Whether several processes train together and agree on what is asked.
        is_orphan: Whether rank 0 is gone without a word, so that another one has to speak.
    """

    def __init__(self) -> None:
        self.is_stopping = False
        self.is_paused = False
        self.is_saving = False
        self.is_single = False
        self.signal = 0
        self.is_shared = False
        self.is_orphan = False
        self._turns: deque[tuple[str, float]] = deque()

    def turn(self, name: str, value: float) -> None:
        """Set an option marked live, such as "beta" or "lr", from the next step on."""
        self._turns.append((name, value))

    def stop(self, signal: int = 0) -> None:
        """Save and end after the step in progress; may be called from a signal handler."""
        self.signal = self.signal or signal
        self.is_stopping = True

    def save(self) -> None:
        """Write a checkpoint after the step in progress; may be called from a signal handler."""
        self.is_saving = True

    def pause(self, paused: bool = True) -> None:
        """Wait after the step in progress, or go on."""
        self.is_paused = paused

    @property
    def has_turns(self) -> bool:
        """Whether an option waits to be turned."""
        return bool(self._turns)

    def take_turns(self) -> list[tuple[str, float]]:
        """The options to turn, oldest first; each is returned once."""
        taken = []
        while self._turns:
            taken.append(self._turns.popleft())
        return taken

    def obey(self, requests: Mapping[str, Any]) -> None:
        """Take what `control.json` asks: "pause", "stop", "turn"; anything else is ignored."""
        if requests.get("stop") is True:
            self.stop()
        if isinstance(requests.get("pause"), bool):
            self.pause(requests["pause"])
        turns = requests.get("turn")
        for name, value in turns.items() if isinstance(turns, Mapping) else ():
            if isinstance(value, int | float) and not isinstance(value, bool):
                self.turn(str(name), float(value))

"""Notices within seconds that another rank is gone, whatever the main thread waits for.

A rank that was killed leaves the others waiting in a collective: gloo hears of it at once, NCCL
only after minutes. Each rank therefore notes a beat in the store through which they met; rank 0
looks after all, the others after rank 0.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta

from torch.distributed import TCPStore  # type: ignore[attr-defined]

from aeviz.compute.launcher import Launch
from aeviz.runs.process import Process, is_dead, this_process

BEAT = 2.0
"""Seconds between two beats."""

SILENCE = 30.0
"""Seconds without a beat after which a rank of another computer is taken for gone."""

LAST_WORDS = 10.0
"""Seconds that the main thread has to end by itself, with the folder in order."""


FAILED = " failed: "
"""In the sentence about a rank that has said itself what went wrong."""


class RankLost(RuntimeError):
    """Another rank is gone, so this one cannot go on either; the message names it.

    Args:
        sentence: Says which one.
        is_orphan: Whether rank 0 is it, and went without a word.
    """

    def __init__(self, sentence: str, is_orphan: bool = False) -> None:
        super().__init__(sentence)
        self.is_told = not is_orphan


class Lifeline:
    """The beats of all ranks. Its thread is named aeviz-lifeline.

    Args:
        launch: Who this process is.
        leave: Ends the process when its main thread does not; told the sentence.
    """

    def __init__(self, launch: Launch, leave: Callable[[str], None] | None = None) -> None:
        self._launch = launch
        self._leave = leave_now if leave is None else leave
        self._prefix = f"aeviz/{launch.attempt}"
        self._store = self._client()
        self._thread = threading.Thread(target=self._run, name="aeviz-lifeline", daemon=True)
        self._closed = threading.Event()
        self._seen: dict[int, tuple[str, float]] = {}
        self._processes: dict[int, Process] = {}
        self.run = ""
        """The run folder, for the last words."""

    def start(self) -> None:
        """Say who this is, learn who the others are, and begin to listen.

        Runs where all ranks have met already.
        """
        mine = this_process()
        self._set(f"process/{self._launch.rank}", json.dumps(asdict(mine)))
        for rank in self._watched():
            row = json.loads(self._store.get(f"{self._prefix}/process/{rank}"))
            self._processes[rank] = Process(**row)
        self._thread.start()

    def close(self, failure: str = "") -> None:
        """Say that this rank ends by itself, and why where something failed. Idempotent."""
        if self._closed.is_set():
            return
        with suppress(RuntimeError):  # the store may be gone with the rank that held it
            self._set(f"end/{self._launch.rank}", failure or "done")
        self._closed.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(BEAT)

    def lost(self, seconds: float) -> str:
        """Who is gone, as a sentence, waited for at most so long; "" when nobody is known to be."""
        deadline = time.monotonic() + seconds
        while True:
            found = self._look()
            if found or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    # ── the thread ────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        number = 0
        while not self._closed.wait(BEAT):
            number += 1
            sentence = self._beat(number)
            if sentence and not self._closed.wait(LAST_WORDS):
                is_told = self._launch.rank > 0 and FAILED in sentence
                self._leave("" if is_told else with_advice(sentence, self.run))
                return

    def _beat(self, number: int) -> str:
        with suppress(RuntimeError):
            self._set(f"beat/{self._launch.rank}", str(number))
        return self._look()

    def _look(self) -> str:
        """Who is gone now, or ""."""
        for rank in self._watched():
            try:
                sentence = self._judge(rank)
            except RuntimeError:  # the store went with the process that held it
                return "rank 0, through which the ranks meet, is gone"
            if sentence:
                return sentence
        return ""

    def _judge(self, rank: int) -> str:
        end = self._noted(f"end/{rank}")
        if end == "done":
            return ""
        process = self._processes[rank]
        who = f"rank {rank} (process {process.pid} on {process.host})"
        if end:
            return f"{who}{FAILED}{end}"
        if is_dead(process):
            # An orderly end is noted before the process is gone: look once more.
            end = self._noted(f"end/{rank}")
            if end:
                return "" if end == "done" else f"{who}{FAILED}{end}"
            return f"{who} is gone: it was killed or crashed"
        if process.host == this_process().host:
            return ""  # it lives, however busy it is
        beat, since = self._noted(f"beat/{rank}"), time.monotonic()
        if self._seen.get(rank, ("", 0.0))[0] != beat:
            self._seen[rank] = (beat, since)
        silent = since - self._seen[rank][1]
        return f"{who} has not been heard of for {silent:.0f} s" if silent > SILENCE else ""

    def _watched(self) -> Iterable[int]:
        launch = self._launch
        return range(1, launch.size) if launch.rank == 0 else (0,)

    # ── the store ─────────────────────────────────────────────────────────────────────────────

    def _client(self) -> TCPStore:
        """A connection of its own: one that waits for a key would keep the other thread."""
        return TCPStore(
            self._launch.address,
            self._launch.port,
            is_master=False,
            wait_for_workers=False,
            timeout=timedelta(seconds=SILENCE),
        )

    def _set(self, name: str, text: str) -> None:
        self._store.set(f"{self._prefix}/{name}", text)

    def _noted(self, name: str) -> str:
        key = f"{self._prefix}/{name}"
        return self._store.get(key).decode() if self._store.check([key]) else ""


def with_advice(sentence: str, run: str) -> str:
    """What is left after a rank is gone."""
    if not run:
        return f"{sentence}; the training ends"
    return (
        f"{sentence}; the training ends. What its last checkpoint holds stands: "
        f"`aeviz train --resume {run}` goes on from there"
    )


def leave_now(sentence: str) -> None:
    """End a process whose main thread waits for a rank that is gone; nothing is tidied up."""
    if sentence:
        sys.stderr.write(f"aeviz: {sentence}\n")
        sys.stderr.flush()
    os._exit(1)

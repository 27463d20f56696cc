"""Answers to what the window asks of opened runs: decodes, reconstructions, samples, questions.

A request is answered by a generator that yields after every slice of about 8 ms. Small ones are
answered at once. Big ones wait in line, so that between two slices the inbox is read, small
requests go first, and a newer request with the same key takes the place of the older one.

Nothing here imports torch before something is asked that needs it.
"""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import Any

from aeviz import messages as m
from aeviz import paths
from aeviz.compute import answers
from aeviz.compute.answers import Steps
from aeviz.compute.history import Weights
from aeviz.compute.live import LiveEnded, LiveOpened, LiveRun
from aeviz.compute.opened import OpenedRun
from aeviz.compute.outside import Outside
from aeviz.compute.plugin_desk import PluginDesk
from aeviz.mailbox import Mailbox
from aeviz.runs.control import ask
from aeviz.runs.notes import write_notes
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder

AT_ONCE = 8
"""Rows of a request at most that is answered without waiting in line."""

FOLLOW_EVERY = 1.0
"""Seconds between two looks at a run that another process writes."""

logger = logging.getLogger(__name__)


def is_small(request: m.Message) -> bool:
    """Whether a request is answered at once instead of waiting in line."""
    if isinstance(request, m.Decode):
        return len(request.z) <= AT_ONCE
    if isinstance(request, m.Reconstruct):
        return len(request.rows) * len(request.epochs) <= AT_ONCE
    return not isinstance(request, m.OpenRun | m.Ask | m.Project)


class Inference:
    """The runs that are open and the requests in line. Lives in the inference thread.

    Args:
        outbox: Where answers go.
        live: The run that trains, to be told again when it is opened.
        outside: The trainings outside that the window has started; None where it cannot.
        desk: Answers what is asked about plug-ins; None where nobody asks.
    """

    def __init__(
        self,
        outbox: Mailbox,
        live: LiveRun,
        outside: Outside | None = None,
        desk: PluginDesk | None = None,
    ) -> None:
        self._outbox = outbox
        self._live = live
        self._outside = outside
        self._runs: dict[str, OpenedRun] = {}
        self._shown: Counter[str] = Counter()
        self._line: dict[Hashable, tuple[m.Message, Steps]] = {}
        self._looked = time.monotonic()
        self._handlers: dict[type[m.Message], Callable[[Any], Steps | None]] = {
            m.OpenRun: self._open,
            m.CloseRun: self._close,
            m.Decode: self._decode,
            m.Reconstruct: self._reconstruct,
            m.FetchSamples: self._fetch,
            m.Ask: self._ask,
            m.Project: self._project,
            m.SaveNotes: self._save_notes,
            Weights: self._keep,
            LiveOpened: self._open_live,
            LiveEnded: self._end_live,
            m.TrainOutside: self._train_outside,
            m.Pause: partial(self._leave_word, pause=True),
            m.Continue: partial(self._leave_word, pause=False),
            m.Stop: partial(self._leave_word, stop=True),
            m.Turn: self._turn,
        }
        if desk is not None:
            self._handlers |= {
                m.SeePlugin: desk.see,
                m.LoadPlugin: desk.load,
                m.ForgetPlugin: desk.forget,
            }

    # ── the line ──────────────────────────────────────────────────────────────────────────────

    @property
    def is_busy(self) -> bool:
        """Whether requests are in line."""
        return bool(self._line)

    def take(self, message: m.Message) -> None:
        """Answer a message, or put it in line; what it supersedes is dropped.

        Raises:
            Exception: Whatever went wrong in answering it.
        """
        key = message.key if message.key is not None else object()
        self._line.pop(key, None)
        steps = self._handlers[type(message)](message)
        if steps is not None and is_small(message):
            for answer in steps:
                self._send(answer)
        elif steps is not None:
            self._line[key] = (message, steps)

    def next_request(self) -> m.Message:
        """The request whose turn it is."""
        return next(iter(self._line.values()))[0]

    def advance(self) -> None:
        """Do one slice of the request whose turn it is; then it is the next one's turn.

        Raises:
            Exception: Whatever went wrong; the request is out of the line then.
        """
        key = next(iter(self._line))
        request, steps = self._line.pop(key)
        try:
            answer = next(steps)
        except StopIteration:
            return
        self._line[key] = (request, steps)
        self._send(answer)

    def _send(self, answer: m.Message | None) -> None:
        if answer is not None:
            self._outbox.post(answer)

    # ── runs ──────────────────────────────────────────────────────────────────────────────────

    def _open(self, request: m.OpenRun) -> Steps | None:
        path = os.path.abspath(os.path.expanduser(request.path))
        live = self._live.tell_again(path)
        if live:
            self._shown[live] += 1
            return None
        run = self._runs[path] = OpenedRun(path, RunFolder.open(Path(path)))
        self._shown[path] += 1
        return self._tell(run)

    def _tell(self, run: OpenedRun) -> Steps:
        """A run and its epochs, one at a step."""
        yield run.opened()
        for done in run.epochs():
            if self._runs.get(run.name) is not run:
                return  # closed, or opened once more, meanwhile
            yield done
        if run.is_followed:
            yield run.standing.changed()

    def _close(self, request: m.CloseRun) -> None:
        self._shown[request.run] -= 1
        run = self._runs.get(request.run)
        if run is not None and not run.is_live:
            self._forget_unless_shown(run)

    def _forget_unless_shown(self, run: OpenedRun) -> None:
        """Free a run's weights and drop what was asked of it, if the window has closed it.

        Every `RunOpened` is answered by one `CloseRun` in the end. They are counted: a run may be
        told again while the request to close it is still on its way.
        """
        if self._shown[run.name] > 0:
            return
        del self._runs[run.name], self._shown[run.name]
        self._line = {
            key: (request, steps)
            for key, (request, steps) in self._line.items()
            if request.run != run.name
        }

    def _open_live(self, message: LiveOpened) -> None:
        self._shown[message.run] += 1
        folder = RunFolder.open(Path(message.path))
        self._runs[message.run] = OpenedRun(message.run, folder, is_live=True)

    def _end_live(self, message: LiveEnded) -> None:
        run = self._runs.get(message.run)
        if run is not None:
            run.is_live = False
            run.folder.refresh()
            self._forget_unless_shown(run)

    def _keep(self, message: Weights) -> None:
        if message.run in self._runs:
            self._runs[message.run].history.add(message.epoch, message.tensors)

    def _run_of(self, request: m.Message) -> OpenedRun:
        if request.run not in self._runs:
            raise ValueError(f"the run {request.run!r} is not open")
        return self._runs[request.run]

    # ── requests ──────────────────────────────────────────────────────────────────────────────

    def _decode(self, request: m.Decode) -> Steps:
        return answers.decode(self._run_of(request), request)

    def _reconstruct(self, request: m.Reconstruct) -> Steps:
        return answers.reconstruct(self._run_of(request), request)

    def _fetch(self, request: m.FetchSamples) -> None:
        self._outbox.post(answers.fetch(self._run_of(request), request))

    def _ask(self, request: m.Ask) -> Steps:
        return answers.ask(self._run_of(request) if request.run else None, request)

    def _project(self, request: m.Project) -> Steps:
        return self._run_of(request).project(request)

    def _save_notes(self, request: m.SaveNotes) -> None:
        why_not = ""
        root = self._run_of(request).folder.path
        if os.path.realpath(root) == os.path.realpath(paths.demo()):
            why_not = "The demo keeps nothing: groups of it last until another run is shown."
        else:
            try:
                write_notes(root, request.notes)
            except (OSError, RunError) as error:
                why_not = f"Groups last until another run is shown: {error}."
        self._outbox.post(m.NotesSaved(run=request.run, why_not=why_not))

    # ── runs that another process writes ──────────────────────────────────────────────────────

    @property
    def next_look(self) -> float | None:
        """Seconds until a followed run is to be looked at; None where none is followed."""
        is_watching = self._outside is not None and self._outside.is_watching
        if not is_watching and not any(run.is_followed for run in self._runs.values()):
            return None
        return max(0.0, self._looked + FOLLOW_EVERY - time.monotonic())

    def follow(self) -> None:
        """Tell what followed runs have written since the last look, if it is time to look.

        Raises:
            Exception: Whatever went wrong; the other runs are looked at the next time.
        """
        if self.next_look != 0.0:
            return
        self._looked = time.monotonic()
        for run in [run for run in self._runs.values() if run.is_followed]:
            run.refresh()
            for done in run.epochs():
                self._outbox.post(done)
            if run.is_followed:
                for message in run.standing.news():
                    self._outbox.post(message)
            else:
                self._tell_end(run)
        # Last: of a run that has just been opened nothing may be told before the run itself.
        for path in [] if self._outside is None else self._outside.look():
            self.take(m.OpenRun(run=path, path=path))

    def _tell_end(self, run: OpenedRun) -> None:
        """Say how a followed run ended."""
        reason = run.folder.info.reason or run.folder.status
        logger.info("%s: %s", run.name, reason)
        self._outbox.post(run.standing.ended(reason))

    def _train_outside(self, request: m.TrainOutside) -> None:
        if self._outside is None:
            raise ValueError("no training outside can be started from here")
        self._outside.start(request)

    def _turn(self, request: m.Turn) -> None:
        self._leave_word(request, turn={request.name: request.value})

    def _leave_word(self, request: m.Message, **wishes: Any) -> None:
        """Leave a request in the folder of a run, for the process that writes it."""
        run = self._runs.get(request.run)
        if run is None or not run.is_followed:
            raise ValueError(f"{', '.join(wishes)}: possible only while its run trains")
        ask(run.folder.path, **wishes)

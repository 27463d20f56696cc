"""The two compute threads, their mailboxes, and what starts and stops them.

The training thread owns the accelerator and the model that learns; the inference thread answers
from copies of its weights. They share nothing but messages, and what was told of the live run.
"""

import importlib
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from aeviz import messages as m
from aeviz import paths
from aeviz.compute.jobs import Jobs
from aeviz.compute.keeper import REQUESTS, Keeper
from aeviz.compute.live import LiveRun
from aeviz.compute.logs import OutboxHandler
from aeviz.compute.plugin_desk import PluginDesk
from aeviz.compute.sentences import sentence
from aeviz.compute.trainer import Trainer
from aeviz.mailbox import Mailbox

if TYPE_CHECKING:
    from aeviz.compute.inference import Inference
    from aeviz.compute.outside import Outside

FIRST_WAIT = 0.3
"""Seconds that the inference thread waits for a first run to read before it imports torch."""

WARM_UP_AFTER = 2.0
"""Seconds without a request after which the training thread imports what an optimiser needs."""

TRAINING = (m.Train, m.TrainOn, m.Pause, m.Continue, m.StepOnce, m.Stop, m.Turn)
NEEDS_NO_TORCH = (m.OpenRun, m.CloseRun, m.FetchSamples, m.Project, m.SaveNotes)
STEERING = (m.Pause, m.Continue, m.Stop, m.Turn)
"""What can also be asked of a run that another process trains."""

JOBS = (m.DescribeData, m.PreviewData, m.Download, m.FitPlane, m.StudyRun, m.ExportRun, m.CancelJob)

WHERE: dict[type[m.Message], str] = {
    m.OpenRun: "open",
    m.Ask: "question",
    m.Project: "plane",
    m.TrainOutside: "training",
    m.SeePlugin: "plug-in",
    m.LoadPlugin: "plug-in",
    m.ForgetPlugin: "plug-in",
    **dict.fromkeys(TRAINING, "training"),
}
"""Which part `Failed` names for a request; "inference" for all others."""

NOBODY = m.Message()
"""Stands for the request of what an engine does by itself."""


class Engine:
    """Takes requests from any thread and answers through the outbox.

    Torch is imported in the inference thread, after the first run has been told: `EngineReady`
    says when decoding and training begin. Requests that came before are answered then.

    Args:
        outbox: Where every answer goes.
        data_dir: Where torchvision's files lie; None for AEVIZ_DATA or the default.
        runs_dir: Where runs go that were given no folder; None for the window's own place.
        device: Where trainings compute whose settings say "auto".
        window: Whether a window is to be painted meanwhile: one core is then left for it.
        autosaves: Where what the window shows is kept in case of a crash; None for nowhere.
        trusted: Whether the plug-ins that the user trusts are loaded once torch is there.
    """

    def __init__(
        self,
        outbox: Mailbox,
        *,
        data_dir: Path | str | None = None,
        runs_dir: Path | str | None = None,
        device: str = "auto",
        window: bool = True,
        autosaves: Path | None = None,
        trusted: bool = False,
    ) -> None:
        self._outbox = outbox
        self._device = device
        self._window = window
        self._for_training = Mailbox()
        self._for_inference = Mailbox()
        self._torch_came = threading.Event()
        self._has_torch = False
        self._live = LiveRun(outbox)
        self._trainer = Trainer(
            outbox,
            self._for_inference,
            self._live,
            data_dir=None if data_dir is None else Path(data_dir),
            runs_dir=paths.window_runs() if runs_dir is None else Path(runs_dir),
            device=device,
        )
        self._folders = (
            paths.window_runs() if runs_dir is None else Path(runs_dir),
            None if data_dir is None else Path(data_dir),
        )
        self._jobs = Jobs(outbox, data_dir)
        self._keeper = Keeper(outbox, autosaves)
        self._desk = PluginDesk(outbox, trusted=trusted)
        self._log = OutboxHandler(outbox)
        self._threads = (
            threading.Thread(target=self._run_inference, name="aeviz-inference", daemon=True),
            threading.Thread(target=self._run_training, name="aeviz-training", daemon=True),
        )

    # ── for other threads ─────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start both threads; requests that were posted before are the first to be answered."""
        logging.getLogger("aeviz").addHandler(self._log)
        for thread in self._threads:
            thread.start()
        self._keeper.start()

    def post(self, message: m.Message) -> None:
        """Take a request, from any thread, without waiting; ignored after `stop`."""
        if isinstance(message, JOBS):
            self._jobs.post(message)
        elif isinstance(message, REQUESTS):
            self._keeper.post(message)
        elif isinstance(message, m.StopOutside):
            if self._has_outside:
                self._outside.stop()  # at once: the window is about to close
        elif isinstance(message, STEERING) and message.run not in ("", self._trainer.run):
            self._for_inference.post(message)
        elif isinstance(message, TRAINING):
            self._for_training.post(message)
        else:
            self._for_inference.post(message)

    @property
    def idle(self) -> bool:
        """Whether torch is there and nothing is under way, waits or was left unread.

        A run that another process writes is looked at once a second; that does not count.
        """
        return (
            self._torch_came.is_set()
            and self._jobs.idle
            and self._keeper.idle
            # In this order: the training posts to the inference, never the other way round.
            and self._for_training.is_idle
            and not self._trainer.is_training
            and self._for_inference.is_idle
            and not len(self._outbox)
        )

    def stop(self, timeout: float = 5.0) -> bool:
        """End everything: close the inboxes, close the training, join the threads. Idempotent.

        Args:
            timeout: Seconds that all of it may take together.

        Returns:
            Whether every thread has ended. If not, the process must not end by itself.
        """
        deadline = time.monotonic() + timeout
        self._for_training.close()
        self._for_inference.close()
        self._torch_came.set()
        logging.getLogger("aeviz").removeHandler(self._log)
        have_ended = self._jobs.close(max(0.0, deadline - time.monotonic()))
        have_ended &= self._keeper.close(max(0.0, deadline - time.monotonic()))
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
                have_ended = have_ended and not thread.is_alive()
        if self._has_outside:
            self._outside.leave()
        return have_ended

    # ── the inference thread ──────────────────────────────────────────────────────────────────

    @cached_property
    def _outside(self) -> "Outside":
        """Made in the inference thread, as `_inference` and for the same reason."""
        from aeviz.compute.outside import Outside

        return Outside(self._outbox, *self._folders)

    @property
    def _has_outside(self) -> bool:
        """Whether there can be a training outside: before, nobody has asked for one."""
        return "_outside" in self.__dict__

    @cached_property
    def _inference(self) -> "Inference":
        """Made in the inference thread: its imports do not hold up the window's first paint."""
        from aeviz.compute.inference import Inference

        return Inference(self._outbox, self._live, self._outside, self._desk)

    def _run_inference(self) -> None:
        """Answer requests until `stop`. Runs in the inference thread."""
        later = self._answer_without_torch()
        self._attempt(NOBODY, self._import_torch)
        self._torch_came.set()
        inference, inbox = self._inference, self._for_inference
        if not inbox.closed:
            self._take(later.drain())
        while not inbox.closed:
            self._take(inbox.drain(block=not inference.is_busy, timeout=inference.next_look))
            self._advance()
            self._attempt(NOBODY, inference.follow)

    def _answer_without_torch(self) -> Mailbox:
        """Tell the first run; returns what has to wait until torch is there."""
        later = Mailbox()
        inbox = self._for_inference
        messages = inbox.drain(block=True, timeout=FIRST_WAIT)
        while (messages or self._inference.is_busy) and not inbox.closed:
            for message in messages:
                if not isinstance(message, NEEDS_NO_TORCH):
                    later.post(message)
            self._take([message for message in messages if isinstance(message, NEEDS_NO_TORCH)])
            self._advance()
            messages = inbox.drain()
        return later

    def _take(self, messages: list[m.Message]) -> None:
        """Answer messages, or put them in line; no frame that waits keeps them alive."""
        for message in messages:
            self._attempt(message, partial(self._inference.take, message))

    def _advance(self) -> None:
        """Do one slice of what is in line."""
        if self._inference.is_busy:
            self._attempt(self._inference.next_request(), self._inference.advance)

    def _import_torch(self) -> None:
        """Import torch and say what it found."""
        if self._for_inference.closed:
            return
        try:
            import torch

            from aeviz.compute import device as devices
            from aeviz.compute import info
        except (ImportError, OSError) as error:
            raise RuntimeError(
                f"torch cannot be imported ({error}), so nothing can be decoded or trained: "
                "install it again"
            ) from error
        self._has_torch = True
        self._attempt(m.LoadPlugin(path="", sha256=""), self._desk.open)
        torch.set_num_threads(thread_count(torch.get_num_threads(), self._window))
        chosen = devices.choose(self._device)
        self._outbox.post(
            m.EngineReady(
                device=chosen.name,
                reason=chosen.reason,
                devices=devices.available(),
                count=devices.count(),
                versions=info.versions(),
            )
        )

    # ── the training thread ───────────────────────────────────────────────────────────────────

    def _run_training(self) -> None:
        """Train until `stop`. Runs in the training thread."""
        trainer, inbox = self._trainer, self._for_training
        self._torch_came.wait()
        messages = inbox.drain(block=True, timeout=WARM_UP_AFTER)
        if self._has_torch and not messages and not inbox.closed:
            self._attempt(NOBODY, warm_up)
        self._obey(messages)
        del messages
        while not inbox.closed:
            if not trainer.is_waiting:
                self._attempt(m.Stop(run=trainer.run), trainer.advance)
            self._obey(inbox.drain(block=trainer.is_waiting))
        self._attempt(NOBODY, trainer.close)

    def _obey(self, messages: list[m.Message]) -> None:
        for message in messages:
            self._attempt(message, partial(self._trainer.take, message))

    # ── both ──────────────────────────────────────────────────────────────────────────────────

    def _attempt(self, request: m.Message, action: Callable[[], None]) -> None:
        """Do something for a request; what goes wrong is told, and the thread goes on.

        The exception itself is not kept: it would hold the tensors of its frames.
        """
        try:
            action()
        except Exception as error:
            self._outbox.post(
                m.Failed(
                    run="" if isinstance(request, m.OpenRun) else request.run,
                    where=WHERE.get(type(request), "inference"),
                    summary=sentence(error),
                    details=traceback.format_exc(),
                    view=getattr(request, "view", ""),
                )
            )


def thread_count(usual: int, window: bool) -> int:
    """Threads of torch: with every core busy, waiting makes a step several times slower.

    Args:
        usual: What torch takes by itself, or OMP_NUM_THREADS says.
        window: Whether one core is left for painting.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(usual, cores - 1 if window else cores))


def warm_up() -> None:
    """Import what a training needs: the first optimiser alone takes most of a second."""
    import torch

    importlib.import_module("aeviz.compute.runner")
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])

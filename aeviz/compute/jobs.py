"""Work that takes long or may crash, in a child process: data described and fetched, maps fitted.

One child lives at a time, at low priority. What it finds comes back as messages; that it died,
hangs or was cancelled does too.
"""

import threading
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aeviz import catalogue, paths
from aeviz.compute import plugins
from aeviz.compute.process import PATIENCE, ChildLost, ChildProcess
from aeviz.mailbox import Mailbox
from aeviz.messages import (
    Attribute,
    CancelJob,
    ColumnSeen,
    DataDescribed,
    DataPreviewed,
    DescribeData,
    Download,
    ExportRun,
    Failed,
    FitPlane,
    Inverse,
    JobDone,
    JobProgress,
    Message,
    PlaneFitted,
    PreviewData,
    Studied,
    StudyRun,
)

Request = DescribeData | PreviewData | Download | FitPlane | StudyRun | ExportRun

WORK: dict[type[Request], str] = {
    DescribeData: "aeviz.data.describing:describe",
    PreviewData: "aeviz.data.previewing:preview",
    Download: "aeviz.data:download",
    FitPlane: "aeviz.analysis.embedding:fit",
    StudyRun: "aeviz.studies:look",
    ExportRun: "aeviz.results:write",
}
"""What the child calls for a request."""

WHERE: dict[type[Request], str] = {FitPlane: "fit", StudyRun: "study", ExportRun: "export"}
"""What `Failed.where` calls it; all others are of "data"."""


@dataclass(frozen=True)
class _Job:
    """A request and what the child is to do for it.

    Attributes:
        request: The message that asked.
        name: What `CancelJob` names.
        title: What is done, as a person reads it.
        key: Only one job with the same key waits or runs.
        arguments: What the work is called with.
    """

    request: Request
    name: str
    title: str
    key: Hashable
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class _Running:
    """A job and the process that does it."""

    job: _Job
    child: ChildProcess
    began: float = field(default_factory=time.monotonic)


class Jobs:
    """Runs jobs one after another, in a thread of its own that starts with the first.

    Args:
        outbox: Where progress and results go.
        data_dir: Where torchvision's files lie when a request does not say; None for the default.
        patience: Seconds without a sign of life after which a child is ended.
    """

    def __init__(
        self, outbox: Mailbox, data_dir: Path | str | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._outbox = outbox
        self._data_dir = None if data_dir is None else str(data_dir)
        self._patience = patience
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, _Job] = {}
        self._running: _Running | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        with self._changed:
            return not self._waiting and self._running is None

    def post(self, message: Request | CancelJob) -> None:
        """Take a request, from any thread, without waiting.

        A description replaces an older one for the same view, also one in progress, a fit an older
        fit. A download that waits or runs is not begun twice.
        """
        if isinstance(message, CancelJob):
            self._cancel(message.job)
            return
        job = _job(message, self._data_dir)
        with self._changed:
            if not self._closed and not self._has_download(job):
                self._enqueue(job)

    def close(self, timeout: float = 3.0) -> bool:
        """End the child and the thread. Idempotent; what comes later is ignored.

        Returns:
            Whether the thread has ended within `timeout` seconds.
        """
        with self._changed:
            self._closed = True
            self._waiting.clear()
            if self._running is not None:
                self._running.child.end("closed")
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def _has_download(self, job: _Job) -> bool:
        running = None if self._running is None else self._running.job.key
        return isinstance(job.request, Download) and (
            job.key in self._waiting or job.key == running
        )

    def _enqueue(self, job: _Job) -> None:
        if self._running is not None and self._running.job.key == job.key:
            self._running.child.end("replaced")
        self._waiting.pop(job.key, None)
        self._waiting[job.key] = job
        if not _is_quick(job):
            self._report(job, None, "Waiting")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="aeviz-jobs", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _cancel(self, name: str) -> None:
        with self._changed:
            if self._running is not None and self._running.job.name == name:
                self._running.child.end("cancelled")
            for job in [job for job in self._waiting.values() if job.name == name]:
                del self._waiting[job.key]
                self._post_cancelled(job)

    # ── the thread aeviz-jobs ─────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        """Do what waits until `close`. Runs in the thread aeviz-jobs."""
        while (running := self._next()) is not None:
            try:
                self._follow(running)
            except ChildLost as error:
                self._fail(running, f"{running.job.title} failed: {error}.", "")
            except Exception as error:
                self._fail(running, f"{running.job.title} failed: {error}.", repr(error))
            finally:
                running.child.finish()
                with self._changed:
                    self._running = None

    def _next(self) -> _Running | None:
        """The next job, its process not started yet; quick descriptions go before downloads."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            quick = [key for key, job in self._waiting.items() if _is_quick(job)]
            key = quick[0] if quick else next(iter(self._waiting))
            job = self._waiting.pop(key)
            child = ChildProcess(WORK[type(job.request)], job.arguments, _plugins_for(job))
            self._running = _Running(job, child)
            return self._running

    def _follow(self, running: _Running) -> None:
        """Start the child and pass on what it reports until it is done."""
        running.child.start()
        for report in running.child.reports(self._patience):
            kind = report.pop("kind")
            if kind == "progress" and not _is_quick(running.job):
                self._report(running.job, report["fraction"], report["phrase"])
            elif kind == "done":
                self._finish(running, report)
                return
            elif kind == "failed":
                sentence = report["sentence"]
                if not report["expected"]:
                    sentence = f"{running.job.title} failed: {sentence}."
                self._fail(running, sentence, report["details"])
                return
        if running.child.ended == "cancelled":
            self._post_cancelled(running.job)

    # ── messages ──────────────────────────────────────────────────────────────────────────────

    def _finish(self, running: _Running, fields: dict[str, Any]) -> None:
        job = running.job
        if isinstance(job.request, DescribeData):
            self._post(_described(job.request, fields))
        elif isinstance(job.request, PreviewData):
            self._post(_previewed(job.request, fields))
        elif isinstance(job.request, FitPlane):
            self._post(
                PlaneFitted(run=job.request.run, plane=job.request.plane, inverse=Inverse(**fields))
            )
            self._post(JobDone(job=job.name, outcome="done"))
        elif isinstance(job.request, StudyRun):
            self._post(_studied(job.request, fields, time.monotonic() - running.began))
            self._post(JobDone(job=job.name, outcome="done"))
        elif isinstance(job.request, ExportRun):
            self._post(JobDone(job=job.name, outcome="done", sentence=fields["sentence"]))
        else:
            folder = job.arguments["data_dir"]
            sentence = f"{_title(job.request.name)} is on this computer, in {folder}."
            self._post(JobDone(job=job.name, outcome="done", sentence=sentence))

    def _fail(self, running: _Running, sentence: str, details: str) -> None:
        """Say what went wrong; a view that waits for a description gets one."""
        job = running.job
        if running.child.ended:  # what breaks while a child is being ended is no failure
            if running.child.ended == "cancelled":
                self._post_cancelled(job)
            return
        if isinstance(job.request, DescribeData):
            from aeviz.data.describing import unavailable

            fields = unavailable(job.arguments["name"], sentence)
            self._post(DataDescribed(view=job.request.view, **fields))
        elif isinstance(job.request, PreviewData):
            self._post(_previewed(job.request, {"format": "", "sentence": sentence}))
        else:
            self._post(JobDone(job=job.name, outcome="failed", sentence=sentence))
        # Last, so that what stays on screen is the one with the details.
        self._post(
            Failed(where=WHERE.get(type(job.request), "data"), summary=sentence, details=details)
        )

    def _post_cancelled(self, job: _Job) -> None:
        sentence = f"{job.title} was cancelled."
        self._post(JobDone(job=job.name, outcome="cancelled", sentence=sentence))

    def _report(self, job: _Job, fraction: float | None, detail: str) -> None:
        self._post(JobProgress(job=job.name, title=job.title, fraction=fraction, detail=detail))

    def _post(self, message: Message) -> None:
        self._outbox.post(message)


def _job(request: Request, data_dir: str | None) -> _Job:
    if isinstance(request, FitPlane):
        plane = request.plane
        fields = {"path": request.path, "kind": plane.kind, "epoch": plane.epoch}
        return _Job(request, "fit-plane", f"Fitting {plane.title}", "fit-plane", fields)
    if isinstance(request, StudyRun):
        fields = {
            "path": request.path,
            "instrument": request.instrument,
            "epoch": request.epoch,
            "options": dict(request.options),
        }
        title = _instrument_title(request.instrument)
        return _Job(request, request.job, title, request.job, fields)
    if isinstance(request, ExportRun):
        target = request.target
        fields = {
            "path": request.path,
            "what": request.what,
            "target": target,
            "epoch": request.epoch,
            "options": dict(request.options),
        }
        return _Job(request, f"export-{target}", f"Writing {Path(target).name}", target, fields)
    if isinstance(request, PreviewData):
        fields = {"name": request.path, "options": dict(request.options)}
        title = f"Looking at {Path(request.path).name}"
        return _Job(request, "preview-data", title, request.key, fields)
    folder = paths.data_dir(request.data_dir or data_dir)
    if isinstance(request, Download):
        name, job = request.name, f"download-{request.name}"
        arguments = {"name": name, "data_dir": folder}
        return _Job(request, job, f"Downloading {_title(name)}", ("download", name), arguments)
    group = request.settings.get("data", request.settings)
    options = dict(group) if isinstance(group, Mapping) else {"name": group}
    name = str(options.pop("name", ""))
    arguments = {"name": name, "data_dir": folder, "options": options}
    job = f"describe-{request.view}"
    return _Job(request, job, f"Describing {_title(name)}", request.key, arguments)


def _plugins_for(job: _Job) -> tuple[tuple[str, str], ...]:
    """The plug-ins that a child has to know; most know none, which saves importing torch."""
    if isinstance(job.request, ExportRun | StudyRun):
        return plugins.for_child()
    if isinstance(job.request, DescribeData | Download):
        known = plugins.bringer("data", str(job.arguments["name"]))
        return () if known is None else ((known.path, known.sha256),)
    return ()


def _is_quick(job: _Job) -> bool:
    return isinstance(job.request, DescribeData | PreviewData)


def _title(name: str) -> str:
    """From the catalogue: the data sets themselves are imported after the first paint."""
    titles = {entry.name: entry.title for entry in catalogue.load().data}
    return titles.get(name, repr(name))


def _instrument_title(name: str) -> str:
    """From the catalogue; what a plug-in brings has its name."""
    titles = {entry.name: entry.title for entry in catalogue.load().instruments}
    return titles.get(name, name)


def _studied(request: StudyRun, fields: dict[str, Any], seconds: float) -> Studied:
    """The message from what came through the pipe."""
    arrays = {
        name.removeprefix("array:"): array
        for name, array in fields.items()
        if name.startswith("array:")
    }
    return Studied(
        run=request.run,
        view=request.view,
        instrument=request.instrument,
        epoch=int(fields["epoch"]),
        asked=request.epoch,
        options=request.options,
        arrays=arrays,
        values=fields["values"],
        seconds=seconds,
    )


def _described(request: DescribeData, fields: dict[str, Any]) -> DataDescribed:
    """The message from what came through the pipe, where tuples had become lists."""
    attributes = tuple(Attribute(**row) for row in fields.pop("attributes", ()))
    plain: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()
    }
    return DataDescribed(view=request.view, attributes=attributes, **plain)


def _previewed(request: PreviewData, fields: dict[str, Any]) -> DataPreviewed:
    """The message from what came through the pipe."""
    columns = tuple(ColumnSeen(**row) for row in fields.pop("columns", ()))
    rows = tuple(tuple(row) for row in fields.pop("rows", ()))
    plain: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()
    }
    plain.setdefault("entry", {})
    return DataPreviewed(
        path=request.path, options=request.options, columns=columns, rows=rows, **plain
    )

"""Trainings in processes of their own, started from the window: the same verb, `aeviz train`.

Such a process survives the window. What it says goes into a file; what it learns, into its run
folder, which is followed like one that somebody else writes.
"""

import json
import logging
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aeviz
from aeviz import messages as m
from aeviz import paths
from aeviz.compute import plugin_file, plugins
from aeviz.mailbox import Mailbox
from aeviz.runs.control import ask
from aeviz.runs.info import read_info
from aeviz.runs.lock import may_be_written
from aeviz.runs.reading import RunError
from aeviz.runs.schema import METRICS

STOPPED = (130, 143)
"""Exit codes of a training that was ended and has saved what it had."""

LOG_BYTES = 20_000
"""How much of the end of a child's file is shown as details."""

logger = logging.getLogger(__name__)


@dataclass
class Child:
    """A training that was started from here.

    Attributes:
        process: The child; the launcher where there are several.
        path: Its run folder.
        log: What it prints.
        is_known: Whether its folder is there and has been opened.
    """

    process: "subprocess.Popen[bytes]"
    path: Path
    log: Path
    is_known: bool = False


class Outside:
    """The trainings outside that this window has started. Lives in the inference thread.

    Args:
        outbox: Where the window hears of them.
        runs_dir: Where their runs go.
        data_dir: Where torchvision's files lie; None for the default.
    """

    def __init__(self, outbox: Mailbox, runs_dir: Path, data_dir: Path | None) -> None:
        self._outbox = outbox
        self._runs_dir = runs_dir
        self._data_dir = data_dir
        self._children: list[Child] = []

    @property
    def is_watching(self) -> bool:
        """Whether there is a child to look after."""
        return bool(self._children)

    def start(self, request: m.TrainOutside) -> None:
        """Start a process; `look` says what becomes of it.

        Raises:
            ValueError: If it cannot be started.
        """
        try:
            self._children.append(self._started(request))
        except ValueError:
            self._outbox.post(m.TrainingChanged(state="idle"))
            raise
        except OSError as error:
            self._outbox.post(m.TrainingChanged(state="idle"))
            reason = error.strerror or error
            raise ValueError(f"no process could be started for the training ({reason})") from error
        self._tell()

    def stop(self) -> None:
        """Ask all of them to save and end. May be called from any thread."""
        for child in list(self._children):
            stop(str(child.path))

    def look(self) -> list[str]:
        """See how the children are.

        Returns:
            Run folders that are there now and were not before.
        """
        ended = [child for child in self._children if child.process.poll() is not None]
        came = [child for child in self._children if not child.is_known and _has_begun(child)]
        for child in came:
            child.is_known = True
            self._outbox.post(m.TrainingChanged(state="idle"))  # from here on its folder tells
        for child in ended:
            self._children.remove(child)
            self._tell_end(child)
        if ended or came:
            self._tell()
        return [str(child.path) for child in came]

    def leave(self) -> None:
        """Let them go on by themselves: the window closes."""
        for child in self._children:
            # Else Python complains, when it forgets the object, that the process still runs.
            child.process.returncode = 0
        self._children.clear()

    # ── starting ──────────────────────────────────────────────────────────────────────────────

    def _started(self, request: m.TrainOutside) -> Child:
        folder = paths.logs() / "outside"
        folder.mkdir(parents=True, exist_ok=True)
        name = secrets.token_hex(4)
        if request.resume:
            path = Path(request.resume)
            words = ["--resume", str(path), "--epochs", str(request.epochs)]
        else:
            path = self._free_folder(request.settings)
            config = folder / f"{name}.toml"
            config.write_text(to_toml(request.settings), encoding="utf-8")
            words = ["--config", str(config), "--out", str(path)]
        if self._data_dir is not None:
            words += ["--data-dir", str(self._data_dir)]
        log = folder / f"{name}.log"
        command = [*launcher(request.devices), "train", *words, *_plugin_words()]
        return Child(_detached(command, log), path, log)

    def _free_folder(self, settings: Mapping[str, Any]) -> Path:
        from aeviz.compute.recording import free_folder, run_name

        return free_folder(self._runs_dir, run_name(settings)).absolute()

    # ── telling ───────────────────────────────────────────────────────────────────────────────

    def _tell(self) -> None:
        known = tuple(str(child.path) for child in self._children)
        self._outbox.post(m.OutsideChanged(runs=known))

    def _tell_end(self, child: Child) -> None:
        """Say what went wrong, if something did."""
        code = child.process.returncode
        if not child.is_known:
            self._outbox.post(m.TrainingChanged(state="idle"))
        if code == 0 or code in STOPPED or -code + 128 in STOPPED:
            return
        text = _end_of(child.log)
        summary = sentence_in(text) or f"the training outside ended with exit code {code}"
        logger.warning("the training outside in %s failed: %s", child.path, summary)
        run = str(child.path) if child.is_known else ""
        self._outbox.post(m.Failed(run=run, where="training", summary=summary, details=text))


def _plugin_words() -> list[str]:
    """`--plugin FILE` for every file that is loaded here.

    Raises:
        ValueError: If one has changed since: the process would run what nobody allowed.
    """
    words = []
    for path, sha256 in plugins.for_child():
        if path and plugin_file.read(path).sha256 != sha256:
            raise ValueError(f"{path} has changed since it was loaded: add it again under Plug-ins")
        words += ["--plugin", path] if path else []
    return words


def launcher(devices: int) -> list[str]:
    """The words that start aeviz once more, on so many devices of this computer.

    Raises:
        ValueError: If there is no launcher for several.
    """
    if getattr(sys, "frozen", False):
        if devices > 1:
            raise ValueError("this build of aeviz trains on one device; install it with pip")
        return [sys.executable]
    if devices == 1:
        return [sys.executable, "-m", "aeviz"]
    several = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={devices}"]
    return [sys.executable, *several, "-m", "aeviz"]


def stop(path: str) -> None:
    """Ask the process that writes a run to save and end; one that is gone need not hear it."""
    try:
        ask(Path(path), stop=True)
    except (RunError, OSError) as error:
        logger.info("%s cannot be asked to stop: %s", path, error)


def to_toml(settings: Mapping[str, Any]) -> str:
    """Settings as `--config` reads them; what is None has a default and is left out.

    Example:
        >>> print(to_toml({"model": {"name": "vae", "widths": [8, 4]}, "seed": 0}))
        seed = 0
        <BLANKLINE>
        [model]
        name = "vae"
        widths = [8, 4]
    """
    plain = {name: value for name, value in settings.items() if not isinstance(value, Mapping)}
    parts = ["\n".join(_lines(plain))]
    for name, group in settings.items():
        if isinstance(group, Mapping):
            parts.append("\n".join([f"[{name}]", *_lines(group)]))
    return "\n\n".join(part for part in parts if part)


def _lines(values: Mapping[str, Any]) -> list[str]:
    # JSON's words for plain values are TOML's too.
    return [
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
        if value is not None
    ]


def sentence_in(text: str) -> str:
    r"""The error that a child has printed last, "" where it printed none.

    Example:
        >>> sentence_in("loading\naeviz: no such model\nsee `aeviz train --help`\n")
        'no such model'
    """
    found = [line for line in text.splitlines() if line.startswith("aeviz: ")]
    return found[-1].removeprefix("aeviz: ") if found else ""


def _detached(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """A process that neither closing the window nor the terminal ends."""
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
    package = Path(aeviz.__file__).resolve().parents[1]
    if package.name not in ("site-packages", "dist-packages"):
        known = environment.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(package), known]))
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        environment.pop(name, None)
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            **_apart(),
        )


def _apart() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _has_begun(child: Child) -> bool:
    """Whether the process writes its run folder by now, or has done so."""
    if not (child.path / METRICS).exists():
        return False
    if child.process.returncode is not None:
        return True
    try:
        return read_info(child.path).status == "training" and may_be_written(child.path)
    except (RunError, OSError):
        return False


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LOG_BYTES))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""

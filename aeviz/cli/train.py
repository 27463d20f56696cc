"""`aeviz train`: train a model into a run folder. Imports no Qt."""

import signal
from collections.abc import Generator, Mapping
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

from cyclopts import Parameter

from aeviz.cli.console import CommandError, Console
from aeviz.cli.settings import read_config, split_assignments
from aeviz.dotted import merge, place
from aeviz.messages import Message
from aeviz.progress import TrainingReport, display

Messages = Generator[Message | None]


def train(
    *,
    data: str | None = None,
    model: str | None = None,
    latent: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
    device: str | None = None,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative=())] = None,
    config: Path | None = None,
    preset: str | None = None,
    data_dir: Path | None = None,
    out: Path | None = None,
    resume: Path | None = None,
) -> int:
    """Train a model; the run folder it writes can be opened while it trains.

    Ctrl-C stops within one batch; the run is saved and `--resume` goes on exactly there.

    Args:
        data: Data set by name (`aeviz list data`). [default: one that suits the model]
        model: Model by name (`aeviz list models`). [default: vae]
        latent: Number of latent dimensions. [default: 2]
        epochs: Passes over the training part; with --resume the total. [default: 30]
        batch_size: Samples per optimiser step. [default: 128]
        lr: Learning rate. [default: 0.001]
        seed: The same seed gives the same run on the same device. [default: 0]
        device: auto, cpu, cuda or mps; auto takes an accelerator if there is one. [default: auto]
        set_: Any option by its dotted name: --set model.beta=4 --set train.validation=0
        config: TOML file with the groups data, model and train.
        preset: Start from a preset (`aeviz list presets`); flags given win over it.
        data_dir: Where torchvision's files lie (else AEVIZ_DATA), such as MNIST/raw.
        out: Run folder to write. [default: runs/MODEL-DATA]
        resume: Go on with this run folder.
    """
    flags = {
        "data.name": data,
        "model.name": model,
        "model.latent_dim": latent,
        "train.epochs": epochs,
        "train.batch_size": batch_size,
        "train.lr": lr,
        "seed": seed,
        "device": device,
    }
    console = Console()
    messages: Messages | None
    if resume is not None:
        other = {"--out": out, "--preset": preset, "--config": config, "--set": set_}
        _refuse_beside_resume({**flags, **other})
        messages = _resume(resume, epochs, data_dir, console)
    else:
        messages = _start(_settings(flags, set_ or [], config, preset), out, data_dir)
    return 0 if messages is None else _follow(messages, console)


def _settings(
    flags: Mapping[str, Any], assignments: list[str], config: Path | None, preset: str | None
) -> dict[str, Any]:
    from aeviz.compute.settings import from_preset, parse

    words = split_assignments(assignments)
    return merge(
        from_preset(preset) if preset else {},
        read_config(config) if config else {},
        place(flags),
        place({name: parse(name, text) for name, text in words.items()}),
    )


def _start(settings: dict[str, Any], out: Path | None, data_dir: Path | None) -> Messages:
    from aeviz.compute.runner import train as run

    return run(settings, out=out, data_dir=data_dir, runs_dir=Path("runs"))


def _refuse_beside_resume(flags: Mapping[str, Any]) -> None:
    """A run goes on as it began: only the total of epochs may be said anew."""
    wrong = [name for name, value in flags.items() if value is not None and name != "train.epochs"]
    if wrong:
        name = wrong[0] if wrong[0].startswith("--") else _flag(wrong[0])
        raise CommandError(f"{name} cannot be changed with --resume; only --epochs can")


def _flag(dotted: str) -> str:
    names = {"data.name": "data", "model.name": "model", "model.latent_dim": "latent"}
    name = names.get(dotted, dotted.rpartition(".")[2])
    return "--" + name.replace("_", "-")


def _resume(
    path: Path, epochs: int | None, data_dir: Path | None, console: Console
) -> Messages | None:
    """The messages of a training that goes on; None when nothing is left to do."""
    from aeviz.compute.runner import train_on
    from aeviz.runs.run import RunFolder

    folder = RunFolder.open(path)
    planned = int(folder.info.settings["train"]["epochs"])
    total = planned if epochs is None else epochs
    done = folder.epochs[-1].epoch if folder.epochs else -1
    if done >= total:
        console.say(f"nothing left to do: {path} has {done} epochs; --epochs N goes on to N")
        console.result(str(path))
        return None
    return train_on(path, total, data_dir=data_dir)


def _follow(messages: Messages, console: Console) -> int:
    """Show the messages until the end or a signal; returns the exit code."""
    with _Interruption() as interruption, display("training") as shown:
        report = TrainingReport(shown)
        with closing(messages):
            for message in messages:
                if message is not None:
                    report.take(message)
                interruption.may_wait = bool(report.path)
                if interruption.number:
                    break
    if interruption.number:
        console.say(f"saved: {report.path} at epoch {max(report.epoch, 0)}")
        return 128 + interruption.number
    if report.failure:
        raise CommandError(report.failure, 1)
    console.result(report.path)
    return 0


class _Interruption:
    """Ctrl-C and SIGTERM: the first stops after the batch in progress, the second at once.

    Attributes:
        number: The signal that came, 0 for none.
        may_wait: Whether there is something to save; before that the first signal ends at once.
    """

    def __init__(self) -> None:
        self.number = 0
        self.may_wait = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "_Interruption":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.number or not self.may_wait:
            raise SystemExit(128 + number)
        self.number = number

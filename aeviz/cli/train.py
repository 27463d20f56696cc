"""`aeviz train`: train a model into a run folder. Imports no Qt."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from aeviz.cli.console import CommandError, Console
from aeviz.cli.following import Messages, Silent, follow, rank
from aeviz.cli.plugins import Plugins, use
from aeviz.cli.settings import read_config, split_assignments
from aeviz.cli.whole import MaybeWhole
from aeviz.compute.controls import Controls
from aeviz.dotted import merge, place


def train(
    *,
    data: str | None = None,
    model: str | None = None,
    latent: MaybeWhole = None,
    epochs: MaybeWhole = None,
    batch_size: MaybeWhole = None,
    lr: float | None = None,
    seed: MaybeWhole = None,
    device: str | None = None,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative=())] = None,
    config: Path | None = None,
    preset: str | None = None,
    data_dir: Path | None = None,
    out: Path | None = None,
    resume: Path | None = None,
    plugin: Plugins = None,
) -> int:
    """Train a model; the run folder it writes can be opened while it trains.

    Ctrl-C stops within one batch; the run is saved and `--resume` goes on exactly there. On several
    devices or machines: `torchrun --nproc-per-node=N -m aeviz train …`, or `srun aeviz train …`.

    Args:
        data: Data set by name (`aeviz list data`), or a file or folder of your own.
            [default: one that suits the model]
        model: Model by name (`aeviz list models`). [default: vae]
        latent: Number of latent dimensions. [default: 2]
        epochs: Passes over the training part, in every stage; with --resume the total.
            [default: 30]
        batch_size: Samples per optimiser step, of all processes together. [default: 128]
        lr: Learning rate. [default: 0.001]
        seed: The same seed gives the same run on the same device. [default: 0]
        device: auto, cpu, cuda or mps; auto takes an accelerator if there is one. [default: auto]
        set_: Any option by its dotted name: --set model.beta=4 --set train.validation=0
        config: TOML file with the groups data, model and train.
        preset: Start from a preset (`aeviz list presets`); flags given win over it.
        data_dir: Where torchvision's files lie (else AEVIZ_DATA), such as MNIST/raw.
        out: Run folder to write. [default: runs/MODEL-DATA]
        resume: Go on with this run folder.
        plugin: Python file of your own that brings a model or a data set; it is run as a program.
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
    console, controls = _begin(plugin), Controls()
    job: Callable[[], Messages | None]
    if resume is not None:
        other = {"--out": out, "--preset": preset, "--config": config, "--set": set_}
        _refuse_beside_resume({**flags, **other})
        job = partial(_resume, resume, epochs, data_dir, controls, console)
    else:
        settings = _settings(flags, set_ or [], config, preset)
        _tell_idle(settings, set_ or [], console)
        job = partial(_start, settings, out, data_dir, controls)
    return follow(job, controls, console)


def _begin(plugin: list[Path] | None) -> Console:
    """Load plug-ins before anything is looked up; returns where this rank speaks."""
    # What torch writes of its own about a rank that is gone is pages of C++ frames.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    console = Console() if rank() == 0 else Silent()
    use(plugin)
    return console


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


def _tell_idle(settings: dict[str, Any], assignments: list[str], console: Console) -> None:
    """Say which options of `--set` do nothing beside the others."""
    from aeviz.compute.settings import idle

    for sentence in idle(settings, split_assignments(assignments)):
        console.say(sentence)


def _start(
    settings: dict[str, Any], out: Path | None, data_dir: Path | None, controls: Controls
) -> Messages:
    from aeviz.compute.runner import train as run

    runs_dir = Path("runs")
    return run(settings, out=out, data_dir=data_dir, controls=controls, runs_dir=runs_dir)


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
    path: Path, epochs: int | None, data_dir: Path | None, controls: Controls, console: Console
) -> Messages | None:
    """The messages of a training that goes on; None when nothing is left to do."""
    from aeviz.compute.runner import train_on
    from aeviz.runs.planned import has_more
    from aeviz.runs.run import RunFolder

    folder = RunFolder.open(path)
    planned = int(folder.info.settings["train"]["epochs"])
    total = planned if epochs is None else epochs
    done = folder.epochs[-1].epoch if folder.epochs else -1
    is_enough = folder.status == "finished" and epochs is None  # also where it stopped early
    if is_enough or not has_more(folder, total):
        console.say(f"nothing left to do: {path} stands at epoch {done}; --epochs N goes on to N")
        console.result(str(path))
        return None
    return train_on(path, total, data_dir=data_dir, controls=controls)

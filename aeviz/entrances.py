"""The Python interface: train a run, wrap an own model, open the window."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from aeviz.api import Run
from aeviz.dotted import merge, place
from aeviz.progress import PlainDisplay, TrainingReport, display


def train(
    data: str | None = None,
    model: str | None = None,
    *,
    latent: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    lr: float | None = None,
    seed: int = 0,
    device: str = "auto",
    options: Mapping[str, Any] | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Run:
    """Train a model into a run folder, as `aeviz train` does.

    Args:
        data: A data set by its registered name; None for one that suits the model.
        model: A model by its registered name; None for "vae".
        latent: Number of latent dimensions.
        epochs: Passes over the training part.
        batch_size: Samples per optimiser step.
        lr: Learning rate.
        seed: The same seed gives the same run on the same device.
        device: "auto", "cpu", "cuda" or "mps".
        options: Any other option by its dotted name, such as {"model.beta": 4.0}.
        out: The run folder; None makes one under `runs` in the working folder.
        progress: Whether to show progress on stderr.

    Raises:
        ValueError: If an option, model or data set is wrong, with a sentence that names it.
        RuntimeError: If the training did not come to its end, such as a loss that is not finite.

    Example:
        >>> run = train("digits", "deep", epochs=1, out="runs/first", progress=False)
        >>> run.status, run.epochs
        ('finished', 1)
    """
    from aeviz.compute.runner import train as run

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
    _check_name("data", data, "aeviz list data")
    _check_name("model", model, "aeviz list models")
    settings = merge(place(flags), place(options or {}))
    folder = None if out is None else Path(out)
    shown = display("training") if progress else PlainDisplay(write=_say_nothing)
    messages = run(settings, out=folder, data_dir=None, runs_dir=Path("runs"))
    with shown, closing(messages):
        report = TrainingReport(shown)
        for message in messages:
            if message is not None:
                report.take(message)
    if report.failure:
        raise RuntimeError(report.failure)
    return Run(report.path)


def _check_name(what: str, name: object, known: str) -> None:
    """Refuse samples or a network of one's own where a name is wanted."""
    if name is not None and not isinstance(name, str):
        kind = type(name).__name__
        raise ValueError(f"{what} is a registered name, see `{known}`; it cannot be a {kind}")


def _say_nothing(line: str) -> None:
    """Progress that nobody wants to see."""


def wrap(
    encoder: Any,
    decoder: Any,
    data: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    class_names: Sequence[str] = (),
    feature_names: Sequence[str] = (),
    title: str = "",
    progress: bool = True,
) -> Run:
    """An own model with its data as a run, for `explore` and for everything that a `Run` can.

    Its folder is a temporary one: it goes when the program ends.

    Args:
        encoder: An `nn.Module` or a function from torch tensors, images (N, C, H, W) in [0, 1] or
            rows (N, F), to latents (N, D); it may give a mean and a log variance, or a
            distribution. Or the path of an ONNX file. Modules are put into `eval()`.
        decoder: From latents to samples.
        data: Images (N, H, W) or (N, H, W, C), as bytes or as floats in [0, 1]; rows (N, F).
        labels: Whole numbers or words, (N,).
        class_names: One per label.
        feature_names: One per column of a table.
        title: What the window calls it.
        progress: Whether to show on stderr how far the encoding is.

    Raises:
        ValueError: If something does not fit, with a sentence that says what was tried.

    Example:
        >>> rows = np.linspace(0, 1, 60, dtype=np.float32).reshape(20, 3)
        >>> own = wrap(lambda x: x[:, :2], lambda z: z[:, [0, 1, 1]], rows, progress=False)
        >>> own.latents().shape, own.decode(own.latents()).shape
        ((20, 2), (20, 3))
    """
    from aeviz.compute.onnx_model import function_of
    from aeviz.compute.wrapping import wrap as write

    folder = Path(tempfile.mkdtemp(prefix="aeviz-own-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shown = display("encoding") if progress else PlainDisplay(write=_say_nothing)
    with shown:
        write(
            folder / "run",
            function_of(encoder),
            function_of(decoder),
            data,
            labels,
            class_names=class_names,
            feature_names=feature_names,
            title=title,
            progress=partial(_tell, shown),
        )
    return Run(folder / "run")


def _tell(shown: Any, share: float) -> None:
    shown.update(share, "encoding", "")


def explore(
    run: Run | str | os.PathLike[str] | None = None,
    *,
    encoder: Any = None,
    decoder: Any = None,
    data: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    **about: Any,
) -> None:
    """Open the window on a run, or on an own model: blocks in a script, returns in a notebook.

    Args:
        run: A run or its folder; or none, and instead
        encoder: an own encoder, see `wrap`,
        decoder: and decoder,
        data: with their samples,
        labels: and labels where there are some.
        about: `class_names`, `feature_names`, `title`, as `wrap` takes them.

    Raises:
        ValueError: If something is missing or does not fit, with a sentence.
    """
    if (run is None) == (encoder is None and decoder is None and data is None):
        raise ValueError("explore needs a run, or encoder, decoder and data")
    if run is None:
        missing = [
            name
            for name, given in (("encoder", encoder), ("decoder", decoder), ("data", data))
            if given is None
        ]
        if missing:
            raise ValueError(f"explore also needs {' and '.join(missing)}")
        run = wrap(encoder, decoder, data, labels, **about)  # type: ignore[arg-type]
    from aeviz.app import explore as open_window

    open_window(str(run.path if isinstance(run, Run) else run))

"""`aeviz wrap`: a model of somebody else with data, as a run."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aeviz.cli.console import CommandError, Console

if TYPE_CHECKING:
    from aeviz.data.dataset import Dataset


def wrap(
    model: Path,
    decoder: Path | None = None,
    /,
    *,
    data: str,
    weights: Path | None = None,
    title: str = "",
    out: Path | None = None,
    data_dir: Path | None = None,
    window: bool = False,
) -> int:
    """Bring a model of your own or of somebody else, with the data that it encodes.

    Args:
        model: Python file that says how to encode and decode, or the encoder as .onnx or .pt2. A
            Python file and a .pt2 are run as programs.
        decoder: The decoder as .onnx or .pt2, where the model is an encoder.
        data: Data set by name, or a file or folder.
        weights: For a Python file: .safetensors, or a state dict or checkpoint of torch.
        title: What the window calls it. [default: the name of the file]
        out: Run folder to write. [default: runs/MODEL in this folder]
        data_dir: Where torchvision's files lie (else AEVIZ_DATA).
        window: Open the window on it at once, where it decodes; a run that is opened later shows
            the map alone.
    """
    from aeviz import data as datasets
    from aeviz import paths
    from aeviz.compute.foreign import load_model
    from aeviz.compute.own_model import OwnModelError
    from aeviz.compute.plugin_file import PluginError
    from aeviz.compute.recording import free_folder
    from aeviz.data.dataset import DataError

    console = Console()
    target = out or free_folder(Path("runs"), model.stem)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CommandError(f"--out {target}: it is there already; name another folder")
    try:
        files = [model] if decoder is None else [model, decoder]
        encoder_and_decoder = load_model(files, weights, console.say)
        dataset = datasets.load(data, paths.data_dir() if data_dir is None else data_dir)
        _write(target, encoder_and_decoder, dataset, title or model.stem)
    except (OwnModelError, PluginError, DataError) as error:
        raise CommandError(str(error)) from error
    console.result(str(target))
    if window:
        from aeviz.app import explore

        explore(str(target))
    return 0


def _write(target: Path, pair: tuple[Any, Any], dataset: "Dataset", title: str) -> None:
    from aeviz.compute.wrapping import wrap as write
    from aeviz.progress import display

    with display("encoding") as shown:
        write(
            target,
            *pair,
            dataset.samples,
            dataset.labels,
            class_names=dataset.class_names,
            feature_names=dataset.feature_names,
            title=title,
            progress=partial(_tell, shown),
        )


def _tell(shown: Any, share: float) -> None:
    shown.update(share, "encoding", "")

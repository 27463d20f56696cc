"""`run.json` of a training that begins: data, model, versions, device."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch

from aeviz import __version__
from aeviz.analysis.description import parameter_count
from aeviz.compute.building import spec_row
from aeviz.compute.device import Device
from aeviz.compute.loading import data_hash
from aeviz.compute.plugin_needs import rows_of
from aeviz.compute.samples import SampleStore, Split
from aeviz.compute.settings import model_entry
from aeviz.data.dataset import Column, Dataset
from aeviz.messages import FloatArray, IntArray, TruthLine
from aeviz.models.base import DataSpec, KnownTruth, LatentModel, Staged, abilities
from aeviz.runs.schema import COLUMNS_BUDGET, RunInfo

PACKAGES = ("torch", "numpy", "safetensors", "pydantic")
TRUTH_BYTES, MAPPED_TRUTH_BYTES = 2**31, 2**28
"""Beyond this size of the scaled training samples no truth line is computed; the second where the
samples stay on the disk."""


def run_info(
    settings: Mapping[str, Any],
    dataset: Dataset,
    model: LatentModel,
    spec: DataSpec,
    truths: Sequence[TruthLine],
    device: Device,
) -> RunInfo:
    """What `run.json` says of a training that begins."""
    entry = model_entry(settings["model"]["name"])
    return RunInfo(
        settings=dict(settings),
        title=f"{entry.title} · {dataset.title}",
        data=data_row(dataset, settings["train"]["shown"]),
        model={
            "name": entry.name,
            "title": entry.title,
            "latent_dim": model.latent_dim,
            "bounded": model.bounded,
            "parameters": parameter_count(model),
            "stages": list(model.stages) if isinstance(model, Staged) else [],
            "abilities": list(abilities(model)),
            "spec": spec_row(spec),
            "terms": [asdict(term) for term in model.terms],
            "truths": [asdict(truth) for truth in truths],
        },
        versions=versions(),
        device=device.name if device.name == "cpu" else f"{device.name} ({device.title})",
        threads=torch.get_num_threads(),
        plugins=rows_of(settings),
    )


def data_row(dataset: Dataset, shown: int) -> dict[str, Any]:
    """The group "data" of `run.json`: enough to show so many samples, at most, without it."""
    return {
        "name": dataset.name,
        "title": dataset.title,
        "kind": "image" if dataset.is_image else "table",
        "source": dataset.source,
        "licence": dataset.licence,
        "path": "",
        "sha256": data_hash(dataset),
        "samples": len(dataset),
        "sample_shape": list(dataset.sample_shape),
        "white": dataset.white,
        "scaling": dataset.scaling.to_json(),
        "class_names": list(dataset.class_names),
        "feature_names": list(dataset.feature_names),
        "columns": [
            {"name": column.name, "unit": column.unit, "names": list(column.names)}
            for column in kept_columns(dataset, shown)
        ],
    }


def kept_columns(dataset: Dataset, shown: int) -> tuple[Column, ...]:
    """The columns that a run keeps of at most so many samples: the first ones that have room."""
    return dataset.columns[: COLUMNS_BUDGET // (4 * min(len(dataset), shown))]


def columns_of(dataset: Dataset, shown: int, rows: IntArray) -> FloatArray | None:
    """The kept columns of some samples, float32 (N, K); None without any."""
    kept = kept_columns(dataset, shown)
    if not kept:
        return None
    return np.stack([column.values[rows].astype(np.float32) for column in kept], axis=1)


def names_of(dataset: Dataset, rows: IntArray) -> tuple[str, ...]:
    """The names of some samples, where they have any."""
    return tuple(dataset.sample_names[row] for row in rows.tolist()) if dataset.sample_names else ()


def truths_of(model: LatentModel, store: SampleStore, split: Split) -> tuple[TruthLine, ...]:
    """What the model knows in advance of the very samples that it is trained on.

    Where the training sees other samples in every epoch only what holds for these too; nothing
    where they would take too much memory as float32.
    """
    features = torch.Size(store.shape).numel()
    most = TRUTH_BYTES if store.is_resident else MAPPED_TRUTH_BYTES
    too_large = 4 * len(split.train) * features > most
    if too_large or not isinstance(model, KnownTruth):
        return ()
    rows = torch.from_numpy(split.train.copy()).to(store.device)
    # on the CPU: Apple's GPU knows no double precision
    found = model.truths(store.take(rows).cpu())
    return tuple(truth for truth in found if truth.for_draws or not store.dynamic)


def versions() -> dict[str, str]:
    """Package name → version, of what decides the numbers."""
    found = {"aeviz": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # a frozen program carries no metadata
    return found

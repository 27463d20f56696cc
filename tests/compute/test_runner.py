"""From settings to a run folder: messages, folder, stopping, going on."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aeviz import data, messages
from aeviz.compute import runner
from aeviz.compute.controls import Controls
from aeviz.compute.device import DeviceError
from aeviz.compute.history import LIVE, Weights
from aeviz.compute.runner import Messages, train, train_on
from aeviz.compute.settings import SettingsError
from aeviz.data.dataset import DataMissing
from aeviz.messages import EpochDone, Failed, Message, Progress, RunOpened, TrainingChanged
from aeviz.models.base import Losses
from aeviz.models.vae import VAE
from aeviz.runs.atomic import SaveError
from aeviz.runs.control import ask
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder
from aeviz.runs.writer import RunWriter

SMALL = {
    "model": {"name": "vae", "widths": [8], "dropout": 0.2},
    "train": {"epochs": 3, "batch_size": 500},
}
"""Four steps an epoch."""


def start(out: Path | None, settings: Mapping[str, Any] = SMALL, **options: Any) -> Messages:
    runs_dir = options.pop("runs_dir", Path("unused"))
    return train(settings, out=out, runs_dir=runs_dir, **options)


def spoken(job: Iterable[Message | None]) -> list[Message]:
    return [message for message in job if message is not None]


def only(kind: type[Any], told: Iterable[Message | None]) -> list[Any]:
    return [message for message in told if isinstance(message, kind)]


def pull_until_step(job: Messages, epoch: int, count: int) -> None:
    """Pull until `count` more yields came after an epoch was done."""
    for message in job:
        if isinstance(message, EpochDone) and message.epoch == epoch:
            break
    for _ in range(count):
        next(job)


def same_runs(one: Path, other: Path) -> bool:
    """Whether two run folders hold the same epochs to the bit."""
    a, b = RunFolder.open(one), RunFolder.open(other)
    return [line.metrics for line in a.epochs] == [line.metrics for line in b.epochs] and all(
        np.array_equal(a.latents(line.epoch), b.latents(line.epoch))
        and all(
            np.array_equal(value, b.weights(line.epoch)[name])
            for name, value in a.weights(line.epoch).items()
        )
        for line in a.epochs
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody interrupted."""
    path = tmp_path_factory.mktemp("runs") / "whole"
    spoken(start(path))
    return path


# ── messages and folder ───────────────────────────────────────────────────────────────────────


def test_a_training_tells_its_run_and_every_epoch(tmp_path: Path) -> None:
    told = spoken(start(tmp_path / "run"))
    kinds = [type(message) for message in told if not isinstance(message, Progress)]
    assert kinds == [
        *(TrainingChanged, RunOpened, EpochDone, TrainingChanged),
        *(EpochDone, EpochDone, EpochDone, TrainingChanged),
    ]
    states = [(message.state, message.reason) for message in only(TrainingChanged, told)]
    assert states == [("loading", ""), ("training", ""), ("idle", "finished")]
    opened = only(RunOpened, told)[0]
    assert opened.run == opened.path == str(tmp_path / "run")
    assert (opened.total, opened.epochs, opened.latent_dim) == (1797, 3, 2)
    assert opened.sample_shape == (8, 8, 1)
    assert opened.white == 16
    assert opened.status == "training"
    assert [term.name for term in opened.terms] == ["reconstruction", "kl"]
    assert all(message.run == opened.run for message in told[told.index(opened) :])
    done = only(EpochDone, told)
    assert [message.epoch for message in done] == [0, 1, 2, 3]
    assert all(message.positions.shape == (1797, 2) for message in done)


def test_the_folder_holds_what_was_told(tmp_path: Path) -> None:
    told = only(EpochDone, start(tmp_path / "run"))
    folder = RunFolder.open(tmp_path / "run")
    assert folder.status == "finished"
    assert [line.epoch for line in folder.epochs] == [0, 1, 2, 3]
    for line, message in zip(folder.epochs, told, strict=True):
        assert dict(line.metrics) == message.metrics
        assert np.array_equal(folder.latents(line.epoch), message.positions)
    assert folder.epochs[-1].step == 12
    assert folder.info.data["samples"] == 1797
    assert folder.info.model["parameters"] > 0
    assert folder.info.threads == torch.get_num_threads()
    assert folder.info.versions["torch"]
    assert (folder.parts == 1).sum() == 180
    assert np.array_equal(folder.samples, data.load("digits", Path()).samples)
    assert (tmp_path / "run" / "manifest.json").exists()


def test_weights_go_to_whoever_wants_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aeviz.compute.world.READ_SECONDS", 0.0)
    monkeypatch.setattr("aeviz.compute.recording.LIVE_SECONDS", 0.0)
    got: list[Weights] = []
    spoken(start(tmp_path / "run", on_weights=got.append))
    assert [weights.epoch for weights in got if weights.epoch != LIVE] == [0, 1, 2, 3]
    assert sum(weights.epoch == LIVE for weights in got) >= 12
    folder = RunFolder.open(tmp_path / "run")
    last = next(weights for weights in got if weights.epoch == 3)
    for name, value in folder.weights(3).items():
        assert np.array_equal(value, last.tensors[name].numpy())


def test_the_truth_line_is_of_the_samples_trained_on(tmp_path: Path) -> None:
    settings = {"model": {"name": "linear"}, "train": {"epochs": 0}}
    opened = only(RunOpened, start(tmp_path / "run", settings))[0]
    folder = RunFolder.open(tmp_path / "run")
    x = folder.samples[folder.parts == 0].reshape(-1, 64) / 16.0
    values = np.linalg.svd(x - x.mean(0), compute_uv=False)
    assert opened.truths[0].value == pytest.approx((values[2:] ** 2).sum() / x.size, rel=1e-6)
    assert "1,617 training samples" in opened.truths[0].definition


def test_a_free_folder_is_found(tmp_path: Path) -> None:
    settings = {"model": {"name": "linear"}, "train": {"epochs": 0}}
    for name in ("linear-digits", "linear-digits-2", "linear-digits-3"):
        opened = only(RunOpened, start(None, settings, runs_dir=tmp_path))[0]
        assert opened.path == str(tmp_path / name)


@pytest.mark.parametrize("name", ["wine", "two-moons"])
def test_tables_train_too(tmp_path: Path, name: str) -> None:
    settings = {"data": {"name": name}, **SMALL}
    opened = only(RunOpened, start(tmp_path / "run", settings))[0]
    assert not opened.is_image
    assert not opened.bounded


def test_latents_of_many_dimensions_are_told_as_a_plane(tmp_path: Path) -> None:
    settings = {"model": {**SMALL["model"], "latent_dim": 5}, "train": SMALL["train"]}
    told = only(EpochDone, start(tmp_path / "run", settings))
    folder = RunFolder.open(tmp_path / "run")
    assert folder.latents(3).shape == (1797, 5)
    plane = told[3].mean + told[3].positions @ told[3].axes.T
    centred = folder.latents(3) - folder.latents(3).mean(0)
    assert ((plane - folder.latents(3)) ** 2).sum() < (centred**2).sum()


def test_pixels_binarised_once_are_the_samples_of_the_run(tmp_path: Path) -> None:
    settings = {**SMALL, "data": {"binarise": "fixed"}}
    spoken(start(tmp_path / "run", settings))
    samples = RunFolder.open(tmp_path / "run").samples
    assert set(np.unique(samples).tolist()) == {0, 16}


# ── what is refused ───────────────────────────────────────────────────────────────────────────


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_read(whole: Path) -> None:
    with pytest.raises(RunError, match=r"is not empty: go on .* with --resume"):
        next(start(whole))


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"model": {"name": "vea"}}, SettingsError),
        ({"data": {"name": "mnist"}}, DataMissing),
        ({"device": "cuda:77"}, DeviceError),
        ({"data": {"name": "wine"}, "model": {"likelihood": "bernoulli"}}, SettingsError),
    ],
)
def test_what_fails_before_the_first_epoch_leaves_no_folder(
    tmp_path: Path, settings: Mapping[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        spoken(start(tmp_path / "run", settings, data_dir=tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []


def test_closing_before_the_first_epoch_leaves_no_folder(tmp_path: Path) -> None:
    count = 0
    while True:
        job = start(tmp_path / "run", data_dir=tmp_path)
        for _ in range(count + 1):
            message = next(job)
        if isinstance(message, RunOpened):
            job.close()
            break
        job.close()
        assert not (tmp_path / "run").exists()
        count += 1
    assert count > 2


def test_a_part_of_a_launcher_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SettingsError, match="RANK is not set"):
        next(start(tmp_path / "run"))


def test_a_full_disk_at_the_first_epoch_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunWriter, "write_epoch", refuse)
    with pytest.raises(SaveError):
        spoken(start(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def refuse(*arguments: Any, **keywords: Any) -> None:
    raise SaveError("the disk is full")


# ── stopping and turning ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("moment", [0, 1, 3, 5, 6])
def test_closing_saves_and_going_on_gives_the_same_bits(
    tmp_path: Path, whole: Path, moment: int
) -> None:
    path = tmp_path / "run"
    job = start(path)
    pull_until_step(job, 1, moment)
    job.close()
    folder = RunFolder.open(path)
    assert folder.status == "stopped"
    assert folder.info.reason == "stopped at epoch 1"
    told = spoken(train_on(path, 3))
    assert [message.epoch for message in only(EpochDone, told)] == [0, 1, 2, 3]
    assert RunFolder.open(path).status == "finished"
    assert same_runs(path, whole)


def test_closing_as_soon_as_the_run_is_open_saves(tmp_path: Path, whole: Path) -> None:
    job = start(tmp_path / "run")
    for message in job:
        if isinstance(message, RunOpened):
            break
    job.close()
    assert RunFolder.open(tmp_path / "run").status == "stopped"
    spoken(train_on(tmp_path / "run", 3))
    assert same_runs(tmp_path / "run", whole)


def test_a_stop_from_elsewhere_ends_after_the_step(tmp_path: Path) -> None:
    controls, told = Controls(), []
    for message in start(tmp_path / "run", controls=controls):
        told.append(message)
        if isinstance(message, EpochDone) and message.epoch == 1:
            controls.stop()
    last = told[-1]
    assert isinstance(last, TrainingChanged)
    assert (last.state, last.reason, last.epoch) == ("idle", "stopped at epoch 1", 1)
    assert RunFolder.open(tmp_path / "run").status == "stopped"


def test_options_are_turned_while_it_trains(tmp_path: Path) -> None:
    controls = Controls()
    for message in start(tmp_path / "run", controls=controls):
        if isinstance(message, EpochDone) and message.epoch == 1:
            controls.turn("beta", 4.0)
            controls.turn("train.lr", 0.01)
    lines = RunFolder.open(tmp_path / "run").epochs
    assert lines[2].events == ("β: 1 → 4", "learning rate: 0.001 → 0.01")
    assert [line.lr for line in lines] == [0.001, 0.001, 0.01, 0.01]
    assert RunFolder.open(tmp_path / "run").info.settings["model"]["beta"] == 1.0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("beta", -1.0, "model.beta=-1.0: it should be greater than or equal to 0"),
        ("lr", math.nan, "train.lr=nan"),
        ("widths", 3.0, "'widths' cannot be turned while training runs"),
    ],
)
def test_a_wrong_turn_is_told_and_left_out(
    tmp_path: Path, name: str, value: float, sentence: str
) -> None:
    controls = Controls()
    controls.turn(name, value)
    told = spoken(start(tmp_path / "run", controls=controls))
    assert sentence in only(Failed, told)[0].summary
    assert told[-1].reason == "finished"


def test_another_process_can_pause_turn_and_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeviz.runs.control.READ_EVERY", 0.0)
    monkeypatch.setattr("aeviz.compute.world.READ_SECONDS", 0.0)
    path = tmp_path / "run"
    states, asked = [], 0
    for message in start(path, {**SMALL, "train": {"epochs": 500, "batch_size": 500}}):
        if isinstance(message, TrainingChanged):
            states.append(message.state)
        if isinstance(message, EpochDone) and message.epoch == 1:
            ask(path, pause=True, turn={"beta": 2.0})
        if states[-1] == "paused" and message is None:
            asked += 1
            if asked == 2:
                ask(path, pause=False)
        if isinstance(message, EpochDone) and message.epoch == 4:
            ask(path, stop=True)
    assert states == ["loading", "training", "paused", "training", "idle"]
    folder = RunFolder.open(path)
    assert folder.status == "stopped"
    assert folder.epochs[2].events == ("β: 1 → 2",)
    assert folder.epochs[-1].epoch in (4, 5)


# ── what goes wrong ───────────────────────────────────────────────────────────────────────────


def test_a_training_that_diverges_keeps_the_last_good_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = VAE.loss

    def spoiled(self: VAE, batch: Any, step: Any) -> Losses:
        found = loss(self, batch, step)
        return found if step.step < 6 else Losses(found.total * math.nan, found.parts)

    monkeypatch.setattr(VAE, "loss", spoiled)
    told = spoken(start(tmp_path / "run"))
    failed = only(Failed, told)[0]
    assert failed.where == "training"
    assert "diverged in epoch 2 at step 7: loss is not finite" in failed.summary
    assert isinstance(told[-1], TrainingChanged)
    assert (told[-1].state, told[-1].epoch) == ("idle", 1)
    folder = RunFolder.open(tmp_path / "run")
    assert folder.status == "diverged"
    assert folder.info.reason == failed.summary
    assert [line.epoch for line in folder.epochs] == [0, 1]
    assert all(np.isfinite(value).all() for value in folder.weights(1).values())


def test_a_full_disk_later_keeps_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Path
) -> None:
    """The checkpoint of the epoch was written before its line could not be."""
    job = start(tmp_path / "run")
    with monkeypatch.context() as patched:
        for message in job:
            if isinstance(message, EpochDone) and message.epoch == 1:
                patched.setattr(RunWriter, "write_epoch", refuse)
                with pytest.raises(SaveError):
                    spoken(job)
    folder = RunFolder.open(tmp_path / "run")
    assert folder.status == "interrupted"
    assert [line.epoch for line in folder.epochs] == [0, 1]
    spoken(train_on(tmp_path / "run", 3))
    assert same_runs(tmp_path / "run", whole)


def test_too_little_memory_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loss = VAE.loss

    def hungry(self: VAE, batch: Any, step: Any) -> Losses:
        if step.step == 5:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 TB")
        return loss(self, batch, step)

    monkeypatch.setattr(VAE, "loss", hungry)
    told = spoken(start(tmp_path / "run"))
    assert "smaller batch size" in only(Failed, told)[0].summary
    assert RunFolder.open(tmp_path / "run").status == "interrupted"


# ── going on ──────────────────────────────────────────────────────────────────────────────────


def test_more_epochs_go_on_like_one_long_training(tmp_path: Path) -> None:
    longer = {**SMALL, "train": {"epochs": 5, "batch_size": 500}}
    spoken(start(tmp_path / "long", longer))
    spoken(start(tmp_path / "run"))
    told = spoken(train_on(tmp_path / "run", 5))
    assert only(RunOpened, told)[0].epochs == 5
    assert same_runs(tmp_path / "run", tmp_path / "long")
    assert RunFolder.open(tmp_path / "run").info.settings["train"]["epochs"] == 5


def test_nothing_left_to_do_is_said(whole: Path) -> None:
    before = sorted(path.name for path in whole.rglob("*"))
    told = spoken(train_on(whole, 3))
    assert [type(message) for message in told] == [TrainingChanged]
    assert told[0].reason == f"nothing left to do: {whole} has 3 epochs"
    assert sorted(path.name for path in whole.rglob("*")) == before


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    job = start(tmp_path / "run")
    pull_until_step(job, 1, 2)
    job.close()
    return tmp_path / "run"


def edit(path: Path, change: Any) -> None:
    """Change run.json by hand."""
    (path / "manifest.json").unlink(missing_ok=True)
    row = json.loads((path / "run.json").read_text(encoding="utf-8"))
    change(row)
    (path / "run.json").write_text(json.dumps(row), encoding="utf-8")


def test_changed_data_are_refused(stopped: Path) -> None:
    edit(stopped, lambda row: row["data"].update(sha256="0" * 64))
    with pytest.raises(RunError, match="was trained on other samples"):
        spoken(train_on(stopped, 3))
    assert RunFolder.open(stopped).status == "stopped"


def test_a_device_that_is_gone_is_replaced_with_a_notice(stopped: Path) -> None:
    edit(stopped, lambda row: row["settings"].update(device="cuda:77"))
    told = spoken(train_on(stopped, 3))
    assert "Going on on the CPU: the device 'cuda:77'" in only(RunOpened, told)[0].notice
    assert told[-1].reason == "finished"


def test_another_number_of_threads_is_noticed(stopped: Path) -> None:
    threads = torch.get_num_threads()
    try:
        told = spoken(train_on(stopped, 3, threads=threads + 1))
    finally:
        torch.set_num_threads(threads)
    assert f"threads {threads}, now it is {threads + 1}" in only(RunOpened, told)[0].notice


def test_without_a_checkpoint_going_on_is_refused(stopped: Path) -> None:
    for file in (stopped / "checkpoint").iterdir():
        file.unlink()
    with pytest.raises(RunError, match="has no checkpoint"):
        spoken(train_on(stopped, 3))


def test_the_runner_tells_only_messages(stopped: Path) -> None:
    kinds = tuple(vars(messages).values())
    assert all(type(message) in kinds for message in spoken(train_on(stopped, 3)))
    assert runner.Controls is Controls

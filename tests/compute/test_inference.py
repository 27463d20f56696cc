from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aeviz import messages as m
from aeviz.analysis import questions
from aeviz.compute import answers
from aeviz.compute.history import LIVE, Weights, copied
from aeviz.compute.inference import Inference
from aeviz.compute.live import LiveEnded, LiveOpened, LiveRun
from aeviz.mailbox import Mailbox
from aeviz.messages import FloatArray
from aeviz.plane import Plane, two_dimensions
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import weights_file
from tests.compute.run_setup import (
    begin_run,
    drained,
    images,
    model_of,
    of_kind,
    table,
    write_epoch,
    write_run,
)


class Desk:
    """An inference with its outbox, driven by the test's own hand."""

    def __init__(self) -> None:
        self.outbox = Mailbox()
        self.live = LiveRun(self.outbox)
        self.inference = Inference(self.outbox, self.live)

    def ask(self, *requests: m.Message) -> list[m.Message]:
        """Everything that is answered, in order, to requests that come at once."""
        for request in requests:
            self.inference.take(request)
        return self.finish()

    def finish(self) -> list[m.Message]:
        answered = self.outbox.drain()
        while self.inference.is_busy:
            self.inference.advance()
            answered += self.outbox.drain()
        return answered

    def open(self, path: Path) -> str:
        opened = of_kind(self.ask(m.OpenRun(path=str(path))), m.RunOpened)[0]
        return str(opened.run)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def of_images(tmp_path: Path) -> Path:
    return write_run(tmp_path / "images", images())


@pytest.fixture
def of_table(tmp_path: Path) -> Path:
    return write_run(tmp_path / "table", table())


def latents(*rows: Sequence[float]) -> FloatArray:
    return np.array(rows, np.float32)


def some_latents(count: int) -> FloatArray:
    return np.random.default_rng(5).normal(size=(count, 2)).astype(np.float32)


def expected_decodes(seed: int, z: FloatArray) -> FloatArray:
    """What the model with the weights of that epoch decodes, (B, H, W, C)."""
    with torch.inference_mode():
        x_hat = model_of(images(), seed).decode(torch.tensor(z))
    return np.moveaxis(x_hat.numpy(), 1, -1)


# ── opening ───────────────────────────────────────────────────────────────────────────────────


def test_a_run_is_told_with_every_epoch_in_order(desk: Desk, of_images: Path) -> None:
    told = desk.ask(m.OpenRun(path=str(of_images)))
    opened = told[0]
    assert isinstance(opened, m.RunOpened)
    assert (opened.run, opened.path) == (str(of_images), str(of_images))
    assert opened.sample_shape == (4, 4, 1)
    assert opened.white == 16.0
    assert opened.status == "finished"
    assert opened.decodes
    assert opened.terms[0].name == "reconstruction"
    assert opened.samples is not None
    assert not opened.samples.flags.writeable
    epochs = of_kind(told[1:], m.EpochDone)
    assert len(epochs) == len(told) - 1
    assert [done.epoch for done in epochs] == [0, 1, 2, 3]
    latents_of_last = RunFolder.open(of_images).latents(3)
    np.testing.assert_allclose(
        epochs[3].mean + epochs[3].positions @ epochs[3].axes.T, latents_of_last, atol=1e-6
    )
    assert epochs[2].metrics["loss"] == pytest.approx(1 / 3)
    assert all(done.has_weights for done in epochs)


def test_a_folder_that_is_no_run_is_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        desk.ask(m.OpenRun(path=str(tmp_path)))


def test_thinned_latents_are_told_as_such(desk: Desk, of_images: Path) -> None:
    (of_images / "latents" / "epoch-00002.npy").unlink()
    epochs = of_kind(desk.ask(m.OpenRun(path=str(of_images))), m.EpochDone)
    assert np.array_equal(epochs[2].positions, epochs[1].positions)
    assert "epoch 1" in epochs[2].events[0]


def test_damaged_latents_do_not_hide_the_other_epochs(desk: Desk, of_images: Path) -> None:
    file = of_images / "latents" / "epoch-00002.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\x55")
    epochs = of_kind(desk.ask(m.OpenRun(path=str(of_images))), m.EpochDone)
    assert [done.epoch for done in epochs] == [0, 1, 2, 3]
    assert "SHA-256" in epochs[2].events[0]


def test_an_epoch_with_an_unreadable_line_is_filled_in(desk: Desk, of_images: Path) -> None:
    metrics = of_images / "metrics.jsonl"
    lines = metrics.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"loss", b"lose")
    metrics.write_bytes(b"".join(lines))
    told = desk.ask(m.OpenRun(path=str(of_images)))
    epochs = of_kind(told, m.EpochDone)
    assert [done.epoch for done in epochs] == [0, 1, 2, 3]
    assert not epochs[1].has_weights
    assert "damaged" in epochs[1].events[0]
    assert "line 2" in of_kind(told, m.RunOpened)[0].notice


def test_wrong_fields_of_a_run_are_named(desk: Desk, tmp_path: Path) -> None:
    dataset = images()
    for number, (group, name, value) in enumerate(
        [
            ("data", "white", 0),
            ("data", "scaling", {"kind": "divide", "shift": 0, "scale": 0}),
            ("data", "scaling", {"kind": "divide", "shift": [0, 0, 0], "scale": 1}),
            ("model", "latent_dim", -1),
        ]
    ):
        with begin_run(tmp_path / str(number), dataset) as writer:
            write_epoch(writer, dataset, 0)
            getattr(writer.info, group)[name] = value
            writer.set_status("finished")
        with pytest.raises(RunError, match=f"{group}.{name}"):
            desk.ask(m.OpenRun(path=str(tmp_path / str(number))))


# ── decoding ──────────────────────────────────────────────────────────────────────────────────


def test_each_epoch_decodes_with_its_own_weights(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    z = some_latents(3)
    for epoch in (2, 0, 3, 2):
        (answer,) = desk.ask(m.Decode(run=run, view="cursor", z=z, epoch=epoch))
        assert isinstance(answer, m.Decoded)
        assert (answer.view, answer.epoch, answer.asked) == ("cursor", epoch, epoch)
        np.testing.assert_allclose(answer.values, expected_decodes(epoch, z), atol=1e-6)
        assert answer.values.dtype == np.float32


def test_pictures_clip_and_say_how_much(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    (answer,) = desk.ask(m.Decode(run=run, view="v", z=latents([9.0, 9.0]), epoch=1))
    assert isinstance(answer, m.Decoded)
    values, pictures = answer.values, answer.pictures
    assert pictures is not None
    assert pictures.dtype == np.uint8
    assert pictures.flags.c_contiguous
    assert not pictures.flags.writeable
    assert not values.flags.writeable
    assert np.array_equal(pictures, np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8))
    assert 0 < answer.clipped == np.mean((values < 0) | (values > 1))


def test_tables_decode_in_their_own_units(desk: Desk, of_table: Path) -> None:
    run, dataset = desk.open(of_table), table()
    z = latents([0.3, -0.2])
    (answer,) = desk.ask(m.Decode(run=run, view="v", z=z, epoch=2))
    assert isinstance(answer, m.Decoded)
    with torch.inference_mode():
        scaled = model_of(dataset, 2).decode(torch.tensor(z)).numpy()
    np.testing.assert_allclose(answer.values, dataset.scaling.undo(scaled), rtol=1e-5)
    assert answer.pictures is None
    assert answer.clipped == 0.0


def test_a_thinned_epoch_is_answered_by_the_nearest(desk: Desk, of_images: Path) -> None:
    (of_images / weights_file(2)).unlink()
    (of_images / weights_file(3)).unlink()
    run = desk.open(of_images)
    (answer,) = desk.ask(m.Decode(run=run, view="v", z=some_latents(1), epoch=3))
    assert isinstance(answer, m.Decoded)
    assert (answer.epoch, answer.asked) == (1, 3)


def test_the_newest_weights_are_asked_for_by_minus_one(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    (answer,) = desk.ask(m.Decode(run=run, view="v", z=some_latents(1), epoch=LIVE))
    assert isinstance(answer, m.Decoded)
    assert (answer.epoch, answer.asked) == (3, LIVE)


@pytest.mark.parametrize(
    ("request_of", "sentence"),
    [
        (m.Decode(view="v", z=np.zeros((1, 3), np.float32), epoch=0), "has 2 latent dimensions"),
        (m.Decode(view="v", z=latents([np.nan, 0.0]), epoch=0), "not finite"),
        (m.Decode(view="v", z=latents([0.0, 0.0]), epoch=0, condition=4), "takes no condition"),
        (m.FetchSamples(view="v", rows=np.array([20])), "there is no row 20"),
        (m.FetchSamples(view="v", rows=np.array([-1])), "there is no row"),
        (m.Reconstruct(view="v", rows=np.array([99]), epochs=(0,)), "there is no row 99"),
        (m.Ask(view="v", question="why"), "no question 'why'"),
    ],
)
def test_impossible_requests_are_sentences(
    desk: Desk, of_images: Path, request_of: m.Message, sentence: str
) -> None:
    run = desk.open(of_images)
    with pytest.raises(ValueError, match=sentence):
        desk.ask(replace(request_of, run=run))
    assert len(desk.ask(m.Decode(run=run, view="v", z=some_latents(1), epoch=0))) == 1


def test_a_run_that_is_not_open_is_named(desk: Desk) -> None:
    with pytest.raises(ValueError, match="'elsewhere' is not open"):
        desk.ask(m.Decode(run="elsewhere", view="v", z=some_latents(1), epoch=0))


def test_damaged_weights_are_never_used(desk: Desk, of_images: Path) -> None:
    file = of_images / weights_file(1)
    data = bytearray(file.read_bytes())
    data[-2] ^= 4
    file.write_bytes(data)
    run = desk.open(of_images)
    with pytest.raises(RunError, match="SHA-256"):
        desk.ask(m.Decode(run=run, view="v", z=some_latents(1), epoch=1))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda w: {**w, "extra": w["decoder.bias"]}, "unknown 'extra'"),
        (lambda w: {name: t for name, t in w.items() if "bias" not in name}, "lack"),
        (lambda w: {**w, "decoder.bias": w["decoder.bias"][:3]}, r"\(3,\)"),
        (lambda w: {**w, "decoder.bias": w["decoder.bias"].half()}, "float16"),
        (lambda w: {**w, "decoder.bias": w["decoder.bias"] * np.nan}, "not finite"),
    ],
)
def test_weights_of_another_model_are_refused(
    desk: Desk, of_images: Path, damage: object, sentence: str
) -> None:
    run = desk.open(of_images)
    assert callable(damage)
    tensors = damage(copied(model_of(images(), 3)))
    desk.ask(Weights(run=run, epoch=3, tensors=tensors))
    with pytest.raises(ValueError, match=sentence):
        desk.ask(m.Decode(run=run, view="v", z=some_latents(1), epoch=3))


def open_steep(desk: Desk, path: Path) -> str:
    """Open a run whose epoch 1 has weights so large that far latents overflow."""
    run = desk.open(path)
    tensors = {name: 1e3 * tensor for name, tensor in copied(model_of(images(), 1)).items()}
    desk.ask(Weights(run=run, epoch=1, tensors=tensors))
    return run


def test_decodes_that_are_not_finite_are_refused(desk: Desk, of_images: Path) -> None:
    run = open_steep(desk, of_images)
    with pytest.raises(ValueError, match="not finite"):
        desk.ask(m.Decode(run=run, view="v", z=latents([3e38, 3e38]), epoch=1))


# ── big requests ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def thin_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every slice has few rows and is shown, so that a small request has many of them."""
    monkeypatch.setattr("aeviz.compute.decoding.SLICE", 0.0)
    monkeypatch.setattr("aeviz.compute.decoding.FIRST_ROWS", 1)
    monkeypatch.setattr(answers, "SHOW_EVERY", 0.0)


@pytest.mark.usefixtures("thin_slices")
def test_a_lattice_fills_in(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    z = some_latents(answers.WHOLE + 6)
    answered = of_kind(desk.ask(m.Decode(run=run, view="grid", z=z, epoch=1)), m.Decoded)
    assert len(answered) == len(z)
    for count, answer in enumerate(answered, 1):
        assert len(answer.values) == len(z)
        known = ~np.isnan(answer.values).all(axis=(1, 2, 3))
        assert np.array_equal(known, np.arange(len(z)) < count)
        assert not answer.pictures[count:].any()
    np.testing.assert_allclose(answered[-1].values, expected_decodes(1, z), atol=1e-5)


@pytest.mark.usefixtures("thin_slices")
def test_some_dozens_are_answered_once(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    answered = desk.ask(m.Decode(run=run, view="grid", z=some_latents(answers.WHOLE), epoch=1))
    assert len(answered) == 1


@pytest.mark.usefixtures("thin_slices")
def test_slices_stop_when_superseded(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    old, new = some_latents(200), some_latents(70)
    desk.inference.take(m.Decode(run=run, view="grid", z=old, epoch=1))
    for _ in range(5):
        desk.inference.advance()
    assert len(desk.outbox.drain()) == 1  # five slices, of which only the newest is unread
    answered = of_kind(desk.ask(m.Decode(run=run, view="grid", z=new, epoch=1)), m.Decoded)
    assert all(answer.z is new for answer in answered)
    assert not np.isnan(answered[-1].values).any()


@pytest.mark.usefixtures("thin_slices")
def test_a_small_request_goes_before_a_big_one(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    desk.inference.take(m.Decode(run=run, view="grid", z=some_latents(60), epoch=1))
    desk.inference.advance()
    desk.inference.take(m.Decode(run=run, view="cursor", z=some_latents(1), epoch=3))
    assert [answer.view for answer in drained(desk.outbox, m.Decoded)] == ["cursor"]
    (grid,) = of_kind(desk.finish(), m.Decoded)
    np.testing.assert_allclose(grid.values, expected_decodes(1, grid.z), atol=1e-6)


@pytest.mark.usefixtures("thin_slices")
def test_big_requests_take_turns(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    for view in ("a", "b"):
        desk.inference.take(m.Decode(run=run, view=view, z=some_latents(70), epoch=1))
    turns = []
    for _ in range(4):
        request = desk.inference.next_request()
        assert isinstance(request, m.Decode)
        turns.append(request.view)
        desk.inference.advance()
    assert turns == ["a", "b", "a", "b"]


@pytest.mark.usefixtures("thin_slices")
def test_a_failing_request_leaves_the_line(desk: Desk, of_images: Path) -> None:
    run = open_steep(desk, of_images)
    z = some_latents(60)
    z[30] = 3e38
    desk.inference.take(m.Decode(run=run, view="grid", z=z, epoch=1))
    with pytest.raises(ValueError, match="not finite"):
        desk.finish()
    assert not desk.inference.is_busy


def test_a_slice_takes_about_its_time(desk: Desk, of_images: Path) -> None:
    from aeviz.compute.decoding import SLICE, SliceLength

    length = SliceLength()
    for _ in range(20):
        length.learn(length.rows, length.rows * 0.001)
    assert length.rows == round(SLICE / 0.001)
    length.learn(4, 1.0)
    assert length.rows == 1


# ── reconstructions, samples, questions ───────────────────────────────────────────────────────


def test_reconstructions_come_one_per_epoch(desk: Desk, of_images: Path) -> None:
    run, dataset = desk.open(of_images), images()
    rows = np.array([4, 0, 11])
    request = m.Reconstruct(run=run, view="strip", rows=rows, epochs=(3, 0, LIVE))
    answered = of_kind(desk.ask(request), m.Reconstructed)
    assert [(answer.epoch, answer.asked) for answer in answered] == [(3, 3), (0, 0), (3, LIVE)]
    x = dataset.scaling.apply(dataset.samples[rows])
    for answer in answered:
        model = model_of(dataset, answer.epoch)
        with torch.inference_mode():
            z = model.encode(torch.tensor(np.moveaxis(x, -1, 1)))
            x_hat = np.moveaxis(model.decode(z).numpy(), 1, -1)
        np.testing.assert_allclose(answer.z, z.numpy(), atol=1e-6)
        np.testing.assert_allclose(answer.values, x_hat, atol=1e-6)
        np.testing.assert_allclose(answer.difference, x_hat - x, atol=1e-6)
        np.testing.assert_allclose(answer.error, ((x_hat - x) ** 2).mean((1, 2, 3)), rtol=1e-4)
        assert answer.pictures.dtype == np.uint8


def test_reconstructions_of_tables_are_in_their_own_units(desk: Desk, of_table: Path) -> None:
    run, dataset = desk.open(of_table), table()
    rows = np.array([7, 8])
    (answer,) = desk.ask(m.Reconstruct(run=run, view="v", rows=rows, epochs=(1,)))
    assert isinstance(answer, m.Reconstructed)
    own = dataset.samples[rows]
    np.testing.assert_allclose(answer.values - answer.difference, own, rtol=1e-5)
    scaled = answer.difference / dataset.scaling.scale
    np.testing.assert_allclose(answer.error, (scaled**2).mean(axis=1), rtol=1e-3)
    assert answer.pictures is None


@pytest.mark.usefixtures("thin_slices")
def test_a_long_film_strip_is_sliced(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    desk.inference.take(
        m.Reconstruct(run=run, view="strip", rows=np.arange(5), epochs=(0, 1, 2, 3))
    )
    steps = 0
    while desk.inference.is_busy:
        desk.inference.advance()
        steps += 1
    assert steps > 4 * 5
    assert [answer.epoch for answer in drained(desk.outbox, m.Reconstructed)] == [0, 1, 2, 3]


def test_samples_come_in_their_own_units(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    rows = np.array([3, 3, 0])
    (answer,) = desk.ask(m.FetchSamples(run=run, view="v", rows=rows))
    assert isinstance(answer, m.SamplesFetched)
    assert np.array_equal(answer.samples, images().samples[rows])
    assert answer.samples.dtype == np.uint8


def test_no_rows_are_answered_with_no_rows(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    none = np.empty(0, np.int64)
    fetched, reconstructed, decoded = desk.ask(
        m.FetchSamples(run=run, view="v", rows=none),
        m.Reconstruct(run=run, view="v", rows=none, epochs=(0,)),
        m.Decode(run=run, view="v", z=np.empty((0, 2), np.float32), epoch=0),
    )
    assert isinstance(fetched, m.SamplesFetched)
    assert fetched.samples.shape == (0, 4, 4, 1)
    assert isinstance(reconstructed, m.Reconstructed)
    assert reconstructed.error.shape == (0,)
    assert isinstance(decoded, m.Decoded)
    assert decoded.values.shape == (0, 4, 4, 1)


def test_a_model_is_described_without_a_run(desk: Desk) -> None:
    settings = {"data": {"name": "digits"}, "model": {"name": "linear"}}
    (answer,) = desk.ask(m.Ask(view="plan", question="describe", arguments=settings))
    assert isinstance(answer, m.Answer)
    assert tuple(answer.values["layout"]) == (64, 2, 64)
    assert answer.values["parameters"] == 64 * 2 + 2 + 2 * 64 + 64


def test_a_question_gets_the_model_and_latents_of_its_epoch(
    desk: Desk, of_images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(subject: questions.Subject, arguments: Mapping[str, Any]) -> questions.Findings:
        assert subject.model is not None
        assert subject.latents is not None
        assert subject.samples is not None
        assert not subject.model.training
        x = subject.samples(np.array([2]))
        return questions.Findings(
            {"latents": subject.latents, "z": subject.model.encode(torch.tensor(x)).numpy()},
            dict(arguments),
        )

    monkeypatch.setitem(questions.QUESTIONS, "echo", questions.QuestionEntry("echo", True, answer))
    run, dataset = desk.open(of_images), images()
    (found,) = desk.ask(m.Ask(run=run, view="v", question="echo", arguments={"k": 5}, epoch=LIVE))
    assert isinstance(found, m.Answer)
    assert (found.epoch, found.values) == (3, {"k": 5})
    assert np.array_equal(found.arrays["latents"], RunFolder.open(of_images).latents(3))
    x = torch.tensor(np.moveaxis(dataset.scaling.apply(dataset.samples[[2]]), -1, 1))
    with torch.no_grad():
        expected = model_of(dataset, 3).encode(x).numpy()
    np.testing.assert_allclose(found.arrays["z"], expected, atol=1e-6)


# ── live and followed runs ────────────────────────────────────────────────────────────────────


def test_live_weights_answer_until_the_epoch_is_whole(desk: Desk, tmp_path: Path) -> None:
    dataset, path = images(), tmp_path / "run"
    with begin_run(path, dataset) as writer:
        run = str(path)
        write_epoch(writer, dataset, 0)
        desk.ask(LiveOpened(run=run, path=run))
        z = some_latents(1)

        def newest() -> m.Decoded:
            (answer,) = desk.ask(m.Decode(run=run, view="now", z=z, epoch=LIVE))
            assert isinstance(answer, m.Decoded)
            return answer

        assert newest().epoch == 0
        desk.ask(Weights(run=run, epoch=LIVE, tensors=copied(model_of(dataset, 9))))
        assert newest().epoch == LIVE
        np.testing.assert_allclose(newest().values, expected_decodes(9, z), atol=1e-6)
        desk.ask(Weights(run=run, epoch=1, tensors=copied(model_of(dataset, 1))))
        assert newest().epoch == 1
        write_epoch(writer, dataset, 1)
        write_epoch(writer, dataset, 2)
        (answer,) = desk.ask(m.Decode(run=run, view="now", z=z, epoch=2))
        assert isinstance(answer, m.Decoded)
        assert answer.epoch == 2  # read from the folder, whose weights came by no message


def test_the_run_that_trains_is_closed_only_when_it_ends(desk: Desk, tmp_path: Path) -> None:
    dataset, path = images(), tmp_path / "run"
    decode = m.Decode(run=str(path), view="v", z=some_latents(1), epoch=0)
    with begin_run(path, dataset) as writer:
        write_epoch(writer, dataset, 0)
        desk.ask(LiveOpened(run=str(path), path=str(path)), m.CloseRun(run=str(path)))
        assert len(desk.ask(decode)) == 1
        desk.ask(LiveEnded(run=str(path)))
        with pytest.raises(ValueError, match="not open"):
            desk.ask(decode)


def test_a_closed_run_is_forgotten_with_its_requests(desk: Desk, of_images: Path) -> None:
    run = desk.open(of_images)
    desk.inference.take(m.Decode(run=run, view="grid", z=some_latents(500), epoch=1))
    desk.inference.take(m.CloseRun(run=run))
    assert not desk.inference.is_busy
    with pytest.raises(ValueError, match="not open"):
        desk.ask(m.Decode(run=run, view="v", z=some_latents(1), epoch=0))
    desk.ask(m.CloseRun(run=run))


def test_closing_while_epochs_are_told_ends_it(desk: Desk, of_images: Path) -> None:
    desk.inference.take(m.OpenRun(run=str(of_images), path=str(of_images)))
    desk.inference.advance()
    desk.inference.advance()
    desk.inference.take(m.CloseRun(run=str(of_images)))
    told = desk.finish()
    assert len(told) == 2


def test_a_run_of_another_process_is_followed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeviz.compute.inference.FOLLOW_EVERY", 0.0)
    dataset, path = images(), tmp_path / "run"
    with begin_run(path, dataset) as writer:
        write_epoch(writer, dataset, 0)
        opened = of_kind(desk.ask(m.OpenRun(path=str(path))), m.RunOpened)[0]
        assert opened.status == "training"
        assert desk.inference.next_look == 0.0
        desk.inference.follow()
        assert not len(desk.outbox)
        write_epoch(writer, dataset, 1)
        write_epoch(writer, dataset, 2)
        desk.inference.follow()
        assert [done.epoch for done in drained(desk.outbox, m.EpochDone)] == [1, 2]
        writer.set_status("finished", "30 epochs done")
    desk.inference.follow()
    (ended,) = drained(desk.outbox, m.TrainingChanged)
    assert (ended.state, ended.reason) == ("idle", "30 epochs done")
    assert desk.inference.next_look is None


def test_the_end_of_a_followed_run_is_told_apart_from_a_training_here(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeviz.compute.inference.FOLLOW_EVERY", 0.0)
    dataset, followed, live = images(), tmp_path / "followed", tmp_path / "live"
    with begin_run(followed, dataset) as writer:
        write_epoch(writer, dataset, 0)
        desk.open(followed)
        with begin_run(live, dataset) as mine:
            write_epoch(mine, dataset, 0)
            desk.ask(LiveOpened(run=str(live), path=str(live)))
            writer.set_status("finished")
            desk.inference.follow()
            ended = drained(desk.outbox, m.TrainingChanged)[0]
            assert (ended.run, ended.state, bool(ended.where)) == (str(followed), "idle", True)


def test_a_followed_folder_that_is_gone_is_told_once(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeviz.compute.inference.FOLLOW_EVERY", 0.0)
    dataset, path, away = images(), tmp_path / "run", tmp_path / "away"
    with begin_run(path, dataset) as writer:
        write_epoch(writer, dataset, 0)
        desk.open(path)
        path.rename(away)
        with pytest.raises(RunError):
            desk.inference.follow()
        desk.inference.follow()
        away.rename(path)
        write_epoch(writer, dataset, 1)
        desk.inference.follow()
        assert [done.epoch for done in drained(desk.outbox, m.EpochDone)] == [1]


def test_the_run_that_trains_is_told_again_whole_and_in_order(desk: Desk, tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", images())
    told = desk.ask(m.OpenRun(path=str(path)))
    for message in told:
        desk.live.tell(message)
    desk.outbox.drain()
    again = desk.ask(m.OpenRun(path=str(path.parent / "." / "run")))
    assert again == told
    desk.live.end()
    assert desk.ask(m.OpenRun(path=str(path)))[0] is not told[0]


# ── planes ────────────────────────────────────────────────────────────────────────────────────


def test_epochs_are_laid_on_another_plane_one_after_another(desk: Desk, tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", images(), latent_dim=4)
    run = desk.open(path)
    plane = two_dimensions(1, 3)
    answers = of_kind(desk.ask(m.Project(run=run, plane=plane, epochs=(0, 1, 2, 3))), m.Projected)
    assert [answer.epoch for answer in answers] == [0, 1, 2, 3]
    latents = RunFolder.open(path).latents(2)
    assert answers[2].positions == pytest.approx(latents[:, [1, 3]], abs=1e-6)
    assert answers[2].titles == ("z₂", "z₄")
    assert answers[2].plane == plane


def test_a_plane_that_is_none_is_a_sentence(desk: Desk, tmp_path: Path) -> None:
    run = desk.open(write_run(tmp_path / "run", table(), latent_dim=4))
    with pytest.raises(ValueError, match="needs labels"):
        desk.ask(m.Project(run=run, plane=Plane("lda"), epochs=(0,)))
    assert not desk.inference.is_busy


# ── notes ─────────────────────────────────────────────────────────────────────────────────────


def test_groups_are_saved_with_the_run_and_told_when_it_is_opened(
    desk: Desk, of_images: Path
) -> None:
    run = desk.open(of_images)
    notes = {"groups": [{"name": "a", "samples": [0, 2]}], "attributes": []}
    saved = of_kind(desk.ask(m.SaveNotes(run=run, notes=notes)), m.NotesSaved)
    assert [each.why_not for each in saved] == [""]
    opened = of_kind(desk.ask(m.OpenRun(path=str(of_images))), m.RunOpened)[0]
    assert opened.notes == notes


def test_the_demo_keeps_no_groups(
    desk: Desk, of_images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeviz.paths.demo", lambda: of_images)
    run = desk.open(of_images)
    saved = of_kind(desk.ask(m.SaveNotes(run=run, notes={})), m.NotesSaved)
    assert "demo" in saved[0].why_not
    assert not (of_images / "notes.json").exists()

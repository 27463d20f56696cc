"""A person's own encoder and decoder: in whatever shape they take samples, or a readable no."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import aeviz
from aeviz.compute.own_model import OwnModelError, moments
from aeviz.models.base import abilities

DRAW = np.random.default_rng(0)
IMAGES = DRAW.uniform(0, 1, (30, 6, 5)).astype(np.float32)
ROWS = DRAW.normal(size=(40, 7)).astype(np.float32)
WEIGHTS = torch.tensor(DRAW.normal(size=(30, 2)).astype(np.float32) / 10)


def flat(x: Tensor) -> Tensor:
    """Latents of samples (N, 30) only."""
    if x.ndim != 2:
        raise RuntimeError(f"expected (N, 30), got {tuple(x.shape)}")
    return x @ WEIGHTS


def first(x: Tensor) -> Tensor:
    """Latents of images (N, 1, 6, 5) only."""
    assert x.shape[1:] == (1, 6, 5)
    return x.flatten(1) @ WEIGHTS


def last(x: Tensor) -> Tensor:
    """Latents of images (N, 6, 5, 1) only."""
    assert x.shape[1:] == (6, 5, 1)
    return x.flatten(1) @ WEIGHTS


def plain(x: Tensor) -> Tensor:
    """Latents of images (N, 6, 5) only."""
    assert x.shape[1:] == (6, 5)
    return x.flatten(1) @ WEIGHTS


def back(z: Tensor) -> Tensor:
    return torch.sigmoid(z @ WEIGHTS.T)


def wrap(encoder: Any, decoder: Any, data: Any = IMAGES, **more: Any) -> aeviz.Run:
    return aeviz.wrap(encoder, decoder, data, progress=False, **more)


@pytest.mark.parametrize("encoder", [flat, first, last, plain])
@pytest.mark.parametrize(
    "decoder",
    [
        back,
        lambda z: back(z).reshape(-1, 6, 5),
        lambda z: back(z).reshape(-1, 1, 6, 5),
        lambda z: back(z).reshape(-1, 6, 5, 1),
        lambda z: (back(z), "and more"),
        lambda z: {"x": back(z)},
        lambda z: back(z).numpy(),
    ],
)
def test_samples_are_given_and_taken_in_every_usual_shape(encoder: Any, decoder: Any) -> None:
    run = wrap(encoder, decoder, labels=np.arange(30) % 3)
    z = IMAGES.reshape(30, -1) @ WEIGHTS.numpy()
    np.testing.assert_allclose(run.latents(), z, atol=1e-5)
    np.testing.assert_allclose(run.encode(IMAGES), z, atol=1e-5)
    decoded = run.decode(z)
    assert decoded.shape == (30, 6, 5, 1)
    np.testing.assert_allclose(decoded.reshape(30, -1), back(torch.tensor(z)), atol=1e-5)


def test_labels_may_be_words_and_features_have_names() -> None:
    names = [f"gene {number}" for number in range(7)]
    encoder = nn.Linear(7, 3)
    run = wrap(encoder, nn.Linear(3, 7), ROWS, labels=["b", "a"] * 20, feature_names=names)
    assert run.class_names == ("a", "b")
    assert run.labels is not None
    assert run.labels.tolist()[:2] == [1, 0]
    assert run.feature_names == tuple(names)
    assert run.latent_dim == 3
    with torch.no_grad():
        np.testing.assert_allclose(run.encode(ROWS), encoder(torch.tensor(ROWS)), atol=1e-6)


def test_bytes_are_divided_by_255_and_modules_stand_in_eval() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(30, 2))
    images = (IMAGES * 255).astype(np.uint8)
    run = wrap(net, back, images)
    assert not net.training
    with torch.no_grad():
        wanted = net(torch.tensor(images / np.float32(255)).reshape(30, 30))
    np.testing.assert_allclose(run.latents(), wanted, atol=1e-6)


@pytest.mark.parametrize(
    "encoder",
    [
        lambda x: (flat(x), flat(x) - 3),
        lambda x: {"mu": flat(x), "log_var": flat(x) - 3},
        lambda x: torch.distributions.Normal(flat(x), ((flat(x) - 3) / 2).exp()),
    ],
)
def test_a_distribution_is_a_posterior(encoder: Any) -> None:
    run = wrap(encoder, back)
    model = run._decoder_at("last").model
    assert "posterior" in abilities(model)
    x = torch.tensor(IMAGES[:4]).unsqueeze(1)
    mean, log_var = model.posterior(x)  # type: ignore[operator]
    torch.testing.assert_close(log_var, mean - 3, atol=1e-5, rtol=1e-5)
    drawn = run.draw(5, using="posterior", sample=2)
    assert drawn.shape == (5, 2)


def test_latents_with_height_and_width_are_flattened_and_put_back() -> None:
    def encoder(x: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(x, (3, 5))

    def decoder(z: Tensor) -> Tensor:
        assert z.shape[1:] == (1, 2, 1)
        return nn.functional.interpolate(z, size=(6, 5))

    run = wrap(encoder, decoder)
    assert run.latent_dim == 2
    assert run.decode(run.latents()[:3]).shape == (3, 6, 5, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"encoder": lambda x: x @ torch.zeros(99, 2)}, "encoder: it should give latents (N, D)"),
        ({"encoder": lambda x: x.sum()}, "it gives ()"),
        ({"decoder": lambda z: z @ torch.zeros(9, 2)}, "decoder: given latents (2, 2), it raises"),
        ({"decoder": lambda z: z}, "decoder: it gives (N, 2) where samples are (N, 1, 6, 5)"),
        ({"data": np.zeros(5)}, "data: it should be images"),
        ({"data": IMAGES * 3}, "must lie in [0, 1]"),
        ({"data": np.full((4, 6, 5), np.nan)}, "not finite"),
        ({"labels": [1, 2]}, "labels: they should be one"),
        ({"labels": np.arange(30), "class_names": ["a"]}, "class_names: there are 1"),
        ({"feature_names": ["a"]}, "feature_names: images have none"),
        ({"encoder": 3}, "not int"),
        ({"encoder": "absent.onnx"}, "absent.onnx cannot be read"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(given: dict[str, Any], said: str) -> None:
    whole: dict[str, Any] = {"encoder": flat, "decoder": back, "data": IMAGES, **given}
    with pytest.raises(ValueError, match=r".") as caught:
        aeviz.wrap(progress=False, **whole)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_mappings_without_latents_name_what_they_have() -> None:
    with pytest.raises(TypeError, match="x, y"):
        moments({"x": 1, "y": 2})


def test_exported_onnx_files_are_wrapped_as_they_are(tmp_path: Path) -> None:
    run = aeviz.train("wine", "linear", epochs=1, latent=2, out=tmp_path / "run", progress=False)
    for part in ("encoder", "decoder"):
        run.export(part, tmp_path / f"{part}.onnx")  # type: ignore[arg-type]
    assert run.folder.samples is not None
    rows = np.asarray(run.folder.samples)
    own = wrap(tmp_path / "encoder.onnx", str(tmp_path / "decoder.onnx"), rows)
    np.testing.assert_allclose(own.latents(), run.encode(rows), atol=1e-4)
    np.testing.assert_allclose(own.decode([[0.5, 1]]), run.decode([[0.5, 1]]), rtol=1e-4)


def test_an_onnx_file_reads_no_other_file(tmp_path: Path) -> None:
    import onnx

    weight = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [30, 2], np.zeros(60).tolist())
    weight.ClearField("float_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../../../../etc/passwd")
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", size])
        for name, size in (("x", 30), ("z", 2))
    ]
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["z"])
    graph = onnx.helper.make_graph([node], "g", ends[:1], ends[1:], [weight])
    (tmp_path / "evil.onnx").write_bytes(onnx.helper.make_model(graph).SerializeToString())
    with pytest.raises(OwnModelError, match=r"evil\.onnx is no ONNX network that can be run"):
        wrap(str(tmp_path / "evil.onnx"), back)


def test_explore_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="needs a run, or encoder, decoder and data"):
        aeviz.explore()
    with pytest.raises(ValueError, match="also needs decoder and data"):
        aeviz.explore(encoder=flat)

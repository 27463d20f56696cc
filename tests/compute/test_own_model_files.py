"""The files of the help page for models of well-known packages, run against stand-ins.

The packages are not installed where these tests run. A stand-in has the functions that the files
call, with the names, arguments and results that the packages' documentation gives them.
"""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal

from aeviz.compute.foreign import load_model
from aeviz.compute.own_model import own_model

PAGE = Path(__file__).parents[2] / "resources" / "help" / "own-model.md"


class Vae(nn.Module):
    """As diffusers.AutoencoderKL: encode gives latent_dist, decode gives sample."""

    @classmethod
    def from_pretrained(cls, folder: str) -> "Vae":
        return cls()

    def encode(self, x: Tensor) -> Any:
        assert x.min() < 0
        mean = x.mean(dim=1, keepdim=True)
        return SimpleNamespace(latent_dist=SimpleNamespace(mean=mean, logvar=mean))

    def decode(self, z: Tensor) -> Any:
        return SimpleNamespace(sample=z.expand(-1, 3, -1, -1))


class Pythae(nn.Module):
    """As a model of pythae: encoder and decoder give ModelOutput."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = lambda x: SimpleNamespace(embedding=x[:, :2], log_covariance=x[:, 2:4])
        self.decoder = lambda z: SimpleNamespace(reconstruction=z[:, [0, 1, 0, 1]])


class Scvi(nn.Module):
    """As the module of scvi.model.SCVI: inference gives qz, generative px."""

    def inference(self, x: Tensor, batch_index: Tensor) -> dict[str, Any]:
        assert batch_index.shape == (len(x), 1)
        return {"qz": Normal(x[:, :2], torch.ones(len(x), 2)), "z": x[:, :2]}

    def generative(self, z: Tensor, library: Tensor, batch_index: Tensor) -> dict[str, Any]:
        assert library.shape == batch_index.shape == (len(z), 1)
        return {"px": SimpleNamespace(mean=z[:, [0, 1, 0, 1]] * library)}


def stand_ins() -> dict[str, ModuleType]:
    names = ("diffusers", "pythae", "pythae.models", "anndata", "scvi")
    made = {name: ModuleType(name) for name in names}
    made["diffusers"].AutoencoderKL = Vae  # type: ignore[attr-defined]
    made["pythae.models"].AutoModel = SimpleNamespace(  # type: ignore[attr-defined]
        load_from_folder=lambda folder: Pythae()
    )
    made["anndata"].read_h5ad = lambda path: None  # type: ignore[attr-defined]
    loaded = SimpleNamespace(module=Scvi())
    made["scvi"].model = SimpleNamespace(  # type: ignore[attr-defined]
        SCVI=SimpleNamespace(load=lambda folder, data: loaded)
    )
    return made


@pytest.mark.parametrize(
    ("package", "shape"), [("diffusers", (3, 8, 8)), ("pythae", (4,)), ("scvi", (4,))]
)
def test_the_file_of_the_help_page_brings_its_model(
    package: str, shape: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, module in stand_ins().items():
        monkeypatch.setitem(sys.modules, name, module)
    blocks = PAGE.read_text(encoding="utf-8").split("```python\n")[1:]
    text = next(block for block in blocks if package in block.splitlines()[0]).split("```")[0]
    assert len(text.strip().splitlines()) <= 20
    file = tmp_path / "mine.py"
    file.write_text(text)
    pair = load_model([file], None, print)
    x = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0)) * 0.4
    model = own_model(*pair, shape, x)
    z = model.encode(x)
    assert model.decode(z).shape == x.shape

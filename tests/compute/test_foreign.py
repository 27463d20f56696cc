"""Models of other people: a Python file with weights, ONNX, torch.export; hostile weights."""

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from aeviz.compute.foreign import MOST_LINES, difference, load_model
from aeviz.compute.foreign_weights import read_weights
from aeviz.compute.own_model import OwnModelError
from aeviz.compute.plugin_file import PluginError
from aeviz.data.dataset import DataError

X = torch.linspace(0, 1, 40).reshape(10, 4)

FILE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Linear(4, 2)
        self.up = nn.Linear(2, 4)

def load(weights):
    net = Net()
    if weights is not None:
        net.load_state_dict(weights)
    return net.down, net.up
"""


def net() -> nn.ModuleDict:
    torch.manual_seed(0)
    return nn.ModuleDict({"down": nn.Linear(4, 2), "up": nn.Linear(2, 4)})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def heard() -> tuple[list[str], Callable[[str], None]]:
    lines: list[str] = []
    return lines, lines.append


# ── Python files ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", [".safetensors", ".pt"])
def test_a_state_dict_goes_into_the_model_of_a_file(ending: str, file: Path) -> None:
    weights, own = file.with_suffix(ending), net()
    state = own.state_dict()
    if ending == ".safetensors":
        save_file(state, weights)
    else:
        torch.save(state, weights)
    encode, decode = load_model([file], weights, print)
    assert torch.equal(encode(X), own["down"](X))
    assert torch.equal(decode(encode(X)), own["up"](own["down"](X)))


def test_a_lightning_checkpoint_says_its_parameters_and_loses_its_prefix(file: Path) -> None:
    weights, own = file.with_suffix(".ckpt"), net()
    state = {f"model.{name}": value for name, value in own.state_dict().items()}
    content = {"state_dict": state, "epoch": 3, "hyper_parameters": {"lr": 0.001, "name": "tiny"}}
    torch.save(content, weights)
    lines, say = heard()
    encode, _ = load_model([file], weights, say)
    assert torch.equal(encode(X), own["down"](X))
    assert lines == [
        "mine.ckpt: lr = 0.001",
        "mine.ckpt: name = tiny",
        "mine.ckpt: 'model.' was taken from the names of its weights",
    ]


def test_weights_that_do_not_fit_are_told_in_a_table(file: Path) -> None:
    weights = file.with_suffix(".pt")
    torch.save({"down.weight": torch.zeros(3, 4), "down.bias": torch.zeros(2), "x": X}, weights)
    with pytest.raises(OwnModelError) as caught:
        load_model([file], weights, print)
    assert str(caught.value).splitlines() == [
        f"{weights}: the weights do not fit the model",
        "  missing     up.weight",
        "  missing     up.bias",
        "  unexpected  x",
        "  shape       down.weight: (3, 4) in the file, (2, 4) in the model",
    ]


def test_a_long_table_ends() -> None:
    names = '", "'.join(f"layer{number}" for number in range(30))
    lines = difference(f'Missing key(s) in state_dict: "{names}". ').splitlines()
    assert len(lines) == MOST_LINES + 2
    assert lines[-1] == "  and 10 more"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("encode = lambda x: x\ndecode = lambda z: z", ""),
        ("from torch import nn\nencoder, decoder = nn.Identity(), nn.Identity()", ""),
        ("x = 1", "should have functions encode"),
        ("def load(weights): return 3", "should return encoder and decoder"),
        ("def load(weights): raise KeyError('a')", "line 1: KeyError"),
        ("import nowhere_at_all", "line 1: ModuleNotFoundError"),
        ("def broken(:", "line 1"),
    ],
)
def test_a_file_says_how_it_encodes_or_what_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    if not said:
        encode, decode = load_model([path], None, print)
        assert torch.equal(decode(encode(X)), X)
        return
    with pytest.raises((OwnModelError, PluginError), match=said) as caught:
        load_model([path], None, print)
    assert str(path) in str(caught.value)


def test_weights_without_a_place_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("encode = decode = abs")
    save_file({"a": X}, tmp_path / "w.safetensors")
    with pytest.raises(OwnModelError, match="no function load"):
        load_model([path], tmp_path / "w.safetensors", print)


def test_packages_of_torch_export_are_networks(tmp_path: Path) -> None:
    own, files = net(), []
    for name, given in (("down", X), ("up", X[:, :2])):
        batch = {0: torch.export.Dim("batch", min=1)}
        made = torch.export.export(own[name], (given,), dynamic_shapes=(batch,))
        files.append(tmp_path / f"{name}.pt2")
        torch.export.save(made, files[-1])
    encode, decode = load_model(files, None, print)
    assert torch.allclose(decode(encode(X)), own["up"](own["down"](X)))


@pytest.mark.parametrize("names", [["a.onnx"], ["a.pt2", "b.txt"], ["a.txt", "b.onnx"]])
def test_what_is_no_pair_is_said(names: list[str], tmp_path: Path) -> None:
    files = [tmp_path / name for name in names]
    for file in files:
        file.write_bytes(b"nothing")
    with pytest.raises(OwnModelError):
        load_model(files, None, print)


# ── hostile weights ───────────────────────────────────────────────────────────────────────────


class Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("harmed"),))


@pytest.mark.parametrize("how", ["torch", "plain"])
def test_a_pickle_that_would_run_something_runs_nothing(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bad.pt"
    if how == "torch":
        torch.save({"a": X, "b": Harm()}, path)
    else:
        path.write_bytes(pickle.dumps(Harm()))
    with pytest.raises(DataError, match=r"bad\.pt.*could run any program"):
        read_weights(path)
    assert not (tmp_path / "harmed").exists()


def test_a_tensor_that_declares_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.pt"
    torch.save({"a": torch.zeros(1).expand(2**40)}, path)
    with pytest.raises(DataError, match="a declares 1,099,511,627,776 values"):
        read_weights(path)
    assert path.stat().st_size < 10_000


def test_a_sparse_tensor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.pt"
    torch.save({"a": torch.eye(4).to_sparse()}, path)
    with pytest.raises(DataError, match=r"bad\.pt"):
        read_weights(path)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.pt", tmp_path / "bad.pt"
    torch.save({"a": torch.zeros(2**26)}, plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert packed.stat().st_size < 2**20
    with pytest.raises(DataError, match=r"bad\.pt: unpacks to 256 MB"):
        read_weights(packed)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(90)])
def test_what_holds_no_weights_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.pt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.pt"):
        read_weights(path)


def test_numbers_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    state = {
        "half": X.half(),
        "brain": X.bfloat16(),
        "count": torch.tensor(7),
        "flag": torch.tensor([True, False]),
        "view": torch.arange(12.0).reshape(3, 4).T,
        "none": torch.zeros(0, 3),
    }
    torch.save(state, path)
    found, hyper = read_weights(path)
    assert hyper == {}
    assert torch.equal(found["half"], state["half"])
    assert torch.equal(found["brain"], state["brain"].float())
    assert found["count"].item() == 7
    assert found["flag"].tolist() == [True, False]
    assert np.array_equal(found["view"].numpy(), state["view"].numpy())

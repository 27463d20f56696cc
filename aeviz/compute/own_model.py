"""A person's own encoder and decoder as a model: tried on a few samples, then used as they are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aeviz.messages import Term
from aeviz.models.base import Batch, LatentModel, Losses, Step

OWN = "own"
"""The name of such a model in a run folder; no registered one has it."""

TRIED = 2
"""Samples that encoder and decoder are tried on."""

Function = Callable[..., Any]


class OwnModelError(ValueError):
    """Encoder or decoder do not fit the data; the message says what was tried and what came."""


@dataclass(frozen=True)
class Form:
    """A way in which samples can be given to a person's function.

    Attributes:
        words: The shape, such as "(N, C, H, W)".
        give: From (B, C, H, W) or (B, F) to it.
    """

    words: str
    give: Callable[[Tensor], Tensor]


def _as_it_is(x: Tensor) -> Tensor:
    return x


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)


def _without_channel(x: Tensor) -> Tensor:
    return x[:, 0]


def _flat(x: Tensor) -> Tensor:
    return x.flatten(1)


def forms_of(shape: Sequence[int]) -> list[Form]:
    """The ways to try, the usual one first; `shape` is (C, H, W) or (F,)."""
    if len(shape) == 1:
        return [Form("(N, F)", _as_it_is)]
    found = [Form("(N, C, H, W)", _as_it_is), Form("(N, H, W, C)", _channels_last)]
    if shape[0] == 1:
        found.append(Form("(N, H, W)", _without_channel))
    return [*found, Form("(N, F)", _flat)]


class OwnModel(LatentModel):
    """A person's encoder and decoder, which are not trained here.

    Args:
        encoder: From samples to latents (B, D), or (mean, log variance), or a distribution.
        decoder: From latents to samples.
        shape: Of a sample as a model sees it, (C, H, W) or (F,).
        examples: A few samples, (B, C, H, W) or (B, F), that both are tried on.

    Raises:
        OwnModelError: If one of them does not fit.
    """

    def __init__(
        self, encoder: Function, decoder: Function, shape: Sequence[int], examples: Tensor
    ) -> None:
        super().__init__()
        # In a tuple, so that their weights are not taken for those of a run folder.
        self._functions = (encoder, decoder)
        self._device = device_of(encoder)
        self.shape = tuple(shape)
        for function in (encoder, decoder):
            _switch_to_eval(function)
        with torch.no_grad():
            self._form, mean = self._fit_encoder(examples)
            self.latent_shape = tuple(mean.shape[1:])
            self.latent_dim = int(np.prod(self.latent_shape))
            self._check_decoder(mean)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Latents (B, D); of a distribution its mean."""
        return moments(self._functions[0](self._form.give(self._there(x))))[0].flatten(1).to(x)

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Samples (B, C, H, W) or (B, F)."""
        given = self._there(z).reshape(len(z), *self.latent_shape)
        return self._as_samples(_single(self._functions[1](given))).to(z)

    def loss(self, batch: Batch, step: Step) -> Losses:
        """There is none: it is not trained here."""
        raise NotImplementedError("an own model is not trained here")

    @property
    def parameter_count(self) -> int:
        """Weights of both, where they are modules; each module counts once."""
        modules = {id(each): each for each in map(module_of, self._functions) if each is not None}
        weights = {id(weight): weight for each in modules.values() for weight in each.parameters()}
        return sum(weight.numel() for weight in weights.values())

    @property
    def terms(self) -> tuple[Term, ...]:
        """None."""
        return ()

    def _there(self, x: Tensor) -> Tensor:
        return x if self._device is None else x.to(self._device)

    def _fit_encoder(self, examples: Tensor) -> tuple[Form, Tensor]:
        complaints = []
        for form in forms_of(self.shape):
            given = form.give(self._there(examples))
            try:
                mean, _ = moments(self._functions[0](given))
            except Exception as error:  # noqa: BLE001 - whatever a person's code raises
                complaints.append(f"given {tuple(given.shape)}: {_short(error)}")
                continue
            if mean.ndim >= 2 and len(mean) == len(examples) and mean.is_floating_point():
                return form, mean.float().cpu()
            complaints.append(f"given {tuple(given.shape)}, it gives {tuple(mean.shape)}")
        raise OwnModelError(
            "encoder: it should give latents (N, D) for samples "
            f"(N, {', '.join(map(str, self.shape))}); {'; '.join(complaints)}"
        )

    def _check_decoder(self, mean: Tensor) -> None:
        try:
            decoded = _single(self._functions[1](self._there(mean)))
        except Exception as error:
            raise OwnModelError(
                f"decoder: given latents {tuple(mean.shape)}, it raises {_short(error)}"
            ) from error
        self._as_samples(decoded)

    def _as_samples(self, decoded: Tensor) -> Tensor:
        """What a decoder gives as (B, C, H, W) or (B, F)."""
        own, shape = tuple(decoded.shape[1:]), self.shape
        if own == shape:
            return decoded
        if len(shape) == 3 and own == (*shape[1:], shape[0]):
            return decoded.permute(0, 3, 1, 2)
        if int(np.prod(own)) == int(np.prod(shape)) and (len(own) == 1 or own == shape[1:]):
            return decoded.reshape(len(decoded), *shape)
        raise OwnModelError(
            f"decoder: it gives {('N', *own)} where samples are {('N', *shape)}".replace("'", "")
        )


class OwnPosterior(OwnModel):
    """One whose encoder gives a Gaussian distribution: it has a posterior."""

    def posterior(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`mu` and `log_var`, each (B, D)."""
        mean, log_var = moments(self._functions[0](self._form.give(self._there(x))))
        assert log_var is not None
        return mean.flatten(1).to(x), log_var.flatten(1).to(x)


def own_model(
    encoder: Function, decoder: Function, shape: Sequence[int], examples: Tensor
) -> OwnModel:
    """The model of a person's two functions, with a posterior where the encoder gives one.

    Raises:
        OwnModelError: If one of them does not fit.
    """
    plain = OwnModel(encoder, decoder, shape, examples)
    with torch.no_grad():
        given = plain._form.give(plain._there(examples))
        has_posterior = moments(encoder(given))[1] is not None
    return OwnPosterior(encoder, decoder, shape, examples) if has_posterior else plain


# ── what functions give ───────────────────────────────────────────────────────────────────────


def moments(given: Any) -> tuple[Tensor, Tensor | None]:
    """Mean and log variance of what an encoder gives, None where it gives no distribution.

    It may be latents; (mean, log variance, …); a mapping with `mu` or `mean` and `logvar` or
    `log_var`; an object with `mean` and `stddev` or `logvar`, such as one of torch.distributions,
    or one with such an object under `latent_dist`.
    """
    given = getattr(given, "latent_dist", given)
    if isinstance(given, Mapping):
        return _of_mapping(given)
    if isinstance(given, tuple | list):
        tensors = [_tensor(each) for each in given if isinstance(each, Tensor | np.ndarray)]
        is_pair = len(tensors) > 1 and tensors[0].shape == tensors[1].shape
        return (tensors[0], tensors[1]) if is_pair else (tensors[0], None)
    if isinstance(given, Tensor | np.ndarray):
        return _tensor(given), None
    mean = _tensor(given.mean)
    log_var = getattr(given, "logvar", None)
    return mean, 2 * _tensor(given.stddev).log() if log_var is None else _tensor(log_var)


def _of_mapping(given: Mapping[str, Any]) -> tuple[Tensor, Tensor | None]:
    mean = next((given[name] for name in ("mu", "mean", "z", "embedding") if name in given), None)
    if mean is None:
        raise TypeError(f"it gives a mapping with {', '.join(map(str, given))}, without mu or z")
    names = ("logvar", "log_var", "log_covariance")
    log_var = next((given[name] for name in names if name in given), None)
    return _tensor(mean), None if log_var is None else _tensor(log_var)


def _single(given: Any) -> Tensor:
    """The samples among what a decoder gives: alone, the first of several, or its `sample`."""
    if isinstance(given, tuple | list):
        given = given[0]
    if isinstance(given, Mapping):
        given = next(iter(given.values()))
    if not isinstance(given, Tensor | np.ndarray):
        given = given.sample if isinstance(given.sample, Tensor) else given.mean
    return _tensor(given)


def _tensor(given: Any) -> Tensor:
    return torch.from_numpy(given) if isinstance(given, np.ndarray) else given


def module_of(function: Any) -> nn.Module | None:
    """The module that a function is, or is a method of."""
    if isinstance(function, nn.Module):
        return function
    owner = getattr(function, "__self__", None)
    return owner if isinstance(owner, nn.Module) else None


def device_of(function: Any) -> torch.device | None:
    """Where the weights of a function lie, None where it has none."""
    module = module_of(function)
    weight = None if module is None else next(module.parameters(), None)
    return None if weight is None else weight.device


def _switch_to_eval(function: Any) -> None:
    """Without dropout, with the averages of batch normalisation: the same answer every time."""
    module = module_of(function)
    if module is not None:
        module.eval()


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


# ── models of this process ────────────────────────────────────────────────────────────────────

_LIVE: dict[str, OwnModel] = {}


def keep(token: str, model: OwnModel) -> None:
    """Let run folders of this process name a model."""
    _LIVE[token] = model


def kept(token: str) -> OwnModel | None:
    """The model of a token; None in another process than the one that kept it."""
    return _LIVE.get(token)

"""Normalising flows: built with zuko, run on plain tensors, also with a context.

A flow maps samples x to z = f(x) with a standard normal on z, so that
log p(x) = log N(f(x); 0, I) + log |det ∂f/∂x| is exact. Its inverse draws and decodes.

Costs: the forward direction takes one pass per transform. So does the inverse of a coupling; that
of an autoregressive transform takes as many passes as there are features.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from zuko.distributions import DiagNormal
from zuko.flows import Flow
from zuko.flows.autoregressive import MaskedAutoregressiveTransform
from zuko.flows.coupling import GeneralCouplingTransform
from zuko.lazy import LazyTransform, UnconditionalDistribution
from zuko.transforms import CouplingTransform, MonotonicRQSTransform, Transform

from aeviz.models.layers import ACTIVATIONS
from aeviz.models.likelihoods import draw_standard_normal, log_standard_normal
from aeviz.models.options import ActivationName

FlowKind = Literal["realnvp", "maf", "spline"]

SPLINE_BOUND = 5.0
"""Splines act on [-5, 5] and are the identity outside: what goes in has to be standardised."""

LEAST_SLOPE = 1e-3
"""Of a spline: it keeps the inverse finite."""


class Mapped(NamedTuple):
    """Where a flow, or a part of it, takes samples.

    Attributes:
        z: The images, (B, F).
        log_det: log |det| of the Jacobian there, (B,).
    """

    z: Tensor
    log_det: Tensor


def build_flow(
    kind: FlowKind,
    features: int,
    *,
    context: int = 0,
    transforms: int = 4,
    widths: Sequence[int] = (64, 64),
    bins: int = 8,
    activation: ActivationName = "relu",
    coupling: bool = False,
    generator: torch.Generator | None = None,
) -> Flow:
    """Build a flow with a standard normal base.

    Under `torch.device("meta")` it is built without drawing a random number.

    Args:
        kind: "realnvp" for affine couplings, "maf" for affine autoregressive transforms, "spline"
            for rational-quadratic splines.
        features: Number of features F.
        context: Number of features that every transform is told beside the sample.
        transforms: Number of transforms; those next to each other change the features in turn.
        widths: Hidden layers of the network that gives a transform its parameters.
        bins: Pieces of a spline between -5 and 5.
        activation: Of these networks; with kinks it makes sharper edges.
        coupling: Whether splines couple two halves of the features, as realnvp always does, instead
            of being autoregressive: decoding takes one pass then instead of F.
        generator: On the CPU, of the initial weights; None draws them from the global one, which
            belongs to the training thread.

    References:
        | zuko, normalizing flows in PyTorch (Rozet et al., 2022), https://github.com/probabilists/zuko
    """
    shapes: dict[str, Any] = {}
    if kind == "spline":
        spline = partial(MonotonicRQSTransform, bound=SPLINE_BOUND, slope=LEAST_SLOPE)
        shapes = {"univariate": spline, "shapes": [(bins,), (bins,), (bins - 1,)]}
    network: dict[str, Any] = {
        "hidden_features": tuple(widths),
        "activation": ACTIVATIONS[activation],
    }
    device = torch.get_default_device()
    with _initialised_on_the_host(draws=device.type != "meta" and generator is None):
        parts: list[LazyTransform] = []
        for number in range(transforms):
            if features > 1 and (kind == "realnvp" or coupling):
                parts.append(_Coupling(features, context, number % 2, **shapes, **network))
            else:
                order = torch.arange(features)
                network["order"] = order if number % 2 == 0 else order.flip(0)
                parts.append(MaskedAutoregressiveTransform(features, context, **shapes, **network))
        mean, sigma = torch.zeros(features), torch.ones(features)
        flow = Flow(parts, UnconditionalDistribution(DiagNormal, mean, sigma, buffer=True))
    if generator is not None:
        _initialise(flow, generator)
    return flow.to(device)


def forward(flow: Flow, x: Tensor, context: Tensor | None = None) -> Mapped:
    """Where samples (B, F) go, with log |det ∂f/∂x|; `context` is (B, K)."""
    return Mapped(*flow.transform(context).call_and_ladj(x))


def inverse(flow: Flow, z: Tensor, context: Tensor | None = None) -> Tensor:
    """The samples (B, F) that go to z (B, F)."""
    x: Tensor = flow.transform(context).inv(z)
    return x


def log_prob(flow: Flow, x: Tensor, context: Tensor | None = None) -> Tensor:
    """Log density of samples (B, F) in nats, (B,)."""
    z, log_det = forward(flow, x, context)
    return log_standard_normal(z) + log_det


def sample(
    flow: Flow, count: int, generator: torch.Generator, context: Tensor | None = None
) -> Tensor:
    """Draws from the density of a flow, (count, F); `context` is (count, K)."""
    features = flow.base().event_shape[0]
    return inverse(flow, draw_standard_normal(count, features, generator), context)


def stages(
    flow: Flow, x: Tensor, context: Tensor | None = None, *, begin: int = 0
) -> Iterator[Mapped]:
    """Where samples (B, F) are after each transform, with the log |det| up to there.

    With `begin` they are taken as already being after so many transforms.
    """
    log_det = torch.zeros(len(x), dtype=x.dtype, device=x.device)
    for transform in flow.transform.transforms[begin:]:
        x, part = transform(context).call_and_ladj(x)
        log_det = log_det + part
        yield Mapped(x, log_det)


class _Coupling(GeneralCouplingTransform):  # type: ignore[misc]
    """Changes every second feature, told the others.

    zuko's own finds the halves in a mask at every call, which on an accelerator is a wait.
    """

    def __init__(self, features: int, context: int, parity: int, **options: Any) -> None:
        super().__init__(features, context, torch.arange(features) % 2 == parity, **options)
        self.parity = parity

    def forward(self, c: Tensor | None = None) -> Transform:
        """The transform for a context."""
        return _Halves(partial(self.meta, c), self.parity)


class _Halves(CouplingTransform):  # type: ignore[misc]
    """A coupling whose halves are the even and the odd features."""

    def __init__(self, meta: Callable[[Tensor], Transform], parity: int) -> None:
        Transform.__init__(self)
        self.meta = meta
        self.parity = parity

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The half that is told and the half that is changed."""
        return x[..., self.parity :: 2], x[..., 1 - self.parity :: 2]

    def merge(self, x_a: Tensor, x_b: Tensor, shape: torch.Size) -> Tensor:
        """Put the halves together again."""
        x = x_a.new_empty(shape)
        x[..., self.parity :: 2] = x_a
        x[..., 1 - self.parity :: 2] = x_b
        return x


@torch.no_grad()
def _initialise(flow: Flow, generator: torch.Generator) -> None:
    """Draw the weights as layers do on their own: evenly within 1/√(number of inputs)."""
    for module in flow.modules():
        weight = getattr(module, "weight", None)
        bound = None if weight is None else weight.shape[-1] ** -0.5
        for parameter in module.parameters(recurse=False):
            if bound is None:
                parameter.normal_(generator=generator)  # of a single feature
            else:
                parameter.uniform_(-bound, bound, generator=generator)


@contextmanager
def _initialised_on_the_host(*, draws: bool) -> Iterator[None]:
    """Make tensors on the CPU, since zuko looks at its masks while it builds.

    Args:
        draws: Whether weights are drawn; else they are left as they are in memory.
    """
    with torch.device("cpu"):
        if draws:
            yield
        else:
            with _NoDraws():
                yield


class _NoDraws(TorchFunctionMode):
    """In this thread, weights are not drawn when a layer is made.

    The global generator belongs to the training thread, and another thread may build a model only
    to load weights into it.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Leave out what draws."""
        named = kwargs or {}
        if func is Tensor.uniform_:
            return args[0]
        if getattr(func, "__module__", "") == "torch.nn.init":
            return named["tensor"] if "tensor" in named else args[0]
        return (torch.empty if func is torch.randn else func)(*args, **named)


__all__ = [
    "SPLINE_BOUND",
    "FlowKind",
    "Mapped",
    "build_flow",
    "forward",
    "inverse",
    "log_prob",
    "sample",
    "stages",
]

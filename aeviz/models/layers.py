"""Parts that models share, as functions: stacks of layers, shapes, terms of a loss."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from aeviz.messages import Term
from aeviz.models.options import ActivationName

ACTIVATIONS: dict[ActivationName, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
}
"""What `--set model.activation=NAME` can name."""

SQUARED_ERROR = Term(
    name="reconstruction",
    title="Reconstruction",
    formula="‖x − x̂‖²",
    unit="squared error per sample",
    definition="Squared difference of sample and reconstruction, summed over the features, mean "
    "over the samples.",
)
"""The term that every plain autoencoder minimises."""


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation that takes a batch of one sample.

    The last batch of an epoch may hold one sample, whose variance is not defined: it is normalised
    with the running statistics and leaves them as they are.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, F)."""
        if not self.training or len(x) > 1:
            return super().forward(x)
        mean, var = self.running_mean, self.running_var
        return functional.batch_norm(x, mean, var, self.weight, self.bias, eps=self.eps)


def mlp(
    inputs: int,
    widths: Sequence[int],
    outputs: int,
    *,
    activation: ActivationName = "relu",
    dropout: float = 0.0,
    batch_norm: bool = False,
    bias: bool = True,
) -> nn.Sequential:
    """Stack linear layers; the last one has neither activation, nor dropout, nor normalisation.

    Example:
        >>> mlp(784, (256,), 2)
        Sequential(
          (0): Linear(in_features=784, out_features=256, bias=True)
          (1): ReLU()
          (2): Linear(in_features=256, out_features=2, bias=True)
        )
    """
    layers: list[nn.Module] = []
    for width in widths:
        # batch normalisation brings its own constant: a bias before it would have no gradient
        layers.append(nn.Linear(inputs, width, bias=bias and not batch_norm))
        if batch_norm:
            layers.append(BatchNorm(width))
        layers.append(ACTIVATIONS[activation]())
        if dropout > 0:
            layers.append(nn.Dropout(dropout))
        inputs = width
    layers.append(nn.Linear(inputs, outputs, bias=bias))
    return nn.Sequential(*layers)


def mirrored(widths: Sequence[int], decoder_widths: Sequence[int] | None) -> tuple[int, ...]:
    """The decoder's widths: those given, else the encoder's in reverse.

    Example:
        >>> mirrored((512, 128), None)
        (128, 512)
    """
    return tuple(reversed(widths)) if decoder_widths is None else tuple(decoder_widths)


def squared_error(x: Tensor, x_hat: Tensor) -> Tensor:
    """‖x − x̂‖² without ½, summed over features, mean over the batch: a scalar."""
    return functional.mse_loss(x_hat, x, reduction="sum") / len(x)


def kl_to_standard_normal(mu: Tensor, log_var: Tensor) -> Tensor:
    """KL(q ‖ p) of N(mu, exp(log_var)) to N(0, I) in nats, summed over dimensions, (B,).

    References:
        | Auto-Encoding Variational Bayes (Kingma & Welling, 2014), appendix B
        | https://arxiv.org/abs/1312.6114
    """
    return 0.5 * (mu.square() + log_var.exp() - 1.0 - log_var).sum(dim=1)


def sample_normal(mu: Tensor, log_var: Tensor, generator: torch.Generator | None) -> Tensor:
    """One draw z = mu + exp(½ log_var) ε per row, differentiable in both, (B, D)."""
    noise = torch.randn(mu.shape, generator=generator, device=mu.device, dtype=mu.dtype)
    return torch.addcmul(mu, torch.exp(0.5 * log_var), noise)

"""The dense and the convolutional body."""

import pytest
import torch

from aeviz.models.base import DataSpec
from aeviz.models.body import BodyConfig, layout_of, make_decoder, make_encoder


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 7, 9), (1, 28, 28), (2, 31, 4)])
def test_a_convolutional_body_takes_images_of_any_size(
    shape: tuple[int, ...], upsampling: str
) -> None:
    data, config = DataSpec(shape), BodyConfig(body="conv", channels=(4, 6), upsampling=upsampling)
    x = torch.rand(3, *shape)
    z = make_encoder(data, config, 5)(x)
    assert z.shape == (3, 5)
    assert make_decoder(data, config, 5)(z).shape == x.shape


@pytest.mark.parametrize("body", ["dense", "conv"])
def test_what_it_is_told_reaches_the_latent(body: str) -> None:
    data, config = DataSpec((1, 6, 6)), BodyConfig(body=body, channels=(4,))
    encoder, x = make_encoder(data, config, 2, extra=3), torch.rand(4, 1, 6, 6)
    one, other = (encoder(x, torch.eye(3)[number].expand(4, 3)) for number in (0, 1))
    assert (one != other).all()


@pytest.mark.parametrize("body", ["dense", "conv"])
def test_one_sample_is_a_batch_with_batch_normalisation_too(body: str) -> None:
    config = BodyConfig(body=body, channels=(4, 4, 4), widths=(4,), batch_norm=True)
    encoder = make_encoder(DataSpec((1, 8, 8)), config, 2)
    assert torch.isfinite(encoder(torch.rand(1, 1, 8, 8))).all()


def test_a_body_without_biases_has_none() -> None:
    data = DataSpec((1, 8, 8))
    for body in ("dense", "conv"):
        config = BodyConfig(body=body, bias=False)
        for module in (make_encoder(data, config, 2), make_decoder(data, config, 2)):
            assert not [name for name, _ in module.named_parameters() if "bias" in name]


def test_the_decoder_has_widths_of_its_own() -> None:
    config = BodyConfig(widths=(400, 200), decoder_widths=(5,))
    assert layout_of(DataSpec((9,)), config) == (9, 400, 200, 2, 5, 9)


def test_a_table_has_no_neighbourhoods() -> None:
    with pytest.raises(ValueError, match=r"model\.body=conv needs images, and these data are a ta"):
        make_encoder(DataSpec((9,)), BodyConfig(body="conv"), 2)


def test_too_many_halvings_are_refused_with_the_number_that_fits() -> None:
    config = BodyConfig(body="conv", channels=(4, 4, 4, 4))
    with pytest.raises(ValueError, match="images of 8 × 8 pixels can be halved 3 times: give at m"):
        make_encoder(DataSpec((1, 8, 8)), config, 2)

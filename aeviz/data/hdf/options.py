"""The options of HDF5 and AnnData files, reached as `--set data.NAME=VALUE`."""

from dataclasses import replace

from aeviz.catalogue import Option
from aeviz.data.tables.options import SCALING as TABLE_SCALING

SAMPLES = Option(
    name="samples",
    title="Samples",
    description="Path of the data set with the samples; empty for x, images, data, X or features",
    kind="text",
    default="",
    advanced=True,
)
LABEL = Option(
    name="label",
    title="Labels",
    description="Path of the data set with the labels; empty for y, labels or targets beside the "
    "samples, none for no labels",
    kind="text",
    default="",
    advanced=True,
)
MATRIX = Option(
    name="samples",
    title="Samples",
    description="What a cell is described by: X, raw/X, layers/NAME or obsm/NAME; empty for X",
    kind="text",
    default="",
)
OBS_LABEL = Option(
    name="label",
    title="Labels",
    description="Column of obs with the labels; empty for cell_type, louvain, leiden or the first "
    "of words, none for no labels",
    kind="text",
    default="",
)
FEATURES = Option(
    name="features",
    title="Features",
    description="How many of the most variable features are kept, or all; empty for 2,000 where "
    "there are more than 5,000",
    kind="text",
    default="",
    choices=("500", "2000", "5000", "all"),
)
SCALING = replace(
    TABLE_SCALING,
    description="How a model sees the features: as they are, each in [0, 1], each with mean 0 and "
    "standard deviation 1, or so after log(1 + x); counts for models with a likelihood of counts",
    choices=(*TABLE_SCALING.choices, "counts"),
)

PLAIN = (SAMPLES, LABEL)
ANNOTATED = (MATRIX, OBS_LABEL, FEATURES, SCALING)

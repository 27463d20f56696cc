"""What can be chosen of a probe."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from aeviz.analysis.probe_models import Kernel, Probe
from aeviz.models.options import FORBID_EXTRA

MOST: dict[Probe, int] = {"gaussian": 2000, "svm": 10_000}
"""Samples at most where nothing is said, of the probes whose time grows fast."""


@dataclass(config=FORBID_EXTRA, frozen=True)
class ProbeOptions:
    """Options of the instrument."""

    probe: Annotated[
        Probe,
        Field(
            title="Probe",
            description="logistic is logistic regression (of numbers: ridge regression), knn k "
            "nearest neighbours, svm a support vector machine, forest a random forest, gaussian a "
            "Gaussian process",
        ),
    ] = "logistic"
    kernel: Annotated[
        Kernel,
        Field(
            title="Kernel",
            description="rbf is the squared exponential, linear the dot product",
            json_schema_extra={"when": ["probe", "svm", "gaussian"]},
        ),
    ] = "rbf"
    neighbours: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            title="Neighbours",
            description="How many of the nearest samples vote",
            json_schema_extra={"when": ["probe", "knn"]},
        ),
    ] = 5
    target: Annotated[
        str,
        Field(
            title="Target",
            description="What is predicted: empty for the labels, else the name of a column; one "
            "of numbers is a regression",
        ),
    ] = ""
    folds: Annotated[
        int,
        Field(
            ge=2,
            le=20,
            title="Folds",
            description="Parts of the cross-validation; each is validated by a probe fitted on "
            "the others",
        ),
    ] = 5
    unseen: Annotated[
        bool,
        Field(
            title="Only unseen samples",
            description="Use only samples that the encoder was not trained on",
        ),
    ] = False
    grid_search: Annotated[
        bool,
        Field(
            title="Grid search",
            description="Choose the probe's own parameters in three inner folds of each outer "
            "fold; a Gaussian process has its marginal likelihood instead",
        ),
    ] = False
    few_labels: Annotated[
        bool,
        Field(
            title="Curve of few labels",
            description="Also fit with 10, 30, 100 … labels",
        ),
    ] = True
    augment: Annotated[
        bool,
        Field(
            title="With drawn latents",
            description="Also fit with as many latents drawn from a Gaussian of each class, to see "
            "whether that helps",
        ),
    ] = False
    test: Annotated[
        float,
        Field(
            ge=0,
            le=0.5,
            title="Test share",
            description="Share that no fold sees and that is looked at once; 0 for none",
            json_schema_extra={"advanced": True},
        ),
    ] = 0.2
    most: Annotated[
        int,
        Field(
            ge=0,
            le=10_000_000,
            title="Samples at most",
            description="Chosen at random; 0 is 2,000 for a Gaussian process, 10,000 for a support "
            "vector machine and all for the others",
            json_schema_extra={"advanced": True},
        ),
    ] = 0
    compare_most: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            title="Compared at most",
            description="Samples at most on which latents, PCA and raw samples are compared; 0 "
            "leaves the comparison out",
            json_schema_extra={"advanced": True},
        ),
    ] = 10_000

    @property
    def limit(self) -> int:
        """Samples at most, 0 for all."""
        return self.most or MOST.get(self.probe, 0)

"""How widely the latents of every class are spread."""

import numpy as np

from aeviz.analysis.questions import Findings, register_question


@register_question("example.spread")
def spread(subject, arguments):
    """Mean distance from the class's centre in every class."""
    if subject.labels is None:
        raise ValueError("the samples of this run have no labels")
    means = []
    for label in np.unique(subject.labels[subject.labels >= 0]):
        z = subject.latents[subject.labels == label]
        means.append(float(np.linalg.norm(z - z.mean(0), axis=1).mean()))
    return Findings(arrays={}, values={"spread": means})

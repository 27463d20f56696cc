"""What the plane of the map is, and how exact, in words."""

import math

from aeviz.gui.numbers import count
from aeviz.gui.session import Session
from aeviz.messages import EpochDone, RunOpened
from aeviz.plane import Plane


def plane_lines(session: Session, run: RunOpened) -> list[str]:
    """Lines in the corner of a map of more than two dimensions: which plane, and how exact."""
    plane, done = session.planes.shown, session.epochs[session.epoch]
    if plane.is_learned:
        return _learned_lines(session, plane, done)
    if plane.kind == "pca":
        which = "the first two principal axes"
    elif plane.kind == "lda":
        which = "what tells the labels apart (LDA)"
    else:
        which = " and ".join(direction.title for direction in plane.directions)
        which += f" through {base_words(plane, run)}"
    held = "" if math.isnan(done.share) else f", which holds {done.share:.0%} of the variance"
    return [
        f"Plane of {which} of {run.latent_dim} dimensions",
        f"Exact on the plane{held}",
    ]


def _learned_lines(session: Session, plane: Plane, done: EpochDone) -> list[str]:
    inverse = done.inverse
    if inverse is None or session.run is None:
        return []
    fitted, total = len(inverse.positions), inverse.total
    of = "all samples" if fitted == total else f"{count(fitted)} of {count(total)} samples, random"
    lines = [
        f"{plane.title} of {session.run.latent_dim} dimensions, fitted at epoch {plane.epoch} to "
        f"{of}",
        f"Way back learned, off by {inverse.error:.0%} of the spread (held-out median)",
    ]
    if session.epoch != plane.epoch:
        lines.append(f"Epoch {session.epoch} is placed among the latents of epoch {plane.epoch}")
    return lines


def base_words(plane: Plane, run: RunOpened) -> str:
    """What a plane of two directions passes through."""
    if plane.base is None:
        return "the median latent"
    if isinstance(plane.base, int):
        return f"sample #{run.index[plane.base]}"
    return f"the latent pinned at epoch {plane.epoch}"

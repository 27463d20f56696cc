"""What the gallery shows: runs that it trains, and what is done in the window on each."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF

from aeviz.gui.inspectors.put import PutInspector
from aeviz.gui.route import Anchor
from aeviz.program import Program


@dataclass(frozen=True)
class Recipe:
    """A run of the gallery.

    Attributes:
        name: Of its folder.
        words: Of `aeviz train`.
    """

    name: str
    words: str


RECIPES = (
    Recipe("vae-digits", "--data digits --model vae --epochs 60"),
    Recipe("deep-digits", "--data digits --model deep --latent 5 --epochs 20"),
    Recipe("conditional-digits", "--data digits --model conditional-vae --epochs 30"),
    Recipe("vae-wine", "--data wine --model vae --latent 3 --epochs 60"),
    Recipe("linear-wine", "--data wine --model linear --epochs 60"),
    Recipe("spline-moons", "--data two-moons --model spline --epochs 20"),
)

Act = Callable[[Program], None]


@dataclass(frozen=True)
class Scene:
    """One tool in use.

    Attributes:
        name: Of its pictures.
        title: What a person reads.
        act: What is done, in a window that shows the run and has come to rest.
        runs: Of these recipes; all that suit where there is none.
    """

    name: str
    title: str
    act: Act
    runs: tuple[str, ...] = ()


def _middle(program: Program) -> None:
    session = program.session
    positions = session.positions
    assert positions is not None
    session.set_pin(session.latent_at(np.median(positions, axis=0)))


def _sample(program: Program) -> None:
    program.session.select([7])


def _grid(program: Program) -> None:
    program.session.layers.show("grid")


def _raise(program: Program, name: str) -> None:
    dock = program.window.docks.docks[name]
    dock.show()
    dock.raise_()


def _traversal(program: Program) -> None:
    _raise(program, "traversal")


def _draws(program: Program) -> None:
    _raise(program, "draws")
    program.session.layers.show("draws")


def _anchors(program: Program, rows: tuple[int, ...]) -> None:
    session = program.session
    assert session.positions is not None
    session.set_tool("path")
    for row in rows:
        z = session.latent_at(session.positions[row].tolist())
        assert z is not None
        session.route.add(Anchor(z, row))


def _path(program: Program) -> None:
    _anchors(program, (5, 9, 20))
    program.session.route.set_method("density")
    program.session.route.set_at(0.4)


def _paths(program: Program) -> None:
    _anchors(program, (5, 90))
    program.session.route.compare(True)
    program.session.route.set_method("geodesic")
    program.session.route.set_at(0.6)


def _layers(*names: str) -> Act:
    """Switch layers on, those that suit the run."""

    def act(program: Program) -> None:
        for name in names:
            action = program.window.latent_view.bar.actions_of_layers[name]
            if action.isEnabled() and not action.isChecked():
                action.trigger()

    return act


def _ellipses(program: Program) -> None:
    program.session.select([3, 40, 90, 150])
    _layers("ellipses.some")(program)


def _off_the_data(program: Program) -> None:
    session = program.session
    positions = session.positions
    assert positions is not None
    away = positions.max(axis=0) + 0.1 * np.ptp(positions, axis=0)
    session.set_pin(session.latent_at(away))
    _layers("density.gmm", "unlikely")(program)


def _put(program: Program) -> None:
    _raise(program, "put")
    run, panel = program.session.run, program.window.docks.docks["put"].widget()
    if run is None or not isinstance(panel, PutInspector):
        return
    if run.is_image:
        high, wide = run.sample_shape[:2]
        panel.pad.stroke(QPointF(wide * 0.5, high * 0.15), QPointF(wide * 0.5, high * 0.85))
        panel.pad.stroke(QPointF(wide * 0.3, high * 0.15), QPointF(wide * 0.7, high * 0.15))
    else:
        panel.row.set_values(panel.row.values * 1.1)


SCENES: list[Scene] = [
    Scene("decode", "Decode anywhere: a pinned place", _middle),
    Scene("sample", "A sample and its reconstruction", _sample),
    Scene("grid", "Grid of decodes under the points", _grid),
    Scene("path", "A path through three samples, along the density", _path),
    Scene("paths", "Every method between two samples", _paths),
    Scene("histogram", "Histogram of the latents", _layers("density.histogram")),
    Scene("prior", "Density of the prior", _layers("density.prior")),
    Scene("posterior", "Aggregate posterior, exact", _layers("density.posterior")),
    Scene("flow", "A flow fitted to the latents", _layers("density.flow")),
    Scene("trust", "Off the data: mixture, hatching, how far to trust", _off_the_data),
    Scene("stretch", "Where the decoder tears", _layers("stretch")),
    Scene("ellipses", "Posterior ellipses of some samples", _ellipses),
    Scene("ellipses-all", "Posterior ellipses of all samples", _layers("ellipses.all")),
    Scene("traversal", "Traversal: one dimension at a time", _traversal),
    Scene("draws", "Draws: new samples and where they lie", _draws),
    Scene("put", "Put something in: a drawing or a row", _put),
]

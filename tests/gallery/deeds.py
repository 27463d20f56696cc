"""What a person does in the window for a picture of the gallery."""

import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from aeviz.gui.inspectors.attributes import AttributesInspector
from aeviz.gui.inspectors.grid import GridInspector
from aeviz.gui.inspectors.put import PutInspector
from aeviz.gui.inspectors.traversal import TraversalInspector
from aeviz.gui.route import Anchor
from aeviz.plane import PlaneKind, two_dimensions
from aeviz.program import Program

Act = Callable[[Program], None]


def middle(program: Program) -> None:
    session = program.session
    positions = session.positions
    assert positions is not None
    session.set_pin(session.latent_at(np.median(positions, axis=0)))


def sample(program: Program) -> None:
    program.session.select([7])


def grid(program: Program) -> None:
    program.session.layers.show("grid")


def bring_up(program: Program, name: str) -> None:
    dock = program.window.docks.docks[name]
    dock.show()
    dock.raise_()


def traversal(program: Program) -> None:
    bring_up(program, "traversal")


def draws(program: Program) -> None:
    bring_up(program, "draws")
    program.session.layers.show("draws")


def anchors(program: Program, rows: tuple[int, ...]) -> None:
    session = program.session
    assert session.positions is not None
    session.set_tool("path")
    for row in rows:
        z = session.latent_at(session.positions[row].tolist())
        assert z is not None
        session.route.add(Anchor(z, row))


def path(program: Program) -> None:
    anchors(program, (5, 9, 20))
    program.session.route.set_method("density")
    program.session.route.set_at(0.4)


def paths(program: Program) -> None:
    anchors(program, (5, 90))
    program.session.route.compare(True)
    program.session.route.set_method("geodesic")
    program.session.route.set_at(0.6)


def layers(*names: str) -> Act:
    """Switch layers on, those that suit the run."""

    def act(program: Program) -> None:
        for name in names:
            action = program.window.latent_view.bar.actions_of_layers[name]
            if action.isEnabled() and not action.isChecked():
                action.trigger()

    return act


def ellipses(program: Program) -> None:
    program.session.select([3, 40, 90, 150])
    layers("ellipses.some")(program)


def off_the_data(program: Program) -> None:
    session = program.session
    positions = session.positions
    assert positions is not None
    away = positions.max(axis=0) + 0.1 * np.ptp(positions, axis=0)
    session.set_pin(session.latent_at(away))
    layers("density.gmm", "unlikely")(program)


def put(program: Program) -> None:
    bring_up(program, "put")
    run, panel = program.session.run, program.window.docks.docks["put"].widget()
    if run is None or not isinstance(panel, PutInspector):
        return
    if run.is_image:
        high, wide = run.sample_shape[:2]
        panel.pad.stroke(QPointF(wide * 0.5, high * 0.15), QPointF(wide * 0.5, high * 0.85))
        panel.pad.stroke(QPointF(wide * 0.3, high * 0.15), QPointF(wide * 0.7, high * 0.15))
    else:
        panel.row.set_values(panel.row.values * 1.1)


def moved_slider(program: Program) -> None:
    """The traversal of a sample, with its first strip dragged to another value."""
    program.session.select([7])
    bring_up(program, "traversal")
    panel = program.window.docks.docks["traversal"].widget()
    assert isinstance(panel, TraversalInspector)
    until(program, lambda: bool(panel.sheet.rows))
    for _ in range(4):
        QTest.keyClick(panel.sheet, Qt.Key.Key_Right)


def grid_of_prior(program: Program) -> None:
    bring_up(program, "grid")
    panel = program.window.docks.docks["grid"].widget()
    assert isinstance(panel, GridInspector)
    if panel.over.isEnabled():
        panel.over.setCurrentIndex(1)
        panel.over.activated.emit(1)


def lasso(program: Program) -> None:
    """A closed line drawn round the middle of the map."""
    program.session.set_tool("lasso")
    plot = program.window.latent_view.plot
    port = plot.viewport()
    wide, high = port.width(), port.height()
    turns = np.linspace(0, 2 * np.pi, 40)
    shape = 1 + 0.25 * np.cos(3 * turns)
    places = [
        QPoint(
            round(wide * (0.45 + 0.2 * r * np.cos(a))), round(high * (0.5 + 0.25 * r * np.sin(a)))
        )
        for a, r in zip(turns, shape, strict=True)
    ]
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(port, place)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=places[-1])


def named_groups(program: Program) -> None:
    """What lies on either side of the map, named."""
    bring_up(program, "groups")
    positions = program.session.positions
    assert positions is not None
    low, high = np.quantile(positions[:, 0], (0.15, 0.85))
    program.session.groups.add("Far left", np.flatnonzero(positions[:, 0] < low))
    program.session.groups.add("Far right", np.flatnonzero(positions[:, 0] > high))
    program.session.select(program.session.groups.rows_of("group:Far left"))


def attribute(program: Program) -> None:
    """The direction from the first class to the second one, applied to a sample."""
    bring_up(program, "attributes")
    program.session.select([7])
    panel = program.window.docks.docks["attributes"].widget()
    assert isinstance(panel, AttributesInspector)
    for box, place in ((panel.start, 0), (panel.end, 1)):
        box.setCurrentIndex(place)
        box.activated.emit(place)
    until(program, lambda: panel.direction is not None)
    panel.slider.setValue(100)


def isolated(program: Program) -> None:
    """Two classes alone."""
    run = program.session.run
    if run is not None and run.labels is not None:
        program.session.select(np.flatnonzero(np.isin(run.labels, (0, 1))))
        program.window.commands.action("select.isolate").trigger()


def plane(kind: PlaneKind) -> Act:
    """Another plane of more than two dimensions."""

    def act(program: Program) -> None:
        planes = program.session.planes
        if kind == "axes":
            planes.choose(two_dimensions(0, 2, epoch=program.session.epoch))
        else:
            program.window.latent_view.bar.plane.choose(kind)
        until(program, lambda: planes.wanted is None)
        middle(program)

    return act


def condition(program: Program) -> None:
    """A place decoded with another label, or by another decoder."""
    middle(program)
    told = program.session.run
    if told is not None and told.conditions is not None:
        program.session.set_condition(1)


def codes(program: Program) -> None:
    """The code map of a sample, with one place changed."""
    program.session.select([7])
    bring_up(program, "codebook")


def until(program: Program, holds: Callable[[], bool], seconds: float = 120.0) -> None:
    """Let the program go on until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("what the picture waits for did not come")
        QApplication.processEvents()
        time.sleep(0.01)

"""The name and the colour of a sample's label, as every view shows them."""

from PySide6.QtGui import QColor

from aeviz.colouring import label_count as label_count
from aeviz.gui import theme, wording
from aeviz.gui.session import Session


def colour_of_label(label: int, count: int) -> QColor | None:
    """The colour of a label among `count`; None where a sample has no label."""
    if not 0 <= label < count:
        return None
    return QColor(*theme.label_colours(count)[label].tolist())


def label_of(session: Session, row: int) -> tuple[str, QColor | None]:
    """Name and colour of a sample's label; both are empty in a run without labels."""
    run = session.run
    if run is None or run.labels is None:
        return "", None
    label = int(run.labels[row])
    return wording.label_name(label, run.class_names), colour_of_label(label, label_count(run))

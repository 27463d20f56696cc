"""Lines of an SVG drawing keep their width in every program.

Qt writes curves in the coordinates of their data and asks for strokes that do not scale with them
(`vector-effect`), which many programs do not know: they draw such a curve as a broad band. Here
the curves are put into the drawing's own coordinates.
"""

import re
from xml.etree import ElementTree as Tree

SVG = "http://www.w3.org/2000/svg"
_EFFECT = "vector-effect"
_PAIR = re.compile(r"(-?[\d.eE+-]+)[ ,]+(-?[\d.eE+-]+)")
_STEP = re.compile(r"([MLCZz])([^MLCZz]*)")

Matrix = tuple[float, float, float, float, float, float]


def with_plain_strokes(content: bytes) -> bytes:
    """The same drawing without strokes that do not scale, and without empty groups.

    Args:
        content: What `QSvgGenerator` has written.
    """
    Tree.register_namespace("", SVG)
    Tree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = Tree.fromstring(content)
    for group in root.iter(f"{{{SVG}}}g"):
        for inner in [each for each in group if _is_empty(each)]:
            group.remove(inner)
        _bake(group)
    return bytes(Tree.tostring(root, encoding="utf-8", xml_declaration=True))


def _is_empty(element: Tree.Element) -> bool:
    return element.tag == f"{{{SVG}}}g" and not len(element)


def _bake(group: Tree.Element) -> None:
    """Put the shapes of a group into the coordinates of the group around it."""
    shapes = list(group)
    if not shapes or any(shape.get(_EFFECT) is None for shape in shapes):
        return
    matrix = _matrix(group.get("transform", ""))
    if matrix is None or not all(_moved(shape, matrix) for shape in shapes):
        return
    group.attrib.pop("transform", None)


def _moved(shape: Tree.Element, matrix: Matrix) -> bool:
    """Whether a shape is of a kind that can be moved; then it has been."""
    kind = shape.tag.rpartition("}")[2]
    if kind == "path":
        shape.set(
            "d", _STEP.sub(lambda step: step[1] + _pairs(step[2], matrix), shape.get("d", ""))
        )
    elif kind in ("polyline", "polygon"):
        shape.set("points", _pairs(shape.get("points", ""), matrix))
    else:
        return False
    del shape.attrib[_EFFECT]
    return True


def _pairs(text: str, matrix: Matrix) -> str:
    """Pairs of numbers, moved."""
    a, b, c, d, e, f = matrix

    def moved(pair: re.Match[str]) -> str:
        x, y = float(pair[1]), float(pair[2])
        return f"{a * x + c * y + e:.6g},{b * x + d * y + f:.6g}"

    return _PAIR.sub(moved, text)


def _matrix(words: str) -> Matrix | None:
    """The six numbers of "matrix(a,b,c,d,e,f)", None where there is something else."""
    found = re.fullmatch(r"matrix\(([^)]*)\)", words.strip())
    numbers = [float(each) for each in found[1].split(",")] if found else []
    return tuple(numbers) if len(numbers) == 6 else None  # type: ignore[return-value]

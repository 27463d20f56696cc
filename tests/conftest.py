"""What every test stands on: no screen, no network of settings, and detectors for what leaks.

Tests that use `qapp` get the marker `gui`; at their end no top-level widget, timer, animation or
compute thread of theirs may be left. A log record from WARNING on fails a test that did not say
with `expect_log` that it would come.
"""

import faulthandler
import gc
import logging
import os
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if "--show" not in sys.argv:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
# PySide's own complaints (a signal connected to what is no slot, …) are off by default.
os.environ["QT_LOGGING_RULES"] = "qt.pyside.libpyside.warning=true"
os.environ["OMP_NUM_THREADS"] = "1"

# torch comes before anything of Qt: on Windows it must, elsewhere it does no harm.
import torch

torch.set_num_threads(1)

import pytest  # noqa: E402

collect_ignore = ["benchmarks"]  # scripts, among them ones that begin to measure when imported

# The workers of xdist are started after AEVIZ_DATA has been taken away: they read the second name.
REAL_DATA = os.environ.get("AEVIZ_DATA") or os.environ.get("AEVIZ_TESTS_DATA")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("aeviz")
    group.addoption("--show", action="store_true", help="show the windows on the real screen")
    group.addoption(
        "--update-snapshots", action="store_true", help="store the pictures of snapshot tests anew"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests out of the person's settings, documents and caches, child processes too."""
    home = Path(tempfile.mkdtemp(prefix="aeviz-tests-"))
    config.add_cleanup(lambda: _remove(home))
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "DOCUMENTS_DIR"):
        os.environ[f"XDG_{name}"] = str(home / name.lower())
    cache = getattr(config, "cache", None)
    # Compiled kernels outlive the run: compiling them again takes seconds.
    folder = home / "cache" if cache is None else cache.mkdir("aeviz")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    os.environ["AEVIZ_TESTS_DATA"] = REAL_DATA or ""
    os.environ.pop("AEVIZ_DATA", None)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "qapp" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.gui)


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    """Collect garbage between tests only, and only what the test made.

    No automatic collection, as in the program: in a thread that compiles kernels or trains it
    would destroy Qt objects there, whose timers then fire into freed memory. What is alive before
    a test is set aside: torch alone has made hundred thousands of objects.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _slow_tests_may_take_long(request: pytest.FixtureRequest) -> None:
    """Call off the minute after which a test that hangs is ended with all its stacks."""
    if request.node.get_closest_marker("slow"):
        faulthandler.cancel_dump_traceback_later()


class LogFailHandler(logging.Handler):
    """Collects records from WARNING on, of whatever thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def expect_log() -> list[str]:
    """Texts of log records that the test expects: append a part of each message."""
    return []


@pytest.fixture(autouse=True)
def _no_unexpected_log(expect_log: list[str]) -> Iterator[None]:
    handler = LogFailHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    yield
    root.removeHandler(handler)
    texts = [record.getMessage() for record in handler.records]
    unexpected = [text for text in texts if not any(part in text for part in expect_log)]
    missing = [part for part in expect_log if not any(part in text for text in texts)]
    assert not unexpected, f"unexpected log records: {unexpected}"
    assert not missing, f"log records that did not come: {missing}"


@pytest.fixture(autouse=True)
def _no_compute_thread_left() -> Iterator[None]:
    yield
    deadline = time.monotonic() + 5
    while (left := _compute_threads()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, f"threads left: {left}"


def _compute_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("aeviz-")]


@pytest.fixture(autouse=True)
def _nothing_of_qt_left(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    if "qapp" not in request.fixturenames:
        yield
        return
    application = request.getfixturevalue("qapp")
    _isolate_settings(tmp_path)
    started = _record_starts(monkeypatch)
    before = {_address(widget) for widget in application.topLevelWidgets()}
    yield
    _delete_later(application)
    widgets = [
        w for w in application.topLevelWidgets() if _address(w) not in before and _is_left(w)
    ]
    inside = [[type(child).__name__ for child in widget.children()] for widget in widgets]
    assert not widgets, f"widgets that were not given to qtbot: {widgets}, with {inside}"
    running = [thing for thing in started if _is_running(thing)]
    assert not running, f"timers or animations left: {[_describe(thing) for thing in running]}"


def _isolate_settings(folder: Path) -> None:
    from PySide6.QtCore import QSettings

    for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(folder / "settings"))


def _record_starts(monkeypatch: pytest.MonkeyPatch) -> "weakref.WeakSet[Any]":
    """Remember every timer and animation that is started."""
    from PySide6.QtCore import QAbstractAnimation, QTimer

    started: weakref.WeakSet[Any] = weakref.WeakSet()

    def recording(start: Callable[..., None]) -> Callable[..., None]:
        def record(self: Any, *arguments: Any) -> None:
            started.add(self)
            start(self, *arguments)

        return record

    for kind in (QTimer, QAbstractAnimation):
        monkeypatch.setattr(kind, "start", recording(kind.start))
    return started


def _delete_later(application: Any) -> None:
    """Do what `deleteLater` and the garbage collector would do a moment later."""
    from PySide6.QtCore import QEvent

    for _ in range(2):
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        application.processEvents()
        gc.collect()


def _address(widget: Any) -> int:
    """Where a widget lies in Qt: Python makes a new object for it each time it is listed."""
    import shiboken6

    return int(shiboken6.getCppPointer(widget)[0])


def _is_left(widget: Any) -> bool:
    """Whether a top-level widget stays.

    Popups of a widget go with it, the tool tip is Qt's own, and pyqtgraph's hidden menus live as
    long as the plot's Python object, which a fixture holds to the very end.
    """
    if widget.parent() is not None or widget.metaObject().className() == "QTipLabel":
        return False
    return not widget.inherits("QMenu") or widget.isVisible()


def _is_running(thing: Any) -> bool:
    from PySide6.QtCore import QTimer
    from shiboken6 import isValid

    if not isValid(thing):
        return False
    if isinstance(thing, QTimer):
        return thing.isActive()
    return thing.state() == type(thing).State.Running


def _describe(thing: Any) -> str:
    return f"{thing.metaObject().className()} of {thing.parent()}"


@pytest.fixture(scope="session")
def real_mnist() -> Path:
    """The data folder of the real MNIST: AEVIZ_DATA, or shared/data beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    for folder in (Path(REAL_DATA).expanduser() if REAL_DATA else beside, beside):
        if any((folder / "MNIST" / "raw").glob("train-images-idx3-ubyte*")):
            return folder
    pytest.skip("the real MNIST is not here: AEVIZ_DATA names no folder with MNIST/raw")


@pytest.fixture(scope="session")
def torchvision() -> Any:
    """The package torchvision, also where only torch is a CPU build.

    Such a pair lacks torchvision's compiled operators and refuses to be imported; two empty
    declarations make the data sets usable, which is all the tests need.
    """
    try:
        import torchvision
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision

        torchvision.declared_by_tests = library  # kept alive as long as the module
    return torchvision

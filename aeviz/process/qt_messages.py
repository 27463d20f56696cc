"""What Qt says goes to the log, like everything else."""

import logging

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

LOG = logging.getLogger("aeviz.qt")

NOISE = "This plugin does not support"
"""Qt's offscreen platform says so whenever a window with docks is shown."""

LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def log_qt_messages() -> None:
    """Pass what Qt says to Python's log from now on."""
    qInstallMessageHandler(_on_message)


def _on_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    if NOISE not in text:
        LOG.log(LEVELS.get(kind, logging.WARNING), "%s", text)

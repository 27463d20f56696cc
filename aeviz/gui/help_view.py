"""The help pages, as Markdown without HTML."""

from pathlib import Path

from PySide6.QtCore import QSize, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from aeviz import paths
from aeviz.gui.scroll import SlimScrollBar

_FEATURES = QTextDocument.MarkdownFeature


def pages() -> dict[str, Path]:
    """Name of a help page → its file; "index" comes first."""
    found = sorted((paths.resources() / "help").glob("*.md"))
    return {path.stem: path for path in sorted(found, key=lambda path: path.stem != "index")}


def title(path: Path) -> str:
    """The first heading of a page."""
    with path.open(encoding="utf-8") as lines:
        first = next((line for line in lines if line.startswith("#")), path.stem)
    return first.lstrip("# ").strip()


class HelpDialog(QDialog):
    """All pages on the left, the chosen one on the right."""

    def __init__(self, page: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Help"))
        self._pages = pages()
        self._list = QListWidget()
        self._list.setAccessibleName(self.tr("Help pages"))
        self._list.setFrameShape(QListWidget.Shape.NoFrame)
        self._list.setSpacing(1)
        self._list.viewport().setContentsMargins(8, 8, 8, 8)
        for path in self._pages.values():
            item = QListWidgetItem(title(path))
            item.setSizeHint(QSize(0, 30))
            self._list.addItem(item)
        self._text = QTextBrowser()
        self._text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self._text.setVerticalScrollBar(SlimScrollBar())
        self._text.setOpenLinks(False)
        self._text.document().setDocumentMargin(20)
        self._text.anchorClicked.connect(self._on_link)
        self._list.currentRowChanged.connect(self._on_row)
        splitter = QSplitter()
        splitter.addWidget(self._list)
        splitter.addWidget(self._text)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([180, 540])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)
        self.show_page(page)

    @property
    def text(self) -> str:
        """The shown page as plain text."""
        return self._text.toPlainText()

    def show_page(self, page: str) -> None:
        """Show a page by name, or the first one where there is none of that name."""
        names = list(self._pages)
        self._list.setCurrentRow(names.index(page) if page in names else 0)

    def sizeHint(self) -> QSize:
        """A comfortable column of text."""
        return QSize(760, 560)

    @Slot(int)
    def _on_row(self, row: int) -> None:
        path = list(self._pages.values())[row]
        text = path.read_text(encoding="utf-8")
        self._text.document().setMarkdown(
            text, _FEATURES.MarkdownNoHTML | _FEATURES.MarkdownDialectGitHub
        )
        self._text.moveCursor(self._text.textCursor().MoveOperation.Start)

    @Slot(QUrl)
    def _on_link(self, url: QUrl) -> None:
        name = Path(url.path()).stem
        if url.isRelative() and name in self._pages:
            self.show_page(name)
        elif url.scheme() == "https":
            QDesktopServices.openUrl(url)

"""The rules of the house, checked by the normal test run: tools, limits, imports, words."""

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "aeviz").rglob("*.py"))
FILE_LINES = 400
MAIN_WINDOW_LINES = 300
FUNCTION_LINES = 40
FENCED = "foreign_weights.py"
"""The one file that reads what `torch.save` wrote, in a process of its own."""

REASON = re.compile(r"longer than the limit: \w+", re.IGNORECASE)
"""A comment in a file's first lines, or in a function, that says why it may pass its limit."""

FORBIDDEN = {
    "pickle": r"\bc?[pP]ickle\b",
    "weights_only=False": r"weights_only\s*=\s*False",
    "allow_pickle=True": r"allow_pickle\s*=\s*True",
    "yaml.load": r"\byaml\s*\.\s*load\b",
    "eval(": r"(?<![.\w])eval\s*\(",
    "exec(": r"(?<![.\w])exec\s*\(",
    "shell=True": r"shell\s*=\s*True",
    "jit.load": r"\bjit\s*\.\s*load\b",
    "torch.load": r"(?<!safetensors\.)\btorch\s*\.\s*load\b",
    "extractall": r"\bextractall\b",
    "os.system": r"\bos\s*\.\s*system\b",
    "ScatterPlotItem": r"\bScatterPlotItem\b",
}


def run_python(
    code: str, *arguments: str, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def run_tool(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


# ── tools ─────────────────────────────────────────────────────────────────────────────────────


def test_ruff_finds_nothing() -> None:
    run_tool("-m", "ruff", "check", "--quiet", ".")


def test_the_formatter_changes_nothing() -> None:
    run_tool("-m", "ruff", "format", "--check", "--quiet", ".")


def test_mypy_finds_nothing() -> None:
    run_tool("-m", "mypy", "--no-error-summary")


def test_the_import_contracts_hold() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run_tool("-c", code)


# ── limits ────────────────────────────────────────────────────────────────────────────────────


def documentation_lines(tree: ast.Module) -> set[int]:
    """Numbers of the lines of docstrings: strings that stand alone as a statement."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        constant = node.value if isinstance(node, ast.Expr) else None
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
            lines.update(range(constant.lineno, (constant.end_lineno or constant.lineno) + 1))
    return lines


def code_lines(source: str) -> set[int]:
    """Numbers of the lines that hold code: no blank line, no comment, no docstring."""
    ignored = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in ignored:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines - documentation_lines(ast.parse(source))


def too_long_functions(source: str) -> Iterator[str]:
    lines, text = code_lines(source), source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            length = sum(number in lines for number in body)
            said = REASON.search("\n".join(text[node.lineno - 1 : body[-1]]))
            if length > FUNCTION_LINES and not said:
                yield f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_keep_their_limits(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    limit = MAIN_WINDOW_LINES if path.name == "main_window.py" else FILE_LINES
    length = len(code_lines(source))
    assert length <= limit or REASON.search("\n".join(source.splitlines()[:12])), length
    assert not list(too_long_functions(source))


def test_a_long_function_is_noticed() -> None:
    body = "\n".join(f"    x = {number}" for number in range(FUNCTION_LINES))
    assert list(too_long_functions(f"def long():\n{body}\n"))
    assert not list(too_long_functions(f"def long():\n    # Longer than the limit: why\n{body}\n"))


# ── words ─────────────────────────────────────────────────────────────────────────────────────


def without_words(source: str) -> str:
    """The source without comments and strings: what remains is what runs."""
    kept = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING:
            kept.append((tokenize.STRING, '""'))
        elif token.type != tokenize.COMMENT:
            kept.append((token.type, token.string))
    return tokenize.untokenize(kept)


def test_torch_reads_files_in_one_place_that_runs_in_a_fenced_process() -> None:
    source = next(path for path in SOURCES if path.name == FENCED).read_text(encoding="utf-8")
    assert source.count("torch.load(") == 1
    assert 'torch.load(path, map_location="cpu", weights_only=True)' in source
    assert "read_apart(" in source


@pytest.mark.parametrize("word", FORBIDDEN)
def test_a_dangerous_word_stands_nowhere(word: str) -> None:
    pattern = re.compile(FORBIDDEN[word])
    found = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if (word, path.name) != ("torch.load", FENCED)
        and pattern.search(without_words(path.read_text(encoding="utf-8")))
    ]
    assert not found


def connections(tree: ast.AST) -> Iterator[ast.expr]:
    """What is given to `….connect(…)`."""
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr == "connect" and node.args:
            yield node.args[0]


def is_slot(function: ast.FunctionDef) -> bool:
    names = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
    return any(isinstance(name, ast.Name) and name.id == "Slot" for name in names)


def wrong_connections(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    for target in connections(tree):
        if isinstance(target, ast.Lambda):
            yield f"line {target.lineno}: a lambda is connected"
    for made in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        methods = {node.name: node for node in made.body if isinstance(node, ast.FunctionDef)}
        for target in connections(made):
            name = ast.unparse(target).removeprefix("self.")
            if name in methods and not is_slot(methods[name]):
                yield f"{made.name}.{name} is connected but no @Slot"


def plain_methods() -> set[str]:
    """Names of methods of the gui that no class decorates as a slot, and that are none of Qt's."""
    from PySide6.QtWidgets import QDialog, QDockWidget, QMainWindow

    methods: dict[str, bool] = {}
    for path in (ROOT / "aeviz" / "gui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for method in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(method, ast.FunctionDef):
                    methods[method.name] = methods.get(method.name, False) or is_slot(method)
    of_qt = {*dir(QDialog), *dir(QDockWidget), *dir(QMainWindow)}
    return {name for name, decorated in methods.items() if not decorated} - of_qt


def test_connected_methods_are_slots_and_no_lambdas() -> None:
    found = {
        str(path.relative_to(ROOT)): wrong
        for path in SOURCES
        if (wrong := list(wrong_connections(path.read_text(encoding="utf-8"))))
    }
    assert not found


def test_methods_of_other_objects_that_are_connected_are_slots() -> None:
    plain = plain_methods()
    found = [
        f"{path.relative_to(ROOT)}:{target.lineno} {ast.unparse(target)}"
        for path in SOURCES
        for target in connections(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(target, ast.Attribute) and target.attr in plain
    ]
    assert not found


def test_wrong_connections_are_noticed() -> None:
    assert list(wrong_connections("a.b.connect(lambda: 1)"))
    source = "class A:\n def f(self): self.s.connect(self.g)\n def g(self): ...\n"
    assert list(wrong_connections(source))
    assert not list(wrong_connections(source.replace(" def g", " @Slot()\n def g")))


# ── imports ───────────────────────────────────────────────────────────────────────────────────

BLOCK = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
"""


def import_blocked(modules: str, *blocked: str) -> None:
    done = run_python(f"BLOCKED = {blocked!r}\n{BLOCK}\nimport {modules}\n")
    assert done.returncode == 0, done.stderr


def test_compute_and_command_line_import_without_qt() -> None:
    walk = (
        "import importlib, pkgutil, aeviz.compute, aeviz.cli, aeviz.analysis, aeviz.export\n"
        "for package in (aeviz.compute, aeviz.cli, aeviz.analysis, aeviz.export):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(found.name)\n"
    )
    import_blocked(f"sys\n{walk}", "PySide6", "shiboken6", "pyqtgraph")


def test_the_window_imports_without_torch() -> None:
    import_blocked("aeviz.gui.main_window", "torch", "torchvision", "lightning_fabric", "sklearn")


def test_the_run_folder_imports_without_torch_and_qt() -> None:
    import_blocked("aeviz.runs.run, aeviz.runs.writer", "torch", "PySide6", "pyqtgraph")


def imported_by(*arguments: str, cwd: Path | None = None) -> tuple[int, set[str]]:
    """Exit code of a command line and the top-level packages that it imported."""
    code = (
        "import os, sys\n"
        "from aeviz.cli import main\n"
        "os.chdir(sys.argv[1])\n"
        "code = main(sys.argv[2:])\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print('\\nIMPORTED', *names)\n"
        "sys.exit(code)\n"
    )
    done = run_python(code, str(cwd or ROOT), *arguments)
    assert "\nIMPORTED" in done.stdout, done.stdout + done.stderr
    return done.returncode, set(done.stdout.rpartition("\nIMPORTED")[2].split())


QT = {"PySide6", "shiboken6", "pyqtgraph"}
HEAVY = QT | {"torch", "torchvision", "sklearn", "scipy", "numba"}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["train", "--help"], ["list", "models"], ["list", "data", "--json"]]
)
def test_help_and_list_import_nothing_heavy(arguments: list[str]) -> None:
    code, packages = imported_by(*arguments)
    assert code == 0
    assert not packages & HEAVY


def test_train_imports_no_qt(tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, packages = imported_by("train", "--epochs", "1", "--out", str(out), cwd=tmp_path)
    assert code == 0
    assert (out / "run.json").is_file()
    assert not packages & QT


# ── Qt ────────────────────────────────────────────────────────────────────────────────────────


def test_none_keeps_its_references_over_ten_thousand_qt_calls(qapp: object) -> None:
    from PySide6.QtCore import QObject

    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(10_000):
        thing.setObjectName("a")
        thing.parent()
        # Checked each time: at zero the process would end without a word.
        assert sys.getrefcount(None) > before - 100

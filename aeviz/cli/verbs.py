"""The verbs and how their words are read: cyclopts parses, errors become short sentences."""

import difflib
import os
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cyclopts import App, CycloptsError

import aeviz
from aeviz import paths
from aeviz.cli.animate import animate
from aeviz.cli.console import CommandError, Console
from aeviz.cli.decode import decode
from aeviz.cli.doctor import doctor
from aeviz.cli.draw import draw
from aeviz.cli.encode import encode
from aeviz.cli.errors import code_of, text_of
from aeviz.cli.export import export
from aeviz.cli.listing import list_
from aeviz.cli.measure import measure
from aeviz.cli.path import path
from aeviz.cli.shot import shot
from aeviz.cli.sweep import sweep
from aeviz.cli.train import train
from aeviz.cli.traverse import traverse
from aeviz.cli.window import window
from aeviz.cli.wrap import wrap

HELP = """Explore the latent spaces of autoencoders: train, watch the map form, point and decode.

Without a verb it opens the window."""


def make_app() -> App:
    """The parser with all verbs."""
    app = App(
        name="aeviz",
        help=HELP,
        version=aeviz.__version__,
        default_command=window,
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
        help_format="plaintext",
        suppress_keyboard_interrupt=False,
    )
    for name, verb in VERBS.items():
        app.command(verb, name=name)
    return app


VERBS: dict[str, Callable[..., int]] = {
    "train": train,
    "wrap": wrap,
    "encode": encode,
    "decode": decode,
    "sweep": sweep,
    "path": path,
    "traverse": traverse,
    "draw": draw,
    "animate": animate,
    "measure": measure,
    "export": export,
    "shot": shot,
    "list": list_,
    "doctor": doctor,
}


def run(arguments: list[str]) -> int:
    """Parse and run; every way to fail ends in one sentence and an exit code."""
    console = Console()
    try:
        _check_first_word(arguments)
        code = make_app()(arguments)
    except CommandError as error:
        console.error(str(error))
        return error.code
    except CycloptsError as error:
        console.error(f"{_first_sentence(error)}\n{_see_help(arguments)}")
        return 2
    except KeyboardInterrupt:
        console.say("interrupted")
        return 130
    except BrokenPipeError:
        # Who read our output has gone (`aeviz list data | head -1`): nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except MemoryError:
        console.error("the memory is full: try a smaller --batch-size, fewer samples or --grid")
        return 1
    except Exception as error:  # noqa: BLE001  the last resort: a bug is a sentence too
        known = code_of(error)
        console.error(_unexpected(error) if known is None else text_of(error))
        return known or 1
    return code if isinstance(code, int) else 0


def _check_first_word(arguments: list[str]) -> None:
    """Refuse a word that is neither a verb nor a path before it opens an empty window."""
    if not arguments or arguments[0].startswith("-") or arguments[0] in VERBS:
        return
    word = arguments[0]
    if not Path(word).exists():
        near = difflib.get_close_matches(word, VERBS, 1)
        hint = f"did you mean `aeviz {near[0]}`?" if near else f"verbs are: {', '.join(VERBS)}"
        raise CommandError(f"{word!r} is neither a verb nor a file or folder; {hint}")


def _first_sentence(error: CycloptsError) -> str:
    return " ".join(str(error).split()).removesuffix(".")


def _see_help(arguments: list[str]) -> str:
    verb = f" {arguments[0]}" if arguments and arguments[0] in VERBS else ""
    return f"see `aeviz{verb} --help`"


def _unexpected(error: Exception) -> str:
    """A bug in one sentence; its traceback goes to a file that can be sent."""
    first = " ".join(str(error).split())[:300]
    sentence = f"unexpected error, {type(error).__name__}: {first}"
    file = paths.logs() / "error.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now().astimezone().isoformat()}\n{traceback.format_exc()}\n")
    except OSError:
        return sentence
    return f"{sentence}\ndetails: {file}"

"""`python -m tests.gallery --out DIR`: train, use every tool, write pictures and one page.

Each scene gets a window of its own, so that none sees what another left behind.
"""

import argparse
import html
import os
import shlex
import subprocess
import sys
from pathlib import Path

from tests.gallery.scenes import RECIPES, SCENES

THEMES = ("light", "dark")


def main() -> int:
    """Parse, train, draw, write the page; 1 where a scene failed."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    parser = argparse.ArgumentParser(prog="python -m tests.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of runs, pictures, page")
    parser.add_argument("--only", default="", help="part of the names of the scenes")
    parser.add_argument("--size", default="1280x800")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    for recipe in RECIPES:
        folder = chosen.out / "runs" / recipe.name
        if not folder.exists():
            command = [sys.executable, "-m", "aeviz", "train", *shlex.split(recipe.words)]
            subprocess.run([*command, "--out", str(folder)], check=True, capture_output=True)
    made: list[tuple[str, str, str, str]] = []
    failed = 0
    for scene in SCENES:
        if chosen.only not in scene.name:
            continue
        for number, recipe in enumerate(RECIPES):
            if recipe.name not in scene.runs:
                continue
            theme = THEMES[number % 2]
            target = chosen.out / f"{scene.name}-{recipe.name}.png"
            command = [sys.executable, "-m", "tests.gallery.window", scene.name]
            command += [str(chosen.out / "runs" / recipe.name), theme, chosen.size, str(target)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
            if done.returncode != 0:
                failed += 1
                sys.stderr.write(f"{scene.name} on {recipe.name}: {said}\n")
            made.append((scene.title, recipe.name, target.name, said * (done.returncode != 0)))
    (chosen.out / "index.html").write_text(page(made), encoding="utf-8")
    sys.stdout.write(f"{chosen.out / 'index.html'}: {len(made) - failed} pictures\n")
    return 1 if failed else 0


def page(made: list[tuple[str, str, str, str]]) -> str:
    """The page: a heading for every scene, under it a picture for every run."""
    lines = ["<!doctype html><meta charset=utf-8><title>aeviz gallery</title>"]
    lines.append("<style>body{font:15px sans-serif;margin:2em}img{max-width:100%}</style>")
    before = ""
    for title, run, picture, error in made:
        if title != before:
            lines.append(f"<h2>{html.escape(title)}</h2>")
            before = title
        shown = html.escape(error) or f'<img src="{picture}" loading=lazy>'
        lines.append(f"<h3>{html.escape(run)}</h3><p>{shown}</p>")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())

"""Makes the bundled demo run: `python packaging/make_demo.py` writes `resources/demo` anew.

A small 2-D VAE on the handwritten digits with its whole history, under 3 MB. The Gaussian
likelihood with a small σ pulls the classes further apart than the default would on 8×8 pixels.
"""

import shutil
from pathlib import Path

import aeviz

DEMO = Path(__file__).resolve().parent.parent / "resources" / "demo"
LARGEST = 3_000_000
OPTIONS = {
    "model.widths": [64, 32],
    "model.activation": "gelu",
    "model.likelihood": "gaussian",
    "model.sigma": 0.15,
    "model.output": "sigmoid",
    "train.schedule": "cosine",
}


def main() -> None:
    """Train the run and put it where the program looks for it."""
    shutil.rmtree(DEMO, ignore_errors=True)
    aeviz.train(
        "digits",
        "vae",
        epochs=30,
        batch_size=32,
        lr=4e-3,
        seed=3,
        device="cpu",
        options=OPTIONS,
        out=DEMO,
    )
    size = sum(file.stat().st_size for file in DEMO.rglob("*") if file.is_file())
    if size > LARGEST:
        raise SystemExit(f"{DEMO} has {size} bytes, more than {LARGEST}")


if __name__ == "__main__":
    main()

#!/bin/sh
# The pictures of the README, made by the program itself, without a screen.
set -eu
cd "$(dirname "$0")/.."
aeviz="${AEVIZ:-.venv/bin/aeviz}"
python="$(dirname "$aeviz")/python"
pictures=packaging/pictures
mkdir -p "$pictures"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$aeviz" train --data wine --model deep --epochs 60 --out "$work/wine"
"$aeviz" shot -o "$pictures/window-light.png" --size 1440x900
"$aeviz" shot -o "$pictures/window-dark.png" --size 1440x900 --theme dark
"$aeviz" shot "$work/wine" -o "$pictures/wine.png" --size 1440x900

"$aeviz" train --data digits --model vae --epochs 60 --out "$work/digits"
"$aeviz" train --data digits --model beta-vae --latent 6 --set model.beta=0.5 --epochs 60 \
    --out "$work/factors"
export QT_QPA_PLATFORM=offscreen
picture() { "$python" -m tests.gallery.window "$1" "$work/$2" "$3" 1440x900 "$pictures/$1.png"; }
picture paths digits light
picture draws digits dark
picture traversal factors dark
picture trust digits light

#!/bin/sh
# The pictures of the README, made by the program itself, without a screen.
set -eu
cd "$(dirname "$0")/.."
aeviz="${AEVIZ:-.venv/bin/aeviz}"
pictures=packaging/pictures
mkdir -p "$pictures"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$aeviz" train --data wine --model deep --epochs 60 --out "$work/wine"
"$aeviz" shot -o "$pictures/window-light.png" --size 1440x900
"$aeviz" shot -o "$pictures/window-dark.png" --size 1440x900 --theme dark
"$aeviz" shot "$work/wine" -o "$pictures/wine.png" --size 1440x900

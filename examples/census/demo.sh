#!/usr/bin/env bash
# Checks, draws and runs the census, and names the files that it made: `make demo` calls this, from the root of the repository.
#
#   PYTHON=.venv/bin/python bash examples/census/demo.sh [FOLDER [more options of flowc run]]
set -euo pipefail

flowc() { "${PYTHON:-python3}" -m flowc "$@"; }
out="${1:-out/census}"
flow=examples/census/census.flow

mkdir -p "$out"
flowc check --strict examples/census
flowc graph "$flow" -o "$out/census.svg"
flowc graph "$flow" -o "$out/census.png"
flowc run "$flow" --app examples.census.tasks --pool processes -p out="$out" "${@:2}"

echo
echo "The census is done. It made:"
find "$out" -type f | sort | sed 's/^/  /'

# flowc's everyday commands. Every target sets up what it needs: `make` and Python 3.11 or newer are enough.
#
#   make demo      check, draw and run the census example, and say which files it made
#   make test      the tests                      make test-all   the tests on each of Python 3.11, 3.12 and 3.13 found here
#   make lint      ruff, mypy, import-linter      make format     let ruff rewrite the sources
#   make bench     the benchmarks                 make soak       the tests that take minutes
#   make docs      write what is generated        make clean      remove what the above made
#
# PYTHON=python3.12 chooses the interpreter, VENV=folder where the virtual environment goes, ARGS="-k name" is handed to pytest,
# WORKERS=4 how many processes run the tests. `make servers` installs the servers that they start, where it may.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
VERSIONS := 3.11 3.12 3.13
ARGS ?=
OUT ?= out
# Two, since more than two cores are rare where this is checked. As they run out of tests, they take over each other's.
WORKERS ?= 2

bin := $(VENV)/bin
stamp := $(VENV)/.installed
# A checkout that was unpacked with its parent's git variables set, or a strange PYTHONPATH, must not leak in.
unexport PYTHONPATH PYTHONHOME
# Byte code is cached whatever the shell says: without it, every start of flowc would compile itself again.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help venv servers demo test test-all lint format bench soak docs clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | head -10

venv: $(stamp)

# Reinstalled when the dependencies or the layout change; `find-python` prints the newest interpreter that really runs.
$(stamp): pyproject.toml hatch_build.py
	@if ! $(bin)/python -c 'import pip' 2>/dev/null; then \
	    python="$(PYTHON)"; \
	    if [ -z "$$python" ]; then python="$$(bash .ci/find-python)"; fi; \
	    echo "Setting up $(VENV) with $$("$$python" -V)"; \
	    "$$python" -m venv --clear "$(VENV)"; \
	fi
	@$(bin)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

servers:
	@bash .ci/install-servers

test: $(stamp) servers
	$(bin)/python -m pytest -m 'not soak' -n $(WORKERS) --dist worksteal $(ARGS)

soak: $(stamp) servers
	$(bin)/python -m pytest -m soak --timeout=3600 $(ARGS)

# Each version has an environment of its own, so that the second run is quick.
test-all:
	@missing=""; failed=""; tried=""; \
	for version in $(VERSIONS); do \
	    if python="$$(bash .ci/find-python $$version)"; then \
	        tried="$$tried $$version"; \
	        echo "== Python $$version ($$python)"; \
	        $(MAKE) test VENV=".venv-$$version" PYTHON="$$python" || failed="$$failed $$version"; \
	    else \
	        missing="$$missing $$version"; \
	    fi; \
	done; \
	echo "Tested on Python:$${tried:- none}"; \
	if [ -n "$$missing" ]; then echo "Not found on this machine:$$missing"; fi; \
	if [ -n "$$failed" ]; then echo "Failed on Python:$$failed"; exit 1; fi; \
	if [ -z "$$tried" ]; then echo "No Python to test on."; exit 1; fi

lint: $(stamp)
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/python -m mypy
	$(bin)/lint-imports

format: $(stamp)
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

bench: $(stamp)
	$(bin)/python -m benchmarks $(ARGS)

docs: $(stamp)
	$(bin)/python -m flowc.dsl.grammar
	$(bin)/python -m flowc.cli.catalogue docs/diagnostics.md
	$(bin)/python -m flowc.cli.settings_page docs/configuration.md

# The census of the standard library: its last lines name the files that it made.
demo: $(stamp)
	@PYTHON=$(bin)/python bash examples/census/demo.sh $(OUT)/census

clean:
	rm -rf .venv .venv-3.* .celery .editable build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
WORKERS ?= 2

ifneq ($(UV),)
INSTALL = VIRTUAL_ENV= "$(UV)" pip install --python $(BIN)/python
else
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --quiet
endif

.PHONY: help setup tools run check test lint lock fmt vendor screenshots bench vscode clean

help:
	@echo "make run    set up and start the demonstration"
	@echo "make check  linters, types and the quick tests (under 2 minutes)"
	@echo "make test   linters, types and all tests"
	@echo "make screenshots   pictures of the pages for the documentation"
	@echo "make vscode package the extension for VS Code (needs npm)"
	@echo "make vendor build the editor's JavaScript libraries anew (needs npm)"
	@echo "make setup | fmt | lock | bench | clean"

setup: $(VENV)/.stamp

tools:
	@scripts/system-packages.sh

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: set PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python cannot make a virtual environment here; on Debian: apt-get install python3-venv." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The interpreter is an order-only prerequisite: it is a link whose date says nothing.
$(VENV)/.stamp: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements/dev.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

run: setup
	$(BIN)/rulelang demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What tells most in the least time: the language, its checks and plans, the machine.
QUICK := $(addprefix tests/,calendar check diagnostics format lint machine plan schema syntax template)

check: lint tools
	$(BIN)/pytest -m "not slow" -n $(WORKERS) $(QUICK)

test: lint tools
	$(BIN)/pytest -n $(WORKERS)

fmt: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The lock files are plain requirement files with hashes: they name no package index.
# `make lock LOCKFLAGS=--upgrade` moves every version to the newest.
COMPILE = pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 \
  --custom-compile-command "make lock" --quiet $(LOCKFLAGS)

lock:
	@uv="$(UV)"; \
	if [ -z "$$uv" ]; then \
	  [ -x .cache/uv/bin/uv ] || { $(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet uv; }; \
	  uv=.cache/uv/bin/uv; \
	fi; \
	mkdir -p requirements; \
	"$$uv" $(COMPILE) --extra dev -o requirements/dev.txt >/dev/null; \
	"$$uv" $(COMPILE) -c requirements/dev.txt -o requirements/runtime.txt >/dev/null; \
	"$$uv" $(COMPILE) --extra bench -c requirements/dev.txt -o requirements/bench.txt >/dev/null
	@if grep -nE '://|index-url|find-links' requirements/*.txt; then \
	  echo "A lock file names an address." >&2; exit 1; fi

# Only needed after a change in frontend/: what it makes is committed, and a test compares.
vendor:
	cd frontend && npm ci && npm run --silent build

# Pictures of the pages for the documentation.
screenshots: setup tools
	$(BIN)/python -m tests.browser.screenshots

# The extension for VS Code: build/rulelang.vsix (needs npm).
VSCE := @vscode/vsce@3.9.2
vscode: setup
	mkdir -p build
	cp LICENSE editors/vscode/LICENSE
	cd editors/vscode && npm ci && RULELANG="$(CURDIR)/$(BIN)/rulelang" npm test \
	  && npx --yes $(VSCE) package --allow-missing-repository --out "$(CURDIR)/build/rulelang.vsix"

bench: setup
	$(INSTALL) --require-hashes -r requirements/bench.txt
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two commands do all set-up on a fresh machine: `make lab` and `make test`.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
SUITE := tests

.PHONY: lab test lint types layers tables docs unit js stress bench base-model histories notebooks wheel tools clean rehearse help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

lab: .venv/lab  ## install, and open the tuning notebook in JupyterLab
	$(BIN)/astuner lab

test: lint types layers js unit  ## install, and run every check

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/test
	$(BIN)/mypy

layers: .venv/test
	$(BIN)/lint-imports

js: .venv/test tools
	PATH="$(CURDIR)/$(BIN):$$PATH" node --test $$(find tests -name '*.test.mjs')

unit: .venv/test tools
	$(BIN)/pytest $(SUITE) -m "not stress" --numprocesses 2 --dist loadfile

stress: .venv/test tools  ## the long soaks, kills and fuzzing
	$(BIN)/pytest $(SUITE) -m stress --timeout 3600
	HYPOTHESIS_PROFILE=search $(BIN)/pytest $(SUITE) -m "property and not stress" --timeout 3600

bench: .venv/test tools  ## speed and memory beside the peers, as tables
	$(BIN)/python -m benchmarks

tables: .venv/test  ## write the tables of README and docs anew from the registries
	$(BIN)/python scripts/readme_tables.py

docs: .venv/test  ## the reference of the public names, as a page in build/docs
	$(BIN)/python scripts/reference.py

histories: .venv/test  ## make the histories of the overlay notebook anew (about two minutes)
	$(BIN)/python scripts/make_histories.py

notebooks: .venv/test tools  ## make the notebooks from their sources; those whose code has changed are run
	$(BIN)/python -m scripts.make_notebooks
rehearse: .venv/test  ## install what Binder would, and run every notebook without a network
	$(BIN)/python scripts/rehearse_binder.py

base-model: .venv/lab  ## train the shipped base model anew (about three minutes)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m astuner_nb.training.make_base_model astuner_nb/training/base_model.npz

tools: .venv/test  ## a browser and node for the tests: found, or installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/ensure_tools.sh

wheel: .venv/test
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later was found. Install one, or name it: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/lab: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

.venv/test: .venv/lab
	$(BIN)/python -m pip install --quiet -e '.[test]'
	@touch $@

clean:  ## remove what the checks leave behind
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

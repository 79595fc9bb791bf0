# The only way in: `make help`.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# What the demo needs is a third of it, and a stranger's first minute: it is enough where all of it is not there yet.
DEMO := $(if $(wildcard $(STAMP)),$(STAMP),.venv/.demo)
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test test-quick test-long soak check format gen bench bench-peers lock clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the virtual environment and install everything, pinned

$(STAMP): pyproject.toml constraints.txt | .venv/bin/python
	@echo "Setting up .venv (about a minute the first time)"
	@$(INSTALL) '.[dev]'
	@touch $@

.venv/.demo: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Setting up .venv (half a minute the first time)"
	@$(INSTALL) '.[demo]'
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Sentrial needs Python 3.11 or later: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv

demo: $(DEMO) ## Run a real agent against the embedded server and show its pages (ONCE=1 ends by itself)
	@$(BIN)/sentrial dev $(if $(ONCE),--once) --fresh -- $(BIN)/python examples/demo_agent.py

serve: $(DEMO) ## Run the embedded server on 127.0.0.1:7777
	@$(BIN)/sentrial serve

test: $(STAMP) ## Run all tests but the long batteries
	@$(BIN)/python -m pytest -m "not long"

test-quick: $(STAMP) ## Run the tests that take seconds
	@$(BIN)/python -m pytest -m "not long" tests --ignore=tests/contract --ignore=tests/journey

test-long: $(STAMP) ## Run the long batteries
	@$(BIN)/python -m pytest -m long

soak: $(STAMP) ## Kill recording processes a thousand times, and look for what is missing
	@SENTRIAL_TEST_KILLS=1000 $(BIN)/python -m pytest -m long tests/journey/test_kills.py -o timeout=3600 --log-cli-level=INFO

check: $(STAMP) ## Lint, floors, types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(BIN)/pyright

format: $(STAMP) ## Put the code into shape
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

gen: $(STAMP) ## Write generated/ from openapi.yaml
	@$(BIN)/python generated/generate.py

bench: $(STAMP) ## Measure recording beside its floor, and beside the peers that are installed
	@$(BIN)/python benchmarks/run.py
	@echo "A million events while the server is away" && $(BIN)/python benchmarks/million.py

bench-peers: .venv-bench ## Install the peers that `make bench` measures

.venv-bench:
	@$(PYTHON) -m venv $@ && $@/bin/pip install --quiet --disable-pip-version-check 'langfuse>=4,<6' 'langsmith>=0.4,<1' \
		'opentelemetry-sdk>=1.30,<2' 'opentelemetry-exporter-otlp-proto-http>=1.30,<2'

lock: ## Renew constraints.txt
	@$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet --editable '.[dev]'
	@.venv-lock/bin/pip freeze --exclude-editable > constraints.txt && rm -rf .venv-lock

clean: ## Remove what can be made again
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist

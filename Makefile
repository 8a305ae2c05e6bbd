# Everything a person does with this repository. `make up` and `make test` need git, make and a Python >= 3.12.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .venv-peers
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first Python 3.12 or 3.13 found: on PATH, in pyenv's versions folder, or one that uv can provide.
FIND_PYTHON := for p in python3.12 python3.13 python3 $$(ls -d $$HOME/.pyenv/versions/3.1[23]*/bin/python 2>/dev/null) \
	$$(command -v uv >/dev/null && uv python find '>=3.12,<3.14' 2>/dev/null); do \
	"$$p" -c 'import sys, ensurepip, sqlite3; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' 2>/dev/null && { echo "$$p"; break; }; done

.PHONY: setup up down test check lint fix types layers docs bench soak walk probes screens lock clean aws-e2e
setup: $(STAMP)
$(STAMP): requirements.lock pyproject.toml
	@py=$$($(FIND_PYTHON)); \
	[ -n "$$py" ] || { echo "oratio: no Python 3.12 or 3.13 found: install one (for example: pyenv install 3.12)" >&2; exit 1; }; \
	echo "setting up $(VENV) with $$py"; "$$py" -m venv $(VENV)
	@if command -v uv >/dev/null; then \
	    uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock && \
	    uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
	    $(BIN)/python -m pip install -q --require-hashes -r requirements.lock && \
	    $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .; \
	fi
	@$(BIN)/python -m compileall -q -j 0 src flows tasks console voice_server
	@$(BIN)/oratio prepare
	@touch $(STAMP)

up: setup
	$(BIN)/oratio up

down: setup
	$(BIN)/oratio down

test: setup
	$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadgroup

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
types: setup
	$(BIN)/mypy
layers: setup
	$(BIN)/lint-imports --no-cache
check: lint types layers docs test
# The site of docs/, into site/; a link or an anchor that leads nowhere ends it.
docs: setup
	$(BIN)/zensical build --clean --strict

fix: setup
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: setup $(PEERS)/.installed
	$(BIN)/python -m benchmarks
# What `make bench` measures beside us, in a venv of its own: its dependencies are not ours.
$(PEERS)/.installed: benchmarks/peers.lock
	$(BIN)/python -m venv $(PEERS)
	@if command -v uv >/dev/null; then uv pip install -q --python $(PEERS)/bin/python --require-hashes -r $<; \
	else $(PEERS)/bin/python -m pip install -q --require-hashes -r $<; fi
	@touch $@
soak: setup
	$(BIN)/python -m pytest -m soak
# The HTTP contract from outside: every curl line of docs/api.md, versions of the telecom agent, a restored agent.
walk: setup
	$(BIN)/python -m pytest -m soak tests/e2e/test_walk.py
# An agent's whole life on moto and the fakes of Bedrock and AgentCore; prints the calls made, retries and leftovers.
aws-e2e: setup
	$(BIN)/python -m tests.aws_story
# The escape attempts on this machine's sandbox; exit 1 on a leak.
probes: setup
	$(BIN)/python -m oratio.agent_host.probes
# Every page of the console in both themes, into tests/console/screens.
screens: setup
	$(BIN)/python -m tests.console.screens

# Exact versions with hashes, no registry address.
lock:
	uv pip compile pyproject.toml --extra scale --group dev --universal --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" -q -o requirements.lock
	uv pip compile benchmarks/peers.in --universal --python-version 3.12 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" -q -o benchmarks/peers.lock

clean:
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache

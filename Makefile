# Everything a person does with this repository. `make up` and `make test` need git, make and a Python >= 3.12.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TOOLS := $(VENV)/.tools
PEERS := .venv-peers
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first Python 3.12 or 3.13 found: on PATH, in pyenv's versions folder, or one that uv can provide.
FIND_PYTHON := for p in python3.12 python3.13 python3 $$(ls -d $$HOME/.pyenv/versions/3.1[23]*/bin/python 2>/dev/null) \
	$$(command -v uv >/dev/null && uv python find '>=3.12,<3.14' 2>/dev/null); do \
	"$$p" -c 'import sys, ensurepip, sqlite3; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' 2>/dev/null && { echo "$$p"; break; }; done

# Installs a lock's packages. uv, of requirements-build.lock, is the faster (docs/dependencies.md, Sizes); pip is for where uv's own
# settings name no index that can be reached (uv does not read pip's).
INSTALL = { $(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r $(1) || \
	{ echo "oratio: uv could not install: trying pip" >&2; $(BIN)/python -m pip install -q --require-hashes -r $(1); }; }

.PHONY: setup tools up down test check lint fix types layers docs bench soak walk probes screens client lock wheel clean aws-e2e
# What runs. `make up` installs no more than this.
setup: $(STAMP)
$(STAMP): requirements.lock requirements-build.lock pyproject.toml
	@py=$$($(FIND_PYTHON)); \
	[ -n "$$py" ] || { echo "oratio: no Python 3.12 or 3.13 found: install one (for example: pyenv install 3.12)" >&2; exit 1; }; \
	echo "setting up $(VENV) with $$py"; "$$py" -m venv $(VENV)
	@$(BIN)/python -m pip install -q --require-hashes -r requirements-build.lock
	@$(call INSTALL,requirements.lock)
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 src flows tasks console voice_server
	@$(BIN)/oratio prepare
	@touch $(STAMP)

# And what tests.
tools: $(TOOLS)
$(TOOLS): requirements-dev.lock $(STAMP)
	@$(call INSTALL,requirements-dev.lock)
	@touch $(TOOLS)

up: setup
	$(BIN)/oratio up

down: setup
	$(BIN)/oratio down

test: tools
	$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadgroup

lint: tools
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m tests.words
types: tools
	$(BIN)/mypy
layers: tools
	$(BIN)/lint-imports --no-cache
check: lint types layers docs test
# The site of docs/, into site/; a link or an anchor that leads nowhere ends it.
docs: tools
	$(BIN)/zensical build --clean --strict

fix: tools
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

# The blocking client from the async one; a test fails while the two differ.
client: tools
	$(BIN)/python -m tests.blocking_client

bench: tools $(PEERS)/.installed
	$(BIN)/python -m benchmarks
# What `make bench` measures next to Oratio, in a venv of its own: its dependencies are not ours.
$(PEERS)/.installed: benchmarks/peers.lock
	$(BIN)/python -m venv $(PEERS)
	@$(BIN)/uv pip install -q --python $(PEERS)/bin/python --require-hashes -r $<
	@touch $@
soak: tools
	$(BIN)/python -m pytest -m soak
# The HTTP contract from outside: every curl line of docs/api.md, versions of the telecom agent, a restored agent.
walk: tools
	$(BIN)/python -m pytest -m soak tests/e2e/test_walk.py
# An agent's whole life on moto and the fakes of Bedrock and AgentCore; prints the calls made, retries and leftovers.
aws-e2e: tools
	$(BIN)/python -m tests.aws_story
# The escape attempts on this machine's sandbox; exit 1 on a leak.
probes: setup
	$(BIN)/python -m oratio.agent_host.probes
# Every page of the console in both themes, into tests/console/screens.
screens: tools
	$(BIN)/python -m tests.console.screens

wheel: setup
	$(BIN)/uv build -q --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .

# Exact versions with hashes, no registry address: what runs, what tests, what sets up, and what each image runs.
COMPILE = $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock"
lock: setup
	$(COMPILE) pyproject.toml --extra all --extra scale -o requirements.lock
	$(COMPILE) pyproject.toml --extra all --extra scale --group dev --group build -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --group build --python-version 3.12 -c requirements-dev.lock -o requirements-build.lock
	$(COMPILE) --no-annotate pyproject.toml --extra scale -c requirements.lock -o deployments/locks/services.lock
	$(COMPILE) --no-annotate pyproject.toml --extra speech --extra aws -c requirements.lock -o deployments/locks/voice.lock
	$(COMPILE) --no-annotate pyproject.toml --extra console -c requirements.lock -o deployments/locks/console.lock
	$(COMPILE) benchmarks/peers.in --python-version 3.12 -o benchmarks/peers.lock

clean:
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache

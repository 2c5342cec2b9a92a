# Two commands do all the set-up on a fresh Debian or Ubuntu with python3 and python3-venv:
#
#   make serve    install, make a database with a demo customer, take calls on port 5060, say what to dial
#   make test     install, with the tools for tests; lint, types, import contracts, all tests
#
# Choose an interpreter with PYTHON=python3.12; pass words to pytest with PYTEST_ARGS="-k passcode".

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: serve test check peers clean
.DELETE_ON_ERROR:

serve: $(VENV)/.serves
	@$(BIN)/roda init
	@exec $(BIN)/roda serve -c roda.toml

test: $(VENV)/.tests peers
	@scripts/check

# The gates alone, as `make test` runs them at last.
check: $(VENV)/.tests
	@scripts/check

peers:
	@scripts/install_peers

$(BIN)/python:
	@scripts/make_venv "$(PYTHON)" $(VENV)

# Every package comes with the hashes that the lock files say; the project itself builds with what is among them.
$(VENV)/.serves: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what serving needs ..."
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tests: constraints.txt $(VENV)/.serves
	@echo "Installing what tests need ..."
	@$(PIP) install --require-hashes -r constraints.txt
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

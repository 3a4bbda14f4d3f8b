# Every target sets itself up: Python 3.11 or newer and make are all it takes.
PYTHON ?= python3
.DEFAULT_GOAL := help
READY := .venv/ready

.PHONY: help run demo test check format lock clean

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run: $(READY) ## Serve src/rules on http://127.0.0.1:3000 beside a simulated Braze, sample events first
	@.venv/bin/relay run

demo: $(READY) ## Send the sample order and signup through the whole stack and show what Braze received
	@.venv/bin/relay demo

test: check ## Check and test everything
	.venv/bin/pytest

check: $(READY) ## Lint, types, template
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

format: $(READY) ## Format the code
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

lock: $(READY) ## Lock again after a change of pyproject.toml, and write what Lambda installs
	.venv/bin/uv lock
	.venv/bin/uv export --quiet --locked --no-default-groups --no-emit-project --prune boto3 --no-header --format requirements-txt --output-file src/requirements.txt

clean: ## Remove everything that the other targets made
	rm -rf .venv .venvs build .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): pyproject.toml uv.lock bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@test -x .venv/bin/uv || { $(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet --require-hashes --requirement bootstrap.txt; }
	@UV_PROJECT_ENVIRONMENT=.venv .venv/bin/uv sync --quiet --locked
	@touch $@

# Every target sets itself up: Python 3.11 or newer and make are all it takes.
# A distribution compiles its Python with profiles, and pyenv does not: all takes a fifth longer there.
OF_PYTHON := import ensurepip, sys; print(sys.version_info[:2])
PYTHON ?= $(shell [ "$$(python3 -c '$(OF_PYTHON)')" = "$$(/usr/bin/python3 -c '$(OF_PYTHON)' 2>&1)" ] && echo /usr/bin/python3 || echo python3)
CONFIG ?= default
SOAK ?= 1000000
COUNTED ?= 100000
DELIVERIES ?= 10000000
PAIRS ?= 1000000
.DEFAULT_GOAL := help
# Each command and each worker of the local stack starts anew: compiled once, it starts in half the time.
unexport PYTHONDONTWRITEBYTECODE
BOTO3_TESTS := .venv/bin/pytest --numprocesses 2 --dist loadfile --quiet tests/handler/aws tests/handler/ledger tests/handler/test_throttled.py
READY := .venv/ready
UV := .venv/bin/uv

.PHONY: help run demo deploy test suite fuzz properties faults soak soak-protocol overtaking boto3 artifact peers bench template check format lock sbom pictures sizes clean

help: ## Show the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run: $(READY) ## Serve src/rules on http://127.0.0.1:3000 beside a simulated Braze, sample events first
	@.venv/bin/relay run

demo: $(READY) ## Send an order, its payment and a signup through the whole stack, by tests/rules, and show what Braze received
	@.venv/bin/relay demo

deploy: $(READY) ## Check the rules, build, show the change set and deploy; CONFIG=prod for another environment
	@.venv/bin/relay deploy --config-env $(CONFIG)

test: $(READY) ## Check and test everything, at last your own rules
	@$(MAKE) --no-print-directory --jobs 2 check suite
	.venv/bin/relay rules test

suite: $(READY) | tests/__pycache__
	.venv/bin/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder --quiet

# Once in a clone: else each of the processes compiles what most files of tests load, of which these load nearly all. A file
# itself is loaded by one process. The suite itself shows a mistake.
tests/__pycache__: | $(READY)
	@.venv/bin/pytest --collect-only --quiet tests/relay/test_cli.py tests/handler/worker tests/contract tests/simulation >/dev/null || true

faults: $(READY) ## Strike every call of a run with every fault, and with every two; kill workers and Braze
	FAULTS=all MODEL=full .venv/bin/pytest --numprocesses 2 --quiet tests/simulation/test_cells.py tests/simulation/test_model.py tests/simulation/test_backlog.py
	FAULTS_FULL=1 .venv/bin/pytest --quiet --capture no tests/faults/test_outage.py tests/faults/test_killed.py tests/faults/test_interim.py tests/faults/test_priority.py \
		tests/faults/test_drain.py tests/relay/dead_letters/test_list.py

soak: $(READY) ## Send SOAK=1000000 webhooks through the real handlers in virtual time, everything failing, then COUNTED=100000 of orders that are counted
	SIMULATED_WEBHOOKS=$(SOAK) .venv/bin/pytest --numprocesses 2 --quiet tests/simulation/test_world.py
	COUNTED=$(COUNTED) .venv/bin/pytest --numprocesses 2 --quiet tests/simulation/test_counts.py

soak-protocol: $(READY) ## Send DELIVERIES=10000000 deliveries through the claim protocol alone
	@.venv/bin/python -m bench.protocol --deliveries $(DELIVERIES)

overtaking: $(READY) ## Let PAIRS=1000000 pairs of profile writes overtake each other, guarded and unguarded
	@.venv/bin/python -m bench.guard --pairs $(PAIRS)

# Lambda has a boto3 of its own, which changes: each has its own repeats. That of the lock is tested by `suite`.
boto3: $(READY) ## Test what calls AWS with the oldest and the newest boto3 that is supported, and with new repeats
	@for age in oldest newest; do \
		$(UV) pip install --quiet --require-hashes --target .venvs/boto3-$$age --requirements tests/boto3/$$age.txt || exit 1; \
		PYTHONPATH=$(CURDIR)/.venvs/boto3-$$age $(BOTO3_TESTS) || exit 1; \
	done
	@AWS_NEW_RETRIES_2026=true $(BOTO3_TESTS)

# Left out: what serves packages anyway (e2e, faults, deploy), and peers, whose libraries no function imports.
artifact: $(READY) ## Test the functions as `sam build` packages them: expressions, senders, faults, the simulation
	@.venv/bin/python tests/packages.py build/artifact
	PYTHONPATH=$(CURDIR)/build/artifact .venv/bin/pytest --numprocesses 2 --dist loadfile --quiet \
		tests/compliance tests/contract tests/fuzz tests/golden tests/permissions tests/senders tests/simulation \
		--ignore tests/simulation/test_peers.py

peers: $(READY) ## Deliver in the ways of others under the same faults, beside ours
	@.venv/bin/python -m bench.reliability

bench: $(READY) ## Measure both functions beside other ways, simulate backlogs; WRITE=1 to write what docs show of it
	@.venv/bin/python -m bench.deliver $(if $(WRITE),--write docs/performance.md)
	@.venv/bin/python -m bench.ingest $(if $(WRITE),--write docs/performance.md)
	@$(if $(WRITE),.venv/bin/python -m bench.cost --write docs/deploy.md)
	@.venv/bin/python -m bench.drain $(if $(WRITE),--write docs/performance.md)

fuzz: $(READY) ## Try to get 1,000,000 mutated requests past the verifier, beside other libraries
	@.venv/bin/python -m bench.fuzz

# `suite` draws few examples for each, others in each run.
properties: $(READY) ## Try each property of rules, expressions and Braze's contract with 20 times the examples
	EXAMPLES=20 .venv/bin/pytest --numprocesses 2 --dist loadfile --quiet tests/contract tests/handler/core tests/relay/rules

template: $(READY) ## Check template.yaml: cfn-lint, and SAM's own validation
	.venv/bin/cfn-lint template.yaml
	@UV_PROJECT_ENVIRONMENT=.venvs/sam $(UV) sync --quiet --locked --no-default-groups --no-install-project --only-group sam
	.venvs/sam/bin/sam validate --lint

check: $(READY) ## Lint, types, security
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/bandit --quiet --configfile pyproject.toml --recursive src relay

format: $(READY) ## Format the code
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

lock: $(UV) ## Lock again after a change of pyproject.toml, and write what Lambda installs and boto3's newest version
	$(UV) lock
	$(UV) export --quiet --locked --no-default-groups --no-emit-project --no-header --format requirements-txt --output-file src/requirements.txt
	for age in oldest newest; do $(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-header \
		--python-version 3.11 tests/boto3/$$age.in --output-file tests/boto3/$$age.txt || exit 1; done

sbom: $(READY) ## List what Lambda installs in build/sbom.json (CycloneDX)
	@mkdir -p build
	@$(UV) export --quiet --locked --no-default-groups --no-emit-project --format cyclonedx1.5 --output-file build/sbom.json

pictures: $(READY) ## Take the pictures of docs/page.md anew, in the Chromium of this machine
	PICTURES=1 .venv/bin/pytest --quiet tests/page/test_pictures.py

sizes: $(READY) ## Build the functions' packages and show what they hold and weigh
	@.venv/bin/python -m relay.deploy.package_sizes

clean: ## Remove everything that the other targets made
	rm -rf .venv .venvs build .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): pyproject.toml uv.lock bootstrap.txt | $(UV)
	@echo 'installing what uv.lock pins in .venv (once)' >&2
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --quiet --locked
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@echo 'making .venv with uv (once)' >&2
	@$(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet --require-hashes --requirement bootstrap.txt

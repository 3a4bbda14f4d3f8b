# What `sam build` runs for a function. SAM tells its makefiles no processor (aws/aws-sam-cli#3349): each
# processor has a Makefile that includes this, and template.yaml names it. Nothing overrides theirs.
# PYTHON, any from 3.11 on, builds. RUNTIME_PYTHON, one of the functions' version, makes the bytecode.
PYTHON ?= python3
RUNTIME_PYTHON ?=
OLD := Python 3.11 or newer is needed: PYTHON=/path/to/python3.11 sam build

build-IngestFunction build-DeliverFunction:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "$(OLD)")'
	@PYTHONPATH=. "$(PYTHON)" -m builder $(@:build-%=%) --architecture $(ARCHITECTURE) --into "$(ARTIFACTS_DIR)" \
		$(if $(RUNTIME_PYTHON),--python "$(RUNTIME_PYTHON)")

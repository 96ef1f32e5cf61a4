# Lifeboat. `make` lists what there is to do; `make rehearse` and `make test` need Python 3.11 or newer, nothing else.

# --- What the commands run: change it here -------------------------------------------------------------------

EVIDENCE ?= evidence
# For example: make drill ARGS="--limit production_dr -e drill_databases=orders"
ARGS ?=

TYPED := plugins/module_utils plugins/plugin_utils plugins/action
PYTEST = $(BIN)/python -m pytest
# What `make test` makes, in this order.
ALL_PARTS := environments lint sanity unit pages lab-tests integration smoke galaxy
# Makes parts one by one and says what they cost. At first there is no environment: any Python will do.
PARTS = $(firstword $(wildcard $(BIN)/python) $(PYTHON) python3) -m tools.parts

# --- Surroundings --------------------------------------------------------------------------------------------

# The environment that everything uses, the one with the other supported line of Ansible, and that of ansible-rulebook,
# which wants another botocore (tools/venv.sh).
VENV := .venv
OTHER := .venv-other
EDA := .venv-eda
BIN := $(VENV)/bin

# This checkout under the name that its imports use.
AS_COLLECTION := $(VENV)/collections/ansible_collections/lifeboat/rds

SHELL := bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
# In the order that they are named, one after the other: tests measure time. AT_ONCE is for what does not.
ifndef AT_ONCE
.NOTPARALLEL:
endif
at_once = @$(MAKE) --no-print-directory -j2 --output-sync=target AT_ONCE=1
# Where the example inventory has drills leave their evidence.
export LIFEBOAT_EVIDENCE = $(abspath $(EVIDENCE))
# Ansible refuses to start in a locale that is not UTF-8, and ignores an ansible.cfg in a directory that all may write to.
export LC_ALL := C.UTF-8
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# Every task starts a Python: where none may keep what it compiled, each compiles boto3 and Ansible anew.
unexport PYTHONDONTWRITEBYTECODE
# As in ansible.cfg, but also right for `make rehearse VENV=.venv-other`.
export ANSIBLE_COLLECTIONS_PATH = $(CURDIR)/$(VENV)/collections

heading = @printf '\n=== %s: %s\n' "$@"

.PHONY: help rehearse drill lab check test lint sanity unit pages lab-tests integration smoke galaxy bench crash storm
.PHONY: format pictures tables constraints clean environments lint-licences lint-docs lint-ansible lint-python sanity-main sanity-other smoke-main

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

# --- The main job --------------------------------------------------------------------------------------------

# tools/run.sh ends 0 (verified), 1 (failed) or 2 (unverified); make ends 0 or 2.
rehearse: $(VENV)/ready ## Protect, lose and recover a shop of databases, on this machine
	@VENV=$(VENV) bash tools/run.sh rehearse $(ARGS)

drill: $(VENV)/ready ## Run a drill in the accounts of your inventory (ARGS="-i ... -e ...")
	@VENV=$(VENV) bash tools/run.sh drill $(ARGS)

lab: $(VENV)/ready ## Keep the lab running, with the shop in it, and say how to use it
	@VENV=$(VENV) bash tools/run.sh lab $(ARGS)

# --- The checks ----------------------------------------------------------------------------------------------

check: ## The loop of a change, in 3 minutes: Python's form and types, unit tests, a rehearsal
	@$(PARTS) --title $@ $(VENV)/ready-test lint-python unit smoke-main

test: ## Everything that CI runs, but for what cannot have changed (SKIP=none: really everything; tools/unchanged.py)
	@$(PARTS) --title $@ --record $(VENV)/passed.json $(ALL_PARTS)
	@printf '\n=== test: all passed\n'

lint: $(VENV)/ready-test ## Form, types, documentation
	$(at_once) lint-licences lint-docs lint-ansible lint-python

lint-python: $(VENV)/ready-test
	$(heading) 'ruff'
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	$(heading) 'mypy'
	@$(BIN)/mypy $(addprefix $(AS_COLLECTION)/,$(TYPED)) lab/src/lifeboat_lab $(wildcard tools/*.py) | sed 's|$(AS_COLLECTION)/||'

lint-licences: $(VENV)/ready-test
	$(heading) 'reuse'
	@$(BIN)/reuse lint --quiet || $(BIN)/reuse lint

lint-ansible: $(VENV)/ready-test
	$(heading) 'ansible-lint'
	@PATH=$(CURDIR)/$(BIN):$$PATH ansible-lint

lint-docs: $(VENV)/ready-test
	$(heading) 'antsibull'
# It copies what git sees, and git ignores the environment that holds amazon.aws: keep git from looking up from there.
	@PATH=$(CURDIR)/$(BIN):$$PATH GIT_CEILING_DIRECTORIES=$(CURDIR)/$(VENV) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=dependent .
	@$(BIN)/antsibull-changelog lint

sanity: environments ## ansible-test sanity, on both lines of Ansible
	$(at_once) sanity-main sanity-other

sanity-main: $(VENV)/ready-test
	$(heading) 'ansible-test'
	@bash tools/sanity.sh $(VENV)

sanity-other: $(OTHER)/ready-test
	$(heading) 'ansible-test'
	@[ ! -e $(OTHER)/ready ] || bash tools/sanity.sh $(OTHER)

unit: $(VENV)/ready-test ## What needs nothing but Python
	$(heading) 'pytest'
	@$(PYTEST) -n 2 tests/meta tests/unit tests/property

pages: $(VENV)/ready-test ## Pages of the evidence, in a real browser (Debian's chromium)
	$(heading) 'pytest'
	@$(PYTEST) -n 2 tests/pages

lab-tests: $(VENV)/ready-test $(VENV)/awscli/ready ## The lab itself
	$(heading) 'pytest'
	@$(PYTEST) -n 2 --dist loadfile lab/tests

integration: $(VENV)/ready-test $(EDA)/ready ## The real playbooks on the lab
	$(heading) 'pytest'
# More workers than processors: playbooks wait for copies. The longest files come first (tests/conftest.py).
	@$(PYTEST) -n 4 --dist loadfile --no-loadscope-reorder tests/integration tests/awx tests/fleet tests/newcomer

crash: $(VENV)/ready-test ## Kill protect and drills at every API call in one process, and for real: an hour
	@LIFEBOAT_THOROUGH=1 $(PYTEST) -n 2 tests/fleet/test_crash_points.py tests/fleet/test_drill_crash.py tests/fleet/test_sigkill.py $(ARGS)

storm: $(VENV)/ready-test ## 10,000 random worlds of faults: hours
	@LIFEBOAT_THOROUGH=1 LIFEBOAT_EXAMPLES=10000 $(PYTEST) -n 2 tests/fleet/test_random_faults.py $(ARGS)

smoke: $(OTHER)/ready-test ## A small selection, on the other line of Ansible
	$(heading) 'pytest -m smoke'
	@[ ! -e $(OTHER)/ready ] || $(OTHER)/bin/python -m pytest -m smoke tests

smoke-main: $(VENV)/ready-test
	$(heading) 'pytest -m smoke'
	@$(PYTEST) -n 2 -m smoke tests

galaxy: $(VENV)/ready ## Build the collection, install it elsewhere, read its documentation there
	$(heading) 'build, install, read'
	@bash tools/galaxy.sh $(VENV)

bench: $(VENV)/ready-test $(VENV)/awscli/ready ## Measure calls, time and memory on the lab (ARGS="idle --runs 1"; all of it takes hours)
	@$(BIN)/python -m tests.bench $(ARGS)

# --- Upkeep --------------------------------------------------------------------------------------------------

format: $(VENV)/ready-test ## Put the Python into the house's form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

pictures: $(VENV)/ready ## Draw the pictures of docs/architecture.md anew
	@$(BIN)/python tools/pictures.py

tables: $(VENV)/ready ## Write what is missing in argument specs, the tables of variables, the list of their names, and the rulebooks anew
	@$(BIN)/python -m tools.role_specs
	@$(BIN)/python tools/role_tables.py
	@$(BIN)/python tools/variable_tables.py
	@$(BIN)/python tools/rulebooks.py

constraints: $(VENV)/ready $(OTHER)/ready ## Pin anew what the requirements bring along
	@$(BIN)/python tools/constraints.py $(BIN)/python $(OTHER)/bin/python > $(VENV)/constraints.txt
	@mv $(VENV)/constraints.txt constraints.txt

clean: ## Remove what make built
	rm -rf $(VENV) $(OTHER) $(EDA) .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache

environments:
	$(at_once) $(VENV)/ready-test $(OTHER)/ready-test $(VENV)/awscli/ready $(EDA)/ready

# The script marks a finished environment as ready; one that was interrupted is built anew.
$(VENV)/ready: requirements.txt constraints.txt lab/pyproject.toml
	@bash tools/venv.sh main $(VENV)

# Leaves nothing where this machine has no Python for the other line.
$(OTHER)/ready: requirements.txt constraints.txt lab/pyproject.toml
	@bash tools/venv.sh other $(OTHER)

# Neither does this one.
$(EDA)/ready: requirements-eda.txt
	@bash tools/venv.sh eda $(EDA)

%/ready-test: %/ready requirements-test.txt
	@[ ! -e $*/ready ] || { $*/bin/pip install -qq --disable-pip-version-check --no-compile -r requirements-test.txt && touch $@; }

$(VENV)/awscli/ready: $(VENV)/ready requirements-awscli.txt
	@rm -rf $(@D) && $(BIN)/python -m venv $(@D)
	@$(@D)/bin/pip install -qq --disable-pip-version-check --no-compile --no-deps -r requirements-awscli.txt && touch $@

# Two commands from a fresh clone: `make run` and `make test`. Both make the environment first.

PYTHON ?= python3
CORES ?= 2
VENV ?= .venv
CONFIG ?=
BIN := $(VENV)/bin

.PHONY: run test fuzz check docs lint lint-code lint-types lint-workflow schema wheel models clean help
.DELETE_ON_ERROR:

# A run and its tests are hundreds of short processes. Where this is set, as in many containers, each of
# them would compile torch anew, for seconds, and throw the result away.
unexport PYTHONDONTWRITEBYTECODE

help:           ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: $(VENV)/.ready         ## the whole pipeline; CONFIG=configs/NAME.yaml runs another experiment
	$(BIN)/snakemake --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG))

# One thread for each process: threads of several processes on the same cores wait for each other.
test: $(VENV)/.ready        ## all tests, on CORES processes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(CORES) --dist loadscope --no-loadscope-reorder --durations 25

FUZZ ?= 10
fuzz: $(VENV)/.ready        ## FUZZ times as many odd inputs for every reader as `make test` has; counts at the end
	OMP_NUM_THREADS=1 SAU_FUZZ=$(FUZZ) $(BIN)/python -m pytest tests/fuzz --numprocesses $(CORES)

lint: lint-code lint-types lint-workflow docs    ## ruff, types, snakefmt, snakemake --lint, docs; --jobs 2: side by side

lint-code: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-types: $(VENV)/.ready
	$(BIN)/mypy

lint-workflow: $(VENV)/.ready
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

docs: $(VENV)/.ready        ## build the documentation site into build/site, warnings as errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build

check: lint test            ## what continuous integration runs

schema: $(VENV)/.ready      ## write config schema, options.json, docs/manifests.md, docs' table of methods
	$(BIN)/python -m sau.methods docs/methods/README.md
	$(BIN)/python -m sau.config > workflow/schemas/config.schema.yaml
	$(BIN)/python -m sau.storage.manifest > docs/manifests.md

wheel: $(VENV)/.ready       ## build the wheel of sau-longtail into build/dist
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/dist .

models: $(VENV)/.ready      ## train the shipped tiny models again (under an hour)
	$(BIN)/python -m scripts.tiny_models.build

clean:                      ## remove the environment; results stay
	rm -rf $(VENV)

# Modules are compiled when they are first imported; pip would take a minute for all 20,000. The pip that
# comes with Python 3.11 needs half as long again as a new one.
$(VENV)/.ready: envs/development.txt envs/pipeline.txt envs/constraints.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sau needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint envs/constraints.txt --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r envs/development.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

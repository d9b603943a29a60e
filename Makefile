PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
SOURCE := pyproject.toml requirements.lock
QUICK  := tests/core tests/sharing tests/test_scenario_file.py tests/cli/test_first_second.py tests/cli/test_options.py tests/platforms/test_own_platform.py tests/experiment/test_run.py tests/experiment/test_folder.py
# Tests that hand something else to a class than it asks for, which a compiled one refuses.
STAND_INS := test_placement.py test_scheduler.py

# Python keeps what it compiles: without, each of a hundred processes of the tests would do it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test types tests-alone accelerate pure test-compiled test-lowest check-long check-crash audit bench validate docs notebooks lab lock clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.run  ## compare VMs, Docker, EC2, ECS, EKS and Fargate on one machine
	$(BIN)/sim demo

test: $(VENV)/.dev  ## lint, types, floors and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory -j2 types tests-alone

types:
	@{ $(BIN)/mypy && $(BIN)/lint-imports --no-cache; } > $(VENV)/types.log 2>&1 || { cat $(VENV)/types.log; exit 1; }
	@grep -h Success $(VENV)/types.log

tests-alone:
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal

accelerate: $(VENV)/.compile  ## compile the core in place, two minutes (needs a C compiler)
	HATCH_BUILD_HOOK_ENABLE_MYPYC=1 $(BIN)/python -m hatchling build -t wheel --hooks-only
	@test -z "$$PYTHONPATH" || echo "PYTHONPATH is $$PYTHONPATH; compiled was $(CURDIR):"
	@PYTHONPATH=$(CURDIR) $(BIN)/sim --version

pure:  ## take the compiled core away again
	find . -name '*.so' -not -path './$(VENV)/*' -delete

test-compiled: accelerate $(VENV)/.dev  ## the exactness tests compiled, and that its answers are the same
	$(BIN)/pytest tests/test_compiled.py $(addprefix tests/,core sharing host image workload sandbox platforms) $(addprefix --ignore=tests/platforms/,$(STAND_INS)) -n auto --maxprocesses 4

test-lowest:  ## the quick tests with the lowest versions that are allowed (needs uv)
	uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)-lowest
	uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct -e '.[dev]'
	$(VENV)-lowest/bin/python -m pytest $(QUICK) -n auto --maxprocesses 4

check-long: $(VENV)/.dev  ## the longer statistics
	$(BIN)/pytest -m long -n auto --maxprocesses 4 --dist worksteal

check-crash: $(VENV)/.dev  ## Ctrl-C and kill -9 at every line of writing, of every verb that saves, and of Dask
	$(BIN)/pytest -vv -m long tests/experiment/test_crash.py tests/experiment/test_crash_of_verbs.py tests/experiment/test_cluster.py -n auto --maxprocesses 4 --dist worksteal

validate: $(VENV)/.run  ## docs/validation.md anew: the model beside real measurements
	$(BIN)/sim validate --docs docs

docs: $(VENV)/.docs  ## the documentation site into docs/_build/html, offline; warnings are errors
	PATH="$(abspath $(BIN)):$$PATH" COLUMNS=88 NO_COLOR=1 $(BIN)/python -m sphinx -W --keep-going -q docs docs/_build/html
	@echo "open docs/_build/html/index.html"

notebooks: $(VENV)/.dev  ## run all notebooks and keep their outputs
	NO_COLOR=1 $(BIN)/python notebooks/keep_outputs.py

lab: $(VENV)/.lab  ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab notebooks

bench: $(VENV)/.bench  ## what an answer costs, in counts beside those kept; the sharing law against its peers
	$(BIN)/python -m benchmarks.counts
	$(BIN)/python -m benchmarks.sharing

audit: $(VENV)/.dev  ## known advisories against what is pinned (needs a network)
	$(BIN)/python -m pip install --quiet pip-audit && $(BIN)/pip-audit --strict -r requirements.lock --disable-pip --no-deps

lock:  ## pin what is installed (needs uv)
	uv pip compile --universal --python-version 3.11 --all-extras --no-emit-index-url --no-header --no-annotate -o requirements.lock pyproject.toml

clean:  ## remove the virtual environment
	rm -rf $(VENV)

ifdef UV
create = $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
install = $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python -c requirements.lock -e
else
create = $(PYTHON) -m venv $(VENV)
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e
endif

$(VENV)/.created:
	@echo "creating $(VENV)" && $(create) && touch $@

$(VENV)/.run: $(VENV)/.created $(SOURCE)
	@echo "installing berthsim" && $(install) '.' && touch $@

$(VENV)/.dev: $(VENV)/.created $(SOURCE)
	@echo "installing berthsim and what its tests need" && $(install) '.[dev]' && touch $@ $(VENV)/.run

$(VENV)/.compile: $(VENV)/.created $(SOURCE)
	@echo "installing berthsim and what compiles its core" && $(install) '.[compile]' && touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.created $(SOURCE)
	@echo "installing berthsim and the peers it is measured against" && $(install) '.[bench]' && touch $@ $(VENV)/.run

$(VENV)/.docs: $(VENV)/.created $(SOURCE)
	@echo "installing berthsim and what its documentation needs" && $(install) '.[docs]' && touch $@ $(VENV)/.run

$(VENV)/.lab: $(VENV)/.created $(SOURCE)
	@echo "installing berthsim and JupyterLab" && $(install) '.[notebooks]' && touch $@ $(VENV)/.run

# make demo   a law out of a real file, from nothing but python >= 3.11 and make
# make operon the engine that --refiner auto adds, where it has wheels (part of make demo)
# make test   the whole suite, in two processes that make -j2 runs side by side
# make test-kernel   the tests of the search with another processor's BLAS kernels
# make test-fast   what numba (kandisco[fast]) changes, with it, in an environment of its own
# make test-plugins   the suite of each plugins/*, against the core, in an environment of its own
# make check  what CI runs besides the tests: format, lint, types, layers, docs

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
DATA ?= datasets/kepler/data.csv

# On Linux the package index holds torch with CUDA: gigabytes nobody needs here. The CPU build has an index of its own.
# It is tried first, unless pip was told where to look (an index in its configuration) or TORCH_INDEX is emptied.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

export PIP_DISABLE_PIP_VERSION_CHECK := 1

PURELIB := 'import sysconfig; print(sysconfig.get_path("purelib"))'
HALVES := 1 2
KERNEL ?= SANDYBRIDGE
PLUGINS := $(patsubst plugins/%/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))

.PHONY: demo operon test $(HALVES:%=test-half-%) test-kernel test-fast test-plugins $(PLUGINS:%=test-plugin-%) check docs format clean latex
.DELETE_ON_ERROR:

demo: $(VENV)/.installed $(VENV)/.installed-operon
	$(BIN)/kandisco discover $(DATA) --lamb 0.01 --out runs
	@echo; echo "LaTeX and report:"; ls -d runs/*/formula.tex runs/*/report.html | tail -n 2

operon: $(VENV)/.installed-operon

# Both halves, whatever becomes of the first; a failure of either is one of make.
test: $(VENV)/.installed-test
	$(MAKE) -k --no-print-directory $(HALVES:%=test-half-%)

# Every other file; the examples in docstrings are with the second half. No cache: two would write it.
$(HALVES:%=test-half-%): test-half-%: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -p no:cacheprovider $(if $(filter 2,$*),kandisco) \
	    $(shell ls tests/test_*.py | awk 'NR % 2 == $* % 2')

# What the search decides must not hang on the last bits of a BLAS: its tests once more, with the kernels of another processor.
test-kernel: $(VENV)/.installed-test
	OPENBLAS_CORETYPE=$(KERNEL) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -p no:cacheprovider \
	    $(wildcard tests/test_symbolic_*.py tests/test_search*.py tests/test_reductions_*.py tests/test_stages_structure.py)

test-plugins: $(PLUGINS:%=test-plugin-%)

# The core is used where it is, through a .pth file, so that what is tried beside it is installed nowhere else: its suite knows none.
define layer
	$(BIN)/python -m venv --without-pip $(1)
	echo "import site; site.addsitedir('$$($(BIN)/python -c $(PURELIB))')" > "$$($(1)/bin/python -c $(PURELIB))/core.pth"
	$(PIP) --python $(1)/bin/python install -q -c constraints.txt
endef

$(PLUGINS:%=test-plugin-%): test-plugin-%: $(VENV)/.installed-test
	$(call layer,$(VENV)/plugins/$*) -e 'plugins/$*[test]'
	cd plugins/$* && OMP_NUM_THREADS=1 $(abspath $(VENV))/plugins/$*/bin/python -m pytest -q

test-fast: $(VENV)/.installed-test
	$(call layer,$(VENV)/fast) numba
	OMP_NUM_THREADS=1 $(VENV)/fast/bin/python -m pytest -q -p no:cacheprovider tests/test_compiled.py

check: $(VENV)/.installed-check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) docs

# A job of its own: TeX Live comes from the system's packages.
latex: $(VENV)/.installed
	$(VENV)/bin/python benchmarks/latex.py -o laws.pdf

docs: $(VENV)/.installed-check
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

format: $(VENV)/.installed-check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kandisco needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.torch: constraints.txt | $(VENV)/.made
	@if [ -n "$(TORCH_INDEX)" ] && [ "$$(uname -s)" = Linux ] && ! $(PIP) config list | grep -e index-url -e find-links >/dev/null; then \
	    $(PIP) install -q --retries 1 --timeout 20 -c constraints.txt --no-deps --index-url $(TORCH_INDEX) torch 2>/dev/null \
	        || echo "The CPU index of torch was not reached; the ordinary index is used."; \
	fi
	touch $@

$(VENV)/.installed: pyproject.toml constraints.txt $(VENV)/.torch
	$(PIP) install -q -c constraints.txt -e .
	touch $@

# Installed from the checkout: an index does not hold it yet, so kandisco itself cannot ask for it. Optional, so a failure is told only.
$(VENV)/.installed-operon: plugins/kandisco-operon/pyproject.toml constraints.txt | $(VENV)/.installed
	$(PIP) install -q -c constraints.txt -e plugins/kandisco-operon \
	    || echo "kandisco-operon was not installed; kandisco works without it (kandisco doctor says more)."
	touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt $(VENV)/.torch
	$(PIP) install -q -c constraints.txt -e '.[test,parquet,excel]'
	touch $@ $(VENV)/.installed

# Without numba, as .installed-test: the suite runs beside the checks, and as most users' machines are.
$(VENV)/.installed-check: pyproject.toml constraints.txt $(VENV)/.torch
	$(PIP) install -q -c constraints.txt -e '.[check]'
	touch $@ $(VENV)/.installed $(VENV)/.installed-test

clean:
	rm -rf $(VENV) build dist docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# make lab    set up, then open JupyterLab on an example workspace
# make test   set up, then run every check
# Both need Python 3.11 or newer and make; everything else is fetched into .venv.

PYTHON ?= python3
VENV ?= .venv
WORKSPACE ?= example
BIN := $(abspath $(VENV))/bin
STAMP := $(VENV)/.installed
SYSTEM_PACKAGES := chromium fonts-dejavu-core slurm-wlm munge

export PATH := $(BIN):$(PATH):/usr/sbin:/sbin
export OMP_NUM_THREADS ?= 1

.PHONY: lab test setup lint lint-ts unit system format clean

lab: setup
	test -d $(WORKSPACE) || $(BIN)/pulsetrain example $(WORKSPACE)
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --notebook-dir=$(WORKSPACE) \
	  --LabApp.default_url=/lab/tree/courses/spectra.ipynb $(ARGS)

test: setup system lint unit

lint: setup lint-ts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-ts: setup
	cd labextension && npm run check && npm test

# The browser's tests come after the others: some watch the clock. They differ in length by far, so that whoever is
# through takes of what the others have left; each process has a server and a browser of its own.
unit: setup
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --ignore tests/ui $(ARGS)
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal tests/ui $(ARGS)

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd labextension && npm run format

setup: $(STAMP)

# The lock of versions decides the environment; the editable install builds the lab extension and the image anew.
$(STAMP): pyproject.toml constraints.txt labextension/package.json labextension/image.vite.mts \
  $(shell find labextension/src labextension/style labextension/schema toolkit/pulsetrain/panels/js/image -type f 2>/dev/null)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "pulsetrain needs Python 3.11 or newer, got $$($(PYTHON) -V). Try: make PYTHON=python3.11"; exit 1; }
	rm -rf labextension/static toolkit/pulsetrain/panels/js/image.js
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv
	VIRTUAL_ENV=$(abspath $(VENV)) UV_FIND_LINKS="$${PIP_FIND_LINKS:-}" UV_COMPILE_BYTECODE=1 \
	  $(BIN)/uv pip install -q -c constraints.txt -e '.[dev]'
	touch $(STAMP)

# The browser tests need a browser and a font, those of batches SLURM, without which they are skipped. As root on Debian
# all are installed, elsewhere the browser is named.
system:
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && ! command -v slurmd munged >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SYSTEM_PACKAGES) >/dev/null; fi
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	  || ls "$$HOME"/.cache/ms-playwright/chromium-* >/dev/null 2>&1; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SYSTEM_PACKAGES) >/dev/null; \
	else echo "The browser tests need Chromium. Install it (Debian: sudo apt install $(SYSTEM_PACKAGES)) or run: $(BIN)/playwright install chromium"; exit 1; fi

clean:
	rm -rf $(VENV) labextension/node_modules labextension/lib labextension/static \
	  toolkit/pulsetrain/panels/js/image.js dist

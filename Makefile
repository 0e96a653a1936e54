# What is done often. PYTHON is the interpreter of an environment with `.[test]`.

PYTHON ?= python
# Two workers; a file's tests stay together, as they share what is expensive to make.
PYTEST = $(PYTHON) -m pytest -n 2 --dist loadfile

# The fast tests: none that starts processes, trains for long or drives a browser.
test:
	$(PYTEST) -m "not slow and not e2e"

# All of them, the slow ones too.
test-all:
	$(PYTEST) -m ""

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

# Strict on what users import; as users see it, on the examples.
types:
	$(PYTHON) -m mypy $$(PYTHONPATH=tests $(PYTHON) -m house.front)
	$(PYTHON) -m pytest -q tests/e2e/test_types.py -k "not strict"

# The picture of the house; links, files and examples of all pages; the site, in site/.
docs:
	$(PYTHON) docs/architecture.py
	$(PYTHON) docs/check.py
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

# Run the notebooks anew, and keep what they show.
notebooks:
	PYTHONPATH=$(CURDIR) $(PYTHON) notebooks/execute.py

# The components on real TFX: in an environment of their own, since TFX holds Python and
# its dependencies at other versions than the rest of the project is used with. TFX=1.21
# takes that, with Python 3.13, where its ml-metadata runs: on glibc 2.39 or newer.
TFX ?= 1.16
TFX_PYTHON_VERSION = $(if $(filter 1.21,$(TFX)),3.13,3.10)
TFX_REQUIREMENTS = pipelines/tfx/requirements$(if $(filter 1.21,$(TFX)),-1.21).txt
TFX_PIP = .venv-tfx/bin/uv pip install --quiet --compile-bytecode --python .venv-tfx/bin/python

# The first Python of that version that runs, of those found here.
TFX_PYTHON ?= $(shell for p in python$(TFX_PYTHON_VERSION) \
	$(HOME)/.pyenv/versions/$(TFX_PYTHON_VERSION).*/bin/python; do \
	"$$p" -c "" 2>/dev/null && echo "$$p" && break; done)

tfx-check:
	@test -n "$(TFX_PYTHON)" || { echo "tfx-check: no Python $(TFX_PYTHON_VERSION) was found here. Name one: make tfx-check TFX_PYTHON=..."; exit 1; }
	$(TFX_PYTHON) -m venv .venv-tfx
	.venv-tfx/bin/pip install --quiet uv
	$(TFX_PIP) --requirement $(TFX_REQUIREMENTS)
	$(TFX_PIP) --no-deps tensorflow-privacy
	echo "$(CURDIR)" >.venv-tfx/lib/python$(TFX_PYTHON_VERSION)/site-packages/tfrwc.pth
	.venv-tfx/bin/python -m pytest -W ignore tests/components/conformance tests/e2e/test_tfx_pipeline.py tests/e2e/test_tfx_image.py

tfx-python:
	@echo $(TFX_PYTHON)

.PHONY: test test-all lint types docs notebooks tfx-check tfx-python

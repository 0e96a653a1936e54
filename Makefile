# The components on real TFX: in an environment of their own, since TFX holds Python,
# TensorFlow and Keras at older versions than the rest of the project is used with.

# The first Python 3.10 that runs, of those found here.
TFX_PYTHON ?= $(shell for p in python3.10 $(HOME)/.pyenv/versions/3.10.*/bin/python; do \
	"$$p" -c "" 2>/dev/null && echo "$$p" && break; done)

tfx-check:
	@test -n "$(TFX_PYTHON)" || { echo "tfx-check: no Python 3.10 was found here. Name one: make tfx-check TFX_PYTHON=..."; exit 1; }
	$(TFX_PYTHON) -m venv .venv-tfx
	.venv-tfx/bin/pip install --quiet uv
	.venv-tfx/bin/uv pip install --quiet --python .venv-tfx/bin/python --requirement pipelines/tfx/requirements.txt
	.venv-tfx/bin/uv pip install --quiet --python .venv-tfx/bin/python --no-deps tensorflow-privacy
	echo "$(CURDIR)" >.venv-tfx/lib/python3.10/site-packages/tfrwc.pth
	.venv-tfx/bin/python -m pytest -W ignore tests/conformance tests/test_tfx_pipeline.py

tfx-python:
	@echo $(TFX_PYTHON)

.PHONY: tfx-check tfx-python

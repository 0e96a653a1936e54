# The components on real TFX: in an environment of their own, since TFX holds Python,
# TensorFlow and Keras at older versions than the rest of the project is used with.
TFX_PYTHON ?= $(firstword $(shell command -v python3.10) $(wildcard $(HOME)/.pyenv/versions/3.10.*/bin/python))

tfx-check:
	@test -n "$(TFX_PYTHON)" || { echo "tfx-check: no Python 3.10 was found here. Name one: make tfx-check TFX_PYTHON=..."; exit 1; }
	$(TFX_PYTHON) -m venv .venv-tfx
	.venv-tfx/bin/pip install --quiet uv
	.venv-tfx/bin/uv pip install --quiet --python .venv-tfx/bin/python --requirement pipelines/tfx/requirements.txt
	.venv-tfx/bin/uv pip install --quiet --python .venv-tfx/bin/python --no-deps --editable .
	.venv-tfx/bin/python -m pytest -W ignore tests/conformance tests/test_tfx_pipeline.py

.PHONY: tfx-check

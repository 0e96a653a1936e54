"""Artifacts on a filesystem that is not this machine's."""

import json
import os
from pathlib import Path

import pytest
from components.conformance import engines
from components.conformance.components import pipeline

pytestmark = pytest.mark.skipif(
    engines.missing("tfx") is not None, reason="TFX is not installed: make tfx-check"
)
SCHEME = "bucket://"


@pytest.fixture
def bucket(tmp_path):
    """A folder that TFX reaches as bucket://, and nothing else does."""
    from tfx.dsl.io import filesystem_registry
    from tfx.dsl.io.plugins.local import LocalFilesystem

    root = tmp_path / "bucket"
    root.mkdir()

    def inside(path):
        return str(path).replace(SCHEME, f"{root}/")

    def outside(path):
        return str(path).replace(f"{root}/", SCHEME)

    def local(argument):
        return inside(argument) if SCHEME in str(argument) else argument

    class Bucket(LocalFilesystem):
        SUPPORTED_SCHEMES = [SCHEME]  # noqa: RUF012

        @staticmethod
        def glob(pattern):
            return [outside(path) for path in LocalFilesystem.glob(inside(pattern))]

        @staticmethod
        def walk(top, **options):
            for path, folders, files in os.walk(inside(top)):
                yield outside(path), folders, files

    def wrapped(name):
        one = getattr(LocalFilesystem, name)
        return staticmethod(
            lambda *arguments, **options: one(*map(local, arguments), **options)
        )

    for name in ("open", "copy", "exists", "isdir", "listdir", "makedirs", "mkdir"):
        setattr(Bucket, name, wrapped(name))
    for name in ("remove", "rename", "rmtree", "stat"):
        setattr(Bucket, name, wrapped(name))
    registry = filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY
    registry.register(Bucket, priority=0)
    return root


def test_outputs_are_sent_and_inputs_fetched(bucket, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "metadata"
    ran, uris = engines.run_on_tfx(pipeline(), root, f"{SCHEME}pipelines")
    assert len(ran) == 6
    for outputs in uris.values():
        assert all(uri.startswith(SCHEME) for uri in outputs.values())
    [found] = bucket.glob("pipelines/Evaluate/evaluation/*/evaluation.json")
    assert json.loads(found.read_text())["values"] == [3, 6]
    [blessed] = bucket.glob("pipelines/Bless/blessing/*/BLESSED")
    assert blessed.exists()
    assert not Path("bucket:").exists()
    again, _ = engines.run_on_tfx(pipeline(), root, f"{SCHEME}pipelines")
    assert again == []

"""Addresses of stores where a folder of this machine is meant."""

import pytest

from tfrwc.components import ImageExampleGen, SavedModelPusher
from tfrwc.components.engine import local
from tfrwc.components.engine.artifacts import Model
from tfrwc.components.engine.step import Channel, Step
from tfrwc.models import saved, saved_models

ELSEWHERE = (
    *("gs://bucket/models", "s3://bucket/models", "hdfs://host/models"),
    *("gs:/bucket/models", "file:///models", "https://host/models", "memory://models"),
)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_addresses_of_stores_are_refused_when_a_step_is_made(
    address, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    channel = Channel(Step(SavedModelPusher, {}, {}), "model", Model)
    calls = (
        lambda: SavedModelPusher(model=channel, name="net", folder=address),
        lambda: ImageExampleGen(dataset="xrays", purpose="two_classes", folder=address),
        lambda: ImageExampleGen(
            dataset="xrays", purpose="two_classes", folder="x", patients=address
        ),
        lambda: local.run([], address),
        lambda: saved.read_model(address),
        lambda: saved_models.push(tmp_path, address, "net", {}),
        lambda: saved_models.push(address, tmp_path / "models", "net", {}),
        lambda: saved_models.load_saved_model("net", folder=address),
    )
    for call in calls:
        with pytest.raises(ValueError, match="the address of another store"):
            call()
    assert not list(tmp_path.iterdir())


def test_a_name_that_no_model_can_have_is_refused_when_a_step_is_made():
    channel = Channel(Step(SavedModelPusher, {}, {}), "model", Model)
    with pytest.raises(ValueError, match="A model's name has letters"):
        SavedModelPusher(model=channel, name="../net", folder="models")

"""Properties of artifacts."""

import pytest

from tfrwc.components.engine.artifacts import Examples


def test_properties_are_those_of_the_type():
    model = Examples("somewhere")
    assert (model.split_names, model.span) == ("", 0)
    with pytest.raises(TypeError, match="span of Examples is of type int"):
        model.span = "1"
    with pytest.raises(AttributeError, match="has no property 'speed'"):
        model.speed = 1
    with pytest.raises(AttributeError):
        _ = model.speed
    model.set_int_custom_property("speed", 3)
    assert model.get_int_custom_property("speed") == 3
    assert model.get_int_custom_property("other") == 0

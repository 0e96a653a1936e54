"""Functions that are components, and those that are none."""

import pytest

from tfrwc.components.engine.artifacts import Model
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)


def test_a_function_without_annotations_is_no_component():
    with pytest.raises(TypeError, match="Annotate the argument 'x' of Bad"):

        @component
        def Bad(x):
            pass

    for wrong, message in (
        (lambda *x: None, "by keyword. Bad has the argument"),
        (lambda x="1": None, "x of Bad is of type int"),
    ):
        wrong.__name__ = "Bad"
        wrong.__annotations__["x"] = Parameter[int]
        with pytest.raises(TypeError, match=message):
            component(wrong)

    def Listed(m, m_0):
        pass

    one, many = InputArtifact[Model], InputArtifact[list[Model]]
    Listed.__annotations__ = {"m": many, "m_0": one}
    with pytest.raises(TypeError, match="an element of that list"):
        component(Listed)
    Listed.__annotations__["m_0"] = OutputArtifact[Model]
    Listed.__defaults__ = (None,)
    with pytest.raises(TypeError, match="an output has none"):
        component(Listed)
    with pytest.raises(TypeError, match="Received: <class 'int'>"):
        InputArtifact[int]
    with pytest.raises(TypeError, match="A parameter is an int"):
        Parameter[list]

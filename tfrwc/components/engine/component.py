"""Components: functions of artifacts and parameters, as steps of a pipeline.

A function becomes a component by its annotations, which are those of TFX:

>>> from tfrwc.components.engine.artifacts import Examples, Model
>>> @component
... def Trainer(
...     examples: InputArtifact[Examples],
...     model: OutputArtifact[Model],
...     epochs: Parameter[int] = 10,
... ):
...     ...

Called with keywords, it does not run but makes a step; outputs of steps are inputs of
others:

>>> trained = Trainer(examples=data.outputs["examples"])  # doctest: +SKIP

What a function finds outside its arguments, such as files of a data set, it says by
another function, `Component.reads`, so that caches know it.

An engine, such as `tfrwc.components.engine.local`, runs steps: it calls the function
with artifacts and parameters. Annotations are read when the module is imported, so that
a module of components must not have ``from __future__ import annotations``.
"""

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from tfrwc.components.engine.artifacts import Artifact
from tfrwc.components.engine.identity import code
from tfrwc.components.engine.step import Channel, Step

if TYPE_CHECKING:
    from tfrwc.privacy.statement import PrivacyStatement

_BY_KEYWORD = (
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


@dataclass(frozen=True)
class Annotation:
    """What a function says of one of its arguments.

    Attributes:
        role: ``"input"``, ``"output"`` or ``"parameter"``.
        type: of the artifact or the parameter.
        many: whether an input is a list of artifacts.
    """

    role: str
    type: Any
    many: bool = False

    def __or__(self, other: None) -> "Annotation":
        """``InputArtifact[T] | None``; that it may be left out, its default says."""
        return self


T = TypeVar("T")

if TYPE_CHECKING:
    # To type checkers an argument is the artifact, or the parameter, itself.
    InputArtifact = Annotated[T, "input"]
    OutputArtifact = Annotated[T, "output"]
    Parameter = Annotated[T, "parameter"]
else:

    class InputArtifact:
        """``InputArtifact[T]``, or ``InputArtifact[list[T]]`` of one or more.

        An input whose default is None may be left out of a step; type checkers want
        it annotated with ``InputArtifact[T] | None``.
        """

        def __class_getitem__(cls, kind):
            if getattr(kind, "__origin__", None) is list:
                return Annotation("input", _artifact_type(kind.__args__[0]), many=True)
            return Annotation("input", _artifact_type(kind))

    class OutputArtifact:
        """``OutputArtifact[T]``."""

        def __class_getitem__(cls, kind):
            return Annotation("output", _artifact_type(kind))

    class Parameter:
        """``Parameter[int]``, or of float, str or bool."""

        def __class_getitem__(cls, kind):
            if kind not in (int, float, str, bool):
                raise TypeError(
                    f"A parameter is an int, float, str or bool. Received: {kind!r}."
                )
            return Annotation("parameter", kind)


def _artifact_type(kind: Any) -> type[Artifact]:
    if isinstance(kind, type) and issubclass(kind, Artifact) and kind.TYPE_NAME:
        return kind
    raise TypeError(
        "Annotate inputs and outputs with a type of tfrwc.components.engine.artifacts. "
        f"Received: {kind!r}."
    )


class Component:
    """A function that is a step of pipelines; `component` makes one.

    Attributes:
        name: of the function.
        function: called by engines, with keywords.
        inputs: annotation by name.
        outputs: artifact type by name.
        parameters: type by name.
        defaults: by name, those of parameters, and None for inputs that may be left
            out.
        code: hash of the sources, as of `tfrwc.components.engine.identity.code`.
        outside: of parameters by keyword, returns what `reads` was told; empty text if
            it was told nothing.
        check: of parameters by keyword, as of `checks`.
        plan: of inputs and parameters by keyword, as of `plans`; None if it was told
            nothing.
        missing: of outputs and parameters by keyword, as of `leaves`.

    Raises:
        TypeError: if an argument is not annotated with one of the three, or cannot be
            given by keyword, or has a default of another type.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        self.name, self.function = function.__name__, function
        self.__doc__, self.__module__ = function.__doc__, function.__module__
        self.inputs: dict[str, Annotation] = {}
        self.outputs: dict[str, type[Artifact]] = {}
        self.parameters: dict[str, type] = {}
        self.defaults: dict[str, Any] = {}
        self.code = code(function)
        self.outside: Callable[..., str] = _nothing
        self.check: Callable[..., object] = _nothing
        self.plan: Callable[..., PrivacyStatement | None] | None = None
        self.missing: Callable[..., str] = _nothing
        for argument in inspect.signature(function).parameters.values():
            self._add(argument)
        for name in self.inputs:
            stem = re.sub(r"_[0-9]+$", "", name)
            if stem != name and stem in self.inputs and self.inputs[stem].many:
                raise TypeError(
                    f"{self.name} has the inputs {stem}, a list, and {name}, by which "
                    "TFX knows an element of that list. Give one another name."
                )

    def _add(self, argument: inspect.Parameter) -> None:
        name, annotation = argument.name, argument.annotation
        if not isinstance(annotation, Annotation):
            raise TypeError(
                f"Annotate the argument {name!r} of {self.name} with InputArtifact,"
                f" OutputArtifact or Parameter. Received: {annotation!r}."
            )
        if argument.kind not in _BY_KEYWORD:
            raise TypeError(
                f"Engines give arguments by keyword. {self.name} has the argument "
                f"{argument}, of the kind: {argument.kind.description}."
            )
        if annotation.role == "input":
            self.inputs[name] = annotation
        elif annotation.role == "output":
            self.outputs[name] = annotation.type
        else:
            self.parameters[name] = annotation.type
        if argument.default is not inspect.Parameter.empty:
            self.defaults[name] = self._default(name, annotation, argument.default)

    def _default(self, name: str, annotation: Annotation, value: Any) -> Any:
        if annotation.role == "parameter":
            return self._parameter(name, value)
        if annotation.role == "input" and value is None:
            return None
        raise TypeError(
            f"Of an input the default can be None, and an output has none. {self.name} "
            f"has {name}={value!r}."
        )

    def reads(self, function: Callable[..., str]) -> Callable[..., str]:
        """Say what the component finds outside its arguments, as a decorator.

        Args:
            function: of the component's parameters, by keyword. It returns a text that
                is another whenever that is other, such as hashes of files. Nothing in
                it may tell what must not be published.
        """
        self.outside = function
        return function

    def checks(self, function: Callable[..., object]) -> Callable[..., object]:
        """Check parameters when a step is made, as a decorator.

        Args:
            function: of the component's parameters, by keyword. It raises a ValueError
                for what would fail when the step is run, hours later.
        """
        self.check = function
        return function

    def plans(
        self, function: "Callable[..., PrivacyStatement | None]"
    ) -> "Callable[..., PrivacyStatement | None]":
        """Say what will be stated, before it is done, as a decorator.

        A step that makes a statement runs under a budget only if this is said
        (`tfrwc.components.engine.budget`).

        Args:
            function: of the component's inputs, which are artifacts, and parameters, by
                keyword. It returns the statement; None where the examples are public.
        """
        self.plan = function
        return function

    def leaves(self, function: Callable[..., str]) -> Callable[..., str]:
        """Say what the component leaves outside its outputs, as a decorator.

        Args:
            function: of the component's outputs, which are artifacts, and parameters,
                by keyword. It returns what is not any more as the component left it,
                in words, so that it is to run again; empty text if nothing is. On TFX
                nobody asks.
        """
        self.missing = function
        return function

    def __call__(self, **arguments: Any) -> Step:
        """Make a step.

        Raises:
            TypeError: for arguments that are unknown, missing or of another type.
            ValueError: for a number that is not finite, or what `checks` refuses.
        """
        names = [*self.inputs, *self.parameters]
        arguments = self.defaults | arguments
        missing = [name for name in names if name not in arguments]
        unknown = [name for name in arguments if name not in names]
        if missing or unknown:
            raise TypeError(
                f"{self.name} takes {', '.join(names)}. Missing: "
                f"{', '.join(missing) or 'none'}; unknown: "
                f"{', '.join(unknown) or 'none'}."
            )
        parameters = {
            name: self._parameter(name, arguments[name]) for name in self.parameters
        }
        self.check(**parameters)
        return Step(
            self,
            {
                name: self._channels(name, arguments[name])
                for name in self.inputs
                if arguments[name] not in (None, []) or name not in self.defaults
            },
            parameters,
        )

    def _channels(self, name: str, value: Any) -> list[Channel]:
        annotation = self.inputs[name]
        channels = (
            list(value) if annotation.many and isinstance(value, list) else [value]
        )
        for channel in channels or [value]:
            if not isinstance(channel, Channel) or channel.type is not annotation.type:
                kind = annotation.type.TYPE_NAME
                raise TypeError(
                    f"The input {name} of {self.name} takes "
                    f"{'a list of ' if annotation.many else ''}{kind}. "
                    f"Received: {channel!r}."
                )
        return channels

    def _parameter(self, name: str, value: Any) -> Any:
        kind: Any = self.parameters[name]
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise TypeError(
                f"The parameter {name} of {self.name} is of type {kind.__name__}. "
                f"Received: {value!r}."
            )
        if kind is int and not -(2**63) <= value < 2**63:
            raise ValueError(
                f"The parameter {name} of {self.name} must fit into 64 bits, as ML "
                f"Metadata keeps numbers. Received: {value!r}."
            )
        if kind is float and not math.isfinite(value):
            raise ValueError(
                f"The parameter {name} of {self.name} must be finite, as ML Metadata "
                f"keeps numbers. Received: {value!r}."
            )
        return value


def _nothing(**parameters: Any) -> str:
    return ""


def component(function: Callable[..., object]) -> Component:
    """Make a component of a function, as a decorator; the module's text says how."""
    return Component(function)

"""Typed artifacts: what components hand to one another, as folders on disk.

Those of TFX keep its type names and its layout, so that its own components can read
them:

- Examples: ``Split-<name>/`` of GZIP TFRecord files of `tf.train.Example`;
- Model: ``Format-Serving/``, a SavedModel;
- ModelRun: TensorBoard logs and what else a training leaves behind;
- ModelEvaluation: numbers of a test;
- ModelBlessing: an empty file ``BLESSED`` or ``NOT_BLESSED``.

The names of this package's own types are paths of import, and they have custom
properties alone: Kubeflow takes no others.
"""

import os
from collections.abc import Mapping
from typing import Any, ClassVar


class Artifact:
    """A folder of one type.

    Its properties are attributes. Only those that its type has can be set so.

    Args:
        uri: the folder.
        properties: value by name, as of `properties`.

    Attributes:
        TYPE_NAME: of the type, unique among all pipelines.
        PROPERTIES: type of each property, int, float or str, by name.
    """

    TYPE_NAME: ClassVar[str | None] = None
    PROPERTIES: ClassVar[dict[str, type]] = {}

    uri: str
    _properties: dict[str, Any]

    def __init__(
        self, uri: str | os.PathLike[str], properties: Mapping[str, Any] | None = None
    ) -> None:
        object.__setattr__(self, "uri", str(uri))
        object.__setattr__(self, "_properties", dict(properties or {}))

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self.PROPERTIES.get(name)
        if kind is None:
            raise AttributeError(
                f"{self.TYPE_NAME} has no property {name!r}; it has "
                f"{', '.join(self.PROPERTIES) or 'none'}."
            )
        if type(value) is not kind:
            raise TypeError(
                f"The property {name} of {self.TYPE_NAME} is of type {kind.__name__}. "
                f"Received: {value!r}."
            )
        self._properties[name] = value

    def __getattr__(self, name: str) -> Any:
        if name in self.PROPERTIES:
            # As in TFX, a property that was never set is zero or empty.
            return self._properties.get(name, self.PROPERTIES[name]())
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.uri!r})"

    def set_int_custom_property(self, name: str, value: int) -> None:
        """Set a property that the type does not have, as in TFX."""
        self._properties[name] = int(value)

    def set_string_custom_property(self, name: str, value: str) -> None:
        """As `set_int_custom_property`, of text."""
        self._properties[name] = str(value)

    def get_int_custom_property(self, name: str) -> int:
        """A property that the type does not have; 0 if it was never set."""
        return int(self._properties.get(name, 0))

    def get_string_custom_property(self, name: str) -> str:
        """A property that the type does not have; empty if it was never set."""
        return str(self._properties.get(name, ""))

    def properties(self) -> dict[str, Any]:
        """The properties that were set, of both kinds."""
        return dict(self._properties)


class Examples(Artifact):
    """Data; `split_names` is a JSON list."""

    TYPE_NAME = "Examples"
    PROPERTIES: ClassVar[dict[str, type]] = {
        "split_names": str,
        "span": int,
        "version": int,
    }


class Model(Artifact):
    """A trained model, to be served."""

    TYPE_NAME = "Model"


class ModelRun(Artifact):
    """What a training leaves beside its model."""

    TYPE_NAME = "ModelRun"


class ModelEvaluation(Artifact):
    """Numbers of a test, in evaluation.json."""

    TYPE_NAME = "ModelEvaluation"


class ModelBlessing(Artifact):
    """Whether a model is good enough to be pushed; so is its int property `blessed`,
    which TFX' Pusher reads."""

    TYPE_NAME = "ModelBlessing"


class PushedModel(Artifact):
    """Where a model was pushed to, in pushed.json."""

    TYPE_NAME = "PushedModel"


class TfrwcRecording(Artifact):
    """How the layers changed in a training, in recording.parquet; so many `records`
    of so many `layers`."""

    TYPE_NAME = "tfrwc.TfrwcRecording"


class TfrwcTrends(Artifact):
    """How the layers of a network learn, in results.json."""

    TYPE_NAME = "tfrwc.TfrwcTrends"


class TfrwcPrivacyStatement(Artifact):
    """What is guaranteed, in privacy_statement.json, in words in the .txt, and in few
    words as `guarantee`."""

    TYPE_NAME = "tfrwc.TfrwcPrivacyStatement"

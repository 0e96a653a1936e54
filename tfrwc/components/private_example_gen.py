"""Component: images with noise, and what the noise guarantees."""

import json
from typing import Any

from tfrwc.components.engine.artifacts import Examples, TfrwcPrivacyStatement
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)


@component
def PrivateExampleGen(
    examples: InputArtifact[Examples],
    private: OutputArtifact[Examples],
    statement: OutputArtifact[TfrwcPrivacyStatement],
    mechanism: Parameter[str],
    seed: Parameter[int] = 0,
) -> None:
    """Release images by a mechanism.

    The secret key of the noise is read from the environment variable
    TFRWC_PRIVACY_KEY. By another key, images are released again.

    Args:
        examples: clean images of two classes.
        private: the images with noise.
        statement: what the noise guarantees.
        mechanism: name of one of `tfrwc.privacy.release.catalogue`.
        seed: number of the release; each number draws noise of its own.
    """
    from tfrwc.privacy.keys import secret_key
    from tfrwc.studies.example_sets import read_task, write_task
    from tfrwc.studies.privacy.release import named, release, write_stated

    task = read_task(examples.uri)
    chosen = named(mechanism, task.shape)
    released = release(chosen, task, seed, secret_key())
    private.split_names = json.dumps(write_task(released, private.uri))
    guarantee = write_stated(chosen, task, statement.uri)
    statement.set_string_custom_property("guarantee", guarantee)


@PrivateExampleGen.reads
def _key(**_: Any) -> str:
    from tfrwc.privacy.keys import fingerprint_under, secret_key

    return fingerprint_under(secret_key())

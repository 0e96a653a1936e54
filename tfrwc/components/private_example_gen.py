"""Component: images with noise, and what the noise guarantees."""

import json

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
    key_fingerprint: Parameter[str] = "",
) -> None:
    """Release images by a mechanism.

    The secret key of the noise is read from the environment variable
    TFRWC_PRIVACY_KEY.

    Args:
        examples: clean images of two classes.
        private: the images with noise.
        statement: what the noise guarantees.
        mechanism: name of one of `tfrwc.privacy.release.catalogue`.
        seed: number of the release; each number draws noise of its own.
        key_fingerprint: of the key, as of `tfrwc.privacy.keys.fingerprint_under`, so
            that images are released again by another key.

    Raises:
        ValueError: if the key is another.
    """
    from tfrwc.privacy.keys import KEY_VARIABLE, fingerprint_under, secret_key
    from tfrwc.studies.example_sets import read_task, write_task
    from tfrwc.studies.privacy.release import named, release, write_stated

    key = secret_key()
    if key_fingerprint not in ("", fingerprint_under(key)):
        raise ValueError(
            f"{KEY_VARIABLE} is another key than that which this step was made for. "
            "Make the pipeline again with the key that it is to run with."
        )
    task = read_task(examples.uri)
    chosen = named(mechanism, task.shape)
    released = release(chosen, task, seed, key)
    private.split_names = json.dumps(write_task(released, private.uri))
    guarantee = write_stated(chosen, task, statement.uri)
    statement.set_string_custom_property("guarantee", guarantee)

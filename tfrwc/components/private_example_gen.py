"""Component: images with noise, and what the noise guarantees."""

import json
from typing import TYPE_CHECKING, Any

from tfrwc.components.engine.artifacts import Examples, TfrwcPrivacyStatement
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)

if TYPE_CHECKING:
    from tfrwc.privacy.release.statement import Statement


@component
def PrivateExampleGen(
    examples: InputArtifact[Examples],
    private: OutputArtifact[Examples],
    statement: OutputArtifact[TfrwcPrivacyStatement],
    mechanism: Parameter[str],
    seed: Parameter[int] = 0,
) -> None:
    """Release images by a mechanism.

    The secret key of the noise is that of `tfrwc.privacy.keys`. By another key, images
    are released again.

    Args:
        examples: clean images of two classes.
        private: the images with noise.
        statement: what the noise guarantees.
        mechanism: name of one of `tfrwc.privacy.release.catalogue`.
        seed: number of the release; each number draws noise of its own.
    """
    from tfrwc.privacy.keys import secret_key
    from tfrwc.privacy.statement import write_statement
    from tfrwc.studies.example_sets import read_task, write_task
    from tfrwc.studies.privacy.release import named, release, stated

    task = read_task(examples.uri)
    chosen = named(mechanism, task.shape)
    released = release(chosen, task, seed, secret_key())
    private.split_names = json.dumps(write_task(released, private.uri))
    guarantee = write_statement(stated(chosen, task), statement.uri)
    statement.set_string_custom_property("guarantee", guarantee)


@PrivateExampleGen.reads
def _key(**_: Any) -> str:
    from tfrwc.privacy.keys import fingerprint_under, secret_key

    return fingerprint_under(secret_key())


@PrivateExampleGen.plans
def _plan(examples: Any, mechanism: str, **_: Any) -> "Statement":
    from tfrwc.studies.example_sets import read_task
    from tfrwc.studies.privacy.release import named, stated

    task = read_task(examples.uri)
    return stated(named(mechanism, task.shape), task)

"""Release the images of a task with noise."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from tfrwc.datasets.patients import assuming
from tfrwc.privacy import to_uint8
from tfrwc.privacy.release.catalogue import DELTA, standard_mechanism, standard_names
from tfrwc.privacy.release.mechanism import Mechanism
from tfrwc.privacy.release.statement import Statement
from tfrwc.studies.privacy.data import Task


def check_names(names: Iterable[str]) -> None:
    """Raise a ValueError if a name is none of a standard mechanism."""
    known = standard_names()
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(
            f"There is no release {', '.join(unknown)}. Choose from {', '.join(known)}."
        )


def named(name: str, shape: tuple[int, ...]) -> Mechanism:
    """The standard mechanism of this name, for images of a shape.

    Raises:
        ValueError: if there is none.
    """
    return standard_mechanism(name, shape[:2])


def release(mechanism: Mechanism, task: Task, seed: int, key: bytes) -> Task:
    """A task whose images are released, with noise drawn once for a seed.

    Patients are not named in it: who is in the data is not to be told.

    Args:
        mechanism: one of `tfrwc.privacy`.
        task: a `tfrwc.studies.privacy.data.Task`.
        seed: number of the release.
        key: secret key of the noise.
    """

    def released(name):
        split = getattr(task, name)
        # Places alone would give an image that stays where it was the same noise in a
        # later set: whoever has both releases would see which images changed.
        digits = hashlib.blake2b(split.x.tobytes(), digest_size=16).hexdigest()
        ids = [f"{seed}/{name}/{digits}/{i}" for i in range(len(split.x))]
        noisy = to_uint8(mechanism.privatize(split.x, key, ids))
        return replace(split, x=noisy, patients=None)

    parts = {name: released(name) for name in ("train", "held_out", "test")}
    return replace(task, **parts)


def stated(mechanism: Mechanism, task: Task) -> Statement:
    """What a release of a task guarantees."""
    statement = mechanism.statement(task.shape, DELTA, task.images_per_patient)
    return assuming(statement, task.assumptions)

"""Train the members of a sweep in parts, each a task of Apache Beam.

The folder of a sweep holds x.npz, the examples; parts.json, how many members each part
has; and a file of each part. What is trained stays there: the process that asked for it
reads the weights of a part when they are needed, and holds those of one part at most.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tfrwc._common.files import replacing, write_text
from tfrwc._common.json_files import read_object
from tfrwc._common.npz import read_npz
from tfrwc.compat.extras import extra
from tfrwc.disentangle.checks import count
from tfrwc.disentangle.sweep.contents import not_whole
from tfrwc.disentangle.sweep.state_file import Arrays, in_order
from tfrwc.disentangle.sweep.trained import Part, without_weights
from tfrwc.disentangle.sweep.training import (
    digest_of,
    read_training,
    settings_of,
    train_members,
)

if TYPE_CHECKING:
    from tfrwc.disentangle.sweep.beta_sweep import BetaSweep

Members = list[tuple[float, int]]

# More members in one program are hardly faster, and take more memory.
_MOST_AT_ONCE = 16
# Options of Beam's runners that say how many workers there are.
_WORKERS = (
    *("direct_num_workers", "num_workers", "max_num_workers", "parallelism"),
    "dask_npartitions",
)


@dataclass(frozen=True)
class _File:
    """The file of a part, and what it must hold; see `read_training`."""

    path: Path
    settings: dict[str, Any]
    n_latents: int

    def read(self) -> Arrays:
        """How far the part is."""
        return read_training(self.path, self.settings, self.n_latents)

    def trained(self) -> Arrays:
        """The part, trained to the end."""
        arrays = self.read()
        if "rates" not in arrays:
            raise not_whole(self.path, "its training is not over")
        return arrays

    def weights(self) -> list[NDArray[np.float32]]:
        return in_order(self.trained(), "weight")


def train_on_beam(
    sweep: "BetaSweep",
    members: Members,
    x: NDArray[np.float32],
    folder: Path,
    members_at_once: int | None,
    options: Any,
) -> list[Part]:
    """Train members, or go on with them; see `BetaSweep.fit_on_beam`.

    Args:
        sweep: an untrained `BetaSweep`, which goes to the workers.
        members: β and seed of each.
        x: examples (n, …).
        folder: which all workers can reach.
        members_at_once: in a part; None for as many as keep all workers busy.
        options: of the pipeline.
    """
    with extra("beam"):
        import apache_beam as beam
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"The parts of a sweep need a folder. Received: {folder}, which cannot be "
            f"one ({error})."
        ) from error
    size = _size_of_parts(folder, members_at_once, len(members), options)
    parts = [
        (members[i : i + size], folder / f"part-{i:05}.npz")
        for i in range(0, len(members), size)
    ]
    digest = digest_of(x)
    files = _files(sweep, parts, x.shape[1:], digest)
    for begun in files:  # workers would report what is wrong in their own words
        if begun.path.exists():
            begun.read()
    with replacing(folder / "x.npz") as opened:
        np.savez(opened, x=x)

    def train_part(part: tuple[Members, Path]) -> int:
        examples = read_examples(folder / "x.npz", digest)
        models = {s: sweep.make(s, examples.shape[1:]) for _, s in part[0]}
        train_members(models, part[0], examples, sweep, part[1])
        return len(part[0])

    with beam.Pipeline(options=options) as pipeline:
        _ = pipeline | beam.Create(parts) | beam.Reshuffle() | beam.Map(train_part)
    return [Part(without_weights(done.trained()), done.weights) for done in files]


def workers(options: Any) -> int:
    """How many workers options of Beam's pipelines ask for; 1 if they do not say.

    Args:
        options: `apache_beam.options.pipeline_options.PipelineOptions`, or None.
    """
    if options is None:
        return 1
    given = options.get_all_options(retain_unknown_options=True)
    found = [given.get(name) for name in _WORKERS]
    numbers = [int(value) for value in found if str(value).isdecimal()]
    if given.get("direct_num_workers") == 0:  # to Beam, one for each processor
        numbers.append(os.cpu_count() or 1)
    return max(1, *numbers)


def read_examples(path: Path, digest: str) -> NDArray[np.float32]:
    """The examples of a sweep, as they were written for its workers.

    Raises:
        ValueError: if they are others, or the file is damaged.
    """
    x: NDArray[np.float32] = read_npz(path, ["x"])["x"]
    if digest_of(x) != digest:
        raise ValueError(
            f"{path} holds other examples than this sweep's: another sweep writes to "
            "its folder. Give each sweep a folder of its own."
        )
    return x


def _size_of_parts(folder: Path, asked: int | None, members: int, options: Any) -> int:
    """How many members a part has: as begun, as asked for, or by the workers."""
    path = folder / "parts.json"
    if asked is not None:
        count(asked, "members_at_once")
    if not path.exists():
        busy = workers(options)
        rounds = -(-members // (_MOST_AT_ONCE * busy))
        size = asked or -(-members // (busy * rounds))
        write_text(path, json.dumps({"members_at_once": size}))
        return size
    plan = read_object(path, "a plan of a sweep", {"members_at_once": int})
    size = int(plan["members_at_once"])
    if size < 1 or asked not in (None, size):
        raise ValueError(
            f"{path} says that the sweep was begun with {size} members in a part. "
            f"Received: members_at_once {asked}. Leave it out to go on, or give "
            "another folder."
        )
    return size


def _files(
    sweep: "BetaSweep",
    parts: Sequence[tuple[Members, Path]],
    shape: tuple[int, ...],
    digest: str,
) -> list["_File"]:
    """The file of each part, which may not be there yet."""
    templates = {seed: sweep.make(seed, shape) for ((_, seed), *_), _ in parts}
    found = []
    for members, path in parts:
        template = templates[members[0][1]]
        settings = settings_of(template, members, digest, sweep)
        found.append(_File(path, settings, template.n_latents))
    return found

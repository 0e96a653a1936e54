"""What `fit` takes where the unit of privacy has several examples."""

import copy
from typing import Any

import keras
import numpy as np

from tfrwc.privacy.sgd.account.history import EXAMPLE
from tfrwc.privacy.sgd.sampling import PoissonBatches, ShuffledBatches, poisson_batches
from tfrwc.privacy.sgd.settings import TrainingSettings
from tfrwc.privacy.sgd.units import Units
from tfrwc.privacy.statement import with_article


def of_units(
    x: Any,
    y: Any,
    options: dict[str, Any],
    settings: TrainingSettings,
    units: Units | None,
) -> tuple[Any, Any, dict[str, Any]]:
    """The data of fit, as batches of whole units where there are such.

    Args:
        x, y: of fit.
        options: the others of fit.
        settings: that the account is for.
        units: of make_private; None if it was given none.

    Returns:
        x, y and the options that fit goes on with: as they are, where each example is a
        unit of its own; but Poisson samples are a copy, which nobody else can change.

    Raises:
        ValueError: if it cannot be told which examples are of one unit, or they are
            other units than the account is for.
    """
    if settings.unit == EXAMPLE:
        if isinstance(x, PoissonBatches) and x.units is not None:
            raise ValueError(
                "These batches draw units of several examples, and the account is for "
                "an example. Give make_private the unit, such as unit='patient', or "
                "poisson_batches no units."
            )
        if isinstance(x, PoissonBatches):
            _check_unchanged(x)
            x = copy.copy(x)
        return x, y, options
    if not isinstance(x, PoissonBatches):
        x, options = _shuffled(x, y, options, settings, units)
        y = None
    if type(x) not in (PoissonBatches, ShuffledBatches):
        raise ValueError(
            f"A subclass of PoissonBatches may draw otherwise than whole "
            f"{settings.unit}s. Received: {type(x).__name__}. Give fit what "
            "poisson_batches returns."
        )
    _check_unchanged(x)
    if x.units is None or (units is not None and not x.units.is_like(units)):
        received = "none" if x.units is None else f"{x.units.count:,} others"
        raise ValueError(
            f"The account is for {with_article(settings.unit)}. Give poisson_batches "
            "the same units as make_private, or as an earlier fit, one for each "
            f"example. Received: {received}."
        )
    most, at_once = _most(x.units, settings), settings.physical_batch_size
    if at_once is not None and most > at_once:
        raise ValueError(
            f"All examples of {with_article(settings.unit)} are in memory together, "
            f"and one has {most:,}. Received: physical_batch_size={at_once}. Give "
            "make_private more of these, or images_per_unit."
        )
    return x.with_images_per_unit(settings.images_per_unit), y, options


def most_rows(x: PoissonBatches, settings: TrainingSettings) -> int | None:
    """Examples in the largest of batches of units; None where they have none."""
    if x.units is None:
        return None
    rate = x.batch_size / x.train_size
    return x.units.most_rows(rate, settings.images_per_unit)


def _check_unchanged(x: PoissonBatches) -> None:
    """Check that what was made of units and arrays is still of them."""
    lengths = {len(array) for array in keras.tree.flatten(x.arrays)}
    size = examples = x.train_size
    if isinstance(x.units, Units):
        size, examples = x.units.count, x.units.examples
    if lengths != {examples} or x.train_size != size or not _is_known(x.units):
        raise ValueError(
            "The attributes of these batches were changed after they were made. Call "
            "poisson_batches anew."
        )


def _is_known(units: Any) -> bool:
    return units is None or isinstance(units, Units)


def _most(units: Units, settings: TrainingSettings) -> int:
    return min(units.most, settings.images_per_unit or units.most)


def _shuffled(
    x: Any,
    y: Any,
    options: dict[str, Any],
    settings: TrainingSettings,
    units: Units | None,
) -> tuple[ShuffledBatches, dict[str, Any]]:
    """Arrays as shuffled batches of units."""
    is_stream = hasattr(x, "as_numpy_iterator") or not hasattr(x, "__len__")
    if units is None or y is None or is_stream:
        raise ValueError(
            f"Which examples are of one {settings.unit} must be known. Received: "
            f"{type(x).__name__}. Give fit poisson_batches(x, y, units=...), or arrays "
            "x and y after make_private(..., units=...)."
        )
    refused = {"validation_split": 0.0, "shuffle": True, "steps_per_epoch": None}
    for name, usual in refused.items():
        given = options.get(name)
        if given is not None and not np.array_equal(given, usual):
            raise ValueError(
                f"Batches of whole {settings.unit}s are made of all of x, in a new "
                f"order in each epoch. Received: {name}={options[name]!r}. Leave it "
                "out."
            )
    rest = {name: option for name, option in options.items() if name not in refused}
    weight, classes = (rest.pop(n, None) for n in ("sample_weight", "class_weight"))
    batches = poisson_batches(x, y, weight, batch_size=1)
    if classes is not None:
        batches = batches.with_class_weights(classes)
    if batches.train_size != units.examples:
        raise ValueError(
            f"make_private was given the units of {units.examples:,} examples. "
            f"Received: {batches.train_size:,} examples."
        )
    return ShuffledBatches(batches.arrays, settings.batch_size, units), rest

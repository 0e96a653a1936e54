"""What `fit` takes where the unit of privacy has several examples."""

from typing import Any

from tfrwc.privacy.sgd.account.history import EXAMPLE
from tfrwc.privacy.sgd.sampling import PoissonBatches, ShuffledBatches, poisson_batches
from tfrwc.privacy.sgd.settings import TrainingSettings
from tfrwc.privacy.sgd.units import Units


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
        unit of its own.

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
        return x, y, options
    if not isinstance(x, PoissonBatches):
        x, options = _shuffled(x, y, options, settings, units)
    if x.units is None or (units is not None and not x.units.is_like(units)):
        received = "none" if x.units is None else f"{x.units.count:,} others"
        raise ValueError(
            f"The account is for a {settings.unit}. Give poisson_batches the same "
            f"units as make_private, one for each example. Received: {received}."
        )
    most, at_once = _most(x.units, settings), settings.physical_batch_size
    if at_once is not None and most > at_once:
        raise ValueError(
            f"All examples of a {settings.unit} are in memory together, and one has "
            f"{most:,}. Received: physical_batch_size={at_once}. Give make_private "
            "more of these, or images_per_unit."
        )
    return x.with_images_per_unit(settings.images_per_unit), None, options


def most_rows(x: PoissonBatches, settings: TrainingSettings) -> int | None:
    """Examples in the largest of batches of units; None where they have none."""
    if x.units is None:
        return None
    rate = x.batch_size / x.train_size
    return x.units.most_rows(rate, settings.images_per_unit)


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
        if options.get(name, usual) != usual:
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

"""The order of checkpoints in training, and the epochs they are of.

Names are read as `keras.callbacks.ModelCheckpoint` makes them of a template with
``{epoch}``: one whole number, whatever else such a name holds.
"""

import re
from itertools import pairwise
from pathlib import Path

_END = r"[-_=. ]?(\d+)(?!\d|\.\d)"
_EPOCH = re.compile(r"(?:epochs?|(?<![a-z])ep|(?<![a-z0-9])e)" + _END, re.IGNORECASE)
_STEP = re.compile(r"(?:steps?|iter|ckpt|checkpoint)" + _END, re.IGNORECASE)
_DECIMAL = re.compile(r"\d+\.\d+(?:e[-+]?\d+)?|\d+e[-+]\d+", re.IGNORECASE)


def epochs_in_names(names: list[str]) -> list[int] | None:
    """Epochs that the names of files tell, one for each; None if they tell none.

    A number after ``epoch``, ``ep`` or ``e`` is one. Without such a mark, it is the
    only whole number that differs between names that are otherwise the same but for
    decimal numbers.
    """
    for pattern in (_EPOCH, _STEP):
        marked = [pattern.findall(_stem(name)) for name in names]
        if all(len(numbers) == 1 for numbers in marked):
            epochs = [int(numbers[0]) for numbers in marked]
            return epochs if len(set(epochs)) == len(epochs) else None
    # The text around whole numbers must be one; decimal numbers are metrics.
    stems = [_DECIMAL.sub("~", _stem(name)) for name in names]
    if len({re.sub(r"\d+", "#", stem) for stem in stems}) > 1:
        return None
    whole = [[int(n) for n in re.findall(r"\d+", stem)] for stem in stems]
    columns = zip(*whole, strict=True)
    changing = [column for column in columns if len(set(column)) > 1]
    if len(changing) == 1 and len(set(changing[0])) == len(names):
        return list(changing[0])
    return None


def _stem(name: str) -> str:
    return re.sub(r"\.(weights\.h5|keras)$", "", name)


def order(
    files: list[Path], steps: list[int | None], listed: bool
) -> tuple[list[int], list[int]]:
    """Places of the files in the order of training, and the epoch of each there.

    Args:
        files: checkpoints.
        steps: the optimizer's counter in each.
        listed: whether somebody put them in this order.

    Raises:
        ValueError: if the order cannot be told, or contradicts the counters.
    """
    epochs = epochs_in_names([file.name for file in files])
    counts = [step for step in steps if step is not None]
    moving = len(counts) == len(files) and len(set(counts)) == len(counts)
    places = list(range(len(files)))
    if not listed and moving:
        places.sort(key=lambda place: counts[place])
    elif not listed and epochs is not None:
        places.sort(key=lambda place: epochs[place])
    elif not listed:
        raise ValueError(
            "The order of these checkpoints is not certain: their names have no epoch "
            "that all share, and their optimizers' counters do not differ. Received: "
            f"{[file.name for file in files]}. Give a list of files in the order of "
            "training, without those that repeat another (best, last, final)."
        )
    dated = [(steps[place], files[place]) for place in places if steps[place]]
    for (step, path), (later, other) in pairwise(dated):
        if later < step:  # type: ignore[operator]
            raise ValueError(
                f"Checkpoints must come in order of training, but {path} of step "
                f"{step} comes before {other} of step {later}. Sort them by the "
                "numbers in their names, as is done for a folder."
            )
    numbers = [epochs[place] for place in places] if epochs else None
    if numbers is None or any(a >= b for a, b in pairwise(numbers)):
        if numbers is not None and not listed:
            raise ValueError(
                "The order of these checkpoints is not certain: the epochs in their "
                f"names are {numbers} in the order of their steps. Received: "
                f"{[files[place].name for place in places]}. Give a list of files of "
                "one run, in the order of training."
            )
        numbers = list(range(len(files)))
    return places, numbers

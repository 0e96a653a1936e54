"""The order of checkpoints in training, and the epoch of each.

Files that one `keras.callbacks.ModelCheckpoint` wrote have names of one template, which
are compared field by field. The optimizer's count of updates in the files decides where
it moves. Where neither makes the order certain, the files are refused.
"""

import re
import warnings
from collections import Counter
from itertools import pairwise
from pathlib import Path

# A metric may be negative: behind a hyphen between fields stands another one then. In
# three numbers with points between them (`{epoch}.{loss:.2f}`) the first is by itself.
_FIELD = re.compile(
    r"\d+(?=\.(?:0|[1-9]\d*)\.\d)"
    r"|(?:(?<![a-z0-9])[+-])?"
    r"(?:(?:0|[1-9]\d*)\.\d+(?:e[+-]?\d+)?|\d+e[+-]\d+|(?<![a-z])(?:nan|inf)(?![a-z]))"
    r"|\d+",
    re.IGNORECASE,
)
_MOST_DIGITS = 9  # of an epoch: more are those of a time
_EPOCH = re.compile(r"(?:^|[^a-z])(?:\w*epochs?|ep|e)[^a-z0-9]*$", re.IGNORECASE)
# Numbers of trainings, not of moments in one.
_TRAINING = re.compile(
    r"(?:^|[^a-z])"
    r"(?:seed|k?fold|cv|trial|run|split|subject|worker|rank|member|version|v)"
    r"[^a-z0-9]*$",
    re.IGNORECASE,
)
_STEP = re.compile(r"(?:steps?|batch|iter|iterations?)[^a-z0-9]*$", re.IGNORECASE)
# What may stand before a number that nothing else tells of, for it to be a moment in
# training: nothing, or a word for what is saved.
_UNNAMED = re.compile(
    r"|\w*(?:model|net|network|weights?|checkpoint|ckpt|chkpt)|cp|saved?|snapshot|state"
    r"|params|best|improvement|trained|at|after|no|steps?|batch|iter|iterations?"
)
_LAST_WORD = re.compile(r"([a-z]*)[^a-z0-9]*$")
_Template = tuple[str, ...]


def in_order(
    paths: list[Path], steps: list[int | None], is_listed: bool
) -> tuple[list[Path], list[int]]:
    """Checkpoints as they follow in training, and their epochs.

    Args:
        paths: the files, in natural order of their names or as listed.
        steps: the optimizer's count in each; None where it has none.
        is_listed: whether somebody gave them in order.

    Returns:
        the files, without copies of others, and the epoch of each: the number in its
        name, or its place from 0 where names have none.

    Warns:
        UserWarning: naming files left out because they repeat another one.

    Raises:
        ValueError: if listed files are out of order, or that of others is not certain.
    """
    if is_listed:
        _check_steps(paths, steps)
        numbers = _epochs(paths, is_ordered=True)
        goes_on = numbers and all(a < b for a, b in pairwise(numbers))
        return paths, numbers if numbers and goes_on else [*range(len(paths))]
    counts = [step for step in steps if step is not None]
    if number := _training(paths):
        raise _uncertain(
            paths, steps, f"{number!r} in their names tells of several trainings"
        )
    if len(counts) == len(paths) and len(set(counts)) > 1:
        return _by_steps(paths, counts)
    stays = len(counts) == len(paths) and bool(counts[0])
    numbers = _epochs(paths, only_named=stays)
    if numbers is None:
        raise _uncertain(
            paths,
            steps,
            "no count of updates in them moves, and no number in all of "
            "their names is certain to be the epoch",
        )
    ordered = sorted(zip(numbers, paths, strict=True))
    return [path for _, path in ordered], [number for number, _ in ordered]


def _by_steps(paths: list[Path], steps: list[int]) -> tuple[list[Path], list[int]]:
    template = _most_common(paths)
    count_of = dict(zip(paths, steps, strict=True))
    own = [path for path in paths if _template(path) == template]
    others = [path for path in paths if path not in own]
    copies = [p for p in others if count_of[p] in {count_of[path] for path in own}]
    if template is None and len(set(steps)) < len(steps):
        raise _uncertain(paths, steps, "files of one count of updates are among them")
    numbers = _epochs(own, is_ordered=True) if template is not None else None
    places = {p: i for i, p in enumerate(paths)}
    epoch_of = dict(zip(own, numbers, strict=True)) if numbers else places
    is_told = numbers is not None and len({*numbers}) == len(numbers)
    if len({count_of[path] for path in own}) < len(own) and not is_told:
        raise _uncertain(paths, steps, "files of one count of updates are among them")
    ordered = sorted(
        (path for path in paths if path not in copies),
        key=lambda path: (count_of[path], epoch_of.get(path, 0)),
    )
    if copies:
        warnings.warn(
            f"{', '.join(path.name for path in copies)}: left out, because the count "
            "of updates in them is that of another checkpoint. Give a list of files "
            "if they belong to the training.",
            stacklevel=5,
        )
    if numbers is None:
        return ordered, [*range(len(ordered))]
    # The first file is what the next is held against; its epoch is not read.
    if any(path not in epoch_of for path in ordered[1:]):
        raise _uncertain(
            paths, steps, "the names of some have no epoch like the others"
        )
    first = epoch_of.get(ordered[0], epoch_of[ordered[1]] - 1)
    epochs = [first, *(epoch_of[path] for path in ordered[1:])]
    if any(b < a for a, b in pairwise(epochs)):
        raise _uncertain(paths, steps, "epochs in their names fall where updates grow")
    return ordered, epochs


def _check_steps(paths: list[Path], steps: list[int | None]) -> None:
    dated = [(step, path) for step, path in zip(steps, paths, strict=True) if step]
    for (step, path), (later, other) in pairwise(dated):
        if later < step:
            raise ValueError(
                f"Checkpoints must come in order of training, but {path} of step "
                f"{step} comes before {other} of step {later}. Sort them by the "
                "numbers in their names, as is done for a folder."
            )


def _fields(paths: list[Path]) -> list[tuple[str, tuple[str, ...]]]:
    """Of names of one template: what is before each field, and the field in each."""
    rows = [_FIELD.findall(_stem(path)) for path in paths]
    return [*zip(_template(paths[0]), zip(*rows, strict=True), strict=False)]


def _training(paths: list[Path]) -> str:
    """What tells, in names of one template, that files are of several trainings."""
    if len({_template(path) for path in paths}) != 1:
        return ""
    for before, fields in _fields(paths):
        if len(set(fields)) > 1 and (found := _TRAINING.search(before)):
            return found[0].strip("-_. ")
    return ""


def _epochs(
    paths: list[Path], only_named: bool = False, is_ordered: bool = False
) -> list[int] | None:
    """The epoch in each name, or None where no field is certain to be it.

    Args:
        paths: of the files.
        only_named: whether a word for epochs has to stand before it.
        is_ordered: whether something else tells the order; then several files of one
            epoch may be there, if a word for epochs stands before it.
    """
    if len({_template(path) for path in paths}) != 1 or len(paths) < 2:
        return None
    texts, fields = _template(paths[0]), [column for _, column in _fields(paths)]
    varying = {
        place: [int(field) for field in column]
        for place, column in enumerate(fields)
        if len(set(column)) > 1 and all(map(_is_count, column))
    }
    named = [place for place in varying if _EPOCH.search(texts[place])]
    repeats = bool(named) and is_ordered
    if not (named or only_named):
        named = [p for p in varying if _UNNAMED.fullmatch(_last_word(texts[p]))]
        if len(named) > 1:
            named = [p for p in named if not _STEP.search(texts[p])]
        if not is_ordered:
            named = [p for p in named if not _may_be_decimal(p, texts, fields)]
    columns = [varying[p] for p in named if repeats or len({*varying[p]}) == len(paths)]
    return columns[0] if len(named) == len(columns) == 1 else None


def _is_count(field: str) -> bool:
    return field.isdecimal() and len(field) <= _MOST_DIGITS


def _may_be_decimal(
    place: int, texts: _Template, fields: list[tuple[str, ...]]
) -> bool:
    """Whether a whole number may be one with what follows it: 1.0.53 is 1 and 0.53, or
    1.0 and 53."""
    is_padded = any(len(field) > 1 and field[0] == "0" for field in fields[place])
    following = "".join(fields[place + 1]) if place + 1 < len(fields) else ""
    return texts[place + 1] == "." and "." in following and not is_padded


def _last_word(text: str) -> str:
    match = _LAST_WORD.search(text.lower())
    return match[1] if match else ""


def _most_common(paths: list[Path]) -> _Template | None:
    """The template of most names; None where no two have one."""
    counts = Counter(_template(path) for path in paths)
    [(template, count), *others] = counts.most_common()
    if count == 1 or (others and others[0][1] == count):
        return None
    return template


def _template(path: Path) -> _Template:
    """What is between the fields of a name."""
    return (*_FIELD.split(_stem(path)), path.name[len(_stem(path)) :])


def _stem(path: Path) -> str:
    return path.name.removesuffix(".keras").removesuffix(".weights.h5")


def _uncertain(
    paths: list[Path], steps: list[int | None] | list[int], why: str
) -> ValueError:
    counts = ", ".join(
        f"{path.name} ({'no count' if step is None else f'{step} updates'})"
        for path, step in zip(paths, steps, strict=True)
    )
    return ValueError(
        f"The order of these checkpoints is not certain, because {why}: {counts}. Give "
        "Recording.from_checkpoints a list of the files in the order of training."
    )

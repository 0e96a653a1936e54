"""What every engine must do: stages of a pipeline, one after the other in one folder.

A stage is the settings of `components.pipeline`, the steps that must run (all others
come from the cache), and what the evaluation and the pushed model must then hold.
"""

from dataclasses import dataclass, field

TRAINING = ("Train-0", "Train-1")
REST = ("Evaluate", "Bless", "Push")
ALL = ("Generate", *TRAINING, *REST)


@dataclass(frozen=True)
class Stage:
    settings: dict = field(default_factory=dict)
    runs: tuple = ()
    values: tuple = (3, 6)
    pushed: float | None = 3


FIRST = Stage(runs=ALL)
CASES = {
    "the second time nothing runs": [FIRST, Stage()],
    "a step and what depends on it": [
        FIRST,
        Stage({"rates": (1.0, 5.0)}, runs=("Train-1", *REST), values=(3, 15)),
    ],
    "the first step and so all": [
        FIRST,
        Stage({"count": 4}, runs=ALL, values=(6, 12), pushed=6),
    ],
    "only the last ones": [
        FIRST,
        Stage({"at_least": 4.0}, runs=("Bless", "Push"), pushed=None),
    ],
    "back to what was there before": [
        FIRST,
        Stage({"rates": (1.0, 5.0)}, runs=("Train-1", *REST), values=(3, 15)),
        Stage(),
    ],
    "a whole number is a real one": [
        Stage({"rates": (1, 2)}, runs=ALL),
        Stage({"rates": (1.0, 2.0)}),
    ],
    "text of any kind": [
        Stage({"words": 'β = 1, "quoted"\n{}'}, runs=ALL),
        Stage({"words": 'β = 1, "quoted"\n{}'}),
        Stage({"words": "β = 1"}, runs=REST),
    ],
    "an input that may be left out": [
        FIRST,
        Stage({"base": True}, runs=("Train-1", *REST), values=(3, 12)),
        Stage({"base": True}, values=(3, 12)),
    ],
    "the order of a list counts": [
        FIRST,
        Stage({"order": -1}, runs=REST, values=(6, 3)),
    ],
    "a list that grows": [
        Stage({"rates": (1.0,)}, runs=("Generate", "Train-0", *REST), values=(3,)),
        Stage(runs=("Train-1", *REST)),
    ],
    "more than ten in a list": [
        Stage(
            {"rates": tuple(float(i) for i in range(1, 13))},
            runs=("Generate", *(f"Train-{i}" for i in range(12)), *REST),
            values=tuple(3 * i for i in range(1, 13)),
        ),
    ],
}

"""The order of checkpoints, and the epochs their names tell."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrwc.recording.checkpoint_order import epochs_in_names, order

TEMPLATES = [
    "{epoch}.keras",
    "weights.{epoch:02d}-{loss:.2f}.weights.h5",
    "acc{loss:.3f}-ep{epoch:02d}.keras",
    "{loss:.4f}_epoch_{epoch}.keras",
    "2024-05-01_lr1e-05_seed42_v2-{epoch:03d}.weights.h5",
    "resnet50-e{epoch}-{loss:.1f}.keras",
    "cp-{epoch:04d}.weights.h5",
]


@pytest.mark.parametrize("template", TEMPLATES)
@given(st.sets(st.integers(1, 2000), min_size=2, max_size=9), st.randoms())
def test_epochs_of_templates(template, epochs, random):
    epochs = sorted(epochs)
    names = [template.format(epoch=e, loss=random.random()) for e in epochs]
    assert epochs_in_names(names) == epochs


@pytest.mark.parametrize(
    "names",
    [
        ["01.keras", "02.keras", "final.keras"],
        ["loss0.812.keras", "loss0.903.keras"],
        ["a1-2.keras", "a2-7.keras"],
        ["best.keras", "last.keras"],
        ["epoch1-step5.keras", "epoch1-step9.keras"],
    ],
)
def test_where_the_order_is_not_certain_it_is_refused(names):
    files = [Path(name) for name in names]
    for steps in ([None] * len(names), [7] * len(names)):
        with pytest.raises(ValueError, match=r"(?s)not certain.*list of files"):
            order(files, steps, listed=False)
    assert order(files, [None] * len(names), listed=True)[0] == [*range(len(names))]


def test_counters_go_before_names():
    files = [Path("b.keras"), Path("a.keras")]
    assert order(files, [9, 4], listed=False) == ([1, 0], [0, 1])
    with pytest.raises(ValueError, match="order of training"):
        order(files, [9, 4], listed=True)

"""The lists of trials."""

from tfrwc.studies.dynamics.trials import ACCURACY, PUBLISHED, REDUCED


def test_published_trials_are_the_papers():
    assert len(PUBLISHED) == 18
    assert all(trial.images is None for trial in PUBLISHED)
    assert [(t.epochs, t.training.learning_rate) for t in PUBLISHED[:4]] == [
        *((20, 0.1), (20, 0.1), (150, 0.1), (150, 0.1))
    ]
    assert {t.training.momentum for t in PUBLISHED[12:]} == {None}
    assert {t.epochs for t in PUBLISHED[12:]} == {25}
    assert ACCURACY["vgg19", "fashion_mnist"] == 0.916
    assert set(ACCURACY) == {(t.model, t.dataset) for t in PUBLISHED[:12]}


def test_reduced_trials_differ_in_the_task_only():
    for network in ("resnet18_narrow", "vgg19_narrow", "alexnet_narrow"):
        mine = [t for t in REDUCED if t.model == network]
        assert len(mine) == 4
        assert len({(t.images, t.epochs, t.training) for t in mine}) == 1

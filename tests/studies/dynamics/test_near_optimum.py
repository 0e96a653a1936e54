"""The claim that freezing decides."""

from tfrwc.studies.dynamics.claims.near_optimum import near_optimum
from tfrwc.studies.dynamics.figures.freezing import title


def test_freezing_decides_whether_low_change_means_near_an_optimum():
    def verdict(low, high, frozen=(4, 5)):
        lost = {"mean": (low + high) / 2, "low": low, "high": high}
        arm = {"accuracy_lost": lost, "frozen_kernels": list(frozen)}
        found = {"network": "n", "dataset": "d"}
        found["against_nothing"] = {"suggested": arm, "random": arm}
        return near_optimum(found)["verdict"]

    assert verdict(-0.01, 0.005) == "supported"
    assert verdict(0.02, 0.05) == verdict(-0.01, 0.05) == "not supported"
    assert verdict(0, 0, (0, 0)) == "not testable here"


def test_the_title_of_the_picture_says_what_the_intervals_tell():
    def titled(low, high):
        found = {"mean": (low + high) / 2, "low": low, "high": high}
        none = {"mean": 0.0, "low": 0.0, "high": 0.0}
        arm = {"time_saved": found, "accuracy_lost": none, "frozen_kernels": [3, 4]}
        results = {"network": "resnet18_narrow", "dataset": "mnist (mnist.npz)"}
        return title(results | {"against_nothing": {"nothing": {}, "first": arm}})

    start = (
        "narrow ResNet-18 on MNIST, layers frozen for the second half of training, 2 "
        "seeds: "
    )
    cost = "no way of freezing clearly cost accuracy."
    assert titled(0.1, 0.2) == (
        f"{start}freezing the first ones clearly saved time and {cost}"
    )
    for low, high in ((-0.1, 0.2), (-0.2, -0.1)):
        assert titled(low, high) == (
            f"{start}no way of freezing clearly saved time and {cost}"
        )

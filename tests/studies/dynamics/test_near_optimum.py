"""The claim that freezing decides."""

from tfrwc.studies.dynamics.claims.near_optimum import near_optimum


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

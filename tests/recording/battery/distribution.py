"""More devices than one."""

import keras
from recording.battery.helpers import Oracle, case, fit, network

from tfrwc import RWCCallback
from tfrwc.dynamics import MEASURES


@case("tensorflow")
def mirrored_strategy():
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    for build in (True, False):
        with strategy.scope():
            model = network(build=build)
        by_epoch = RWCCallback(measures=MEASURES, watch="all")
        by_step = RWCCallback(every=2)
        every_epoch, every_step = Oracle(watch="all"), Oracle("step")
        fit(model, by_epoch, by_step, every_epoch, every_step)
        every_epoch.check(by_epoch.recording)
        every_step.check(by_step.recording, kept=range(0, 13, 2))


def distributed(distribution, device):
    """Values under a distribution of JAX, where it is expected to measure."""
    keras.distribution.set_distribution(distribution)
    try:
        model = network()
        callback, oracle = RWCCallback(measures=MEASURES, watch="all"), Oracle()
        oracle.watch = "all"
        by_step, every_step = RWCCallback(every=2), Oracle("step")
        fit(model, callback, oracle, by_step, every_step)
        oracle.check(callback.recording)
        every_step.check(by_step.recording, kept=range(0, 13, 2))
        assert type(callback._recorder._weights).__name__ == device
        return model
    finally:
        keras.distribution.set_distribution(None)


@case("jax")
def data_parallel():
    for count in (2, 4):
        devices = keras.distribution.list_devices()[:count]
        distributed(keras.distribution.DataParallel(devices=devices), "HostMeasures")


@case("jax")
def model_parallel():
    for shape in ((1, 2), (2, 2), (1, 4)):
        devices = keras.distribution.list_devices()[: shape[0] * shape[1]]
        mesh = keras.distribution.DeviceMesh(shape, ("batch", "model"), devices)
        layout = keras.distribution.LayoutMap(mesh)
        layout[".*kernel"] = ("model", None)
        parallel = keras.distribution.ModelParallel(
            layout_map=layout, batch_dim_name="batch"
        )
        model = distributed(parallel, "DeviceMeasures")
        assert not model.layers[0].kernel.value.is_fully_replicated

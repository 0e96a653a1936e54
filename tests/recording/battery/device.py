"""By compiled calls, as on an accelerator."""

from recording.battery.faults import restart_against_the_initial_weights
from recording.battery.helpers import case
from recording.battery.measures import (
    against_the_initial_weights,
    every_measure_of_every_weight,
)
from recording.battery.precision import low_precision

from tfrwc.recording import backends


@case()
def on_the_device():
    in_host_memory = backends.in_host_memory
    backends.in_host_memory = lambda variables: False
    try:
        every_measure_of_every_weight()
        against_the_initial_weights()
        restart_against_the_initial_weights()
        low_precision("bfloat16")
    finally:
        backends.in_host_memory = in_host_memory

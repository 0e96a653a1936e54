"""Products of matrices that TensorFlow computes wrongly.

TensorFlow 2.21, where oneDNN computes for it, multiplies matrices (rows, 1, m, k) by
one matrix (k, n) for all of them and writes outside of its memory: values are wrong or
the process dies (github.com/tensorflow/tensorflow, issue 117700, mended after it).
"""

import os
import platform

from tfrwc.compat.extras import extra
from tfrwc.compat.graph_effects import operations_of

with extra("tensorflow"):
    import tensorflow as tf

REMEDY = (
    "Set the environment variable TF_ENABLE_ONEDNN_OPTS=0 before Python starts, or "
    "take a TensorFlow after 2.21"
)


def wrong_products(graph: tf.Graph) -> list[tf.Operation]:
    """The products in a graph, and in functions that it calls, that come out wrong."""
    return [o for o in operations_of(graph) if _is_wrong(o)] if _is_affected() else []


def _is_affected() -> bool:
    """Whether this TensorFlow computes them wrongly on a CPU of this machine."""
    major, minor = (int(part) for part in tf.__version__.split(".")[:2])
    return (
        (major, minor) <= (2, 21)
        and platform.machine() in ("x86_64", "AMD64")
        and os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1") != "0"
        and not tf.config.list_logical_devices("GPU")
    )


def _is_wrong(operation: tf.Operation) -> bool:
    if operation.type not in ("BatchMatMulV2", "BatchMatMulV3"):
        return False
    several, one = (tensor.shape for tensor in operation.inputs)
    if several.rank != 4 or one.rank is None:
        return False
    rows, blocks = several[:2]
    return rows != 1 and blocks in (1, None) and all(n == 1 for n in one[:-2])

"""Queries of tensorflow-privacy beside Keras 3.

Its `__init__` imports estimators that TensorFlow no longer has; the package's own
switch for other packages that need only submodules skips that. What it asks for when
it is installed (numpy below 2, packaging below 23, and more) its queries do not need.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from tfrwc.compat.extras import MissingPackageError, extra

with extra("privacy"):
    import dp_accounting
    import tensorflow as tf

sys.skip_tf_privacy_import = True  # type: ignore[attr-defined]
try:
    from tensorflow_privacy.privacy.dp_query import gaussian_query, normalized_query
except ModuleNotFoundError as error:
    if error.name != "tensorflow_privacy":
        raise
    raise MissingPackageError(
        "This needs the package tensorflow_privacy, which is not installed here. "
        "Install it, without the old packages that it asks for, with: "
        "pip install --no-deps tensorflow-privacy",
        name=error.name,
    ) from error


class KeyedGaussianSumQuery(gaussian_query.GaussianSumQuery):
    """`GaussianSumQuery` that takes its noise from the caller.

    Clipping, summing and the privacy event are tensorflow-privacy's. Its noise comes
    from TensorFlow's Philox generator, which is no cryptographic one.

    Args:
        l2_norm_clip: records are scaled down to this L2 norm.
        stddev: standard deviation of the noise, absolute.
        noise: called with no argument for noise of that standard deviation, an array
            of the sum's shape and type, which may be overwritten.
    """

    def __init__(
        self,
        l2_norm_clip: float,
        stddev: float,
        noise: Callable[[], NDArray[Any]],
    ) -> None:
        super().__init__(l2_norm_clip, stddev)
        self._noise = noise

    def get_noised_result(
        self, sample_state: Any, global_state: Any
    ) -> tuple[Any, Any, Any]:
        result = self._noise()
        result += sample_state
        event = dp_accounting.GaussianDpEvent(self._stddev / self._l2_norm_clip)
        return result, global_state, event


class DrawnGaussianSumQuery(gaussian_query.GaussianSumQuery):
    """`GaussianSumQuery` whose noise comes from a function.

    tensorflow-privacy's own follows TensorFlow's global seed, with which anybody who
    has the training script could subtract it.

    Args:
        l2_norm_clip: that the records were clipped to.
        stddev: standard deviation of the noise, absolute.
        standard_normal: function of the shapes of all parts of a sum to noise of
            variance 1 for each.
    """

    def __init__(
        self,
        l2_norm_clip: float,
        stddev: float,
        standard_normal: Callable[[list[Any]], list[Any]],
    ) -> None:
        super().__init__(l2_norm_clip, stddev)
        self._standard_normal = standard_normal

    def get_noised_result(
        self, sample_state: Any, global_state: Any
    ) -> tuple[Any, Any, Any]:
        sums = tf.nest.flatten(sample_state)
        noise = self._standard_normal([total.shape for total in sums])
        noised = [
            total + global_state.stddev * tf.cast(part, total.dtype)
            for total, part in zip(sums, noise, strict=True)
        ]
        result = tf.nest.pack_sequence_as(sample_state, noised)
        event = dp_accounting.GaussianDpEvent(self._stddev / self._l2_norm_clip)
        return result, global_state, event


def noised_mean(
    sums: Sequence[Any],
    l2_norm_clip: float,
    stddev: float,
    denominator: float,
    standard_normal: Callable[[list[Any]], list[Any]],
) -> Any:
    """A mean of clipped records from their sum, with noise, by `NormalizedQuery`.

    Args:
        sums: tensors, each the sum of the records' parts.
        l2_norm_clip, stddev, standard_normal: of `DrawnGaussianSumQuery`.
        denominator: that the noised sum is divided by.
    """
    query = normalized_query.NormalizedQuery(
        DrawnGaussianSumQuery(l2_norm_clip, stddev, standard_normal), denominator
    )
    mean, _, _ = query.get_noised_result(sums, query.initial_global_state())
    return mean

"""Signatures of a SavedModel: for arrays, image files, and serialized Examples.

- ``serving_default``: ``inputs``, float32 (n, ...), in the unit of the model;
- ``serve_pixels``: ``images``, uint8 (n, height, width, channels);
- ``serve_images``: ``image_bytes``, PNG or JPEG files (n,);
- ``serve_examples``: ``examples`` (n,), serialized `tf.train.Example` with such a file
  as the feature ``image``, as `tfrwc.datasets.examples` writes them.

The last three are there if inputs are images. Each answers what the first does. As REST
takes bytes, ``{"inputs": {"image_bytes": [{"b64": "..."}]}}`` is a request to
``serve_images``. Images of another size or other channels are refused, not resized.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tfrwc.compat.extras import extra

with extra("tensorflow"):
    import tensorflow as tf

Predict = Callable[[Any], Any]


def endpoints(
    predict: Predict, shape: tuple[int, ...], grey_level: float
) -> Mapping[str, tuple[Predict, Any]]:
    """Functions for a `keras.export.ExportArchive`, each with its input, by name.

    Args:
        predict: of float32 (n, *shape).
        shape: of one input.
        grey_level: what one of the 255 steps from black to white is in the unit of the
            model.
    """

    def spec(dtype: Any, name: str, *shape: int) -> Any:
        return [tf.TensorSpec((None, *shape), dtype, name)]

    def of_pixels(images: Any) -> Any:
        return predict(tf.cast(images, tf.float32) * grey_level)

    def of_files(image_bytes: Any) -> Any:
        return of_pixels(_decoded(image_bytes, shape))

    def of_examples(examples: Any) -> Any:
        feature = tf.io.FixedLenFeature((), tf.string)
        return of_files(tf.io.parse_example(examples, {"image": feature})["image"])

    made = {"serve": (predict, spec(tf.float32, "inputs", *shape))}
    if len(shape) == 3 and shape[-1] in (1, 3):
        made |= {
            "serve_pixels": (of_pixels, spec(tf.uint8, "images", *shape)),
            "serve_images": (of_files, spec(tf.string, "image_bytes")),
            "serve_examples": (of_examples, spec(tf.string, "examples")),
        }
    return made


def _decoded(files: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """Images of a shape, uint8 (n, *shape), from PNG or JPEG files (n,)."""

    def decoded(file: Any) -> Any:
        # Of as many channels as it has, lest a coloured one become grey unnoticed.
        image = tf.io.decode_image(file, expand_animations=False)
        message = f"The model takes images of (height, width, channels) {shape}."
        with tf.control_dependencies(
            [tf.debugging.assert_equal(tf.shape(image), shape, message)]
        ):
            return tf.reshape(image, shape)

    return tf.map_fn(decoded, files, fn_output_signature=tf.TensorSpec(shape, tf.uint8))

"""X-rays read for a builder, here or by Apache Beam, with a list of the bad ones."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tfrwc._common.activity import doing
from tfrwc.compat.extras import extra
from tfrwc.datasets.xray_images import BadFileError, Example


def local_examples(
    keys: list[str], reader: Callable[[str], Example], path: str
) -> Iterator[tuple[str, Example | None]]:
    """Keys with their examples, without bad ones.

    Args:
        keys: of the images.
        reader: from a key to its example, which raises BadFileError.
        path: of a JSON file for what is wrong with each bad one, by key.
    """
    bad = {}
    with doing("image", of=len(keys)) as activity:
        for key in activity.each(keys):
            _, example, reason = _try(reader, key)
            if reason is None:
                yield key, example
            else:
                bad[key] = reason
    _write(sorted(bad.items()), path)


def beam_examples(keys: list[str], reader: Callable[[str], Example], path: str) -> Any:
    """As `local_examples`, a transform of Apache Beam."""
    with extra("beam"):
        import apache_beam as beam

    class Read(beam.PTransform):
        def expand(self, pipeline: Any) -> Any:
            tried = (
                pipeline
                | beam.Create(keys)
                | beam.Reshuffle()
                | beam.Map(lambda key: _try(reader, key))
            )
            _ = (
                tried
                | "Bad" >> beam.FlatMap(lambda t: [(t[0], t[2])] if t[2] else [])
                | beam.CombineGlobally(beam.combiners.ToListCombineFn())
                | "WriteBad" >> beam.Map(_write, path)
            )
            return tried | beam.FlatMap(lambda t: [] if t[2] else [t[:2]])

    return Read()


def _try(
    reader: Callable[[str], Example], key: str
) -> tuple[str, Example | None, str | None]:
    """The key with its example and None, or with None and what is wrong."""
    try:
        return key, reader(key), None
    except BadFileError as error:
        return key, None, str(error)


def _write(bad: Iterable[tuple[str, str]], path: str) -> None:
    with extra("datasets"):
        import tensorflow as tf  # writes to the file systems that TFDS writes to

    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(dict(sorted(bad))))

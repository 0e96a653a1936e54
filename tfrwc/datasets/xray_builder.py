"""What the two pneumonia builders share: reading, reporting, and Beam."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tfrwc._common.checks import one_of
from tfrwc.compat.extras import extra
from tfrwc.datasets import xray_files
from tfrwc.datasets.xray_files import BadFileError, Example

with extra("datasets"):
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.writer import ExampleWriter

with extra("datasets"):
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.writer import ExampleWriter

ENGINES, BAD_FILES = ("local", "beam"), ("stop", "skip")
REPORT = "build_report.json"

CITATION = """@article{kermany2018identifying,
  title={Identifying medical diagnoses and treatable diseases by image-based deep learning},
  author={Kermany, Daniel S and others}, journal={Cell}, volume={172}, year={2018}}"""  # noqa: E501


class XRayBuilder(tfds.core.GeneratorBasedBuilder):
    """Base of the builders.

    Args:
        bad_files: ``"stop"`` fails the build with a list of all files that are empty,
            no images, or named as the other class; ``"skip"`` leaves them out. Either
            way build_report.json, beside the records, counts and names them.
        engine: ``"local"``, or ``"beam"`` to build by Apache Beam; give its runner
            and options in a `tfds.download.DownloadConfig`.
        **kwargs: as of `tfds.core.GeneratorBasedBuilder`.

    Raises:
        ValueError: if `bad_files` or `engine` is not as above.
    """

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "manual_dir must hold the folder chest_xray of Kaggle's set "
        "paultimothymooney/chest-xray-pneumonia. PneumoniaMNIST is downloaded if "
        f"manual_dir does not hold {xray_files.MEDMNIST.file}."
    )

    def __init__(
        self, *, bad_files: str = "stop", engine: str = "local", **kwargs: Any
    ) -> None:
        self._bad_files = one_of(bad_files, BAD_FILES, "bad_files")
        self._engine = one_of(engine, ENGINES, "engine")
        super().__init__(**kwargs)

    def _features(self, size: int | None) -> Any:
        return tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(size, size, 1)),
                "label": tfds.features.ClassLabel(names=xray_files.LABELS),
                "subtype": tfds.features.ClassLabel(names=xray_files.SUBTYPES),
                "patient": tfds.features.Text(),
                "name": tfds.features.Text(),
            }
        )

    def _source(self, dl_manager: Any) -> xray_files.Source:
        size = self.builder_config.size
        if size != 28:
            return xray_files.find(dl_manager.manual_dir, size)
        try:
            return xray_files.find(dl_manager.manual_dir, size)
        except (AssertionError, FileNotFoundError):  # TFDS's, and find's
            # checksums.tsv, beside this file, holds what the download must be.
            return xray_files.MedMNIST(
                str(dl_manager.download(xray_files.MEDMNIST_URL))
            )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        source = self._source(dl_manager)
        return {
            split: self._generate_examples(split, source)
            for split in xray_files.SPLITS
            if source.keys(split)
        }

    def _reader(self, source: xray_files.Source) -> Callable[[str], Example]:
        """A function from keys to examples that Beam can send to its workers."""
        return source.read

    def _generate_examples(self, split: str, source: xray_files.Source) -> Any:
        keys, reader = source.keys(split), self._reader(source)
        path = os.path.join(self._data_dir, f"bad-{split}.json")
        if self._engine == "beam":
            return _beam_examples(keys, reader, path)
        return _local_examples(keys, reader, path)

    def _example_writer(self) -> "_CanonicalWriter":
        return _CanonicalWriter(self.info.file_format)

    def _download_and_prepare(self, *args: Any, **kwargs: Any) -> None:
        # All of this runs in a folder that TFDS renames when it is whole, and
        # removes when anything fails.
        super()._download_and_prepare(*args, **kwargs)
        bad: dict[str, str] = {}
        for split in self.info.splits:
            path = self.data_path / f"bad-{split}.json"
            bad |= json.loads(path.read_text())
            path.unlink()
        if bad and self._bad_files == "stop":
            listed = "\n".join(f"  {name} {reason}" for name, reason in bad.items())
            raise BadFileError(
                f"{len(bad)} files of {self.info.full_name} are bad:\n{listed}\n"
                'Replace or remove them, or build with bad_files="skip".'
            )
        report = {
            "examples": {n: s.num_examples for n, s in self.info.splits.items()},
            "skipped": len(bad),
            "bad_files": bad,
        }
        (self.data_path / REPORT).write_text(json.dumps(report, indent=1))


class _CanonicalWriter(ExampleWriter):
    """Writes the fields of an example in one order.

    Protocol buffers leave the order open, and it differs from process to process; but a
    build that is run again must give the same bytes.
    """

    def write(self, path: Any, examples: Iterable[tuple[str, bytes]]) -> Any:
        with extra("datasets"):
            import tensorflow as tf

        def canonical(record: bytes) -> bytes:
            example = tf.train.Example.FromString(record)
            return bytes(example.SerializeToString(deterministic=True))

        return super().write(path, ((key, canonical(x)) for key, x in examples))


def _try(
    reader: Callable[[str], Example], key: str
) -> tuple[str, Example | None, str | None]:
    """The key with its example and None, or with None and what is wrong."""
    try:
        return key, reader(key), None
    except BadFileError as error:
        return key, None, str(error)


def _local_examples(
    keys: list[str], reader: Callable[[str], Example], path: str
) -> Iterator[tuple[str, Example | None]]:
    bad = {}
    for key in keys:
        _, example, reason = _try(reader, key)
        if reason is None:
            yield key, example
        else:
            bad[key] = reason
    _write(sorted(bad.items()), path)


def _beam_examples(keys: list[str], reader: Callable[[str], Example], path: str) -> Any:
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


def _write(bad: Iterable[tuple[str, str]], path: str) -> None:
    with extra("datasets"):
        import tensorflow as tf  # writes to the file systems that TFDS writes to

    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(dict(sorted(bad))))

"""What the two pneumonia builders share: reading, reporting, and Beam."""

import contextlib
import functools
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tfrwc._common.checks import one_of
from tfrwc._common.locks import Lock
from tfrwc.compat.extras import extra
from tfrwc.datasets import xray_files
from tfrwc.datasets.set_identity import Identity, check_identity, write_identity
from tfrwc.datasets.xray_files import BadFileError, Example
from tfrwc.datasets.xray_reading import beam_examples, local_examples

with extra("datasets"):
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.writer import ExampleWriter

with extra("datasets"):
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.writer import ExampleWriter

ENGINES, BAD_FILES = ("local", "beam"), ("stop", "skip")
REPORT = "build_report.json"
_OF_MEDMNIST = str(xray_files.MEDMNIST.sha256)[:16]

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
        patients: CSV with the patient of every file, see `tfrwc.datasets.patients`;
            None where the names of files tell them.
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
        self,
        *,
        bad_files: str = "stop",
        engine: str = "local",
        patients: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self._bad_files = one_of(bad_files, BAD_FILES, "bad_files")
        self._engine = one_of(engine, ENGINES, "engine")
        self._patients = patients
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

    def download_and_prepare(
        self, *, download_config: Any = None, **kwargs: Any
    ) -> None:
        """Build the set, or take the one that is there.

        Args:
            download_config: with the folder of the files as `manual_dir`. A set that
                is there is then checked to be made of them; else it is only read.
            **kwargs: as of `tfds.core.DatasetBuilder.download_and_prepare`.

        Raises:
            FileExistsError: if the set that is there was built from other files, or
                with other options.
            OSError: if another process is building it.
            BadFileError: see `bad_files`.
        """
        config = download_config or tfds.download.DownloadConfig()
        prepare = functools.partial(
            super().download_and_prepare, download_config=config, **kwargs
        )
        if self.data_path.exists():
            self.check(config)
            prepare()
            return
        with _alone(self.data_dir):
            if self.data_path.exists():  # built by whoever held the lock before
                self.check(config)
            prepare()

    def check(self, config: Any) -> None:
        """Check that the set that is there, if any, is the one that is asked for.

        Args:
            config: a `tfds.download.DownloadConfig`. Without `manual_dir`, or if it
                says that the set is to be built anew, nothing is checked.

        Raises:
            FileExistsError: if it is another.
        """
        anew = config.download_mode.overwrite_dataset
        if config.manual_dir and self.data_path.exists() and not anew:
            source = self._of_folder(config.manual_dir)
            digits = source.fingerprint() if source else _OF_MEDMNIST
            check_identity(self._identity(digits), self.data_path)

    def _identity(self, digits: str) -> Identity:
        """What the set is built from, with the fingerprint of its input."""
        return {"input": digits, "policy for bad files": self._bad_files}

    def _of_folder(self, folder: str) -> xray_files.Source | None:
        """The X-rays in a folder; None if PneumoniaMNIST is to be downloaded."""
        size = self.builder_config.size
        try:
            return xray_files.find(folder, size, self._patients)
        except FileNotFoundError:
            if size == 28:
                return None
            raise

    def _source(self, dl_manager: Any) -> xray_files.Source:
        try:
            folder = str(dl_manager.manual_dir)
        except AssertionError:  # TFDS's, if there is none
            if self.builder_config.size != 28:
                raise
            folder = os.devnull
        source = self._of_folder(folder)
        if source is None:
            # checksums.tsv, beside this file, holds what the download must be.
            path = str(dl_manager.download(xray_files.MEDMNIST_URL))
            source = xray_files.MedMNIST(path)
            if self._patients is not None:
                source = xray_files.with_patients(source, self._patients)
        return source

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        source = self._source(dl_manager)
        write_identity(self._identity(source.fingerprint()), self.data_path)
        self._links = xray_files.links_of(source)
        return self._generators(source)

    def _generators(self, source: xray_files.Source) -> dict[str, Any]:
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
            return beam_examples(keys, reader, path)
        return local_examples(keys, reader, path)

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
        if self._links:
            report |= {"linked": len(self._links), "links": self._links}
        (self.data_path / REPORT).write_text(json.dumps(report, indent=1))


@contextlib.contextmanager
def _alone(data_dir: str) -> Iterator[None]:
    """Within this, nobody else builds into a folder, and what was left of a build that
    was killed there is gone."""
    if "://" in data_dir:  # where there are no locks
        yield
        return
    home = Path(data_dir)
    home.parent.mkdir(parents=True, exist_ok=True)
    lock = Lock(home)
    try:
        for leftover in home.parent.glob(f"incomplete.??????_{home.name}"):
            shutil.rmtree(leftover)
        yield
    finally:
        lock.release()


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

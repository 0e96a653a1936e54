"""What TensorFlow writes of devices and libraries, kept from the screens of commands.

Its level is set by the environment variable TF_CPP_MIN_LOG_LEVEL. But TensorFlow 2.21
writes some lines before it has read that, as soon as its libraries are loaded; they go
past Python, and are taken out of what is written while it is imported.
"""

import contextlib
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["quiet_backends"]

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_NOTHING = "3"
# Lines of absl's log: severity and day, time, thread, file. Fatal ones stay.
_LOG = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\) is called.*"
    rb"|[IWE]\d{4} [\d:.]+ +\d+ \S+:\d+\] .*"
)


def quiet_backends() -> None:
    """Keep TensorFlow and XLA from writing of devices and libraries to stderr.

    Call it before TensorFlow is imported. For programs, not for libraries: commands and
    notebooks of this project do. Warnings and errors of Python are not touched. Where
    the user has set TF_CPP_MIN_LOG_LEVEL, it changes nothing.
    """
    if _LEVEL in os.environ:
        return
    os.environ[_LEVEL] = _NOTHING
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietImport())  # type: ignore[arg-type]


class _QuietImport:
    """Finds TensorFlow as others do, and has it imported without its log."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with _without_log():
                    run(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


@contextlib.contextmanager
def _without_log() -> Iterator[None]:
    """Hold back what is written to stderr; write it at the end, without the log."""
    try:
        screen = os.dup(2)
    except OSError:  # there is none
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(screen, 2)
            os.close(screen)
            held.seek(0)
            for line in held:
                if not _LOG.match(line):
                    os.write(2, line)

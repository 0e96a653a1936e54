"""What was done to the weights of a private model, wherever that is written."""

import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfrwc.privacy.sgd.account import history as histories
from tfrwc.privacy.sgd.account import lineage as lineages
from tfrwc.privacy.sgd.account.book import Journal, Page, is_journal, journals
from tfrwc.privacy.sgd.account.counters import DRAWN, Counters
from tfrwc.privacy.sgd.account.history import Counts, History
from tfrwc.privacy.sgd.account.lineage import TALLIES

OUTSIDE = (
    "The weights were changed by something else than private steps: what that tells of "
    "the images is not counted."
)
RESUMED = (
    "The training went on from a file, beside which no record of later steps lay: "
    "steps that were done after it was saved are not counted."
)


class Ledger:
    """Brings together what weights, files and this process say was done.

    Args:
        model: that is trained.
        counters: of the private model.
    """

    def __init__(self, model: keras.Model, counters: Counters) -> None:
        # A lineage, which is kept, knows its latest ledger: that must not keep a model.
        self._model_of = weakref.ref(model)
        self._counters = counters
        self._lineage = lineages.lineage_of(model)
        self.has_earlier = bool(self._lineage.history())
        self._name = counters.tally.name
        self._page = b""  # as this ledger wrote it
        self._expected = -1  # number of steps, if nothing was loaded since
        self._journals: dict[str, Journal] = {}
        self._join()
        if self.has_earlier and model.built:
            counters.end_step()

    @property
    def _model(self) -> Any:
        return self._model_of()

    @property
    def steps(self) -> int:
        """Steps so far, also those before a checkpoint was loaded."""
        if self._is_up_to_date():
            return self._expected
        return self.sync()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what the history rests on."""
        return tuple(self._lineage.notes)

    def history(self) -> History:
        """All runs so far, as last read."""
        return self._lineage.history()

    def begin_step(self) -> None:
        """Write down that a step will be taken."""
        self._expected = self.steps + 1
        self._lineage.latest = self
        if self._journals:
            one = DRAWN[self._counters.drawn][0]
            self._write_journals(self._counters.tally.run.counts.plus(one))

    def note(self, sentence: str) -> None:
        """Add a sentence on what the history rests on."""
        if sentence not in self._lineage.notes:
            self._lineage.notes[sentence] = None
            self._write()

    def sync(self) -> int:
        """Read what was loaded, and write what was done into the weights.

        Returns:
            The steps so far.
        """
        self.read_page()
        self.look_at_weights()
        return self._write()

    def read_page(self) -> None:
        """Take in the history of weights that were loaded, if any were."""
        self._join()
        array = keras.ops.convert_to_numpy(self._counters.page)
        unknown = array.any() or self._counters.steps > 0
        if array.tobytes() != self._page and (self._page or unknown):
            self._read(array)

    def remember_weights(self, are_changed: bool = False) -> None:
        """Know the weights again in a copy of them.

        Args:
            are_changed: whether the optimizer changed them after its last step.
        """
        if are_changed:
            self._counters.end_step()
        if self._counters.tally.run.counts.steps:
            self._join()  # layers may have been built since
            lineages.remember_values(self._model, self._lineage)

    def keep_journal(self, folder: Path) -> None:
        """Count the steps from now on in a file beside checkpoints, too."""
        key = str(folder)
        if key not in self._journals:
            self._journals[key] = Journal(folder, self._name)
        self.sync()
        self._write_journals(self._counters.tally.run.counts)

    def read_journals(self, folder: Path) -> None:
        """Count what the journals beside checkpoints say of the runs so far.

        Raises:
            ValueError: if one is damaged.
        """
        self.sync()
        self._take_in_journals([str(folder)])
        self._write()

    def release_journals(self) -> None:
        """Remove journals of folders where nothing else is any more."""
        for key in list(self._journals):
            folder = Path(key)
            paths = list(folder.iterdir()) if folder.is_dir() else []
            if paths and all(map(is_journal, paths)):
                for path in paths:
                    path.unlink()
                folder.rmdir()
            if not folder.is_dir():
                del self._journals[key]

    def _is_up_to_date(self) -> bool:
        is_latest = self._lineage.latest in (self, None)
        return is_latest and self._counters.steps == self._expected

    def _join(self) -> None:
        """Share the lineage of other private models of these weights."""
        if self._model is None:  # its layers may be in others, which have joined
            return
        self._lineage = lineages.lineage_of(self._model)
        self._lineage.tallies[self._name] = self._counters.tally
        self._lineage.ledgers.add(self)
        lineages.belongs(self._model, self._lineage)

    def _read(self, array: np.ndarray) -> None:
        """Take in the history of weights that were loaded."""
        page = Page.from_array(array)
        self._page = array.tobytes()
        if page is None:
            self._take_in(self._counters.old_history())
            return
        self._lineage.notes |= dict.fromkeys(page.notes)
        self._take_in(page.history(self._counters.counts))
        for folder in filter(Path.is_dir, map(Path, page.folders)):
            self._journals.setdefault(str(folder), Journal(folder, self._name))
        continued = self._take_in_journals(page.folders)
        is_known = page.own in continued | TALLIES.keys()
        if self._counters.counts.steps and not is_known:
            self._lineage.notes.setdefault(RESUMED, None)

    def _take_in(self, history: History) -> None:
        # Of runs of this process more is known than in any file.
        others = {
            name: TALLIES[name].run if name in TALLIES else run
            for name, run in history.items()
            if name not in self._lineage.tallies and run.counts.steps
        }
        self._lineage.runs = histories.merged(self._lineage.runs, others)

    def _take_in_journals(self, folders: Iterable[str]) -> set[str]:
        """Take in journals that share a run; the names of their runs."""
        names: set[str] = set()
        pending = list(journals(folders))
        while True:
            known = self.history().keys() | {self._name}
            shared = [history for history in pending if history.keys() & known]
            if not shared:
                return names
            for history in shared:
                pending.remove(history)
                names |= history.keys()
                self._take_in(history)
            self._lineage.notes.pop(RESUMED, None)

    def look_at_weights(self) -> None:
        """Say so if anything but private steps changed the weights."""
        if self._model is None:
            return
        foreign = self._counters.take_foreign()
        latest = self._lineage.latest
        if latest is not None and latest is not self:
            same = latest._model is self._model
            known = latest._counters.print if same else np.zeros(2, np.int64)
            self._counters.print.assign(known)
        known = keras.ops.convert_to_numpy(self._counters.print)
        if self._model.built and known.any():
            now = lineages.fingerprint(self._model.weights).numpy()
            if (now != known).any():
                foreign = foreign or not self._is_copy()
                self._counters.print.assign(now)
        elif self._model.built and not self._counters.tally.run.counts.steps:
            self._is_copy()  # by now, of what was not known when this began
        if foreign:
            self._lineage.notes.setdefault(OUTSIDE, None)

    def _is_copy(self) -> bool:
        """Whether the weights are of a private model, whose history is taken in."""
        other = lineages.known_by_values(self._model)
        if other is not None and other is not self._lineage:
            self._take_in(other.history())
            self._lineage.notes |= other.notes
        return other is not None

    def _write(self) -> int:
        """Write the history into the weights; its number of steps."""
        history = self.history()
        array = self._own_page(history).to_array()
        if array.tobytes() != self._page:
            self._counters.page.assign(array)
            self._page = array.tobytes()
        self._expected = self._counters.write(history)
        return self._expected

    def _own_page(self, history: History) -> Page:
        tally = self._counters.tally
        return Page(
            self._name,
            (tally.noise_multiplier, tally.rate),
            {name: run for name, run in history.items() if name != self._name},
            self.notes,
            tuple(self._journals),
            tally.unit,
        )

    def _write_journals(self, counts: Counts) -> None:
        page = self._own_page(self.history()).text()
        for journal in self._journals.values():
            journal.write(page, counts)

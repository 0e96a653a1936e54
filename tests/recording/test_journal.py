"""Records of a running epoch on disk."""

import numpy as np
import pandas as pd
from recording.examples import make

from tfrwc import load_recording
from tfrwc.recording.journal import Journal, journal_path


def test_a_journal_is_read_up_to_where_it_was_cut(tmp_path):
    path = tmp_path / "run.parquet"
    whole = make()
    head = make()
    head.drop_after(20)
    head.save(path)
    journal = Journal(journal_path(path))
    sizes = []
    for record in whole.records():  # the first two are in the file as well
        journal.append(record)
        sizes.append(journal_path(path).stat().st_size)
    journal.close()
    content = journal_path(path).read_bytes()
    for size in (0, 1, 100, sizes[2] - 1, sizes[2], sizes[2] + 1, sizes[3]):
        journal_path(path).write_bytes(content[:size])
        expected = 2 + sum(size >= s for s in sizes[2:])
        read = load_recording(path)
        assert read.steps.tolist() == whole.steps[:expected].tolist(), size
        for measure in whole.measures:
            np.testing.assert_array_equal(
                read.values(measure), whole.values(measure)[:expected]
            )
        pd.testing.assert_frame_equal(read.logs, whole.logs[:expected])

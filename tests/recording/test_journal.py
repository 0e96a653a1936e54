"""Records of a running epoch on disk."""

import contextlib
import random
import resource

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording.examples import make

from tfrwc.recording.journal import DamagedJournalError, Journal, parse_journal
from tfrwc.recording.records import Origin, Record

ORIGIN = Origin("0123456789abcdef" * 2, 7)


def records(count=4):
    return list(make(count).records())


def write(path, some, base=0):
    """A journal, and its size after the header and after each record."""
    journal = Journal(path, ORIGIN, base)
    sizes = [path.stat().st_size]
    for record in some:
        journal.append(record)
        sizes.append(path.stat().st_size)
    journal.close()
    return path.read_bytes(), sizes


def same(some, others):
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        assert (one.step, one.epoch) == (other.step, other.epoch)
        np.testing.assert_equal(one.logs, other.logs)
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.flags, other.flags)


@contextlib.contextmanager
def full_disk(size):
    """No file may grow beyond so many bytes: writes stop part-way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@given(
    logs=st.dictionaries(st.text(max_size=5), st.floats(width=64), max_size=3),
    shape=st.tuples(st.integers(1, 3), st.integers(0, 4)),
    step=st.integers(0, 2**62),
)
@settings(deadline=None, max_examples=50)
def test_any_record_comes_back(tmp_path_factory, logs, shape, step):
    values = np.random.default_rng(step).random(shape, np.float32)
    record = Record.converted(step, 3, values, np.zeros(shape), logs)
    path = tmp_path_factory.mktemp("journal") / "run.journal"
    data, _ = write(path, [record], base=5)
    journal = parse_journal(data, path, shape[0])
    assert (journal.origin, journal.base) == (ORIGIN, 5)
    same(journal.records, [record])


def test_cut_off_anywhere_it_holds_the_whole_records_before(tmp_path):
    some = records()
    data, sizes = write(tmp_path / "j", some)
    for size in range(len(data) + 1):
        journal = parse_journal(data[:size], tmp_path / "j", 2)
        if size < sizes[0]:
            assert journal is None
        else:
            whole = sum(size >= s for s in sizes[1:])
            same(journal.records, some[:whole])


def test_every_flipped_bit_is_noticed(tmp_path):
    some = records()
    data, sizes = write(tmp_path / "j", some)
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedJournalError, match=r"j is damaged at byte \d+") as e:
            parse_journal(bytes(damaged), tmp_path / "j", 2)
        before = sum(bit // 8 >= size for size in sizes[1:])
        same(e.value.records, some[:before])


def test_whatever_is_damaged_only_whole_records_before_it_are_read(tmp_path):
    """Bytes lost, added, exchanged or overwritten, and records moved as a whole."""
    some = records(6)
    data, sizes = write(tmp_path / "j", some)
    parts = [data[a:b] for a, b in zip([0, *sizes], sizes, strict=False)]
    chance = random.Random(0)
    outcomes = {"noticed": 0, "as cut off": 0}
    for number in range(3000):
        a, b = sorted(chance.sample(range(len(data) + 1), 2))
        b = min(b, a + chance.choice([1, 4, 16, 1000]))
        junk = chance.randbytes(chance.choice([b - a, b - a + 4, b - a + 64]))
        moved = parts[:1] + chance.sample(parts[1:], 6)
        damaged = {
            0: data[:a] + data[b:],
            1: data[:a] + junk + data[b:],
            2: data[:a] + bytes(b - a) + data[b:],
            3: data[:b] + data[a:],
            4: b"".join(moved[: chance.randint(1, 7)]),
        }[number % 5]
        try:
            journal = parse_journal(damaged, tmp_path / "j", 2)
            left, kind = journal.records if journal else [], "as cut off"
        except DamagedJournalError as error:
            left, kind = error.records, "noticed"
        if damaged != data:
            outcomes[kind] += 1
        same(left, some[: len(left)])
    assert min(outcomes.values()) > 100


@pytest.mark.parametrize("room", [0, 1, 11, 12, 13, 60])
def test_a_write_that_failed_part_way_leaves_nothing(tmp_path, room):
    path, some = tmp_path / "j", records(5)
    journal = Journal(path, ORIGIN, 0)
    journal.append(some[0])
    size = path.stat().st_size
    with full_disk(size + room):
        for _ in range(2):
            with pytest.raises(OSError, match="too large"):
                journal.append(some[1])
        assert path.stat().st_size == size
    for record in some[1:]:
        journal.append(record)
    assert len(journal) == 5
    same(parse_journal(path.read_bytes(), path, 2).records, some)


@pytest.mark.parametrize("also_the_repair", [False, True])
@pytest.mark.parametrize("written", [0, 5, 20, 10_000])
def test_an_interruption_within_a_write_neither_loses_nor_doubles(
    tmp_path, written, also_the_repair
):
    path, some = tmp_path / "j", records(3)
    journal = Journal(path, ORIGIN, 0)
    journal.append(some[0])
    file = journal._file

    class Interrupted:
        def __getattr__(self, name):
            return getattr(file, name)

        def write(self, block):
            file.write(block[:written])
            raise KeyboardInterrupt

        def truncate(self, size):
            if also_the_repair:
                raise KeyboardInterrupt
            return file.truncate(size)

    journal._file = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        journal.append(some[1])
    journal._file = file
    journal.append(some[1])
    journal.append(some[2])
    same(parse_journal(path.read_bytes(), path, 2).records, some)


def test_a_record_of_other_measures_is_no_record(tmp_path):
    data, _ = write(tmp_path / "j", records(1))
    with pytest.raises(DamagedJournalError, match="bytes for 3 measures"):
        parse_journal(data, tmp_path / "j", 3)

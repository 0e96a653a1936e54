"""The door for .npz files: what numpy.savez writes, whole, or an error of ours."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tfrwc._common.npz import ArchiveError, read_npz

DTYPES = st.one_of(
    *(hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(), hnp.floating_dtypes()),
    *(hnp.boolean_dtypes(), hnp.unicode_string_dtypes(), hnp.byte_string_dtypes()),
)
SHAPES = hnp.array_shapes(min_dims=0, min_side=0, max_side=4)


@settings(max_examples=50, deadline=None)
@given(
    arrays=st.dictionaries(
        st.from_regex("[a-z]{1,3}", fullmatch=True), hnp.arrays(DTYPES, SHAPES)
    ),
    columns=st.booleans(),
    compressed=st.booleans(),
)
def test_what_numpy_writes_is_read(tmp_path_factory, arrays, columns, compressed):
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    save = np.savez_compressed if compressed else np.savez
    save(path, **{k: np.asfortranarray(v) if columns else v for k, v in arrays.items()})
    read = read_npz(path)
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)
        assert read[name].flags.writeable


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def write(path, *members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


GOOD = npy(np.arange(6))


def with_header(text):
    head = text.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + bytes(48)


BAD = {
    "two of one name": ([("a.npy", GOOD), ("a", GOOD)], "two arrays 'a'"),
    "objects": ([("a.npy", npy(np.array([{}], object)))], "only numbers and text"),
    "records": ([("a.npy", npy(np.zeros(2, "i4,i4")))], "only numbers and text"),
    "dates": ([("a.npy", npy(np.zeros(2, "M8[s]")))], "only numbers and text"),
    "no array": ([("a.npy", b"text")], "a.npy is no array"),
    "nothing": ([("a.npy", b"")], "a.npy is no array"),
    "too short": ([("a.npy", GOOD[:-1])], "should have 48 bytes .* and has 47"),
    "too long": ([("a.npy", GOOD + b"0")], "should have 48 bytes .* and has 49"),
    "no header": ([("a.npy", with_header("nothing"))], "a.npy is no array"),
    "nested": ([("a.npy", with_header("[" * 100))], "a.npy is no array"),
    "a shape below 0": (
        [
            (
                "a.npy",
                with_header("{'descr': '<i8', 'fortran_order': False, 'shape': (-6,)}"),
            )
        ],
        r"the shape \(-6,\)",
    ),
    "a huge shape": (
        [
            (
                "a.npy",
                with_header(
                    "{'descr': '<i8', 'fortran_order': False, 'shape': (10**18,)}"
                ).replace(b"10**18", b"999999"),
            )
        ],
        "should have 7999992 bytes",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_numpy_does_not_write_is_refused(tmp_path, name):
    members, reason = BAD[name]
    path = write(tmp_path / "bad.npz", *members)
    with pytest.raises(ArchiveError, match=reason) as raised:
        read_npz(path)
    assert str(raised.value).startswith(f"{path} is no whole .npz file: ")


def test_files_that_are_none(tmp_path):
    (tmp_path / "text.npz").write_text("text")
    (tmp_path / "empty.npz").touch()
    for name in ("text.npz", "empty.npz", "missing.npz", "."):
        with pytest.raises(ArchiveError, match="is no "):
            read_npz(tmp_path / name)
    whole = write(tmp_path / "a.npz", ("a.npy", GOOD))
    with pytest.raises(ArchiveError, match="no array b, c; it has a"):
        read_npz(whole, ["b", "a", "c"])
    strange = write(tmp_path / "z.npz", ("a.npy", GOOD), compression=zipfile.ZIP_LZMA)
    with pytest.raises(ArchiveError, match="as NumPy never does"):
        read_npz(strange)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("a.npy", "w", force_zip64=True) as member,
    ):
        header = {"descr": "|u1", "fortran_order": False, "shape": (2**30,)}
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(1024):
            member.write(bytes(2**20))
    assert path.stat().st_size < 2**21
    with pytest.raises(ArchiveError, match="as those of a zip bomb do"):
        read_npz(path)


def test_every_flipped_bit_is_noticed_or_of_no_account(tmp_path):
    path = tmp_path / "a.npz"
    for save in (np.savez, np.savez_compressed):
        save(path, a=np.arange(4), b=np.array(["x", "yz"]))
        whole, read = path.read_bytes(), read_npz(path)
        for place in range(len(whole)):
            changed = bytearray(whole)
            changed[place] ^= 1 << place % 8
            path.write_bytes(changed)
            try:
                arrays = read_npz(path, ["a", "b"])
            except ArchiveError:
                continue
            for name, array in read.items():
                np.testing.assert_array_equal(arrays[name], array)

import pytest

from tfrwc.answers.blocks import blocks


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], []),
        (["kernel"], [""]),
        (["sequential/gru/gru_cell/kernel", "sequential/dense/kernel"], ["gru", ""]),
        (["block1_conv1/kernel", "fc1/kernel"], ["block1", ""]),
        (["block2a_dwconv/kernel", "stem_conv/kernel"], ["block2a", ""]),
        (["block_3_expand/kernel", "Conv1/kernel"], ["block_3", ""]),
    ],
)
def test_by_path_or_by_name(paths, expected):
    assert blocks(paths) == expected


def test_a_large_block_is_taken_apart():
    inner = [f"net/encoder/layer_{i}/{v}/kernel" for i in range(6) for v in "qkvo"]
    paths = ["net/embed/kernel", *inner, "net/head/dense/kernel"]
    found = blocks(paths)
    assert found[1:5] == ["encoder/layer_0"] * 4
    assert set(found) == {"", "head", *(f"encoder/layer_{i}" for i in range(6))}


def test_a_block_without_parts_stays_whole():
    paths = ["net/a/kernel", *(f"net/tower/d{i}/kernel" for i in range(40))]
    assert blocks(paths) == ["", *["tower"] * 40]

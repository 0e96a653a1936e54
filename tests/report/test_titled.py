"""Titles above pictures, and the sentence of a caption that is one."""

import io

import numpy as np
import pytest
from matplotlib.image import imread

from tfrwc.report.canvas import subplots
from tfrwc.report.titled import first_sentence, pixels, png, titled


@pytest.mark.parametrize(
    ("caption", "title"),
    [
        ("It fell. Lines: seeds.", "It fell."),
        ("It fell to 0.5 (95 % interval, not adjusted, -0.90 to -0.01). Bars: it.",
         "It fell to 0.5 (95 % interval, not adjusted, -0.90 to -0.01)."),
        ("The best: x = tanh(A s). y is not. Line: z.",
         "The best: x = tanh(A s). y is not."),
        ("Is it so? Ω is.", "Is it so?"),
        ("no end", "no end"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_first_sentence_of_a_caption_is_its_title(caption, title):
    assert first_sentence(caption) == title


@pytest.mark.parametrize("size", [(9, 3), (6.4, 2.61), (12.33, 4)])
@pytest.mark.parametrize("words", [3, 60])
def test_a_title_is_above_the_figure_and_moves_nothing_of_it(size, words):
    figure, axis = subplots(*size)
    axis.plot([1, 2])
    axis.set_title("as it is")
    figure.legend(["a line"], loc="outside upper center")
    alone = pixels(figure)
    picture = titled(figure, "Weight$ and β_1 % " * words)
    above = len(picture) - len(alone)
    assert above > 0
    np.testing.assert_array_equal(picture[above:], alone)
    ink = np.argwhere((picture[:above, :, :3] < 128).all(axis=2))
    # Nothing is cut off, at no edge.
    assert ink.min() > 2
    assert (ink.max(axis=0) < np.array(picture.shape[:2]) - 3).all()
    assert ink[:, 0].max() < above - 2
    assert np.array_equal(titled(figure, ""), alone)


def test_a_title_begins_as_a_sentence_but_with_the_name_of_a_layer():
    figure, _ = subplots(4, 1)
    for given, drawn in (("it is", "It is"), ("stem/kernel is", "stem/kernel is")):
        np.testing.assert_array_equal(titled(figure, given), titled(figure, drawn))
    upper, lower = titled(figure, "Stem/kernel is"), titled(figure, "stem/kernel is")
    assert (upper != lower).any()


def test_a_picture_is_the_content_of_a_file():
    figure, _ = subplots(3, 2)
    read = imread(io.BytesIO(png(pixels(figure))))
    np.testing.assert_allclose(read[..., :3] * 255, pixels(figure)[..., :3], atol=1)

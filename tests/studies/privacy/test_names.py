"""What readers call things; no name of the code is on a page or in a figure."""

import re
from dataclasses import dataclass

import pytest
from matplotlib.text import Text
from studies.privacy.arms_of_a_study import stored, study, study_of_one_epsilon

from tfrwc.privacy.release import NoGuarantee, register
from tfrwc.privacy.release.catalogue import MECHANISMS, standard_names
from tfrwc.report.figures import draw
from tfrwc.studies.privacy.names import arm_name, mechanism_name, release_name
from tfrwc.studies.privacy.page import write_report

# Two words or more joined by underscores, classes of mechanisms, kinds of arms.
CODE = re.compile(
    r"\b(?:[a-z0-9]+_[a-z0-9_]+|local-dp|dp-sgd|non-private|"
    + "|".join(MECHANISMS)
    + r")\b"
)


@pytest.mark.parametrize("budget", standard_names())
def test_every_standard_release_has_a_plain_name(budget):
    name = release_name(budget)
    owner = next(item for item in MECHANISMS.values() if budget in item.budgets)
    assert f", {owner.number} " in name
    assert not CODE.search(name), name


def test_a_mechanism_says_what_it_and_its_budgets_are_called():
    @dataclass(frozen=True)
    class Blocks(NoGuarantee):
        side: int

        def _perturb(self, images, words):
            return images

    looks = {"colour": "#010203", "marker": "8", "noise": "none", "guarantee": "none"}
    looks["budgets"] = {"blocks_16": lambda shape: Blocks(16)}
    for words, name in (
        ({"title": "mosaic", "number": "side"}, "mosaic, side 16"),
        ({"title": "mosaic"}, "mosaic, claimed epsilon 16"),
        ({}, "blocks 16"),
    ):
        with MECHANISMS.preserved():
            register(Blocks, **words, **looks)
            assert release_name("blocks_16") == name
            assert mechanism_name("Blocks") == words.get("title", "Blocks")
    assert release_name("blocks_16", "Blocks") == "blocks 16"


def test_names_say_which_epsilon_is_meant():
    assert release_name("laplace_value_4") == "Laplace noise, epsilon 4 for a value"
    assert (
        release_name("gaussian_image_10") == "Gaussian noise, epsilon 10 for an image"
    )
    assert release_name("shift_0p25") == "brightness shift, claimed epsilon 0.25"
    assert release_name("of_mine_3", "Mine") == "of mine 3"
    assert [arm_name(arm) for arm in study()["arms"]] == [
        "no privacy",
        "images with Gaussian noise, epsilon 10 for an image",
        "images with Laplace noise, epsilon 16 for a value",
        "DP-SGD, epsilon 1",
        "DP-SGD, epsilon 8",
        "gradients clipped, no noise",
    ]


@pytest.mark.parametrize(
    "results", [study(), study_of_one_epsilon(), stored()["training"]]
)
def test_no_figure_has_a_name_of_the_code(results):
    layers = set(results["arms"][0]["layers"]["name"])
    layers |= {name.removesuffix("/kernel") for name in layers}
    for drawing in draw("private_training", results):
        drawing.figure.canvas.draw()
        texts = [text.get_text() for text in drawing.figure.findobj(Text)]
        texts += [drawing.alt, *drawing.caption.split(" ")]
        for text in texts:
            named = text in layers or text.strip("(,).") in layers
            assert named or not CODE.search(text), text


def test_the_page_has_no_name_of_the_code(tmp_path):
    results = stored()
    page = write_report(results, {}, tmp_path).read_text()
    # Names of layers are those of the model; statements are quoted as they were made.
    page = re.sub(r"<details>.*?</details>|<style>.*?</style>", "", page, flags=re.S)
    for name in results["training"]["arms"][0]["layers"]["name"]:
        page = page.replace(name, "")
    seen = re.sub(r"<[^>]*>", " ", page)
    attributes = re.findall(r'(?:alt|title|aria-label)="([^"]*)"', page)
    for text in (seen, *attributes):
        assert not CODE.search(text), CODE.findall(text)

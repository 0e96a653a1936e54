"""What a page on private training says first."""

import pytest
from studies.privacy.arms_of_a_study import stored, study

from tfrwc.privacy.statement import statement_from_dict
from tfrwc.studies.privacy.answer import answer
from tfrwc.studies.privacy.findings import findings


def test_it_is_private_this_good_and_lies_there():
    results = study() | {"model": {"path": "/runs/x/saved_models/private-x/1"}}
    said = answer(results)
    statement = statement_from_dict(results["arms"][4]["statement"])
    bound = statement.attacks_on_members().advantage
    for words in (
        "The model is private, but weakly: DP-SGD kept epsilon 8 for an image",
        f"an advantage above {bound:.3f}",
        "better than guessing: its balanced accuracy is 90.0 %",
        "without privacy 95.0 %",
        "It is stored in /runs/x/saved_models/private-x/1.",
    ):
        assert words in said.sentence, words
    assert findings(results)[0] == said.sentence
    others = " ".join(said.lines)
    assert (
        "80.0 % by DP-SGD, epsilon 1, 93.0 % by gradients clipped, no noise" in others
    )
    assert "For all of up to 31 images of a patient together epsilon is" in others
    assert any("2 seeds: intervals over so few" in doubt for doubt in said.doubts)


def test_a_bound_of_half_or_less_is_not_called_weak():
    results = study()
    del results["arms"][4:]
    said = answer(results).sentence
    assert said.startswith("The model is private: DP-SGD kept epsilon 1 for an image")


def test_a_model_that_was_not_kept_lies_nowhere():
    said = answer(study() | {"model": {"path": None}})
    assert "It was not put where models are served from" in said.sentence
    # Of results from before it was written where the model lies.
    assert "lies" not in answer(study()).sentence


def test_what_is_no_better_than_guessing_cannot_be_told_to_be():
    results = study()
    results["arms"][4]["test"]["balanced_accuracy"]["low"] = 0.49
    said = answer(results).sentence
    assert "That it is better than guessing cannot be told" in said


@pytest.mark.parametrize("epsilon", [10.0, 10.1, 40.0])
def test_a_large_epsilon_is_not_called_private(epsilon):
    results = study()
    results["arms"][4]["epsilon"] = epsilon
    said = answer(results).sentence
    assert said.startswith("The model is private") == (epsilon == 10)
    assert said.startswith("The model is not private") == (epsilon > 10)


def test_without_a_private_training_no_model_is_private():
    results = study()
    results["arms"] = results["arms"][:3]
    for arm in results["arms"]:
        arm["seconds"] = [1.0]
    said = answer(results)
    assert said.sentence.startswith("No model is private here")
    assert "cannot be told" in said.doubts[0]


def test_results_of_earlier_versions_are_answered():
    said = answer(stored()["training"])
    assert said.sentence.startswith("The model is private, but weakly: DP-SGD")
    assert "0.749" in said.sentence

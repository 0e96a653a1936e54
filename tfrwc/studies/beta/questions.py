"""The thesis' question on images: which β recognises objects best, and why that one.

Three questions, each answered "yes", "no" or "cannot tell", with an interval over
seeds. The first has the verdict of paired tests, see `tfrwc.studies.beta.verdicts`.
The others hold its best β, of each seed the peak of a smooth curve, against another of
the same seed: yes, if the interval of their ratio is within a factor of two, which is a
step of the range of β; no, if it has no 1 in it and is not within; else it cannot be
told.
"""

from typing import Any

import numpy as np

from tfrwc.dynamics.statistics import student_interval, variance_of_mean
from tfrwc.studies.beta.certainty import CANNOT_TELL, complete_seeds, rows_of
from tfrwc.studies.beta.paired import LEVEL, Floats
from tfrwc.studies.beta.peaks import peak
from tfrwc.studies.beta.verdicts import END, score_has_best, table

Results = dict[str, Any]

YES, NO = "yes", "no"
RECOGNITION, SCORES = "recognition", "disentanglement"
_STEP = np.log(2)
# Two ratios are told of; their intervals hold together.
_CONFIDENCE = 1 - LEVEL / 2
_NONE = "no best β of {} is known"


def questions(images: Results) -> list[Results]:
    """Answer the questions from the results of images.

    Args:
        images: with verdicts, of `tfrwc.studies.beta.verdicts.decided`.

    Returns:
        question, answer, why it cannot be told, value with low and high of its
        interval, None where there is none: of the first the best β, of the others the
        ratio of that of recognition to the other. Empty for results of an earlier
        version, which did not measure recognition.
    """
    verdicts = {v["measure"]: v for v in images["verdicts"]}
    if RECOGNITION not in verdicts:
        return []
    of_recognition, of_theory = _peaks(images, RECOGNITION), _of_theory(images)
    others = {
        "the mean of the disentanglement scores": (
            _peaks(images, SCORES),
            score_has_best(verdicts[SCORES]),
        ),
        "the theory": (of_theory, bool(np.isfinite(of_theory).all())),
    }
    found = [_finite(verdicts[RECOGNITION], of_recognition)]
    asked = (
        "Is it that of the disentanglement scores?",
        "Is it that of the theory, fitted to the posterior correlations of the images?",
    )
    for question, (name, (peaks, is_known)) in zip(asked, others.items(), strict=True):
        why = ""
        if not score_has_best(verdicts[RECOGNITION]):
            why = _NONE.format("recognition")
        elif not is_known:
            why = _NONE.format(name)
        found.append({"question": question} | _compared(of_recognition, peaks, why))
    return found


def _finite(verdict: Results, peaks: Floats) -> Results:
    answer = CANNOT_TELL
    if score_has_best(verdict):
        answer = YES
    elif verdict["kind"] == END:
        answer = NO
    value, low, high = (None,) * 3
    if answer == YES:
        value, low, high = map(float, np.exp(_interval(np.log(peaks), 1 - LEVEL)))
    return {
        "question": "Does recognising shapes have a finite best β?",
        "answer": answer,
        "why": verdict["why"],
        "value": value,
        "low": low,
        "high": high,
    }


def _compared(one: Floats, other: Floats, why: str) -> Results:
    """Whether two best β of each seed are the same."""
    if why:
        nothing = dict.fromkeys(("value", "low", "high"))
        return {"answer": CANNOT_TELL, "why": why} | nothing
    value, low, high = _interval(np.log(one) - np.log(other), _CONFIDENCE)
    answer = CANNOT_TELL
    if max(-low, high) <= _STEP:
        answer = YES
    elif low > 0 or high < 0:
        answer = NO
    else:
        why = "the interval of their ratio has 1 in it, and more than a factor of two"
    ratios = dict(
        zip(("value", "low", "high"), np.exp([value, low, high]), strict=True)
    )
    return {"answer": answer, "why": why} | {k: float(v) for k, v in ratios.items()}


def _interval(logs: Floats, confidence: float) -> tuple[float, float, float]:
    """Mean over seeds, and Student's interval; of values that are all the same, these,
    whatever others there might have been, with the step of the range."""
    mean = float(logs.mean())
    half, _ = student_interval(mean, [variance_of_mean(logs)], confidence)
    if not np.isfinite(half):
        half = _STEP
    return mean, mean - half, mean + half


def _peaks(images: Results, measure: str) -> Floats:
    """The β at which a smooth curve through the values of each seed is highest."""
    betas = sorted({row["beta"] for row in rows_of(images)})
    found: Floats = peak(betas, table(images, measure))
    return found


def _of_theory(images: Results) -> Floats:
    """The best β by the theory, of the seeds that have a model at each β."""
    found = images.get("theory", {"seeds": [], "betas": []})
    by_seed = dict(zip(found["seeds"], found["betas"], strict=True))
    seeds = complete_seeds(rows_of(images))
    return np.array([by_seed.get(seed, np.nan) for seed in seeds], float)

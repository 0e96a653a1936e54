"""What the parts of a trial add up to, as plain data."""

from typing import Any

import keras
import numpy as np

from tfrwc._common.plain import plain
from tfrwc._common.timestamps import utc_now
from tfrwc._version import __version__
from tfrwc.studies.beta.findings import findings
from tfrwc.studies.beta.questions import questions
from tfrwc.studies.beta.verdicts import decided

READING = {
    "findings": "The results in sentences.",
    "true_decoder": "Linear worlds x = A s + σ ε, of two factors whose columns of A "
    "have that cosine. reference is exact, trained is of encoders that Adam trained "
    "with the true decoder, on held-out data. log_q, E log q(s|x) per latent in nats, "
    "is the inference performance; mse the squared error of the mean. optimum is that "
    "of log_q, with an interval of 95 % over seeds and blocks of the data.",
    "learned_decoder": "Linear β-VAEs that learn their decoder as well; exact is the "
    "global optimum. largest_error is relative, of each model over β from 0.5 to 16; "
    "rates below 0.1 nats are apart, in nats. largest_error_of_means is of means over "
    "seeds, at every rate above 0. A latent is collapsed from its collapse_beta.",
    "nonlinear": "As true_decoder, where the data are not linear in the factors; "
    "reference is of the ideal encoder, by integration, at the same β.",
    "images": "β-VAEs with a Bernoulli likelihood. rates are of each latent, in nats; "
    "live_latents those above 0.1, active_latents those with a variance of their mean "
    "above 0.01.",
    "verdicts": "Of each world by log_q (verdict), and of images by each measure: "
    "kind; best_beta, the β with the highest mean, null where it cannot be told; and "
    "why. A finite optimum is a β inside the range that is better than both ends, by "
    "paired t-tests over seeds; an end is better than every other β. p_adjusted is "
    "for all β that might be the best and, by Holm's method, for all worlds and "
    "measures. told_apart: whether the best β is better than every other one. Nothing "
    "is told of fewer than 5 seeds, or where a training had not converged, whatever "
    "the trained, low and high of an optimum are.",
    "objects": "Of images. recognition: the share of shapes that a linear readout of "
    "the live latents recognises at values (recognised_between, recognised_beyond) and "
    "combinations (recognised_combined) of other factors that it did not learn from, "
    "mean of the three; recognised_half where nothing was held out; "
    "recognition_of_draws from draws of q(z|x); recognised_from_10 and so on from so "
    "many labels. from_shape and so on: shares of the codes' variance, rotation within "
    "shapes, several what factors do only together. irs: interventional robustness. "
    "disentanglement: the mean of the six scores. udr: of models that differ by their "
    "seed, whose values depend on each other, so that nothing is tested of them. "
    "baselines: the same of other encoders of as many latents; the supervised one was "
    "told the shapes of all images. theory: the best β by the exact theory of linear "
    "worlds around the images, from what the models of the seeds reconstruct.",
    "questions": "Whether recognition has a finite best β, and whether it is that of "
    "the disentanglement scores, and of the theory: value is the best β, or the ratio "
    "of that of recognition to the other, with an interval over seeds, of 95 % for "
    "the first, and for both others together. The same: within a factor of two.",
    "convergence": "Of the trainings of a part (members), still_falling had a loss at "
    "the end that differed from that in the middle by more than 2 %, or had none.",
    "collapse": "One β-VAE of the images whose β rises in each epoch: rates of its "
    "latents (epochs, latents), and the relative change of its kernels (layers, "
    "epochs).",
}


def summarise(
    parts: dict[str, dict[str, Any]], settings: dict[str, Any]
) -> dict[str, Any]:
    """Results of a study, with what they mean in sentences.

    Args:
        parts: results by name of part.
        settings: of the trial, plain data.
    """

    def all_of(kind):
        return [one for name, one in parts.items() if name.startswith(f"{kind}-")]

    results = {
        "study": "optimal_beta",
        "reading": READING,
        "created": utc_now(),
        "trial": settings,
        "versions": {
            "tfrwc": __version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "true_decoder": all_of("true_decoder"),
        "learned_decoder": all_of("learned_decoder"),
        "nonlinear": all_of("nonlinear"),
        "images": parts["images"],
        "collapse": parts["collapse"],
    }
    results = decided(results)
    images = results["images"] | {"questions": questions(results["images"])}
    return plain(results | {"images": images, "findings": findings(results)})

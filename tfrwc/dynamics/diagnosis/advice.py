"""The kinds of faults: what each is called, and what to do first about it.

>>> finding("lr_too_high", "The loss rises.", "possible").advice
'Lower the learning rate tenfold, and again until this is gone.'
"""

from tfrwc.dynamics.diagnosis.finding import Finding

ADVICE = {
    "exploding": (
        "Lower the learning rate tenfold, clip gradients (clipnorm=1), and look for "
        "activations without bounds, such as exponential, and for NaN in the data."
    ),
    "lr_too_high": "Lower the learning rate tenfold, and again until this is gone.",
    "lr_too_low": "Raise the learning rate tenfold, or train much longer.",
    "no_gradient": (
        "Look for what passes no gradient: a constant output, a frozen layer, units "
        "that are all silent, or an operation without a derivative."
    ),
    "dying_relu": (
        "Use he_normal for layers with ReLU, or leaky_relu; a lower learning rate; "
        "fewer or wider layers; or add BatchNormalization or residual connections."
    ),
    "vanishing": (
        "Use relu or another activation that does not saturate in hidden layers, with "
        "a fitting initialiser, or add BatchNormalization or residual connections."
    ),
    "wrong_last_activation": (
        "Give the last layer what the loss expects: sigmoid for each yes or no, "
        "softmax for one of several classes, none for a regression."
    ),
    "missing_last_activation": (
        "Pass from_logits=True to the loss, or give the last layer softmax (one of "
        "several classes) or sigmoid (each yes or no)."
    ),
    "wrong_loss": (
        "Use binary_crossentropy for each yes or no, categorical or "
        "sparse_categorical_crossentropy for one of several classes, "
        "mean_squared_error for numbers."
    ),
    "wrong_labels": "Bring the labels into the form that the loss takes.",
    "unscaled_input": (
        "Scale the inputs: divide images by 255, or put a Normalization layer, adapted "
        "to the training data, first."
    ),
    "unscaled_target": (
        "Standardise the targets (subtract their mean, divide by their spread), and "
        "undo that on what is predicted."
    ),
    "missing_activation": "Put an activation, such as relu, between the layers.",
    "constant_output": "Look at the last layers: they give the same for every input.",
    "dropout_too_high": "Lower the rate of Dropout to 0.5 or less.",
    "wrong_initializer": (
        "Use the initialisers of Keras, or he_normal for layers with ReLU; zeros are "
        "for biases and for the last layer alone."
    ),
    "penalty_too_high": (
        "Lower the factor of the regularizer a hundredfold, or leave it out until the "
        "training works without."
    ),
    "wrong_batch": "Use smaller batches, such as 32, so that an epoch has more steps.",
    "frozen_layers": "Set trainable to True for the layers that are to learn.",
    "moving_averages": (
        "Freeze the normalisations of the frozen part, too (layer.trainable = False): "
        "they then keep their averages."
    ),
    "overfitting": (
        "Stop at that epoch (EarlyStopping with restore_best_weights=True); then try "
        "more or augmented data, weight decay, dropout, or a smaller network."
    ),
    "wrong_input": (
        "Look at how the inputs are read: they say nothing about the targets."
    ),
    "metric_stands": (
        "Look whether the metric belongs to the loss and the labels, and whether the "
        "classes are so uneven that guessing the commonest satisfies the loss."
    ),
    "no_progress": (
        "Try to fit ten examples without regularisation: if that fails, look at "
        "labels, loss and last layer; if it succeeds, at learning rate and inputs."
    ),
}


def finding(
    kind: str,
    evidence: str,
    sure: str,
    layer: str | None = None,
    since: int | None = None,
) -> Finding:
    """A finding with the advice for its kind."""
    return Finding(kind, evidence, ADVICE[kind], sure, layer, since)

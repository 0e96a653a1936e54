"""What the kinds of faults are called in sentences.

>>> NAMES["lr_too_high"]
'the learning rate is too high'
"""

NAMES = {
    "exploding": "values that are not finite",
    "lr_too_high": "the learning rate is too high",
    "lr_too_low": "the learning rate is too low",
    "no_gradient": "no gradient",
    "dying_relu": "dying ReLU units",
    "vanishing": "vanishing gradients or signals",
    "wrong_last_activation": "wrong activation of the last layer",
    "missing_last_activation": "missing activation of the last layer",
    "wrong_loss": "wrong loss",
    "wrong_labels": "wrong labels",
    "unscaled_input": "unscaled inputs",
    "unscaled_target": "unscaled targets",
    "missing_activation": "missing activation",
    "constant_output": "constant output",
    "dropout_too_high": "the dropout rate is too high",
    "wrong_initializer": "wrong initialiser",
    "penalty_too_high": "the penalty for large weights is too high",
    "wrong_batch": "the batches are too large",
    "frozen_layers": "frozen layers",
    "moving_averages": "moving averages between frozen layers",
    "overfitting": "overfitting",
    "wrong_input": "wrong inputs",
    "metric_stands": "the metric does not improve",
    "no_progress": "no progress",
}

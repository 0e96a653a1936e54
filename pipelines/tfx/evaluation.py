"""What TFX' Evaluator, and TFMA by itself, measure of the networks on our Examples."""

import json

import tensorflow_model_analysis as tfma

OF_ALL = ("ExampleCount", "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy")
OF_CLASS_1 = (
    *("AUC", "BinaryAccuracy", "Calibration", "MeanLabel", "MeanPrediction"),
    *("BalancedAccuracy", "Recall", "Specificity"),
)
AT_HALF = OF_CLASS_1[-3:]


def eval_config():
    """A `tfma.EvalConfig` for networks of two classes, as RWCTrainer writes them.

    They take serialized Examples by their signature ``serve_examples``. TFMA adds up
    the AUC between 10,000 thresholds, and so may differ in its fourth decimal from
    PrivacyEvaluator, which compares all pairs; what else both measure is the same.
    """
    class_1 = tfma.BinarizationOptions(class_ids={"values": [1]})
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(signature_name="serve_examples", label_key="label")
        ],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=[
            tfma.MetricsSpec(metrics=_metrics(OF_ALL)),
            tfma.MetricsSpec(metrics=_metrics(OF_CLASS_1), binarize=class_1),
        ],
    )


def _metrics(names):
    return [
        tfma.MetricConfig(
            class_name=name,
            config=json.dumps({"thresholds": 0.5} if name in AT_HALF else {}),
        )
        for name in names
    ]

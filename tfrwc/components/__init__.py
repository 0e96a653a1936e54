"""Steps of pipelines: functions over typed artifacts, run here or on TFX.

>>> from tfrwc.components import ImageExampleGen
>>> from tfrwc.components.engine import local
>>> data = ImageExampleGen(dataset="digits", purpose="classes")
>>> made = local.run([data], "runs/data")  # doctest: +SKIP
>>> made["ImageExampleGen"]["examples"].uri  # doctest: +SKIP
"""

from importlib import import_module

_HOMES = {
    "BetaVAEStudy": "beta_vae_study",
    "DynamicsAnalyzer": "dynamics_analyzer",
    "ImageExampleGen": "image_example_gen",
    "ModelBlesser": "model_blesser",
    "PrivacyEvaluator": "privacy_evaluator",
    "PrivateExampleGen": "private_example_gen",
    "RWCTrainer": "rwc_trainer",
    "ReportGen": "report_gen",
    "SavedModelPusher": "saved_model_pusher",
}
__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__

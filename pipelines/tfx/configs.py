"""Where the pipeline runs, and what it trains."""

import os

from resources import Resources

from tfrwc.studies.privacy.trial import Trial

# TensorFlow Transform, which TFX brings, would have it take Keras 2 in this process, by
# which TensorFlow Probability then fails. So it is imported after this.
os.environ["TF_USE_LEGACY_KERAS"] = "0"

PIPELINE_NAME = "private-pneumonia"

TRIAL = Trial(
    dataset=os.environ.get("TFRWC_DATASET", "digits"),
    model="resnet18_narrow",
    epochs=20,
    seeds=(0,),
    epsilons=(1.0, 3.0, 8.0),
    mechanisms=("gaussian_image_10", "laplace_value_16", "shift_1"),
    public="none",
)

# For Kubeflow. The secret key of the noise is none of the settings, which are recorded:
# the image knows where it is (TFRWC_PRIVACY_KEY in the Dockerfile). Compile with the
# same key in the environment: its fingerprint is recorded, by which caches tell keys
# apart.
PIPELINE_IMAGE = os.environ.get("TFRWC_IMAGE", "tfrwc-tfx:latest")
PIPELINE_ROOT = os.environ.get("TFRWC_PIPELINE_ROOT", "gs://bucket/pipelines")
# A folder of the containers, as Cloud Storage is mounted there.
SERVING_ROOT = os.environ.get("TFRWC_SERVING_ROOT", "/gcs/bucket/saved_models")
# What the machines of steps have, by component or by id of a step; others have what the
# platform gives them. An image for a GPU needs CUDA's libraries: see the Dockerfile.
RESOURCES = {
    "RWCTrainer": Resources(
        cpu=8, memory=32, accelerator=os.environ.get("TFRWC_ACCELERATOR", "")
    ),
    "PrivacyEvaluator": Resources(cpu=4, memory=16),
}

"""Where the pipeline runs, and what it trains."""

import os

from tfrwc.studies.privacy.trial import Trial

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

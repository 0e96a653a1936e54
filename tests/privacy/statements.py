"""A statement of a training, for tests of what is done with statements."""

import math

from tfrwc.privacy import TrainingStatement

TRAINING = TrainingStatement(
    epsilon=3.0,
    delta=1e-5,
    method="PLD",
    sampling="fixed",
    epsilon_without_sampling=math.inf,
    steps=120,
    noise_multiplier=2.5,
    clip=1.0,
    batch_size=256,
    train_size=1293,
    images_per_patient=2,
    patient_epsilon=7.5,
)

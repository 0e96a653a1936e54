"""What is measured of trained models, apart from what measures it: light to import."""

LATENTS = 10
"""Of a model of images."""

LIVE = 0.1
"""Nats. A latent with a lower rate tells too little to count."""

SMALL_RATE = 0.1
"""Nats. A lower rate has no relative error to speak of."""

MEASURES = {
    "log_likelihood": 1,
    "distortion": -1,
    "mig": 1,
    "sap": 1,
    "dci": 1,
    "modularity": 1,
    "factor_vae": 1,
    "beta_vae": 1,
    "disentanglement": 1,
    "explicitness": 1,
    "recognition": 1,
    "recognition_of_draws": 1,
    "recognised_from_100": 1,
}
"""Of models of images: 1 where more is better, -1 where less is. Values of different
seeds must not depend on each other, as those of UDR do."""

LABELS = (10, 100, 1000)
"""From how many labels shapes are learnt."""

PARTS = ("shape", "position", "scale", "rotation", "several")
"""Where the variance of codes is from; several: what factors do only together."""

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
}
"""Of models of images: 1 where more is better, -1 where less is."""

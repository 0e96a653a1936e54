"""Names of the numbers that a training leaves."""

TERMS = ("loss", "log_likelihood", "rate", "distortion")
"""Of each member and epoch, and of the trained member."""

OF_LATENTS = ("rates", "variances")
"""Of each latent of a trained member."""

"""A β-VAE as a model of its reconstructions, to be exported."""

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from tfrwc.disentangle.beta_vae import BetaVAE


class Reconstruction(keras.Model):  # type: ignore[misc]
    """Answers as `BetaVAE.reconstruct`, by which nothing is drawn.

    Args:
        vae: the model, whose weights these are.
    """

    def __init__(self, vae: "BetaVAE") -> None:
        super().__init__(name=f"reconstruction_by_{vae.name}")
        self.vae = vae
        # Keras exports what it has seen called.
        self(keras.ops.zeros((1, *vae.shape), dtype=vae.compute_dtype))

    def call(self, x: Any) -> dict[str, Any]:
        """What `BetaVAE.reconstruct` returns for x (batch, *shape)."""
        return self.vae.reconstruct(x)

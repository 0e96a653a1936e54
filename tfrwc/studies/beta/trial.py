"""Which β a β-VAE should have: exact answers, trained models, images.

In worlds whose answer is known, trained models are held against it: with the true
decoder (R2 of `tfrwc.disentangle.theory`), with a learned one (R3), and where the data
are not linear in the factors. Then images, whose answer nobody knows. The question is
that of arXiv:1912.05127 and arXiv:2005.07114.
"""

from dataclasses import dataclass, replace

from tfrwc._common.checks import whole_number
from tfrwc.studies import trial as study_trial
from tfrwc.studies.trial import NAMES, WHOLE, WHOLE_NUMBERS, check_seeds, option

IMAGE_PARTS = ("images", "collapse")
"""The parts that need images."""


def datasets() -> tuple[str, ...]:
    """Names of the sets of images."""
    from tfrwc.studies.beta import images

    return tuple(images.BETAS)


def encoders() -> tuple[str, ...]:
    """Names of the encoders of a β-VAE."""
    from tfrwc.models import vae

    return vae.NAMES


def world_names() -> tuple[str, ...]:
    """Names of the worlds that are not linear."""
    from tfrwc.studies.beta import worlds

    return tuple(worlds.WORLDS)


@dataclass(frozen=True)
class Trial(study_trial.Trial):
    """One study.

    Attributes:
        dataset: of the images, ``"sprites"`` or ``"sprites_32"`` (drawn here), or
            ``"dsprites"``.
        encoder: of the images' models, one of `tfrwc.models.vae.NAMES`.
        epochs: passes over the images, 2 or more; models of the worlds are trained for
            longer and shorter in proportion.
        seeds: one model for each, at every β.
        worlds: nonlinear ones, of `tfrwc.studies.beta.worlds.WORLDS`.
    """

    dataset: str = option(
        "sprites",
        "sprites or sprites_32, drawn here, or dsprites, from the folder "
        "TFRWC_DATA_DIR or TFDS",
        choices=datasets,
    )
    encoder: str = option("dense", "dense, conv or linear", choices=encoders)
    epochs: int = option(30, "over the images", WHOLE)
    seeds: tuple[int, ...] = option(
        (0, 1, 2, 3, 4),
        "one model for each, at every β, separated by commas; nothing is told of fewer "
        "than 5",
        WHOLE_NUMBERS,
    )
    worlds: tuple[str, ...] = option(
        ("tanh",),
        "of tanh, product and sum_and_squares, separated by commas; the last takes "
        "minutes to integrate",
        NAMES,
        choices=world_names,
        noun="world",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.worlds)) < len(self.worlds):
            raise ValueError(
                f"worlds must differ from each other. Received: {self.worlds}."
            )
        whole_number(self.epochs, "epochs", at_least=2)
        check_seeds(self.seeds, bits=31)

    @property
    def name(self) -> str:
        """Of the model of the images' best β that is pushed."""
        return f"beta_vae-{self.dataset}"

    def parts(self) -> list[str]:
        """Names of its parts, which do not need each other."""
        from tfrwc.studies.beta.worlds import COSINES

        return [
            *(f"true_decoder-{cosine}" for cosine in COSINES),
            *(f"learned_decoder-{cosine}" for cosine in COSINES),
            *(f"nonlinear-{world}" for world in self.worlds),
            *IMAGE_PARTS,
        ]

    def of_part(self, part: str) -> "Trial":
        """What one of the `parts` depends on; all else as by default."""
        if part in IMAGE_PARTS:
            return replace(self, worlds=())
        return Trial(epochs=self.epochs, seeds=self.seeds, worlds=())

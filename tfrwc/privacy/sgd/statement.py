"""The privacy statement that goes with a model trained by DP-SGD."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tfrwc.privacy.guarantee import NO_GUARANTEE, EpsilonDelta
from tfrwc.privacy.sgd import sentences
from tfrwc.privacy.statement import PrivacyStatement, with_article

if TYPE_CHECKING:
    from tfrwc.privacy.accounting.attacks import Attacks
    from tfrwc.privacy.accounting.sgd import Stage

NOT_PROMISED = (
    "Accuracy and loss in the training logs are computed from the training images "
    "without noise: do not publish them.",
    "Choosing settings by several runs on the same images costs privacy that no "
    "single run's numbers contain.",
    "Noise is added in 32-bit floating point, of which the theory of real numbers "
    "knows nothing.",
    "What the weights that the training began with tell of the images is not counted: "
    "if they were trained on them before, then only as far as their account came along "
    "(weights of a bare file have none).",
    "Steps of trainings that were begun anew, or of which no file was kept, are not "
    "counted.",
)
# Earlier versions computed epsilons that were a little larger.
_AGREEMENT = 0.02
GENERATOR = (
    "TensorFlow's Philox generator, keyed by 128 random bits of the operating system "
    "that are forgotten at the end; it is fast, and no cryptographic generator"
)


@dataclass(frozen=True)
class TrainingStatement(PrivacyStatement):
    """What the training guarantees to each example, or unit of several examples.

    Neighbouring data sets differ by one of these, which the one has and the other has
    not. "Example" means such a unit below, where there is one. Epsilons are upper
    bounds, natural logarithms of ratios of probabilities; `math.inf` means that there
    is no guarantee.

    Attributes:
        epsilon, delta: of one example, if batches are Poisson samples.
        method: how epsilon was computed.
        sampling: ``"poisson"`` if all steps drew Poisson samples; else ``"fixed"``:
            epsilon then rests on the assumption that shuffled batches of a fixed size
            protect as well, which is usual and not proven.
        epsilon_without_sampling: of one example with the same delta, with no help from
            the order of fixed batches: each of their steps that can have used it counts
            whole (one for each pass over arrays, else all). Poisson samples help as in
            epsilon. Neighbours then differ in whether the example is replaced by
            nothing.
        steps: of the optimizer, so far.
        noise_multiplier: standard deviation of the noise over the clipping norm.
        clip: greatest norm of an example's gradient.
        batch_size: expected number of examples in a step.
        train_size: number of examples.
        images_per_patient: that the patient's number is for; 1 where the unit is the
            patient.
        patient_epsilon: of all images of a patient together.
        generator: where the noise comes from.
        not_promised: sentences.
        rests_on: sentences on what the account takes on trust, or does not count, of
            what was done in this training.
        stages: where it had several of different noise or sampling, a sentence on each;
            epsilon is of all together.
        account: noise multiplier, sampling rate and number of steps of each stage,
            which epsilon is of; empty in statements of earlier versions.
        account_without_sampling: the same for epsilon_without_sampling.
        unit: what epsilon is for one of: ``"image"``, or what has several of them, such
            as ``"patient"``.
        images_per_unit: most images of a unit in a step; None for all.
    """

    kind: ClassVar[str] = "training"

    epsilon: float
    delta: float
    method: str
    sampling: str
    epsilon_without_sampling: float
    steps: int
    noise_multiplier: float
    clip: float
    batch_size: int
    train_size: int
    images_per_patient: int
    patient_epsilon: float
    generator: str = GENERATOR
    not_promised: tuple[str, ...] = NOT_PROMISED
    rests_on: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    unit: str = "image"
    images_per_unit: int | None = None
    account: tuple[tuple[float, float, int], ...] = ()
    account_without_sampling: tuple[tuple[float, float, int], ...] = ()

    def __post_init__(self) -> None:
        for stage in (*self.account, *self.account_without_sampling):
            noise, rate, steps = stage
            if not (0 <= noise < math.inf and 0 <= rate <= 1 and 0 <= steps < 2**63):
                raise ValueError(
                    "A stage has a noise multiplier of 0 or more, a sampling rate of 0 "
                    f"to 1, and a number of steps. Received: {stage}."
                )

    @property
    def guarantee(self) -> EpsilonDelta:
        """Epsilon and delta of one example, there or not."""
        return EpsilonDelta(self.epsilon, self.delta)

    def accounted(self, sampling: bool = True) -> "tuple[Stage, ...] | None":
        """The stages whose cost is epsilon.

        Args:
            sampling: whether the order of fixed batches helps; without it, those of
                `epsilon_without_sampling`.

        Returns:
            None where what noise, sampling and steps say costs something else, as where
            an earlier version wrote a statement on several stages.
        """
        from tfrwc.privacy.accounting.sgd import Stage, composed

        is_all = sampling or self.sampling == "poisson"
        account = self.account if is_all else self.account_without_sampling
        if not account:
            if self.stages or not is_all:
                return None
            rate = self.batch_size / self.train_size
            account = ((self.noise_multiplier, rate, self.steps),)
        stages = tuple(Stage(*stage) for stage in account if stage[1] * stage[2] > 0)
        stated = self.epsilon if is_all else self.epsilon_without_sampling
        cost = composed(stages, self.delta).epsilon
        return stages if math.isclose(cost, stated, rel_tol=_AGREEMENT) else None

    def guarantee_of(self, images: int) -> EpsilonDelta:
        """Epsilon and delta of some images together, there or not."""
        from tfrwc.privacy.accounting import sgd

        stages = self.accounted()
        if stages is None:
            if images == self.images_per_patient > 1:
                return EpsilonDelta(self.patient_epsilon, self.delta)
            return super().guarantee_of(images)
        cost = sgd.composed(stages, self.delta, images)
        return EpsilonDelta(max(cost.epsilon, self.epsilon), self.delta)

    def guarantee_of_replaced(
        self, images: int = 1, sampling: bool = True
    ) -> EpsilonDelta:
        """Epsilon and delta of some images together, with others in their place.

        Args:
            images: how many.
            sampling: as of `accounted`.
        """
        from tfrwc.privacy.accounting import bounds, sgd

        stages = self.accounted(sampling)
        if stages is not None:
            cost = sgd.composed(stages, self.delta, images, is_replaced=True)
            return EpsilonDelta(max(cost.epsilon, self.epsilon), self.delta)
        if sampling:
            together = self.guarantee_of(images)
        else:
            alone = self.epsilon_without_sampling, self.delta
            together = EpsilonDelta(*bounds.group_guarantee(*alone, images))
        # One guarantee for taking them away, and one for adding the others.
        epsilon, delta = bounds.group_guarantee(*together, 2)
        return EpsilonDelta(epsilon, delta) if delta < 1 else NO_GUARANTEE

    def attacks(self, images: int = 1) -> "Attacks":
        """What the best attack can do that tells whether images were there or not.

        By the distribution of the noise, where epsilon is that of all steps with this
        noise and sampling; else by `guarantee`.

        Args:
            images: how many images together, such as those of a patient.
        """
        # Not at the top: it loads SciPy, and statements are read without.
        from tfrwc.privacy.accounting.attacks import of_training

        stages = self.accounted()
        if stages is None:
            return super().attacks(images)
        return of_training(stages, images)

    def attacks_on_members(self, images: int = 1) -> "Attacks":
        """What the best attack can do that tells members from others in their place."""
        return self.attacks(images).replaced()

    @property
    def largest_advantage(self) -> float:
        """The greatest advantage of any membership attack on one example."""
        return self.attacks().advantage

    @property
    def _averaged(self) -> str:
        """What is scaled down, up to the name of the unit."""
        if self.unit == "image":
            return "The gradient of each"
        most = self.images_per_unit
        images = "all images" if most is None else f"up to {most:,} images"
        return f"The mean gradient of {images} of each"

    @property
    def _with_all(self) -> str:
        return "" if self.unit == "image" else " with all images"

    def explain(self) -> str:
        """The statement as text for a hospital's data officer."""
        unit, one = self.unit, with_article(self.unit)
        head = (
            f"This model was trained in {self.steps:,} steps on {self.train_size:,} "
            f"{unit}s, about {self.batch_size:,} in each step. {self._averaged} "
            f"{unit} was scaled down to a norm of at most {self.clip:g}, and to their "
            f"sum noise of standard deviation {self.clip * self.noise_multiplier:.4g} "
            "was added."
        )
        if math.isinf(self.epsilon):
            return f"{head}\n\nThere is no guarantee: nothing hides {one}."
        lines = [
            head,
            f"One {unit}{self._with_all}: epsilon = {self.epsilon:.4g} but for a "
            f"probability of {self.delta:.2g}, for two sets of which one has {one} "
            f"more. {sentences.of_best_attack(self.attacks(), one)}",
        ]
        if unit != "image":
            replaced = self.guarantee_of_replaced()
            lines.append(
                f"One image of {one} whose others stay: as {one} who is replaced, "
                f"epsilon = {replaced.epsilon:.4g} but for a probability of "
                f"{replaced.delta:.2g}."
            )
        if self.sampling == "fixed":
            lines.append(sentences.of_fixed_batches(self.epsilon_without_sampling))
        if (images := self.images_per_patient) > 1:
            attacks = self.attacks(images)
            lines.append(sentences.of_patient(images, self.patient_epsilon, attacks))
        if self.stages:
            lines.append(f"Together these are {'; '.join(self.stages)}.")
        if self.rests_on:
            lines.append("This rests on: " + " ".join(self.rests_on))
        lines.append(f"The noise is drawn by {self.generator}.")
        lines.append("Not promised: " + " ".join(self.not_promised))
        return "\n\n".join(lines)


@dataclass(frozen=True)
class NoPrivacy(PrivacyStatement):
    """The statement of a model that was trained without privacy.

    Attributes:
        epsilon, delta: of one example; `math.inf` and 0, which is no guarantee.
    """

    kind: ClassVar[str] = "none"

    epsilon: float = NO_GUARANTEE.epsilon
    delta: float = NO_GUARANTEE.delta

    @property
    def guarantee(self) -> EpsilonDelta:
        """No guarantee, for anything."""
        return EpsilonDelta(self.epsilon, self.delta)

    def explain(self) -> str:
        """The statement as text."""
        return (
            "This model was trained without privacy. There is no guarantee: nothing "
            "hides an image."
        )

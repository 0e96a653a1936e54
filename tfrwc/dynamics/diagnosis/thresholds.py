"""From which numbers on something is wrong, each with its reason.

`benchmarks/diagnose.py` varies each of them and shows what that changes, and chooses
them anew on the programs of all sources but one, to be judged on that one.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """Limits of the rules.

    Attributes:
        least_steps: before so many steps, nothing that needs time is judged.
        learned_fall: a loss that fell by this share of its size has learned something.
        learned_gain: so has a metric that gained this share of what it could.
        learned_bits: a cross-entropy that lies less than this share of that of guessing
            below it has learned next to nothing.
        standing_gain: a metric that gained less than this stands.
        huge_step: change of the median layer in one step, as a share of its weights,
            above which the weights of before are lost. With the usual initialisers,
            all of them are replaced at 1.
        adaptive_rate: learning rate of Adam and the like, by about which a step moves
            each weight: usual weights are of size 0.01 to 0.3.
        small_total: the most that any layer changed in all, below which nothing can
            have been learned.
        unreached: change of the first layer in all, while that of the last is ten
            times as large or more, below which gradients do not reach the first.
        still_share: of the units of a layer that never move. Of rectified units half
            are silent for one example, and few for all.
        deep_saturation: layers of sigmoids in a row: each passes at most a quarter of
            a gradient on, so that behind four of them 0.4 % are left.
        deep_relu: layers of ReLU in a row that cannot be trained by themselves: of such
            networks of a few units many begin with a layer that is 0 throughout (Lu et
            al., Dying ReLU and Initialization, 2019).
        above_chance: cross-entropy at the beginning, as a multiple of that of guessing.
            Networks that begin with sensible outputs begin near 1.
        flat_fall: a loss that falls by less stands.
        slow_fall: a loss of a regression that fell by less has hardly begun to.
        huge_loss: a squared error at the end above which outputs are a hundred of
            their own units away from the targets, farther than small steps carry them;
            of an absolute error, its root.
        dropout: rate above which less than two fifths of a layer's values are left.
        initial_spread: size of a layer's first sums, for inputs of size 1, or of its
            inverse; three such layers make a million of it.
        penalty: share of losses of weights in the loss at its beginning, as a multiple
            of what guessing costs, from which on they are most of what is lowered.
        walk: of the median layer's weights in an epoch, as a share of their size. A
            walk to and fro goes as far as the weights are large in 1 / walk ** 2
            epochs: here in 100, in which nothing that was learned is left.
        overfitting: rise of the validation loss above its least, as a share of that.
        fading: what is left behind some layer of the differences between examples.
            Behind it, rounding in bfloat16 is as large.
    """

    least_steps: int = 50
    learned_fall: float = 0.3
    learned_gain: float = 0.1
    learned_bits: float = 0.05
    standing_gain: float = 0.05
    huge_step: float = 1.0
    adaptive_rate: float = 0.5
    small_total: float = 0.03
    unreached: float = 0.003
    still_share: float = 0.3
    deep_saturation: int = 3
    deep_relu: int = 15
    above_chance: float = 2.0
    flat_fall: float = 0.02
    slow_fall: float = 0.25
    huge_loss: float = 1e4
    dropout: float = 0.6
    initial_spread: float = 100.0
    penalty: float = 4.0
    walk: float = 0.1
    overfitting: float = 0.1
    fading: float = 1e-3


LIMITS = Thresholds()

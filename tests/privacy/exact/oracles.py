"""Probabilities of laws straight from their formulas, to 100 digits."""

from decimal import Context, Decimal, localcontext
from fractions import Fraction

DIGITS = 100


def decimal(x):
    x = Fraction(x)
    return Decimal(x.numerator) / x.denominator


def laplace_weights(scale, most):
    """Of whole numbers -most to most, by number, with sum 1 over all numbers."""
    with localcontext(Context(prec=DIGITS)):
        fall = (-1 / decimal(scale)).exp()
        return {
            k: fall ** abs(k) * (1 - fall) / (1 + fall) for k in range(-most, most + 1)
        }


def gaussian_weights(variance, most):
    """The same; weights beyond `most` must be below the digits."""
    with localcontext(Context(prec=DIGITS)):
        weights = {
            k: (-decimal(k * k) / (2 * decimal(variance))).exp()
            for k in range(-most, most + 1)
        }
        total = sum(weights.values())
        return {k: weight / total for k, weight in weights.items()}

"""The tail of a negative binomial distribution: how unusual a count is."""

from __future__ import annotations

from math import exp, lgamma, log, log1p

_STEPS = 10_000


def tail(count: int, mean: float, variance: float) -> float:
    """The chance of `count` or more, for counts with this mean and variance.

    A variance that is not above the mean is taken as a little above it: then this is nearly the
    Poisson distribution. The terms are added from `count` on until they no longer matter.
    """
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    variance = max(variance, mean * 1.01)
    size = mean * mean / (variance - mean)
    share = mean / (mean + size)  # each next one
    first = (
        lgamma(count + size) - lgamma(size) - lgamma(count + 1)
        - size * log1p(mean / size) + count * log(share)
    )  # fmt: skip
    if first < -700:
        return 0.0
    term = total = exp(first)
    for number in range(count, count + _STEPS):
        term *= share * (number + size) / (number + 1)
        total += term
        if term < total * 1e-9:
            break
    return min(1.0, total)

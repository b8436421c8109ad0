from __future__ import annotations

import math

import pytest

from apitrail.insights.tail import tail


def test_without_more_variance_it_is_nearly_poisson():
    poisson = 1 - sum(math.exp(-3) * 3**n / math.factorial(n) for n in range(10))
    assert tail(10, 3.0, 3.0) == pytest.approx(poisson, rel=0.1)


def test_it_is_the_sum_of_the_distribution_s_terms():
    mean, variance = 4.0, 12.0
    size, share = mean**2 / (variance - mean), mean / variance
    terms = [
        math.exp(math.lgamma(n + size) - math.lgamma(size) - math.lgamma(n + 1)) * share**size * (1 - share) ** n
        for n in range(400)
    ]  # fmt: skip
    assert tail(9, mean, variance) == pytest.approx(sum(terms[9:]), rel=1e-6)


@pytest.mark.parametrize(("count", "mean", "expected"), [(0, 1.0, 1.0), (5, 0.0, 0.0)])
def test_the_ends(count, mean, expected):
    assert tail(count, mean, mean) == expected


def test_more_is_less_likely_and_variance_makes_it_likelier():
    assert tail(30, 5.0, 10.0) < tail(20, 5.0, 10.0) < tail(20, 5.0, 50.0)


def test_what_cannot_happen_is_nothing():
    assert tail(100_000, 1.0, 1.1) == 0.0

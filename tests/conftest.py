"""Scores that tests count together, also when several processes run them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

_TALLY = "tally"


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[[str, int, int], None]:
    """Add to a score: what was tried, how many came out right, of how many."""

    def add(what: str, right: int, of: int) -> None:
        record_property(_TALLY, [what, right, of])

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print every score once, summed over the processes."""
    right, of = Counter[str](), Counter[str]()
    for what, good, tried in _tallies(terminalreporter):
        right[what] += good
        of[what] += tried
    if of:
        terminalreporter.section("scores")
    for what, tried in sorted(of.items()):
        share = 100 * right[what] / max(tried, 1)
        terminalreporter.line(f"{what:44} {right[what]:>9} of {tried:>9}  {share:8.3f} %")


def _tallies(reporter: pytest.TerminalReporter) -> Iterator[tuple[str, int, int]]:
    for outcome in ("passed", "failed"):
        for report in reporter.stats.get(outcome, ()):
            for name, value in getattr(report, "user_properties", ()):
                if name == _TALLY and report.when == "call":
                    what, good, tried = value
                    yield what, good, tried

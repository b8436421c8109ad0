"""When a log is verified without being asked."""

from __future__ import annotations

import pytest

import trails
from apitrail.web.console import verdict
from browsing import Pages


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A verdict, and the times that it began a run."""
    served = Pages(trails.make(tmp_path / "trail", calls=3)).served
    found = verdict.Verdict(served, lambda: trails.TRUST)
    begun = []
    monkeypatch.setattr(found, "start", lambda: begun.append(found.run()))
    return found, begun


def test_at_first_sight_and_not_again_while_nothing_was_added(asked):
    found, begun = asked
    for _ in range(3):
        found.start_if_due(7)
    assert len(begun) == 1
    assert found.standing.report.holds


def test_a_log_that_grows_is_verified_again_after_a_rest(asked, monkeypatch):
    found, begun = asked
    found.start_if_due(7)
    found.start_if_due(9)
    assert len(begun) == 1
    monkeypatch.setattr(verdict, "_LEAST", 0)
    monkeypatch.setattr(verdict, "_PATIENCE", 0)
    found.start_if_due(9)
    assert len(begun) == 2


def test_a_large_log_is_verified_on_request_alone(asked):
    found, begun = asked
    found.start_if_due(verdict.BY_ITSELF + 1)
    assert not begun

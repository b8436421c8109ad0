"""What a server shows is settled when it starts."""

import threading

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.web.mcp.visible import Visible, named


def test_one_run_or_all(own, every):
    with own.source() as source:
        assert len(list(source.select(Filter()))) == 4
    with every.source() as source:
        assert len(list(source.select(Filter()))) == 6
    assert own.own_run() == "mine"


def test_it_is_closed_once_nobody_asks(two_runs):
    seen = Visible(two_runs, "mine", lambda: 0)
    closing = threading.Thread(target=seen.close)
    with seen.source() as source:
        closing.start()
        for _ in range(200):  # a tool that reads while the server ends
            assert len(list(source.select(Filter()))) == 4
        assert closing.is_alive()
    closing.join()
    with pytest.raises(UsageError, match="has ended"), seen.source():
        pass


def test_the_guard_of_a_call_is_found_by_its_digest(own, every):
    for seen in (own, every):
        with seen.source() as source:
            found = seen.guard(source, "ab" * 32)
            assert found is not None
            assert found.name == "careful"
            assert seen.guard(source, "cd" * 32) is None


def test_a_run_or_a_trail_that_is_not_there(two_runs, tmp_path):
    with pytest.raises(UsageError, match="no run 'x'"):
        Visible(two_runs, "x", lambda: 0)
    for run in ("x", None):
        with pytest.raises(UsageError, match="no trail"):
            Visible(tmp_path, run, lambda: 0)


def test_last_is_settled_by_then(two_runs):
    assert named(two_runs, "last") == "mine"
    assert named(two_runs, "mi") == "mine"
    assert named(two_runs, "abc") == "abc"


def test_a_run_is_named_without_doubt(tmp_path):
    drafts = [trails.opening(), trails.run("ab1"), trails.run("ab2")]
    trails.write(tmp_path / "t", lambda trail: trails.append_each(trail, drafts))
    with pytest.raises(UsageError, match="2 runs begin with 'ab'"):
        named(tmp_path / "t", "ab")
    trails.write(tmp_path / "none", lambda trail: trail.append(trails.opening()))
    with pytest.raises(UsageError, match="no run was recorded"):
        named(tmp_path / "none", "last")

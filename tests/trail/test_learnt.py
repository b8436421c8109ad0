from __future__ import annotations

from dataclasses import replace

import pytest

import refusing
import trails
from apitrail.errors import FormatError
from apitrail.insights.thresholds import Thresholds
from apitrail.trail import learnt
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from apitrail.trail.telling import Teller


@pytest.fixture
def trail(tmp_path):
    return refusing.make(tmp_path / "trail")


def kept(directory, stop=6):
    with Reader(directory) as reader:
        teller = Teller(0, Thresholds(distinct_refusals=6))
        list(teller.read(reader, stop))
        return teller.learnt(learnt.hash_before(reader, teller.next))


def test_it_is_kept_and_found_again(trail):
    assert learnt.read(trail) is None
    learnt.write(trail, kept(trail))
    assert learnt.read(trail) == kept(trail)
    assert (trail / "insights").stat().st_mode & 0o777 == 0o600
    learnt.forget(trail)
    learnt.forget(trail)
    assert learnt.read(trail) is None


def test_a_teller_goes_on_where_another_was(trail):
    with Reader(trail) as reader:
        limits = Thresholds(distinct_refusals=6)
        again = Teller.resumed(kept(trail), limits)
        whole = list(Teller(0, limits).read(reader, reader.size))
        assert list(again.read(reader, reader.size)) == whole
        assert whole


def test_it_goes_with_its_own_log_only(trail, tmp_path):
    other = refusing.make(tmp_path / "other", calls=9)
    with Reader(trail) as reader, Reader(other) as another:
        found = kept(trail)
        assert found.is_of(reader)
        assert not found.is_of(another)
        assert not replace(found, next=1000).is_of(reader)
        assert not replace(found, last="").is_of(reader)


def test_nothing_is_gone_on_with_after_an_erasure(trail):
    found = kept(trail)
    trails.write(trail, lambda opened: opened.erase([Target(2, ("request",))]))
    with Reader(trail) as reader:
        assert not found.is_of(reader)
        assert learnt.has_erasure(reader, 0, reader.size)
        assert not learnt.has_erasure(reader, 0, 3)


def test_what_other_detectors_learnt_is_not_read(trail):
    data = kept(trail).dump()
    assert learnt.Learnt.parse(data.replace(b'"layout": "', b'"layout": "0')) is None


@pytest.mark.parametrize("data", [b"", b"{}\n", b"[]\nx", b"not\njson"])
def test_what_no_recorder_writes_is_malformed(trail, data):
    with pytest.raises(FormatError, match="malformed 'insights'"):
        learnt.Learnt.parse(data)
    _, _, packed = kept(trail).dump().partition(b"\n")
    with pytest.raises(FormatError, match="a member is missing"):
        learnt.Learnt.parse(b'{"version": 1}\n' + packed)

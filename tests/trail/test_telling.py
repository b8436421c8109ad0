from __future__ import annotations

import pytest

import cloudtrails
import refusing
from apitrail.insights.thresholds import Thresholds
from apitrail.trail.reader import Reader
from apitrail.trail.telling import Teller


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    return refusing.make(tmp_path_factory.mktemp("refusing") / "trail")


def test_it_names_the_entries_that_it_rests_on(trail):
    with Reader(trail) as reader:
        [said] = Teller(0, Thresholds()).read(reader, reader.size)
    assert (said.kind, said.name) == ("sequence", "refusals")
    # Entry 0 is the recorder's `open`.
    assert said.evidence == tuple(range(1, 8))
    assert (said.start, said.stop) == (0, 8)
    assert said.record["eventType"] == "AwsCloudTrailInsight"


def test_reading_on_bit_by_bit_tells_the_same(trail):
    with Reader(trail) as reader:
        whole = list(Teller(0, Thresholds()).read(reader, reader.size))
        teller = Teller(0, Thresholds())
        bits = [said for stop in range(reader.size + 1) for said in teller.read(reader, stop)]
    assert bits == whole


def test_thresholds_that_were_changed_are_said(trail):
    with Reader(trail) as reader:
        [said] = Teller(0, Thresholds(distinct_refusals=3)).read(reader, reader.size)
    assert said.thresholds == {"distinct_refusals": 3}
    assert said.stop == 4


def test_a_stand_in_s_own_health_is_no_call(tmp_path):
    drafts = [refusing.refused(number) for number in range(7)]
    about = b'"standIn":true,"record"'
    facets = {**drafts[3].facets, "what": drafts[3].facets["what"].replace(b'"record"', about, 1)}
    drafts[3] = type(drafts[3])(kind="api", facets=facets, row=drafts[3].row)
    trail = cloudtrails.make(tmp_path / "trail", drafts)
    with Reader(trail) as reader:
        assert not list(Teller(0, Thresholds()).read(reader, reader.size))

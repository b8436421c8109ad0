"""What is served of a trail whose log files are missing, or are not what they should be."""

import pytest

import cloudtrails
import trails
from apitrail.delivery.logfiles.tree import MANIFEST
from apitrail.errors import UsageError
from apitrail.web.content import Served
from cloudtrails import draft, record


@pytest.fixture
def served(tmp_path):
    calls = [draft(record(0)), draft(record(1, awsRegion="eu-west-1"))]
    return Served(cloudtrails.make(tmp_path / "trail", calls), trails.Clock())


def test_before_anything_is_delivered_the_trail_is_the_newest_calls(served):
    [about] = served.trails()
    assert about["TrailARN"] == f"arn:aws:cloudtrail:eu-west-1:{cloudtrails.ACCOUNT}:trail/apitrail"


def test_a_manifest_that_is_none_stops_nothing_but_deliveries(served):
    served.store().tree.put(MANIFEST, b"{}")
    assert served.manifest().digests == ()
    assert len(served.trails()) == 1
    with pytest.raises(UsageError):
        served.deliver()


def test_an_empty_trail_is_served(tmp_path):
    path = trails.make(tmp_path / "trail", 0)
    [about] = Served(path, trails.Clock()).trails()
    assert about["TrailARN"] == "arn:aws:cloudtrail:unknown:000000000000:trail/apitrail"


def test_no_recorder_runs(served):
    assert served.is_recording() is False

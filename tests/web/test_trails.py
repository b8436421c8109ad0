"""The trails that CloudTrail would show."""

import pytest

import cloudtrails
import trails as made
from apitrail.web import trails
from apitrail.web.api_error import Fault
from apitrail.web.content import Served
from cloudtrails import ACCOUNT, draft, record


@pytest.fixture
def served(tmp_path):
    path = cloudtrails.make(tmp_path / "trail", [draft(record(n)) for n in range(3)])
    return Served(path, made.Clock())


def test_one_for_each_account_and_region(served):
    [about] = trails.describe_trails(served, {})["trailList"]
    assert about["TrailARN"] == f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/apitrail"
    assert trails.list_trails(served, {})["Trails"][0]["TrailARN"] == about["TrailARN"]


def test_found_by_name_and_by_arn(served):
    [about] = trails.describe_trails(served, {})["trailList"]
    for name in (about["Name"], about["TrailARN"]):
        assert trails.find(served, name)["TrailARN"] == about["TrailARN"]
    with pytest.raises(Fault) as caught:
        trails.find(served, "other-trail")
    assert caught.value.code == "TrailNotFoundException"

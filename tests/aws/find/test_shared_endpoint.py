"""Services that share signing name, host and path."""

from __future__ import annotations

import pytest

from aws.requests import FORM, call


def test_twins_are_told_apart_by_the_resource():
    arn = "arn%3Aaws%3Aivs%3Aeu-west-1%3A123456789012%3Astage%2FabC"

    assert call("GET", f"/tags/{arn}", service="ivs").service == "ivs-realtime"


@pytest.mark.parametrize(
    ("agent", "service"),
    [
        ("aws-sdk-js/3.9 ua/2.1 api/neptune#3.9", "neptune"),
        ("aws-cli/2.9 md/command#docdb.describe-db-clusters", "docdb"),
        ("Boto3/1.44", "rds"),
    ],
)
def test_twins_are_told_apart_by_the_user_agent(agent, service):
    body = b"Action=DescribeDBClusters&Version=2014-10-31"

    assert (
        call("POST", "/", FORM, ("User-Agent", agent), body=body, service="rds").service == service
    )

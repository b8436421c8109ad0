"""Requests about a snapshot's or an image's attribute, in all the ways clients write them."""

from __future__ import annotations

import pytest

from apitrail.cloudtrail.parameters import request_parameters
from cloudtrail.traffic import call, exchange


def asked(operation, parameters):
    return request_parameters(exchange(), call("ec2", operation, parameters))


SHARED = {
    "snapshotId": "snap-1",
    "attributeType": "CREATE_VOLUME_PERMISSION",
    "createVolumePermission": {"add": {"items": [{"group": "all"}]}},
}


@pytest.mark.parametrize(
    "parameters",
    [
        {"CreateVolumePermission": {"Add": [{"Group": "all"}]}},
        {"CreateVolumePermission": {"Add": [{"Group": "all"}], "Remove": []}},
        {
            "Attribute": "createVolumePermission",
            "CreateVolumePermission": {"Add": [{"Group": "all"}]},
        },
        {"Attribute": "createVolumePermission", "OperationType": "add", "GroupNames": ["all"]},
    ],
)
def test_sharing_a_snapshot_is_recorded_alike(parameters):
    assert asked("ModifySnapshotAttribute", {"SnapshotId": "snap-1", **parameters}) == SHARED


def test_no_longer_sharing_a_snapshot():
    changes = {"Remove": [{"UserId": "111122223333"}]}
    recorded = asked(
        "ModifySnapshotAttribute", {"SnapshotId": "snap-1", "CreateVolumePermission": changes}
    )
    assert recorded["createVolumePermission"] == {"remove": {"items": [{"userId": "111122223333"}]}}


@pytest.mark.parametrize(
    ("parameters", "recorded"),
    [
        (
            {"LaunchPermission": {"Add": [{"Group": "all"}]}},
            {
                "attributeType": "launchPermission",
                "launchPermission": {"add": {"items": [{"group": "all"}]}},
            },
        ),
        (
            {"Attribute": "launchPermission", "OperationType": "remove", "UserIds": ["1", "2"]},
            {
                "attributeType": "launchPermission",
                "launchPermission": {"remove": {"items": [{"userId": "1"}, {"userId": "2"}]}},
            },
        ),
        (
            {"LaunchPermission": {"Add": [{"OrganizationArn": "arn:o"}]}},
            {
                "attributeType": "launchPermission",
                "launchPermission": {"add": {"items": [{"organizationArn": "arn:o"}]}},
            },
        ),
        (
            {"Description": {"Value": "d"}},
            {"attributeType": "description", "description": {"value": "d"}},
        ),
        (
            {"Attribute": "description", "Value": "d"},
            {"attributeType": "description", "description": {"value": "d"}},
        ),
        ({"ImdsSupport": {"Value": "v2.0"}}, {"imdsSupport": {"value": "v2.0"}}),
    ],
)
def test_modified_image(parameters, recorded):
    expected = {"imageId": "ami-1", **recorded}
    assert asked("ModifyImageAttribute", {"ImageId": "ami-1", **parameters}) == expected


@pytest.mark.parametrize("operation", ["DescribeSnapshotAttribute", "ResetSnapshotAttribute"])
def test_named_attribute_of_a_snapshot(operation):
    assert asked(operation, {"SnapshotId": "snap-1", "Attribute": "createVolumePermission"}) == {
        "snapshotId": "snap-1",
        "attributeType": "CREATE_VOLUME_PERMISSION",
    }

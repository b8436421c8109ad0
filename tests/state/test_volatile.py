"""What services change by themselves is no drift; what somebody sets is."""

from __future__ import annotations

import pytest

from apitrail.state.differing import differences
from apitrail.state.volatile import drifted, is_ended, is_managed, is_noise, is_on_its_way

# What two answers had, a while apart, with nobody doing anything.
BY_ITSELF = {
    "an instance starts": (
        {"State": {"Code": 0, "Name": "pending"}, "PublicIpAddress": ""},
        {"State": {"Code": 16, "Name": "running"}, "PublicIpAddress": "192.0.2.1"},
    ),
    "a role is used": ({"RoleLastUsed": {}}, {"RoleLastUsed": {"LastUsedDate": "2026-01-01T00:00:00Z", "Region": "x"}}),
    "a password is used": ({"UserName": "a"}, {"UserName": "a", "PasswordLastUsed": "2026-01-01T00:00:00Z"}),
    "a table fills": ({"ItemCount": 1, "TableSizeBytes": 20}, {"ItemCount": 5, "TableSizeBytes": 99}),
    "a table is made": ({"TableStatus": "CREATING"}, {"TableStatus": "ACTIVE"}),
    "a queue fills": ({"ApproximateNumberOfMessages": "1"}, {"ApproximateNumberOfMessages": "7"}),
    "a queue is written to": ({"LastModifiedTimestamp": "1795747383"}, {"LastModifiedTimestamp": "1795747399"}),
    "a group of logs grows": ({"storedBytes": 0, "creationTime": 1795747388932}, {"storedBytes": 8, "creationTime": 1795747388999}),
    "a function sleeps": (
        {"FunctionName": "f", "State": "Active", "RevisionId": "a"},
        {"FunctionName": "f", "State": "Inactive", "RevisionId": "b", "StateReasonCode": "Idle"},
    ),
    "a database makes backups": (
        {"DBInstanceStatus": "available", "LatestRestorableTime": "2026-01-01T00:00:00Z"},
        {"DBInstanceStatus": "backing-up", "LatestRestorableTime": "2026-01-01T00:05:00Z"},
    ),
    "a policy is attached": ({"AttachmentCount": 0}, {"AttachmentCount": 1}),
    "a service runs tasks": (
        {"runningCount": 0, "pendingCount": 1, "events": [], "deployments": [{"id": "a", "runningCount": 0}]},
        {"runningCount": 1, "pendingCount": 0, "events": [{"message": "x"}], "deployments": [{"id": "b"}]},
    ),
    "a stack is checked": ({"DriftInformation": {"StackDriftStatus": "NOT_CHECKED"}}, {"DriftInformation": {"StackDriftStatus": "IN_SYNC"}}),
    "an alarm rings": ({"StateValue": "OK", "StateReason": "a"}, {"StateValue": "ALARM", "StateReason": "b"}),
    "a snapshot proceeds": ({"State": "pending", "Progress": "3%"}, {"State": "completed", "Progress": "100%"}),
    "the order differs": ({"Tags": [{"Key": "a"}, {"Key": "b"}]}, {"Tags": [{"Key": "b"}, {"Key": "a"}]}),
    "a subscription is confirmed": ({"SubscriptionsPending": "1"}, {"SubscriptionsPending": "0"}),
    "a throughput is counted": ({"ProvisionedThroughput": {"NumberOfDecreasesToday": 0}}, {"ProvisionedThroughput": {"NumberOfDecreasesToday": 2}}),
    "a group scales in": (
        {"State": {"Name": "running"}, "Tags": [{"Key": "aws:autoscaling:groupName", "Value": "g"}]},
        {"State": {"Name": "terminated"}, "Tags": [{"Key": "aws:autoscaling:groupName", "Value": "g"}]},
    ),
    "a spot instance is taken": (
        {"State": {"Name": "running"}, "InstanceLifecycle": "spot"},
        {"State": {"Name": "stopped"}, "InstanceLifecycle": "spot"},
    ),
    "a database fails over": (
        {"MultiAZ": True, "AvailabilityZone": "a", "SecondaryAvailabilityZone": "b"},
        {"MultiAZ": True, "AvailabilityZone": "b", "SecondaryAvailabilityZone": "a"},
    ),
    "a database is kept up to date": (
        {"AutoMinorVersionUpgrade": True, "EngineVersion": "16.1"},
        {"AutoMinorVersionUpgrade": True, "EngineVersion": "16.2"},
    ),
    "a storage grows": (
        {"MaxAllocatedStorage": 100, "AllocatedStorage": 10},
        {"MaxAllocatedStorage": 100, "AllocatedStorage": 20},
    ),
    "a secret rotates": (
        {"RotationEnabled": True, "VersionIdsToStages": {"a": ["AWSCURRENT"]}},
        {"RotationEnabled": True, "VersionIdsToStages": {"b": ["AWSCURRENT"]}},
    ),
    "a runtime is patched": ({"RuntimeVersionConfig": {"RuntimeVersionArn": "a"}}, {"RuntimeVersionConfig": {"RuntimeVersionArn": "b"}}),
    "a throughput warms": ({"WarmThroughput": {"ReadUnitsPerSecond": 12}}, {"WarmThroughput": {"ReadUnitsPerSecond": 40}}),
    "a file system fills": ({"SizeInBytes": {"Value": 6}}, {"SizeInBytes": {"Value": 9}}),
    "users sign up": ({"EstimatedNumberOfUsers": 6}, {"EstimatedNumberOfUsers": 9}),
    "an owner's name is left out": ({"Owner": {"ID": "x", "DisplayName": "y"}}, {"Owner": {"ID": "x"}}),
    "a request is another": ({"ResponseMetadata": {"RequestId": "a"}}, {"ResponseMetadata": {"RequestId": "b"}}),
}  # fmt: skip

# What somebody did.
BY_SOMEBODY = {
    "an instance is stopped": ({"State": {"Code": 16, "Name": "running"}}, {"State": {"Code": 80, "Name": "stopped"}}),
    "a key is disabled": ({"Enabled": True, "KeyState": "Enabled"}, {"Enabled": False, "KeyState": "Disabled"}),
    "a key is to be deleted": ({"KeyState": "Enabled"}, {"KeyState": "PendingDeletion"}),
    "an access key is off": ({"k": [{"AccessKeyId": "A", "Status": "Active"}]}, {"k": [{"AccessKeyId": "A", "Status": "Inactive"}]}),
    "versioning is on": ({}, {"Status": "Enabled"}),
    "versioning is off": ({"Status": "Enabled"}, {"Status": "Suspended"}),
    "a table is larger": ({"ProvisionedThroughput": {"ReadCapacityUnits": 5}}, {"ProvisionedThroughput": {"ReadCapacityUnits": 10}}),
    "a policy is another": ({"Policy": '{"Statement":[]}'}, {"Policy": '{"Statement":[{"Effect":"Allow"}]}'}),
    "a boundary is gone": ({"PermissionsBoundary": {"PermissionsBoundaryArn": "arn:x"}}, {}),
    "a service is larger": ({"desiredCount": 1}, {"desiredCount": 4}),
    "a database is another": ({"AutoMinorVersionUpgrade": False, "EngineVersion": "16.1"}, {"AutoMinorVersionUpgrade": False, "EngineVersion": "16.2"}),
    "a topic has another name": ({"Owner": "1", "DisplayName": "a"}, {"Owner": "1", "DisplayName": "b"}),
    "a secret is another": ({"SecretString": "redacted:hmac-sha256:k:a:1"}, {"SecretString": "redacted:hmac-sha256:k:b:1"}),
    "logging is stopped": ({"IsLogging": True}, {"IsLogging": False}),
    "a group of logs is kept for less": ({"retentionInDays": 30}, {"retentionInDays": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_ITSELF)
def test_what_happens_by_itself_is_no_drift(name: str) -> None:
    old, new = BY_ITSELF[name]
    assert drifted(old, new, alike=True) == []


@pytest.mark.parametrize("name", BY_SOMEBODY)
def test_what_somebody_did_is_drift(name: str) -> None:
    old, new = BY_SOMEBODY[name]
    assert len(drifted(old, new, alike=True)) > 0


def test_of_two_kinds_of_calls_only_what_both_tell_is_compared() -> None:
    old, new = {"RoleName": "a", "Tags": [{"Key": "k"}]}, {"RoleName": "a"}
    assert drifted(old, new, alike=False) == []
    assert [each.path for each in drifted(old, new, alike=True)] == ["Tags"]
    assert len(drifted({"Size": 1}, {"Size": 2}, alike=False)) == 1


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("redacted:hmac-sha256:k1:a:1", "redacted:hmac-sha256:k2:b:1"),
        ("plain", "redacted:hmac-sha256:k1:b:1"),
        ({"length": 9000, "sha256": "a"}, "plain"),
        ({"Error": {"ErrorCode": "AccessDeniedException"}}, {"Variables": {"A": "b"}}),
    ],
)
def test_what_cannot_be_compared_says_nothing(was, now) -> None:
    assert drifted({"a": was, "b": 1}, {"a": now, "b": 1}, alike=True) == []


@pytest.mark.parametrize(
    "state",
    [
        {"State": {"Code": 0, "Name": "pending"}},
        {"TableStatus": "UPDATING"},
        {"StackStatus": "UPDATE_IN_PROGRESS"},
        {"DBInstanceStatus": "modifying"},
        {"DBInstanceStatus": "available", "PendingModifiedValues": {"DBInstanceClass": "x"}},
        {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLING"}},
        {"BlockDeviceMappings": [{"Ebs": {"Status": "attaching"}}]},
        {"State": {"Code": "provisioning"}},
    ],
)
def test_a_thing_that_a_service_still_changes_is_on_its_way(state) -> None:
    assert is_on_its_way(state)


@pytest.mark.parametrize(
    "state",
    [
        {"State": {"Name": "running"}},
        {"KeyState": "PendingDeletion"},
        {"Status": "ACTIVE"},
        {},
        None,
    ],
)
def test_a_thing_that_stands_is_not(state) -> None:
    assert not is_on_its_way(state)


def test_a_time_is_noise_and_a_state_is_not() -> None:
    [time] = differences({"LatestRestorableTime": "a"}, {"LatestRestorableTime": "b"})
    [state] = differences({"State": {"Name": "pending"}}, {"State": {"Name": "running"}})
    assert (is_noise(time), is_noise(state)) == (True, False)


@pytest.mark.parametrize(
    ("state", "ended"),
    [
        ({"State": {"Code": 48, "Name": "terminated"}}, True),
        ({"KeyState": "PendingDeletion"}, True),
        ({"DeletedDate": "2026-01-01T00:00:00Z"}, True),
        ({"status": "INACTIVE", "serviceName": "svc"}, True),
        ({"FunctionName": "fn", "State": "Inactive"}, False),
        ({"State": {"Name": "running"}}, False),
        (None, False),
    ],
)
def test_a_thing_that_ended_is_no_measure_for_what_becomes_of_it(state, ended: bool) -> None:
    assert is_ended(state) is ended


def test_things_that_go_with_an_instance_are_managed() -> None:
    assert is_managed({"VolumeId": "vol-1", "Attachments": [{"DeleteOnTermination": True}]})
    assert is_managed({"NetworkInterfaceId": "eni-1", "RequesterManaged": True})
    assert not is_managed(
        {"InstanceId": "i-1", "Tags": [{"Key": "env", "Value": "aws:autoscaling:"}]}
    )

from __future__ import annotations

import pytest

from apitrail.insights.variants import varied


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("PutBucketVersioning", {"VersioningConfiguration": {"Status": "Suspended"}}, "PutBucketVersioningSuspended"),
        ("PutBucketVersioning", {"VersioningConfiguration": {"Status": "Enabled"}}, "PutBucketVersioning"),
        ("PutBucketLogging", {"BucketLoggingStatus": {"xmlns": "x"}}, "PutBucketLoggingOff"),
        ("PutBucketLogging", {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "b"}}}, "PutBucketLogging"),
        ("PutRetentionPolicy", {"retentionInDays": 1}, "PutRetentionPolicyShort"),
        ("PutRetentionPolicy", {"retentionInDays": 365}, "PutRetentionPolicy"),
        ("ModifyInstanceAttribute", {"disableApiTermination": {"value": False}}, "ModifyInstanceAttributeUnprotected"),
        ("ModifyInstanceAttribute", {"disableApiTermination": {"value": True}}, "ModifyInstanceAttribute"),
        ("ModifyDBInstance", {"publiclyAccessible": True, "masterUserPassword": "x"}, "ModifyDBInstancePublic"),
        ("ModifyDBInstance", {"backupRetentionPeriod": 0}, "ModifyDBInstanceUnprotected"),
        ("ModifyDBInstance", {"backupRetentionPeriod": 7}, "ModifyDBInstance"),
        ("RunInstances", {"instanceType": "p4d.24xlarge"}, "RunInstancesLarge"),
        ("RunInstances", {"instanceType": "c7i.metal-24xl"}, "RunInstancesLarge"),
        ("RunInstances", {"instanceType": "m5.2xlarge"}, "RunInstances"),
        ("CopyObject", {"x-amz-server-side-encryption-customer-algorithm": "AES256"}, "CopyObjectCustomerKey"),
        ("RunInstances", None, "RunInstances"),
        ("CreateTags", {"publiclyAccessible": True}, "CreateTags"),
    ],
)  # fmt: skip
def test_what_weakens_or_opens_has_a_name_of_its_own(name, parameters, expected):
    assert varied(name, parameters) == expected

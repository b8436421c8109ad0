import pytest

from apitrail.aws.call import Call, Map
from apitrail.aws.find import index
from apitrail.iam.deleting import NAMED_OTHERWISE, deletes


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("s3", "DeleteObject", True), ("ec2", "TerminateInstances", True),
        ("ec2", "ReleaseAddress", True), ("kms", "ScheduleKeyDeletion", True),
        ("kms", "CancelKeyDeletion", False), ("s3", "AbortMultipartUpload", True),
        ("ec2", "DescribeInstances", False), ("ecr", "BatchDeleteImage", True),
        ("cognito-idp", "AdminDeleteUser", True), ("neptunedata", "ExecuteFastReset", True),
        ("cloudformation", "UpdateStack", True), ("logs", "PutRetentionPolicy", True),
        ("dynamodb", "UpdateTimeToLive", True), ("ec2", "DeprovisionByoipCidr", True),
        ("s3control", "PutBucketLifecycleConfiguration", True), ("s3", "PutObjectRetention", False),
        ("s3", "PutObject", False), ("glue", "GetDeletedThings", False),
    ],
)  # fmt: skip
def test_by_the_operation(service, operation, expected):
    assert deletes(Call(service=service, operation=operation), f"{service}:{operation}") is expected


def test_every_operation_in_the_table_is_one_of_botocores():
    known = {
        (service.name, operation)
        for service in index.load().services
        for operation in service.operations.values()
    }
    assert NAMED_OTHERWISE - known == set()


def test_a_batch_of_writes_by_what_is_in_it():
    def batch(tables):
        call = Call(service="dynamodb", operation="BatchWriteItem", parameters=tables)
        return deletes(call, "dynamodb:BatchWriteItem")

    assert batch({"RequestItems": Map(t=[{"PutRequest": {}}, {"DeleteRequest": {}}])})
    assert not batch({"RequestItems": Map(t=[{"PutRequest": {}}])})
    assert batch(None)

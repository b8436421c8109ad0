"""What a write's answer tells by an id is a resource of the call."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Call, Redacted
from apitrail.cloudtrail.resources.ids import OTHERS
from apitrail.cloudtrail.resources.touching import resources, undetermined
from cloudtrail.resources.creations import ACCOUNT, creations

# Members of answers that name no resource of the call; S3 and DynamoDB name keys of KMS alone by id,
# and what STS answers are credentials.
NO_RESOURCE = {name.lower() for names in OTHERS.values() for name in names}
KEYS_ALONE = {"dynamodb", "s3"}


def names(call: Call) -> set[str]:
    return {found.name for found in resources(call, account=ACCOUNT)}


def is_resource(member: str) -> bool:
    last = member.rpartition(".")[2].lower()
    return (
        last not in NO_RESOURCE
        and last.removesuffix("s") not in NO_RESOURCE
        and not last.removesuffix("s").endswith(("ownerid", "owneraccountid"))
    )


def is_key(member: str) -> bool:
    return member.lower().endswith(("kmskeyid", "kmsmasterkeyid", "arn"))


@pytest.mark.parametrize(
    ("every", "at_least"), [(8, 500), pytest.param(1, 6_000, marks=pytest.mark.conformance)]
)
def test_every_id_in_the_answer_of_every_write_is_found(every: int, at_least: int):
    """`make conformance` tries all that botocore models: some six thousand operations."""
    missing, tried = [], 0
    for call, ids in creations(every):
        if call.service == "sts":
            continue
        wanted = is_key if call.service in KEYS_ALONE else is_resource
        tried += 1
        found = " ".join(f"{each.name} {each.arn}" for each in resources(call, account=ACCOUNT))
        missing += [
            (call.service, call.operation, member)
            for text, member in ids.items()
            if wanted(member) and text.rpartition("/")[2] not in found
        ]
    assert tried > at_least
    assert missing == []


def made(service: str, operation: str, result: dict, parameters: dict | None = None) -> Call:
    return Call(
        service=service, operation=operation, region="eu-central-1", endpoint_prefix=service,
        parameters=parameters or {}, result=result,
    )  # fmt: skip


def test_a_hosted_zone_has_one_name_with_its_kind_in_front_or_without():
    create = made(
        "route53", "CreateHostedZone", {"HostedZone": {"Id": "/hostedzone/Z1"}, "ChangeInfo": {"Id": "/change/C1"}}
    )  # fmt: skip
    found = {item.name: item for item in resources(create, account=ACCOUNT)}
    assert found["Z1"].arn == "arn:aws:route53:::hostedzone/Z1"
    assert found["Z1"].type == "AWS::Route53::HostedZone"
    assert "C1" in found
    delete = made("route53", "DeleteHostedZone", {}, {"Id": "Z1"})
    assert found["Z1"] in resources(delete, account=ACCOUNT)


@pytest.mark.parametrize(
    ("service", "operation", "result"),
    [
        ("sqs", "SendMessage", {"MessageId": "m"}),
        ("s3", "CreateMultipartUpload", {"UploadId": "u"}),
        ("ec2", "RunInstances", {"OwnerId": "111122223333", "RequesterId": Redacted("r")}),
        ("events", "PutEvents", {"Entries": [{"EventId": "e"}]}),
        ("lambda", "CreateFunction", {"Tags": {"TeamId": "t"}}),
        ("guardduty", "DeclineInvitations", {"AccountId": ACCOUNT}),
    ],
)
def test_messages_uploads_requests_owners_and_data_are_no_resources(service, operation, result):
    assert names(made(service, operation, result)) == set()


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "SSEKMSKeyId": "1234-abcd"}),
        ("dynamodb", "CreateTable", {"TableName": "t", "SSESpecification": {"KMSMasterKeyId": "1234-abcd"}}),
    ],
)  # fmt: skip
def test_a_key_that_encrypts_what_is_stored_is_one(service, operation, parameters):
    assert "1234-abcd" in names(made(service, operation, {}, parameters))


def test_another_account_is_one():
    member = made("guardduty", "DisassociateMembers", {}, {"AccountIds": ["111122223333"]})
    assert "111122223333" in names(member)


def test_a_list_of_ids_names_each():
    assert names(made("ssm", "CancelCommand", {}, {"InstanceIds": ["mi-1", "mi-2"]})) >= {
        "mi-1", "mi-2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("service", "operation", "doubtful"),
    [
        ("datazone", "CreateEnvironmentBlueprint", True),
        ("unheard-of", "CreateThing", True),
        ("iam", "UpdateAccountPasswordPolicy", False),
        ("ec2", "EnableEbsEncryptionByDefault", False),
        ("translate", "TranslateText", False),
    ],
)
def test_a_write_that_names_nothing_is_undetermined_unless_it_is_account_wide(
    service, operation, doubtful
):
    assert undetermined(made(service, operation, {})) is doubtful


def test_a_member_called_key_or_parameters_is_data_in_dynamodb_alone():
    role = "arn:aws:iam::123456789012:role/r"
    said = {"Parameters": {"RoleArn": role}, "Key": role}
    assert "r" in names(made("ssm", "PutParameter", {}, said))
    assert "r" not in names(made("dynamodb", "PutItem", {}, said))

from __future__ import annotations

import pytest

from apitrail.insights import operation_rules as rules
from apitrail.insights.operation_rules import by_rule, lets_in


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("detective:DeleteGraph", rules.EVASION),
        ("inspector2:Disable", rules.EVASION),
        ("guardduty:CreateFilter", rules.EVASION),
        ("wafv2:CreateWebACL", rules.WRITE),
        ("identitystore:CreateGroupMembership", rules.ESCALATION),
        ("organizations:InviteAccountToOrganization", rules.ESCALATION),
        ("sso:CreateToken", rules.WRITE),
        ("lightsail:CreateBucketAccessKey", rules.CREDENTIALS),
        ("cognito-idp:AdminSetUserMFAPreference", rules.ESCALATION),
        ("rds:StartExportTask", rules.EXFILTRATION),
        ("elasticache:CreateReplicationGroup", rules.WRITE),
        ("events:PutPermission", rules.RARE),
        ("redshift:RestoreFromClusterSnapshot", rules.RARE),
        ("logs:DeleteDestination", rules.COMMON),
        ("iam:TagPolicy", rules.RARE),
        ("glue:BatchStopJobRun", rules.COMMON),
        ("ec2:CreateTags", rules.WRITE),
    ],
)
def test_what_writes_are_worth_by_their_words(operation, expected):
    assert by_rule(operation, read_only=False) == expected


def test_reads_of_credentials_and_of_what_watches_say_more_than_others():
    assert by_rule("redshift:GetClusterCredentials", read_only=True) == rules.SECRET
    assert by_rule("macie2:GetMacieSession", read_only=True) == rules.TELLING_READ
    assert by_rule("sqs:ListQueues", read_only=True) == rules.READ


def test_operations_that_say_who_may_come_in():
    names = ("PutPermission", "CreateEventBusPolicy", "AddLayerVersionPermission", "Subscribe")
    assert all(map(lets_in, names))
    assert not any(map(lets_in, ("GetPolicy", "CreateTags", "DescribeSnapshotAttribute")))

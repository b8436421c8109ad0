from __future__ import annotations

import pytest

from apitrail.insights.granted import granted

OWN = "123456789012"
RULE = {"ipPermissions": {"items": [{"fromPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}}  # fmt: skip
WEB = {"ipPermissions": {"items": [{"fromPort": 443, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}}  # fmt: skip
TRUST = '{"Statement":[{"Principal":{"AWS":"arn:aws:iam::999999999999:root"}}]}'


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("UpdateAssumeRolePolicy", {"policyDocument": TRUST}, ("account 999999999999",)),
        ("UpdateAssumeRolePolicy", {"policyDocument": TRUST.replace("9" * 12, OWN)}, ()),
        ("ModifyImageAttribute", {"launchPermission": {"add": {"items": [{"group": "all"}]}}}, ("everybody",)),
        ("AuthorizeSecurityGroupIngress", RULE, ("the internet on port 22",)),
        ("AuthorizeSecurityGroupIngress", WEB, ()),
        ("PutBucketPolicy", {"bucketPolicy": {"Statement": [{"Principal": {"AWS": "*"}}]}}, ("everybody",)),
        ("AttachUserPolicy", {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, ("AdministratorAccess",)),
        ("PutUserPolicy", {"policyDocument": '{"Statement":[{"Action":"*"}]}'}, ("a policy that allows everything",)),
        ("DescribeImages", {"owners": ["999999999999"]}, ()),
        ("PutBucketPolicy", None, ()),
        ("PutPermission", {"principal": "999999999999"}, ("account 999999999999",)),
        ("Subscribe", {"protocol": "https", "endpoint": "https://198.51.100.9/in"}, ("host 198.51.100.9",)),
        ("Subscribe", {"protocol": "email", "endpoint": "a@example.org"}, ("mail to example.org",)),
        ("Subscribe", {"protocol": "sqs", "endpoint": f"arn:aws:sqs:eu-west-1:{OWN}:q"}, ()),
    ],
)  # fmt: skip
def test_who_is_let_in(name, parameters, expected):
    assert granted(name, parameters, OWN) == expected

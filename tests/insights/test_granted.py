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
    ],
)  # fmt: skip
def test_who_is_let_in(name, parameters, expected):
    assert granted(name, parameters, OWN) == expected

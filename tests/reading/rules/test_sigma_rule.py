"""Sigma rules over CloudTrail's records: each modifier, paths into lists, and what is refused."""

from __future__ import annotations

import json

import pytest

from apitrail.errors import UsageError
from apitrail.reading.rules import sigma_rule
from apitrail.reading.rules.looked_at import LookedAt

RECORD = {
    "eventSource": "ec2.amazonaws.com", "eventName": "AuthorizeSecurityGroupIngress",
    "eventTime": "2026-11-26T23:15:00Z", "sourceIPAddress": "192.0.2.7",
    "userAgent": "aws-cli/2.1 \ud83d", "errorCode": None, "readOnly": False,
    "userIdentity": {"type": "Root", "arn": "arn:aws:iam::123456789012:root", "userName": "mary",
                     "sessionContext": {"attributes": {"mfaAuthenticated": "false"}}},
    "requestParameters": {
        "userName": "Mary", "groupId": "sg-1", "count": 12, "size": "7",
        "ipPermissions": {"items": [
            {"fromPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}, {"cidrIp": "10.0.0.0/8"}]}},
            {"fromPort": 443, "ipRanges": {}}]},
        "tags": ["a", "b"], "with.dots": {"x": "y"}},
}  # fmt: skip

SOURCE = "logsource:\n  product: aws\n  service: cloudtrail\n"


def rule(detection: dict[str, object], condition: str = "sel", **more: object) -> str:
    content = {"title": "t", "logsource": {"product": "aws", "service": "cloudtrail"}, **more,
               "detection": {**detection, "condition": condition}}  # fmt: skip
    return json.dumps(content)  # YAML too


def finds(text: str, record: dict[str, object] = RECORD) -> bool:
    [finder] = sigma_rule.parse(text)
    return finder.find(LookedAt(index=4, time=0, record=record)) is not None


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        ({"eventName": "authorizesecuritygroupingress"}, True),
        ({"eventName|cased": "authorizesecuritygroupingress"}, False),
        ({"eventName": ["RunInstances", "Authorize*"]}, True),
        ({"eventName": "Authorize?ecurityGroupIngress"}, True),
        ({"eventName": "Authorize"}, False),
        ({"eventName|contains": "security"}, True),
        ({"eventName|startswith": "authorize", "eventSource|endswith": ".amazonaws.com"}, True),
        ({"eventName|startswith": "Ingress"}, False),
        ({"eventName|contains|all": ["Security", "Ingress"]}, True),
        ({"eventName|contains|all": ["Security", "Egress"]}, False),
        ({"eventName|re": "^Authorize.*(In|E)gress$"}, True),
        ({"eventName|re": "^authorize"}, False),
        ({"eventName|re|i": "^authorize"}, True),
        ({"userAgent|re": "^aws-cli/[0-9.]+ .$"}, True),
        ({"sourceIPAddress|cidr": "192.0.2.0/24"}, True),
        ({"sourceIPAddress|cidr": ["10.0.0.0/8", "2001:db8::/32"]}, False),
        ({"requestParameters.ipPermissions.items.ipRanges.items.cidrIp": "0.0.0.0/0"}, True),
        ({"requestParameters.ipPermissions.items.ipRanges.items.cidrIp|cidr": "10.0.0.0/8"}, True),
        ({"requestParameters.ipPermissions.items.fromPort": 22}, True),
        ({"requestParameters.ipPermissions.items.fromPort": "443"}, True),
        ({"requestParameters.ipPermissions.items.fromPort|lt": 22}, False),
        ({"requestParameters.count|gte": 12, "requestParameters.count|lt": 13}, True),
        ({"requestParameters.size|gt": 6}, True),
        ({"requestParameters.count|gt": 12}, False),
        ({"requestParameters.tags|all": ["a", "b"]}, True),
        ({"requestParameters.tags|all": ["a", "c"]}, False),
        ({"requestParameters.with.dots.x": "y"}, True),
        ({"requestParameters|contains": '"groupId":"sg-1"'}, True),
        ({"requestParameters.groupId|exists": True, "vpcEndpointId|exists": False}, True),
        ({"requestParameters.nothing|exists": True}, False),
        ({"errorCode": None, "vpcEndpointId": None}, True),
        ({"eventName": None}, False),
        ({"readOnly": False, "userIdentity.sessionContext.attributes.mfaAuthenticated": False}, True),
        ({"userIdentity.userName|fieldref": "requestParameters.userName"}, True),
        ({"userIdentity.userName|fieldref": "requestParameters.groupId"}, False),
        ({"eventTime|hour": 23}, True),
        ({"eventTime|hour": 22}, False),
        ({"userIdentity.type|neq": "IAMUser"}, True),
        ({"userIdentity.type|neq": "Root"}, False),
        ([{"eventName": "RunInstances"}, {"userIdentity.type": "Root"}], True),
    ],
)  # fmt: skip
def test_a_selection_finds_what_sigma_says(selection, found):
    assert finds(rule({"sel": selection})) is found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("root and not dry", True), ("root and dry", False), ("1 of sel*", True),
        ("all of sel*", False), ("not (dry or sel_no)", True), ("keys", True), ("nokeys", False),
    ],
)  # fmt: skip
def test_a_condition_joins_selections(condition, found):
    detection = {
        "root": {"userIdentity.type": "Root"}, "dry": {"errorCode": "Client.DryRunOperation"},
        "sel_yes": {"eventName|contains": "Group"}, "sel_no": {"eventName": "x"},
        "keys": ["0.0.0", "SG-1"], "nokeys": ["nowhere"],
    }  # fmt: skip
    assert finds(rule(detection, condition)) is found


def test_a_record_without_the_fields_is_not_found_and_breaks_nothing():
    for record in ({}, {"userIdentity": "x", "requestParameters": None, "eventTime": "soon"}):
        text = rule({"sel": {"userIdentity.type": "Root", "eventTime|hour": 2,
                             "sourceIPAddress|cidr": "::/0", "requestParameters.x|gt": 1}})  # fmt: skip
        assert not finds(text, record)


def test_an_alert_is_called_as_the_rule_is():
    [finder] = sigma_rule.parse(rule({"sel": {"a": "b"}}, name="root_used", level="critical"))
    assert (finder.about.name, finder.about.title, finder.about.level) == (
        "root_used",
        "t",
        "critical",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "nothing is in it"),
        ("a: [", "not a Sigma rule"),
        ("just text", "not a Sigma rule"),
        ("- a\n- b\n", "not the shape"),
        ("title: t\n", "not a Sigma rule"),
        (rule({"sel": {"a": "b"}}, "other"), "'other' not defined"),
        (rule({"sel": {"a|re": "x(?=y)"}}), "invalid perl operator"),
        (rule({"sel": {"a|re": "x("}}), "t"),
        (rule({"sel": {"a|nonsense": "x"}}), "nonsense"),
        (rule({"sel": {"a|expand": "%admins%"}}), "stands for nothing here"),
        (rule({"sel": {"a|cidr": "1.2.3"}}), "CIDR"),
        (rule({"sel": {"a": "b"}}, "sel | count() > 5"), "Sigma correlations"),
        (rule({"sel": {"a": "b"}}, logsource={"product": "windows"}), "'windows', not for CloudTrail's"),
        (rule({"sel": {"a": "b"}}, logsource={"product": "aws", "service": "s3"}), "'s3'"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told_in_one_line(text, told):
    with pytest.raises(UsageError) as error:
        sigma_rule.parse(text)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.hint


def test_no_expression_takes_longer_than_its_text():
    """Callers choose what it is held against: backtracking would take for ever here."""
    assert not finds(rule({"sel": {"userAgent|re": "^(a+)+$"}}), {"userAgent": "a" * 50_000 + "!"})

"""Differences are by member, and the order of lists is none."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from apitrail.state.differing import canonical, differences


def told(old, new) -> list[tuple]:
    return [(each.path, each.kind, each.was, each.now) for each in differences(old, new)]


def test_members_by_their_path() -> None:
    old, new = {"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3, "d": 4}}
    assert told(old, new) == [("a.c", "changed", 2, 3), ("a.d", "added", None, 4)]


def test_the_order_of_a_list_is_no_difference_also_deep_inside() -> None:
    old = {"rules": [{"port": 1, "from": ["x", "y"]}, {"port": 2}]}
    new = {"rules": [{"port": 2}, {"from": ["y", "x"], "port": 1}]}
    assert told(old, new) == []
    assert canonical(old) == canonical(new)


def test_an_element_that_stands_twice_is_told_when_one_goes() -> None:
    assert told({"l": ["a", "a", "b"]}, {"l": ["b", "a"]}) == [("l", "removed", "a", None)]


def test_elements_of_one_thing_are_compared_inside() -> None:
    old = {"Tags": [{"Key": "env", "Value": "dev"}, {"Key": "team", "Value": "x"}]}
    new = {"Tags": [{"Key": "team", "Value": "x"}, {"Key": "env", "Value": "prod"}]}
    assert told(old, new) == [("Tags[env].Value", "changed", "dev", "prod")]


def test_a_range_that_is_added_to_a_port_is_told_under_the_port() -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    old = [{**rule, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    new = [{**rule, "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "0.0.0.0/0"}]}]
    assert told({"IpPermissions": old}, {"IpPermissions": new}) == [
        ("IpPermissions[tcp 22 22].IpRanges", "added", None, {"CidrIp": "0.0.0.0/0"})
    ]


def test_elements_that_share_an_identity_are_told_whole() -> None:
    old = {"l": [{"Name": "a", "v": 1}, {"Name": "a", "v": 2}]}
    new = {"l": [{"Name": "a", "v": 3}, {"Name": "a", "v": 4}]}
    assert [each[1] for each in told(old, new)] == ["removed", "removed", "added", "added"]


@pytest.mark.parametrize("empty", [None, "", [], {}, False])
def test_what_is_empty_is_as_good_as_absent(empty) -> None:
    assert told({"a": empty}, {}) == told({}, {"a": empty}) == []


def test_zero_is_not_absent() -> None:
    assert told({}, {"a": 0}) == [("a", "added", None, 0)]


def test_a_policy_in_a_string_is_compared_as_a_document() -> None:
    statement = [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"]}]
    old = json.dumps({"Version": "2012-10-17", "Statement": statement})
    turned = json.dumps({"Statement": statement, "Version": "2012-10-17"}, indent=2)
    assert told({"Policy": old}, {"Policy": turned}) == []
    assert told({"Policy": old}, {"Policy": quote(turned)}) == []
    other = old.replace("s3:Get*", "s3:*")
    assert [each[0] for each in told({"Policy": old}, {"Policy": other})] == [
        "Policy.Statement",
        "Policy.Statement",
    ]


@pytest.mark.parametrize("text", ["{", "[x", "%", "{" * 100_000, "%7B"])
def test_a_string_that_is_no_document_is_a_string(text: str) -> None:
    assert told({"a": text}, {"a": "b"}) == [("a", "changed", text, "b")]


def test_an_element_is_not_lacking_and_a_member_that_only_one_has_is() -> None:
    assert [each.lacking for each in differences({"l": ["a"]}, {"l": ["a", "b"]})] == [False]
    assert [each.lacking for each in differences({}, {"l": ["b"]})] == [True]
    assert [each.lacking for each in differences({}, {"m": 1})] == [True]

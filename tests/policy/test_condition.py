import pytest

from apitrail.errors import UsageError
from apitrail.policy import condition

SOURCE, TAGS, TIME = "aws:SourceIp", "aws:TagKeys", "aws:CurrentTime"
ARN = "aws:PrincipalArn"


def holds(block, unknown=frozenset(), **keys):
    values = {name.replace("__", ":").lower(): value for name, value in keys.items()}
    found = [
        each.holds(values, unknown) for each in condition.parse(block)
    ]  # fmt: skip
    return None if None in found else all(found)


def one(operator, key, wanted, *values):
    return holds({operator: {key: wanted}}, **({key.replace(":", "__"): values} if values else {}))


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "value", "expected"),
    [
        ("StringEquals", "aws:username", ["mary", "bob"], "bob", True),
        ("StringEquals", "aws:username", "mary", "Mary", False),
        ("StringEqualsIgnoreCase", "aws:username", "mary", "Mary", True),
        ("StringNotEquals", "aws:username", "mary", "bob", True),
        ("StringLike", "aws:username", "m*y", "mary", True),
        ("StringNotLike", "aws:username", "m*y", "mary", False),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/a*", "arn:aws:iam::1:role/ab", True),
        ("ArnLike", ARN, "arn:aws:iam::*:user/bob", "arn:aws:iam::1:role/x:user/bob", False),
        ("ArnLike", ARN, "arn:aws:iam::*:role/*", "arn:aws:iam::1:role/x:y/z", True),
        ("ArnNotEquals", ARN, "arn:aws:*:*:*:user/*", "arn:aws:iam::1:role/x", True),
        ("ArnLike", ARN, "arn:aws:iam::1:*", "AKIAIOSFODNN7EXAMPLE", False),
        ("Bool", "aws:SecureTransport", "true", "true", True),
        ("Bool", "aws:SecureTransport", "True", "true", True),
        ("IpAddress", SOURCE, "2001:db8::/32", "2001:db8:1::1", True),
        ("IpAddress", SOURCE, "2001:db8::/32", "10.0.0.1", False),
        ("Bool", "aws:SecureTransport", True, "false", False),
        ("IpAddress", SOURCE, "10.0.0.0/8", "10.1.2.3", True),
        ("IpAddress", SOURCE, "10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("NotIpAddress", SOURCE, "10.0.0.0/8", "192.0.2.1", True),
        ("NumericLessThanEquals", "s3:max-keys", "10", "10", True),
        ("NumericGreaterThan", "s3:max-keys", 10, "9", False),
        ("DateGreaterThan", TIME, "2026-01-01T00:00:00Z", "2026-11-27T03:00:00+00:00", True),
        ("DateLessThan", "aws:EpochTime", "1700000000", "1600000000", True),
    ],
)
def test_operators(operator, key, wanted, value, expected):
    assert one(operator, key, wanted, value) is expected


def test_a_key_that_is_not_there():
    assert one("StringEquals", "aws:username", "mary") is False
    assert one("StringNotEquals", "aws:username", "mary") is True
    assert one("StringEqualsIfExists", "aws:username", "mary") is True
    assert one("Null", "aws:username", "true") is True
    assert one("Null", "aws:username", "false", "mary") is True
    assert one("Null", "aws:username", "true", "mary") is False


def test_a_key_that_is_there_and_not_known():
    block = {"StringEquals": {"aws:username": "mary"}}
    assert holds(block, unknown=frozenset({"aws:username"})) is None


def test_keys_of_many_values():
    assert one("ForAllValues:StringEquals", TAGS, ["a", "b"], "a", "b") is True
    assert one("ForAllValues:StringEquals", TAGS, ["a"], "a", "b") is False
    assert one("ForAllValues:StringEquals", TAGS, ["a"]) is True
    assert one("ForAnyValue:StringEquals", TAGS, ["a"], "a", "b") is True
    assert one("ForAnyValue:StringEquals", TAGS, ["a"]) is False


def test_any_of_nothing_matches_nothing():
    assert one("ForAnyValue:StringNotEquals", TAGS, ["a"]) is False
    assert one("ForAnyValue:StringEqualsIfExists", TAGS, ["a"]) is False
    assert one("ForAllValues:StringNotEquals", TAGS, ["a"]) is True
    assert holds({"ForAnyValue:StringNotEquals": {TAGS: "a"}}, aws__tagkeys=()) is False
    assert holds({"Null": {TAGS: "True"}}, aws__tagkeys=()) is True


def test_all_conditions_must_hold():
    block = {"StringEquals": {"aws:username": "mary"}, "Bool": {"aws:SecureTransport": "true"}}
    assert holds(block, aws__username=("mary",), aws__securetransport=("false",)) is False


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({"StringIs": {"aws:username": "a"}}, "unknown condition operator"),
        ({"Some:StringEquals": {"aws:username": "a"}}, "unknown condition operator"),
        ({"StringEquals": {"aws:username": "${aws:userid}"}}, "policy variable"),
        ({"StringEquals": {"aws:username": {}}}, "no text"),
        ({"IpAddress": {SOURCE: "here"}}, "not an address"),
        ({"DateLessThan": {TIME: "tomorrow"}}, "not a date"),
        ({"Bool": {"aws:SecureTransport": "yes"}}, "not true or false"),
        ({"Null": {"aws:username": "maybe"}}, "neither true nor false"),
        ({"ArnLike": {ARN: "arn:aws:iam::*"}}, "not the six parts"),
        ({"StringNotEquals": {TAGS: "a"}}, "which has many values"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "cannot be known"),
        ([], "not an object"),
    ],
)
def test_what_cannot_be_decided_is_refused(block, problem):
    with pytest.raises(UsageError, match=problem):
        condition.parse(block)

"""The policy of how much to keep."""

import pytest

from apitrail.errors import UsageError
from apitrail.redact.keep import Keep, Level

BOB = "arn:aws:iam::123456789012:user/bob"


def test_without_rules_everything_is_kept():
    assert Keep().level("s3", "PutObject", BOB) is Level.FULL
    assert Keep.parse([]).level(None, None, None) is Level.FULL


def test_the_first_rule_that_fits_decides():
    keep = Keep.parse(
        [
            {"service": "dynamodb", "operation": "Put*", "level": "metadata"},
            {"service": "dynamodb", "level": "request"},
            {"principal": "*:user/bob", "level": "none"},
        ]
    )
    assert keep.level("dynamodb", "PutItem", BOB) is Level.METADATA
    assert keep.level("dynamodb", "GetItem", BOB) is Level.REQUEST
    assert keep.level("s3", "GetObject", BOB) is Level.NONE
    assert keep.level("s3", "GetObject", BOB + "by") is Level.FULL


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"service": "s3"}, True),
        ({"service": "S3"}, True),
        ({"service": "s"}, False),
        ({"service": "s?"}, True),
        ({"operation": "[GP]etObject"}, True),
        ({"operation": "getobject"}, True),
        ({"operation": "Get"}, False),
        ({"principal": BOB}, True),
        ({"principal": BOB.upper()}, False),
        ({"principal": "arn:aws:iam::*:user/*"}, True),
        ({"service": "s3", "operation": "Put*"}, False),
        ({}, True),
    ],
)
def test_patterns(rule, fits):
    keep = Keep.parse([{**rule, "level": "none"}])
    assert (keep.level("s3", "GetObject", BOB) is Level.NONE) == fits


def test_what_is_not_known_fits_only_the_star():
    keep = Keep.parse([{"principal": "arn:*", "level": "none"}, {"level": "metadata"}])
    assert keep.level("s3", "GetObject", None) is Level.METADATA
    assert Keep.parse([{"service": "?*", "level": "none"}]).level(None, None, None) is Level.FULL


def test_levels_are_ordered():
    assert Level.NONE < Level.METADATA < Level.REQUEST < Level.FULL


def test_rules_print_as_they_were_written():
    rules = [{"service": "s3", "level": "none"}, {"principal": "a*", "level": "full"}]
    assert [rule.to_json() for rule in Keep.parse(rules).rules] == rules


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"service": "s3"}, "keep is not a list of tables"),
        (["s3"], "keep rule 1 is not a table: 's3'"),
        ([{"level": "none"}, {"level": "some"}], "keep rule 2: no such level: 'some'"),
        ([{"service": "s3"}], "keep rule 1: no such level: None"),
        ([{"level": "none", "services": "s3"}], "keep rule 1: unknown field 'services'"),
        ([{"level": "none", "service": ["s3"]}], "keep rule 1: service is not a text"),
        ([{"level": "none", "service": ""}], "keep rule 1: service is not a text"),
        ([{"level": 3}], "keep rule 1: level is not a text"),
    ],
)
def test_a_malformed_policy_is_refused_with_a_hint(entries, message):
    with pytest.raises(UsageError, match=message) as caught:
        Keep.parse(entries)
    assert "[[keep]] takes service" in caught.value.hint

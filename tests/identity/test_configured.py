"""Identities from the settings."""

from __future__ import annotations

import pytest

from apitrail.errors import UsageError
from apitrail.identity.configured import identities

KEY, ARN = "AKIAIOSFODNN7EXAMPLE", "arn:aws:iam::123456789012:user/people/bob"


def test_an_arn_says_who_and_the_other_fields_add_to_it():
    [found] = identities({KEY: {"arn": ARN, "principal_id": "AIDA1"}}).values()
    assert (found.access_key_id, found.known, found.type) == (KEY, "configured", "IAMUser")
    assert (found.arn, found.account, found.user_name) == (ARN, "123456789012", "bob")
    assert found.principal_id == "AIDA1"


def test_an_account_alone_will_do():
    [found] = identities({KEY: {"account": "123456789012"}}).values()
    assert (found.account, found.arn, found.type) == ("123456789012", None, None)


@pytest.mark.parametrize(
    ("key", "entry", "message"),
    [
        ("", {"arn": ARN}, "not an access key id: ''"),
        ("AK IA", {"arn": ARN}, "not an access key id"),
        (KEY, ARN, "is not a table"),
        (KEY, {"role": ARN}, "unknown field 'role'"),
        (KEY, {"arn": 7}, "arn is not a text: 7"),
        (KEY, {}, "has neither arn nor account"),
        (KEY, {"user_name": "bob"}, "has neither arn nor account"),
        (KEY, {"account": "12345"}, "is not twelve digits"),
        (KEY, {"arn": "arn:aws:s3:::bucket"}, "names no principal"),
        (KEY, {"arn": ARN, "account": "999999999999"}, "is not the ARN's '123456789012'"),
    ],
)
def test_what_is_malformed_is_named_with_a_hint(key, entry, message):
    with pytest.raises(UsageError, match=message) as told:
        identities({key: entry})
    assert "[identities.AKIA" in str(told.value.hint)

"""Access key ids: accounts that are there are found, accounts that are not are not made up."""

import pytest

from apitrail.aws.sign import accesskey


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("ASIAY34FZKBOKMUTVV7A", "609629065308"),
        ("AKIARZPUZDIKGB2VALC4", "123456789012"),
        ("LSIARZPUZDIKGB2VALC4", "123456789012"),
        ("LKIARZPUZDIKGB2VALC4", "123456789012"),
        ("000000000000", "000000000000"),
        ("123456789012", "123456789012"),
    ],
)
def test_account_is_decoded(key, account):
    assert accesskey.account(key) == account


@pytest.mark.parametrize(
    "key",
    [
        "AKIAIOSFODNN7EXAMPLE",  # older than the encoding
        "AKIAI44QH8DHBEXAMPLE",  # not even base32
        "AKIAJZPUZDIKGB2VALC4",
        "AKIAPZPUZDIKGB2VALC4",  # the last fifth character without the flag
        "AKIA7777777777777777",  # would be an account of thirteen digits
        "AKIARZPUZDIKGB2VALC",  # one too short
        "AKIARZPUZDIKGB2VALC4Q",
        "akiarzpuzdikgb2valc4",
        "AROARZPUZDIKGB2VALC4",  # a role, not a key
        "test",
        "",
        "12345678901",
        "\uff11" * 12,
        "\x00" * 20,
    ],
)
def test_no_account_is_made_up(key):
    assert accesskey.account(key) is None


def test_kind_is_told_by_the_prefix():
    assert accesskey.kind("ASIAY34FZKBOKMUTVV7A") == "temporary access key"
    assert accesskey.kind("AROAY34FZKBOKMUTVV7A") == "role"
    assert accesskey.kind("test") is None

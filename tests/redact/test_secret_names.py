"""Names that announce a secret."""

import pytest

from apitrail.redact.secret_names import is_environment, is_secret_key, is_secret_member


@pytest.mark.parametrize(
    "name", ["Password", "masterUserPassword", "SecretString", "authToken", "private_key", "otp"]
)
def test_members_that_are_secrets(name):
    assert is_secret_member(name)


@pytest.mark.parametrize(
    "name",
    ["NextToken", "ClientRequestToken", "SecretId", "PasswordPolicy", "PublicKey", "TokenCount"],
)
def test_members_that_only_sound_like_one(name):
    assert not is_secret_member(name)


def test_keys_of_maps_follow_nobody_s_convention():
    assert is_secret_key("DB_PASSWORD_PROD")
    assert is_secret_key("DATABASE_URL")
    assert not is_secret_member("DATABASE_URL")
    assert not is_secret_key("Stage")


def test_variables_of_a_process_are_known_by_name():
    assert is_environment("environmentVariables")
    assert not is_environment("EnvironmentId")


@pytest.mark.parametrize(
    "name", ["password" + "1" * 180, "secret" + "Values" * 31, "token" + "0Strings" * 20]
)
def test_no_name_takes_long(name):
    """With each digit or word more it once took twice as long: for ever."""
    assert is_secret_member(name)
    assert not is_secret_member(name + "x")

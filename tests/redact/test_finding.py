"""Of a text only the value goes; the rest stays readable."""

import pytest

from apitrail.redact.finding import by_form, is_secret_text, lowered
from apitrail.redact.text import scrub

SECRET = "Kq7fT2mWx9ZrB4nLp8sVd3Yh"


@pytest.mark.parametrize(
    "text",
    [
        "db:\n  user: me\n  password: @@\n  host: h",
        '{"user":"me","password":"@@","host":"h"}',
        "ALTER USER u IDENTIFIED BY '@@' REQUIRE SSL",
        "COPY t FROM 's3://b/k' CREDENTIALS '@@' CSV",
        "mysql -u root -p@@ -h db && echo done",
        "Resources:\n  D:\n    Properties:\n      MasterUserPassword: @@\n      Engine: mysql\n",
        '{"name":"DB_PASSWORD","value":"@@","x":1}',
        "see https://me:@@@git.example/r.git (fetch)",
        "got Bearer @@, sorry",
        "x%3Fpassword%3D@@%26next%3D1",
        '"{\\"password\\":\\"@@\\",\\"user\\":\\"me\\"}"',
    ],
)
def test_only_the_value_goes(text):
    assert scrub(text.replace("@@", SECRET), lambda _: "@@") == text


def test_the_digest_is_of_the_secret_itself():
    found = []
    scrub("?X-Amz-Security-Token=a%2Fb%2Bc", lambda secret: found.append(secret) or "x")
    assert found == [b"a/b+c"]


def test_a_token_behind_its_account_goes_and_the_account_stays():
    account, token = "AC" + "0123456789abcdef" * 2, "89abcdef01234567" * 2
    told = f"twilio {account}:{token}, {account}:{token[:-1]}g {account}"

    assert scrub(told, lambda _: "@@") == told.replace(f":{token}", ":@@")


def test_forms_are_known_without_a_name():
    assert by_form(f"see ghp_{SECRET}{SECRET}"[:50])
    assert not by_form(f"password={SECRET}")


@pytest.mark.parametrize("name", ["DB_PASS", "apiToken", "client-secret", "AWS_SECRET_ACCESS_KEY"])
def test_names_that_tell(name):
    assert is_secret_text(name)


@pytest.mark.parametrize(
    "name", ["bypass", "password_file", "tokenizer", "secrets-manager", "KeyId"]
)
def test_names_that_do_not(name):
    assert not is_secret_text(name)


def test_lower_case_keeps_each_character_at_its_place():
    assert len(lowered("İPASSWORD")) == len("İPASSWORD")
    assert scrub(f"İ PASSWORD={SECRET}", lambda _: "@@") == "İ PASSWORD=@@"

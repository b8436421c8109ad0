"""What a redacted value says, what is redacted, and what stays."""

import base64
import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from apitrail.aws.call import Blob, Call, Map, Redacted
from apitrail.exchange import Body
from apitrail.redact import Redactor
from redacting import KEY, REDACTOR, SECRET, asked, exchange, found, post

FORM = re.compile(r"redacted:hmac-sha256:[0-9a-f]{8}:[A-Za-z0-9_-]{43}:[0-9]+")

# --- the value


def test_a_redacted_value_says_key_digest_and_length():
    value = REDACTOR.value("grün")
    assert isinstance(value, Redacted)
    assert FORM.fullmatch(value)
    assert value.split(":")[2] == REDACTOR.key_id
    assert value.endswith(":5")


def test_equal_secrets_correlate_under_one_key_alone():
    assert REDACTOR.value("x") == Redactor(KEY).value(b"x")
    assert REDACTOR.value("x") != REDACTOR.value("y")
    assert REDACTOR.value("x") != Redactor(b"another key").value("x")
    assert REDACTOR.key_id != Redactor(b"another key").key_id


def test_the_digest_is_a_plain_hmac():
    # What `printf x | openssl dgst -sha256 -hmac k -binary | base64` prints.
    assert Redactor(b"k").value("x").split(":")[3] == "w47ciBXISJ9kc4l49EAI-FljRVRfC6po72_PXFPlcYk"


def test_a_value_is_found_as_the_wire_spelled_it():
    plain, call = asked("secretsmanager", "PutSecretValue", {
        "SecretId": "s", "SecretBinary": b"bytes of it"})  # fmt: skip
    _, told = REDACTOR.both(plain, call)
    assert told.parameters["SecretBinary"] in REDACTOR.variants("bytes of it")
    assert REDACTOR.value(base64.b64encode(b"raw")) in REDACTOR.variants(b"raw")
    assert REDACTOR.value("typed") in REDACTOR.variants("typed\n")


def test_a_streamed_secret_is_found_too():
    blob = Blob(length=3, sha256=Body.of(b"abc").sha256)
    call = Call(
        service="lambda",
        operation="Invoke",
        parameters={"FunctionName": "f", "Payload": blob},
        sensitive_parameters=frozenset({("Payload",)}),
    )
    told = REDACTOR.call(call)
    assert told.parameters["Payload"] in REDACTOR.variants("abc")
    assert told.parameters["Payload"].endswith(":3")


# --- structure, names, what stays


def redacted(parameters, *, service="any", operation="Do", sensitive=()):
    call = Call(
        service=service,
        operation=operation,
        parameters=parameters,
        sensitive_parameters=frozenset(sensitive),
    )
    return REDACTOR.call(call).parameters


def test_a_structured_secret_keeps_its_structure_and_keys():
    value = {"Env": Map(A="one", B="two"), "List": ["x", 1, True, None]}
    got = redacted({"Secret1": value}, sensitive=[("Secret1",)])["Secret1"]
    assert got["Env"] == {"A": REDACTOR.value("one"), "B": REDACTOR.value("two")}
    assert isinstance(got["Env"], Map)
    assert got["List"] == [REDACTOR.value(x) for x in ("x", "1", "true")] + [None]


def test_a_sensitive_path_goes_through_lists_and_maps():
    got = redacted(
        {"Users": [{"Name": "n", "Word": "w"}], "Tags": Map(k={"Word": "w"})},
        sensitive=[("Users", "*", "Word"), ("Tags", "*", "Word")],
    )
    assert got["Users"] == [{"Name": "n", "Word": REDACTOR.value("w")}]
    assert got["Tags"]["k"]["Word"] == REDACTOR.value("w")


def test_times_and_numbers_can_be_secrets():
    moment = datetime(2020, 1, 2, tzinfo=UTC)
    got = redacted({"A": moment, "B": 7, "C": False}, sensitive=[("A",), ("B",), ("C",)])
    assert got["A"] == REDACTOR.value("2020-01-02T00:00:00+00:00")
    assert got["B"] == REDACTOR.value("7")
    assert got["C"] == REDACTOR.value("false")


@pytest.mark.parametrize(
    "name",
    [
        "NextToken", "nextToken", "ContinuationToken", "ClientToken", "ClientRequestToken",
        "IdempotencyToken", "KeyMaterialId", "TokenId", "ParameterName", "SecretId", "SecretArn",
        "PasswordPolicy", "MaxTokens", "LockToken", "nextForwardToken", "PaginationToken",
        "CredentialProviderArn", "SecretName", "UserName", "TokenType", "AccessKeyId", "HttpTokens",
        "ChangeToken", "CreatorRequestId", "x-amz-client-token", "nexttoken", "WebACLLockToken",
        "PortfolioShareToken", "BlockToken", "PublicKey", "publicKeyMaterial", "ApiKeyId",
    ],
)  # fmt: skip
def test_harmless_names_stay(name):
    assert redacted({name: "value-1"}) == {name: "value-1"}


@pytest.mark.parametrize(
    "name",
    [
        "Password", "adminUserPassword", "NewPassword1", "AuthToken", "sessionToken", "privateKey",
        "private_key", "client-secret", "ApiKey", "SecretString", "db.password", "X-Api-Key",
        "passphrase", "accessTokenValue", "kerberosKeytab", "sharedSecret", "OneTimePassword",
        "AdminToken", "ADMIN_TOKEN", "admintoken", "Token", "tokens", "ClimaxToken", "userDataOverride",
    ],
)  # fmt: skip
def test_telling_names_do_not(name):
    assert redacted({name: "value-1"}) == {name: REDACTOR.value("value-1")}
    assert redacted({"List": [{name: "value-1"}]})["List"][0][name] == REDACTOR.value("value-1")


@pytest.mark.parametrize("name", ["DB_PASSWORD", "PGPASSWORD_PROD", "GithubToken", "JWT", "dsn"])
def test_map_keys_and_pairs_tell_as_well(name):
    shown = REDACTOR.value("value-1")
    assert redacted({"Settings": Map({name: "value-1"})}) == {"Settings": {name: shown}}
    for first, second in (("Name", "Value"), ("key", "value"), ("ParameterKey", "ParameterValue")):
        got = redacted({"Things": [{first: name, second: "value-1"}]})
        assert got["Things"] == [{first: name, second: shown}]


def test_what_only_identifies_stays_though_the_trait_marks_it():
    got = redacted(
        {"SSEKMSKeyId": "key-1", "AccessKeyId": "AKIA1"},
        service="s3",
        operation="PutObject",
        sensitive=[("SSEKMSKeyId",), ("AccessKeyId",)],
    )
    assert got == {"SSEKMSKeyId": "key-1", "AccessKeyId": "AKIA1"}
    got = redacted(
        {"Credentials": {"AccessKeyId": "AKIA1", "x": "y"}}, sensitive=[("Credentials",)]
    )
    assert got["Credentials"] == {"AccessKeyId": "AKIA1", "x": REDACTOR.value("y")}


def test_a_resource_cannot_be_hidden_by_repeating_its_name_as_a_secret():
    got = redacted({"Bucket": "the-bucket", "Password": "the-bucket", "Comment": "the-bucket"})
    shown = REDACTOR.value("the-bucket")
    assert got == {"Bucket": "the-bucket", "Password": shown, "Comment": shown}
    plain = exchange(post(("Cookie", "sg-0123456789")))
    call = Call(service="ec2", operation="X", parameters={"GroupId": "sg-0123456789", "D": "d"})
    assert REDACTOR.both(plain, call)[1].parameters == call.parameters


def test_a_whole_side_can_be_sensitive():
    assert redacted({"A": {"B": "x"}}, sensitive=[()]) == {"A": {"B": REDACTOR.value("x")}}


def test_a_reference_under_a_telling_name_stays():
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s"
    assert redacted({"Password": arn, "secrets": [arn]}) == {"Password": arn, "secrets": [arn]}
    assert redacted({"Password": arn}, sensitive=[("Password",)])["Password"] != arn


def test_lists_and_maps_under_a_telling_name():
    shown = REDACTOR.value("v")
    assert redacted({"Tokens": ["v", {"TokenId": "v"}]}) == {"Tokens": [shown, {"TokenId": "v"}]}
    assert redacted({"Credentials": Map(a=["v"])}) == {"Credentials": {"a": [shown]}}
    got = redacted({"Tokens": ["arn:v", 7]}, sensitive=[("Tokens", "*")])
    assert got == {"Tokens": [REDACTOR.value("arn:v"), REDACTOR.value("7")]}


def test_a_private_key_in_bytes_goes():
    pem = b"-----BEGIN EC PRIVATE KEY-----\nMHc"
    assert redacted({"Data": pem}) == {"Data": REDACTOR.value(pem)}


def test_redacting_twice_changes_nothing():
    once = redacted({"Password": SECRET, "Text": f"?X-Amz-Signature={SECRET}"})
    assert redacted(once) == once


# --- secrets inside of text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"https://b.s3/k?X-Amz-Credential=AKIA%2F1&X-Amz-Signature={SECRET}&a=b", SECRET),
        (f"https://b.s3/k?AWSAccessKeyId=AKIA&Signature={quote(SECRET, safe='')}", SECRET),
        ("https://x/?url=" + quote(f"https://y/?a=b&X-Amz-Security-Token={SECRET}x", safe=""),
         "cnry-7f3Kq"),
        ("https://hooks/?token=abcdef123456", "abcdef123456"),
        ("https://user:hunter2hunter2@git.example/r", "hunter2hunter2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
        ("bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl ok", "c2lnbmF0dXJl"),
    ],
)  # fmt: skip
def test_credentials_inside_of_text_are_cut_out(text, secret):
    [got] = redacted({"Text": text}).values()
    assert found(secret, got) == []
    assert got.split("redacted:")[0] == text[: len(got.split("redacted:")[0])] != ""
    assert "redacted:hmac-sha256:" in got


def test_the_rest_of_a_url_stays():
    text = f"https://b.s3/k?X-Amz-Algorithm=AWS4&X-Amz-Signature={SECRET}&X-Amz-Expires=9"
    [got] = redacted({"Text": text}).values()
    assert (
        FORM.sub("S", got)
        == "https://b.s3/k?X-Amz-Algorithm=AWS4&X-Amz-Signature=S&X-Amz-Expires=9"
    )


@pytest.mark.parametrize(
    "text", ["a=b&c=d", "Name=value", "x@y.example", "https://x/?prefix=a&marker=b", "eyJ", "a?=b"]
)
def test_ordinary_text_stays(text):
    assert redacted({"Text": text}) == {"Text": text}

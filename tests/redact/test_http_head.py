"""Headers, targets, bodies and echoes."""

from urllib.parse import quote

import pytest

from apitrail.aws.call import Call
from apitrail.redact.text import scrub
from redacting import (
    NOTHING,
    REDACTOR,
    SECRET,
    SHOWN,
    after,
    answer,
    found,
    post,
)


def header_after(name, value, call=NOTHING):
    [_, (got_name, got)] = after(post((name, value)), call=call)[0].request.headers
    assert got_name == name
    return got


# --- headers


def test_authorization_keeps_scope_and_signed_headers():
    start = (
        "AWS4-HMAC-SHA256 Credential=AKIA1/20260101/eu-west-1/sqs/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature="
    )
    signature = "ab" * 32
    assert header_after("authorization", start + signature) == start + REDACTOR.value(signature)


@pytest.mark.parametrize("field", ["", "Token=t0k3nt0k3n, ", "password t0k3nt0k3n, "])
def test_what_else_is_in_an_authorization_goes_with_each_signature(field):
    scope = "Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/sqs/aws4_request"
    for digit in "012":
        signature = digit * 64
        got = header_after(
            "Authorization", f"AWS4-HMAC-SHA256 {scope}, {field}Signature={signature}"
        )

        assert signature not in got
        assert "t0k3n" not in got
        assert got.startswith("AWS4-HMAC-SHA256 ")
        assert ("Credential=AKIA" in got) is (field[:1] != "p")


def test_old_signatures_keep_the_key_id():
    assert header_after("Authorization", f"AWS AKIA1:{SECRET}") == f"AWS AKIA1:{SHOWN}"
    old = "AWS3-HTTPS AWSAccessKeyId=AKIA1,Algorithm=HmacSHA256,Signature="
    assert header_after("Authorization", old + "c2ln=") == old + REDACTOR.value("c2ln=")


@pytest.mark.parametrize(
    "value",
    [
        f"Bearer {SECRET}",
        f"Basic {SECRET}",
        SECRET,
        f"Unknown {SECRET}",
        f"AWS4-HMAC-SHA256 {SECRET}",
        f"AWS4-HMAC-SHA256 Credential=AKIA1/x, Other={SECRET}",
        f"AWS4-HMAC-SHA256 Signature={SECRET}, {SECRET}",
        f"bearer   {SECRET}",
        "AWS4-HMAC-SHA256 Credential=AKIA1/x, cnry-7f3Kq",
    ],
)
def test_other_authorizations_go_whole(value):
    assert "cnry" not in header_after("Authorization", value)
    assert found(SECRET, header_after("Proxy-Authorization", value)) == []


@pytest.mark.parametrize(
    "name",
    [
        "X-Amz-Security-Token", "x-amz-s3session-token", "Cookie", "Set-Cookie",
        "x-amz-server-side-encryption-customer-key", "X-Api-Key", "X-Amz-Secret", "x-vault-token",
        "x-amz-server-side-encryption-customer-key-MD5", "x-amzn-codebuild-password",
        "x-amz-copy-source-server-side-encryption-customer-key", "X-Auth-Token",
    ],
)  # fmt: skip
def test_secret_headers_go_whole(name):
    assert header_after(name, SECRET) == SHOWN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-amz-client-token", "abc"), ("X-Amz-Target", "S.PutThing"), ("x-amz-date", "2026"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "k"), ("x-amz-meta-note", "hello"),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("Content-MD5", "md5=="), ("ETag", "e"),
        ("amz-sdk-invocation-id", "i"), ("X-Amz-Continuation-Token", "t"),
    ],
)  # fmt: skip
def test_other_headers_stay(name, value):
    assert header_after(name, value) == value


@pytest.mark.parametrize(
    "name", ["Content-Length", "Date", "Last-Modified", "X-Amz-Crc32", "X-Amz-Date"]
)
@pytest.mark.parametrize(
    "value", [SECRET, "1234567890password=hunter2x", f"20260101T000000Z {SECRET}"]
)
def test_a_header_of_another_form_than_its_own_is_searched(name, value):
    assert header_after(name, f"token={value}") != f"token={value}"


def test_no_time_and_no_number_is_taken_for_a_secret():
    times = [
        f"{day}, 17 {month} 2026 10:11:12 GMT"
        for day in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        for month in [
            "Jan",
            "Feb",
            "Mar",
            "Apr",
            "May",
            "Jun",
            "Jul",
            "Aug",
            "Sep",
            "Oct",
            "Nov",
            "Dec",
        ]
    ]
    for value in (*times, "1" * 17, "20260101T000000Z"):
        assert scrub(value, lambda _: "@@") == value


def test_urls_in_headers_lose_their_credentials():
    response = answer(b"", ("Location", f"https://b.s3/k?X-Amz-Signature={SECRET}&a=1"))
    redacted, _ = after(post(("Referer", f"https://x/?Signature={SECRET}")), response)
    assert redacted.response.headers == (
        ("Location", f"https://b.s3/k?X-Amz-Signature={SHOWN}&a=1"),
    )
    assert redacted.request.headers[1] == ("Referer", f"https://x/?Signature={SHOWN}")


# --- target


@pytest.mark.parametrize(
    ("before", "want"),
    [
        ("/b/k?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=@&x-id=Get",
         "/b/k?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=#&x-id=Get"),
        ("/b/%20k?X-Amz-Security-Token=@", "/b/%20k?X-Amz-Security-Token=#"),
        ("/b/k?AWSAccessKeyId=AKIA&Signature=@&Expires=1", "/b/k?AWSAccessKeyId=AKIA&Signature=#&Expires=1"),
        ("/?Action=X&Password=@", "/?Action=X&Password=#"),
        ("/?Users.member.1.Password=@", "/?Users.member.1.Password=#"),
        ("/?%53ignature=@", "/?%53ignature=#"),
        ("/p?list-type=2&continuation-token=abc&&x", "/p?list-type=2&continuation-token=abc&&x"),
    ],
)  # fmt: skip
def test_targets_lose_their_credentials_and_nothing_else(before, want):
    sent = post(target=before.replace("@", quote(SECRET, safe="")))
    assert after(sent)[0].request.target == want.replace("#", SHOWN)


def test_a_short_secret_in_path_or_query_goes_too():
    call = Call(
        service="any",
        operation="Do",
        parameters={"Word": "a b", "Other": "pin"},
        sensitive_parameters=frozenset({("Word",), ("Other",)}),
    )
    sent = post(("X-Word", "pin"), target="/x/a%20b/pin?w=a+b&v=pin&pin=1", body=b"pin")
    redacted, _ = after(sent, call=call)
    assert redacted.request.body.redacted
    assert redacted.request.headers[1] == ("X-Word", REDACTOR.value("pin"))
    got = redacted.request.target
    one, two = REDACTOR.value("a b"), REDACTOR.value("pin")
    assert got == f"/x/{one}/{two}?w={one}&v={two}&pin=1"

"""Every form of credential AWS takes, and what is left of malformed ones."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.aws.sign import auth
from apitrail.aws.sign.credential import Credential
from apitrail.exchange import Body, Request

KEY = "AKIARZPUZDIKGB2VALC4"
ACCOUNT = "123456789012"
SCOPE = f"{KEY}/20260102/eu-central-1/dynamodb/aws4_request"
SIGNATURE = "0" * 64


def request(*headers, method="POST", target="/", body=b""):
    return Request(
        method=method,
        scheme="https",
        host="example.amazonaws.com",
        target=target,
        http_version="HTTP/1.1",
        headers=tuple(headers),
        body=Body.of(body),
    )


def form(body, content_type="application/x-www-form-urlencoded; charset=utf-8"):
    return request(("Content-Type", content_type), body=body)


def multipart(*pairs, boundary="xYz"):
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in pairs
    )
    body += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
        f"Content-Type: text/plain\r\n\r\nhello\r\n--{boundary}--\r\n"
    ).encode()
    return request(("Content-Type", f"multipart/form-data; boundary={boundary}"), body=body)


@pytest.mark.parametrize(
    "text",
    [
        f"Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature={SIGNATURE}",
        f"Credential={SCOPE},SignedHeaders=host;x-amz-date,Signature={SIGNATURE}",
        f"SignedHeaders=host;x-amz-date,   Signature={SIGNATURE} , Credential={SCOPE}",
    ],
)
def test_sigv4_header(text):
    found = auth.read(request(("authorization", "AWS4-HMAC-SHA256 " + text)))
    assert found == Credential(
        scheme="sigv4",
        access_key_id=KEY,
        date="20260102",
        region="eu-central-1",
        service="dynamodb",
        signed_headers=("host", "x-amz-date"),
        account=ACCOUNT,
    )


def test_key_ids_of_other_stores_may_hold_slashes():
    text = "AWS4-HMAC-SHA256 Credential=my/key/20260102/r/s3/aws4_request, SignedHeaders=host, Signature=0"
    found = auth.read(request(("Authorization", text)))
    assert (found.access_key_id, found.date, found.problems) == ("my/key", "20260102", ())


def test_session_token_makes_it_temporary():
    text = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature={SIGNATURE}"
    assert auth.read(request(("Authorization", text), ("X-Amz-Security-Token", "FwoG"))).temporary


def test_sigv4_query():
    scope = SCOPE.replace("/", "%2F")
    target = (
        f"/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-Date="
        f"20260102T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host%3Bx-amz-acl"
        f"&X-Amz-Security-Token=abc%2B&X-Amz-Signature={SIGNATURE}"
    )
    found = auth.read(request(method="GET", target=target))
    assert found.scheme == "sigv4-query"
    assert found.access_key_id == KEY
    assert (found.date, found.region, found.service) == ("20260102", "eu-central-1", "dynamodb")
    assert found.signed_headers == ("host", "x-amz-acl")
    assert found.temporary
    assert found.problems == ()


def test_query_names_are_case_sensitive():
    target = f"/?x-amz-algorithm=AWS4-HMAC-SHA256&x-amz-credential={SCOPE}"
    assert auth.read(request(method="GET", target=target)) == Credential(scheme="none")


def test_a_percent_encoded_name_does_not_hide_the_key():
    target = f"/?X-Amz%2DCredential={SCOPE}&X-Amz-Algorithm=AWS4-HMAC-SHA256"
    assert auth.read(request(method="GET", target=target)).access_key_id == KEY


def test_sigv4a_header_has_no_region_but_a_set():
    text = (
        f"AWS4-ECDSA-P256-SHA256 Credential={KEY}/20260102/events/aws4_request, "
        f"SignedHeaders=host;x-amz-region-set, Signature=3045"
    )
    found = auth.read(request(("Authorization", text), ("X-Amz-Region-Set", "us-east-1, eu-*")))
    assert found.scheme == "sigv4a"
    assert (found.date, found.region, found.service) == ("20260102", None, "events")
    assert found.region_set == ("us-east-1", "eu-*")
    assert found.problems == ()


def test_sigv4a_query():
    target = (
        f"/?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential={KEY}%2F20260102%2Fs3%2F"
        "aws4_request&X-Amz-Region-Set=%2A&X-Amz-SignedHeaders=host&X-Amz-Signature=30"
    )
    found = auth.read(request(method="GET", target=target))
    assert (found.scheme, found.service, found.region_set) == ("sigv4a-query", "s3", ("*",))
    assert found.problems == ()


def test_sigv2_header():
    found = auth.read(request(("Authorization", f"AWS {KEY}:frJIUN8DYpKDtOLCwo//yllqDzg=")))
    assert found == Credential(scheme="sigv2", access_key_id=KEY, account=ACCOUNT)


def test_sigv2_query():
    target = f"/b/k?AWSAccessKeyId={KEY}&Signature=NpgCjnDz%3D&Expires=1141889120"
    found = auth.read(request(method="GET", target=target))
    assert found == Credential(scheme="sigv2-query", access_key_id=KEY, account=ACCOUNT)


def test_sigv2_form():
    body = f"Action=ListDomains&AWSAccessKeyId={KEY}&SignatureVersion=2&Signature=ab%3D".encode()
    found = auth.read(form(body))
    assert found == Credential(scheme="sigv2-query", access_key_id=KEY, account=ACCOUNT)


def test_a_form_that_only_mentions_a_key_is_not_signed():
    body = f"Action=PutAttributes&Attribute.1.Value=AWSAccessKeyId%3D{KEY}".encode()
    assert auth.read(form(body)).scheme == "none"


def test_a_form_without_a_signature_version_is_not_signed():
    assert auth.read(form(f"AWSAccessKeyId={KEY}&Signature=x".encode())).scheme == "none"


def test_post_policy():
    found = auth.read(
        multipart(
            ("key", "user/${filename}"),
            ("X-Amz-Credential", f"{KEY}/20260102/us-east-1/s3/aws4_request"),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-security-token", "FwoG"),
            ("Policy", "eyJ9"),
            ("X-Amz-Signature", SIGNATURE),
        )
    )
    assert found.scheme == "post-policy"
    assert (found.access_key_id, found.region, found.service) == (KEY, "us-east-1", "s3")
    assert found.temporary
    assert found.problems == ()


def test_post_policy_of_the_old_kind():
    found = auth.read(multipart(("AWSAccessKeyId", KEY), ("policy", "e30="), ("signature", "x")))
    assert found == Credential(scheme="post-policy", access_key_id=KEY, account=ACCOUNT)


def test_fields_after_the_file_do_not_count():
    boundary = "b"
    body = (
        '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n'
        f'--b\r\nContent-Disposition: form-data; name="AWSAccessKeyId"\r\n\r\n{KEY}\r\n--b--\r\n'
    ).encode()
    content_type = f"multipart/form-data; boundary={boundary}"
    assert auth.read(form(body, content_type)).scheme == "none"


def test_express_session():
    scope = f"{KEY}/20260102/us-east-1/s3express/aws4_request"
    text = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={SIGNATURE}"
    found = auth.read(request(("Authorization", text), ("x-amz-s3session-token", "AgIC")))
    assert (found.scheme, found.service, found.temporary) == ("express", "s3express", True)


def test_bearer_token_is_only_hashed():
    found = auth.read(request(("Authorization", "Bearer s3cr3t")))
    assert found == Credential(scheme="bearer", bearer_sha256=hashlib.sha256(b"s3cr3t").hexdigest())


def test_roles_anywhere_has_no_access_key():
    text = (
        "AWS4-X509-RSA-SHA256 Credential=13768/20260102/us-east-1/rolesanywhere/aws4_request, "
        "SignedHeaders=host;x-amz-x509, Signature=aa"
    )
    found = auth.read(request(("Authorization", text)))
    assert (found.scheme, found.access_key_id) == ("x509", None)
    assert found.service == "rolesanywhere"


def test_nothing_is_anonymous():
    assert auth.read(request()) == Credential(scheme="none")


@pytest.mark.parametrize(
    ("authorization", "key", "problem"),
    [
        ("AWS4-HMAC-SHA256", None, "credential missing"),
        (f"AWS4-HMAC-SHA256 Credential={KEY}", KEY, "malformed credential scope"),
        (f"AWS4-HMAC-SHA256 Credential={KEY}/1/2", KEY, "malformed credential scope"),
        (f"AWS4-HMAC-SHA256 Credential={SCOPE}", KEY, "signature missing"),
        (
            f"AWS4-HMAC-SHA256 Credential={SCOPE}x, SignedHeaders=a, Signature=b",
            KEY,
            "credential scope does not end in aws4_request",
        ),
        (f"AWS {KEY}", KEY, "signature missing"),
        ("Basic dXNlcjpwdw==", None, "unknown authorization scheme 'Basic'"),
        ("ZXlKaGJHY2lPaUpJVXpJMU5pSjk", None, "authorization without a scheme"),
    ],
)
def test_malformed_header_is_a_problem(authorization, key, problem):
    found = auth.read(request(("Authorization", authorization)))
    assert found.access_key_id == key
    assert problem in found.problems


def test_problems_do_not_repeat_what_may_be_a_secret():
    found = auth.read(request(("Authorization", "hunter2-hunter2")))
    assert "hunter2" not in repr(found)


def test_header_and_query_together_are_a_problem():
    text = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature={SIGNATURE}"
    found = auth.read(request(("Authorization", text), target="/?AWSAccessKeyId=AKIA"))
    assert found.access_key_id == KEY
    assert found.problems == ("a credential in the header and another in the query",)


_TEXT = st.text(st.characters(max_codepoint=255), max_size=60)
_PIECES = st.sampled_from(
    [
        "AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 ", "AWS ", "Bearer ", "Credential=", ", ",
        "SignedHeaders=", "Signature=", SCOPE, "/", ":", "aws4_request", "X-Amz-Credential=",
        "X-Amz-Algorithm=", "AWSAccessKeyId=", "SignatureVersion=2", "&", "%", "%2F", "--b\r\n",
        'name="policy"', 'name="x-amz-credential"', "\r\n\r\n", "Content-Disposition: form-data; ",
    ]
)  # fmt: skip
_JUNK = st.lists(st.one_of(_PIECES, _TEXT), max_size=12).map("".join)


@given(
    authorization=st.none() | _JUNK,
    query=_JUNK,
    body=_JUNK,
    content_type=st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""]
    )
    | _JUNK,
)
def test_junk_never_raises(authorization, query, body, content_type):
    headers = [("Content-Type", content_type)]
    if authorization is not None:
        headers.append(("Authorization", authorization))
    found = auth.read(
        request(*headers, target="/?" + query, body=body.encode("latin-1", "replace"))
    )
    assert isinstance(found, Credential)


# What the digits of a signature at the end of a text are, as a pattern.
_AT_THE_END = re.compile(r"(?<=[,\s]Signature=)[0-9a-f]+\Z")


@pytest.mark.parametrize(
    "text",
    [
        "Credential=a, Signature=0a9f", "Credential=a,Signature=0a", "Signature=0a", " Signature=0a",
        "a, Signature=", "a, Signature=0A", "a, Signature=0a ", "a, Signature=0a, Signature=1b",
        "a, Signature=0a, Signature=x", "a, XSignature=0a", "a\u2003Signature=0a", "a\nSignature=0a\n",
        "", "Signature=", "a, Signature=0a,b=c", "a, signature=0a", "a, Signature=Signature=0a",
    ],
)  # fmt: skip
def test_the_digits_of_a_signature_are_found_at_the_end(text):
    found = _AT_THE_END.search(text)
    assert auth.signature_at(text) == (None if found is None else found.start())

"""Signatures recomputed: published vectors, botocore's own signers, and what forgeries give."""

from dataclasses import replace
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

import vectors
from apitrail.aws.sign import auth, signature
from apitrail.aws.sign.signature import Verdict
from apitrail.exchange import Body, Request

SUITE = vectors.read("sigv4")["requests"]
SUITE_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
DOCS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

KEY_ID = "AKIARZPUZDIKGB2VALC4"
SECRET = "a/secret+of=ours"
VALID = Verdict(outcome="valid")


def verdict(request, secret=SECRET, **options):
    return signature.verify(request, auth.read(request), secret, **options)


def of_suite(case):
    return Request(
        method=case["method"],
        scheme="https",
        host="example.amazonaws.com",
        target=case["target"],
        http_version="HTTP/1.1",
        headers=tuple((name, value) for name, value in case["headers"]),
        body=Body.of(case["body"].encode("latin-1")),
    )


# Its signature is not that of its own canonical request: botocore leaves this vector out too.
WRONG_AS_PUBLISHED = "get-vanilla-with-session-token"


@pytest.mark.parametrize("name", SUITE)
def test_published_signature(name):
    request = of_suite(SUITE[name])
    expected = "invalid" if name == WRONG_AS_PUBLISHED else "valid"
    assert verdict(request, SUITE_SECRET).outcome == expected
    assert verdict(request, SUITE_SECRET + "x").outcome == "invalid"


def test_suite_is_whole():
    assert len(SUITE) == 34


# --- what botocore signs


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    pass


class Client:
    """A botocore client that hands over what it would send."""

    def __init__(self, service, *, token=None, region="eu-west-1", **options):
        session = botocore.session.Session()
        session.set_credentials(KEY_ID, SECRET, token)
        self.client = session.create_client(service, region, **options)
        self.client.meta.events.register_first("before-send.*.*", self._catch)

    def _catch(self, request, **_):
        self.prepared = request
        raise Stopped

    def send(self, operation, **parameters):
        with pytest.raises(Stopped):
            getattr(self.client, operation)(**parameters)
        return received(self.prepared)


def received(prepared):
    url = urlsplit(prepared.url)
    body = prepared.body or b""
    if hasattr(body, "read"):
        body = body.read()
    text = {
        name: value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    return Request(
        method=prepared.method,
        scheme=url.scheme,
        host=url.netloc,
        target=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        http_version="HTTP/1.1",
        headers=tuple(text.items()),
        body=Body.of(body.encode() if isinstance(body, str) else bytes(body)),
    )


CALLS = [
    ("sts", "get_caller_identity", {}),
    ("dynamodb", "get_item", {"TableName": "t", "Key": {"k": {"S": "é"}}}),
    ("ec2", "describe_instances", {"Filters": [{"Name": "tag:a b", "Values": ["*~'"]}]}),
    ("lambda", "get_function", {"FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:f"}),
    ("lambda", "list_tags", {"Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f"}),
    ("iot", "list_things", {"attributeName": "a+b c", "attributeValue": "~/%"}),
    ("apigateway", "get_tags", {"resourceArn": "arn:aws:apigateway:eu-west-1::/restapis/x y"}),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m"}]}),
    ("sqs", "send_message", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/q", "MessageBody": "b"}),
    ("route53", "list_hosted_zones", {"MaxItems": "3"}),
    ("glacier", "list_vaults", {}),
    ("polly", "synthesize_speech", {"OutputFormat": "mp3", "Text": "t", "VoiceId": "Joanna"}),
    ("s3", "list_buckets", {}),
    ("s3", "list_objects_v2", {"Bucket": "bucket", "Prefix": "a b/ü+", "Delimiter": "/"}),
    ("s3", "put_object", {"Bucket": "bucket", "Key": "k", "Body": b"x", "Metadata": {"a": "b  c"}}),
    ("s3", "create_bucket", {"Bucket": "bucket"}),
    ("kms", "encrypt", {"KeyId": "k", "Plaintext": b"p"}),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "parameters"), CALLS)
@pytest.mark.parametrize("token", [None, "FwoGZXIvYXdzEBYaDHRva2Vu//+="])
def test_botocore_signature(service, operation, parameters, token):
    request = Client(service, token=token).send(operation, **parameters)
    assert verdict(request, session_token=token).outcome == "valid"
    assert verdict(request, "another secret") == Verdict(
        outcome="invalid", reason="the signature is another one"
    )


ODD_KEYS = [
    "a b",
    "a//b",
    "/lead",
    "a/../b",
    "./a",
    "é/日本",
    "a+b=c&d",
    "%41",
    "a%2Fb",
    "x~!*'()",
    "trail/",
]


@pytest.mark.parametrize("key", ODD_KEYS)
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_odd_object_keys(key, style):
    client = Client("s3", config=Config(s3={"addressing_style": style}))
    assert verdict(client.send("get_object", Bucket="bucket", Key=key)) == VALID


@pytest.mark.parametrize("key", ODD_KEYS)
def test_presigned_object_keys(key):
    client = Client("s3", token="tok/en+=", config=Config(signature_version="s3v4"))
    request = presigned(client, "get_object", Bucket="bucket", Key=key)
    assert auth.read(request).scheme == "sigv4-query"
    found = verdict(request, session_token="tok/en+=")
    assert found == Verdict(outcome="valid", reason="the payload is not signed")
    assert verdict(replace(request, host="tekcub.s3.amazonaws.com")).outcome == "invalid"
    assert verdict(replace(request, target="/x" + request.target)).outcome == "invalid"


def presigned(client, operation, method="GET", **parameters):
    url = urlsplit(client.client.generate_presigned_url(operation, Params=parameters))
    return Request(
        method=method,
        scheme="https",
        host=url.netloc,
        target=f"{url.path}?{url.query}",
        http_version="HTTP/1.1",
        headers=(("Host", url.netloc), ("Accept", "*/*")),
    )


def test_presigned_query_protocol():
    assert verdict(presigned(Client("sts"), "get_caller_identity", "POST")) == VALID


def test_presigned_url_of_an_upload_does_not_cover_the_body():
    client = Client("s3", config=Config(signature_version="s3v4"))
    request = presigned(client, "put_object", "PUT", Bucket="b-b", Key="k")
    found = verdict(replace(request, body=Body.of(b"anything")))
    assert found == Verdict(outcome="valid", reason="the payload is not signed")


def test_posted_policy():
    client = Client("s3", config=Config(signature_version="s3v4"))
    post = client.client.generate_presigned_post("bucket", "key")
    body = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in post["fields"].items()
    )
    body += b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nhello\r\n--x--\r\n'
    request = Request(
        method="POST",
        scheme="https",
        host="bucket.s3.amazonaws.com",
        target="/",
        http_version="HTTP/1.1",
        headers=(("Content-Type", "multipart/form-data; boundary=x"),),
        body=Body.of(body),
    )
    assert verdict(request) == Verdict(outcome="valid", reason="only the policy is signed")
    assert verdict(request, "no").outcome == "invalid"


# --- the body


def test_another_body_is_invalid():
    request = Client("dynamodb").send("list_tables")
    assert verdict(request) == VALID
    forged = replace(request, body=Body.of(b'{"Limit": 1}'))
    assert verdict(forged).outcome == "invalid"


def test_another_body_under_a_declared_hash_is_invalid():
    request = Client("s3").send("put_object_tagging", Bucket="b-b", Key="k", Tagging={"TagSet": []})
    assert verdict(request) == VALID
    assert verdict(replace(request, body=Body.of(b"<Tagging/>"))) == Verdict(
        outcome="invalid", reason="the payload is another one"
    )


def test_digest_of_a_body_that_was_not_kept_is_enough():
    request = Client("dynamodb").send("list_tables")
    prefix = replace(request.body, data=request.body.data[:1])
    assert verdict(replace(request, body=prefix)) == VALID


def test_another_session_token_is_invalid():
    request = Client("sts", token="one").send("get_caller_identity")
    assert verdict(request, session_token="two") == Verdict(
        outcome="invalid", reason="another session token"
    )


def test_date_of_another_day_is_invalid():
    request = Client("dynamodb").send("list_tables")
    headers = tuple((n, "19700101T000000Z" if n == "X-Amz-Date" else v) for n, v in request.headers)
    assert verdict(replace(request, headers=headers)) == Verdict(
        outcome="invalid", reason="the date is not the scope's"
    )


def test_date_header_counts_where_there_is_no_other():
    request = AWSRequest("GET", "https://example.com/", headers={"Date": "x"})
    SigV4Auth(Credentials(KEY_ID, SECRET), "execute-api", "eu-west-1").add_auth(request)
    prepared = received(request.prepare())
    assert prepared.header("x-amz-date") is None
    assert verdict(prepared) == VALID


def test_tampered_header_is_invalid():
    request = Client("dynamodb").send("list_tables")
    headers = tuple((n, v.replace("ListTables", "DropTable")) for n, v in request.headers)
    assert verdict(replace(request, headers=headers)).outcome == "invalid"


def test_headers_nobody_signed_may_change():
    request = Client("dynamodb").send("list_tables")
    headers = (*request.headers, ("X-Amzn-Trace-Id", "Root=1"))
    assert verdict(replace(request, headers=headers)) == VALID


@pytest.mark.parametrize(
    "host", ["dynamodb.eu-west-1.amazonaws.com:443", "DynamoDB.eu-west-1.amazonaws.com"]
)
def test_host_may_be_signed_in_its_plain_form(host):
    request = Client("dynamodb").send("list_tables")
    assert verdict(replace(request, host=host)) == VALID
    assert verdict(replace(request, host=host, scheme="http")).outcome == (
        "invalid" if host.endswith(":443") else "valid"
    )


def test_path_is_normalized_before_it_is_encoded_again():
    url = "https://example.com/a//b%20c/./x/../d%2Fe%20/"
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials(KEY_ID, SECRET), "execute-api", "eu-west-1").add_auth(request)
    assert verdict(received(request.prepare())) == VALID


def test_default_port_is_signed_as_it_was_sent():
    request = AWSRequest("GET", "https://example.com/", headers={"Host": "example.com:443"})
    SigV4Auth(Credentials(KEY_ID, SECRET), "execute-api", "eu-west-1").add_auth(request)
    prepared = received(request.prepare())
    assert verdict(replace(prepared, host="example.com:443")) == VALID


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-ECDSA-P256-SHA256 Credential=K/20260101/s3/aws4_request, SignedHeaders=host, Signature=3",
        "AWS AKIA:sig",
        "Bearer token",
        "AWS4-HMAC-SHA256 Credential=K",
        "AWS4-HMAC-SHA256 Credential=K/20260101/r/s/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=K/20260101/r/s/aws4_request, SignedHeaders=host, Signature=0",
        "",
    ],
)
def test_what_cannot_be_recomputed_is_unverifiable(authorization):
    request = Request(
        method="GET",
        scheme="https",
        host="h",
        target="/",
        http_version="HTTP/1.1",
        headers=(("Authorization", authorization),) if authorization else (),
    )
    assert verdict(request).outcome == "unverifiable"


# --- signed chunks: the two examples of the S3 API reference


def chunked(payload, seed, signatures, trailer=b"", more=()):
    pieces = [b"a" * 65536, b"a" * 1024, b""]
    body = b"".join(
        f"{len(piece):x};chunk-signature={sign}\r\n".encode() + piece + (b"\r\n" if piece else b"")
        for piece, sign in zip(pieces, signatures, strict=True)
    )
    headers = (
        ("Host", "s3.amazonaws.com"),
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", payload),
        ("Content-Encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"),
        *more,
    )
    names = ";".join(sorted(name.lower() for name, _ in headers))
    authorization = (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={names},Signature={seed}"
    )
    return Request(
        method="PUT",
        scheme="https",
        host="s3.amazonaws.com",
        target="/examplebucket/chunkObject.txt",
        http_version="HTTP/1.1",
        headers=(*headers, ("Authorization", authorization)),
        body=Body.of(body + (trailer or b"\r\n")),
    )


PLAIN = chunked(
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
    more=[("Content-Length", "66824")],
)
TRAILED = chunked(
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
    more=[("x-amz-trailer", "x-amz-checksum-crc32c")],
)


@pytest.mark.parametrize("request_", [PLAIN, TRAILED], ids=["plain", "trailer"])
def test_published_chunk_signatures(request_):
    assert verdict(request_, DOCS_SECRET) == VALID


@pytest.mark.parametrize("at", [100, 65536 + 300, -150])
def test_changed_chunk_is_invalid(at):
    data = bytearray(PLAIN.body.data)
    data[at] ^= 1
    found = verdict(replace(PLAIN, body=Body.of(bytes(data))), DOCS_SECRET)
    assert found.outcome == "invalid"


def test_changed_trailer_is_invalid():
    data = TRAILED.body.data.replace(b"sOO8/Q==", b"AAAA/Q==")
    found = verdict(replace(TRAILED, body=Body.of(data)), DOCS_SECRET)
    assert found == Verdict(outcome="invalid", reason="another trailer signature")


def test_missing_last_chunk_is_invalid():
    data = PLAIN.body.data[: PLAIN.body.data.rindex(b"0;chunk-signature")]
    assert verdict(replace(PLAIN, body=Body.of(data)), DOCS_SECRET).outcome == "invalid"


def test_chunks_that_were_not_kept_are_unverifiable():
    prefix = replace(PLAIN.body, data=PLAIN.body.data[:1000])
    assert verdict(replace(PLAIN, body=prefix), DOCS_SECRET).outcome == "unverifiable"


def test_unsigned_trailer_says_so():
    client = Client("s3")
    request = client.send("put_object", Bucket="bucket", Key="k", Body=b"data")
    assert request.header("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    assert verdict(request) == Verdict(outcome="valid", reason="the payload is not signed")


# --- junk


@given(data=st.data())
def test_mutations_are_never_valid_and_never_raise(data):
    request = MUTABLE
    name, value = data.draw(st.sampled_from(request.headers))
    junk = data.draw(st.text(st.characters(max_codepoint=255), max_size=30))
    at = data.draw(st.integers(0, len(value)))
    changed = tuple((n, value[:at] + junk if n == name else v) for n, v in request.headers)
    forged = replace(request, headers=changed)
    signed = auth.read(request).signed_headers
    same = " ".join(forged.header(name).split()) == " ".join(value.split())
    if name.lower() in signed and not same:
        assert verdict(forged).outcome != "valid"
    else:
        verdict(forged)


MUTABLE = Client("dynamodb").send("list_tables")

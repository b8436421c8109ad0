"""A call and its exchange without their secrets: bodies, hashes, echoes."""

import base64
import gzip
import json
import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from apitrail.aws.call import Blob, Call, Error, Map
from apitrail.exchange import Body
from apitrail.redact import Redactor
from redacting import (
    KEY,
    NOTHING,
    REDACTOR,
    SECRET,
    SHOWN,
    after,
    answer,
    asked,
    exchange,
    forms,
    found,
    post,
)

SECRETS = st.text(min_size=6, max_size=30).filter(
    lambda text: len(text.encode("utf-8", "replace")) > 5
)
WORDS = st.sampled_from(["alpha", "beta", "gamma", "delta"])


def test_a_body_without_secrets_stays():
    plain, call = asked("dynamodb", "GetItem", {"TableName": "t", "Key": {"id": {"S": "1"}}})
    redacted, told = REDACTOR.both(plain, call)
    assert redacted.request.body == plain.request.body
    assert told.parameters == call.parameters


def test_a_body_with_a_secret_is_told_by_length_and_keyed_digest():
    plain, call = asked("ssm", "PutParameter", {"Name": "n", "Value": SECRET})
    body = REDACTOR.both(plain, call)[0].request.body
    assert (body.data, body.length, body.redacted) == (b"", plain.request.body.length, True)
    assert body.sha256 == REDACTOR.digest(plain.request.body.sha256)


def test_no_hash_of_a_redacted_body_survives():
    plain, call = asked("ssm", "PutParameter", {"Name": "n", "Value": SECRET})
    sha256 = plain.request.body.sha256
    hashes = {
        "x-amz-content-sha256": sha256.hex(),
        "Content-MD5": "0123456789abcdef0123==",
        "x-amz-checksum-crc32": "AAAAAA==",
        "Digest": "sha-256=" + base64.b64encode(sha256).decode(),
    }
    request = replace(
        plain.request,
        headers=(*plain.request.headers, *hashes.items(), ("x-amz-checksum-algorithm", "CRC32")),
        trailers=(("x-amz-checksum-sha256", base64.b64encode(sha256).decode()),),
    )
    response = answer(b'{"Version":1}', ("ETag", '"0cc175b9c0f1b6a831c399e269772661"'))
    call = replace(call, result={"Version": 1, "ETag": '"0cc175b9c0f1b6a831c399e269772661"'})
    call = replace(call, parameters={**call.parameters, "ContentMD5": "0123456789abcdef0123=="})
    redacted, told = REDACTOR.both(exchange(request, response), call)
    for value in (*hashes.values(), sha256, "0cc175b9c0f1b6a831c399e269772661"):
        assert found(value, redacted, told) == []
    assert ("x-amz-checksum-algorithm", "CRC32") in redacted.request.headers


def test_hashes_of_the_request_stay_when_only_the_answer_goes():
    sha256 = Body.of(b"{}").sha256.hex()
    sent = post(("x-amz-content-sha256", sha256), body=b"{}")
    call = Call(service="any", operation="Do", parameters={}, result={"Password": SECRET})
    redacted, _ = after(sent, answer(b"it", ("x-amz-crc32", "1234567")), call)
    assert redacted.response.body.redacted
    assert redacted.response.headers == (("x-amz-crc32", REDACTOR.value("1234567")),)
    assert redacted.request == sent


def test_a_checksum_deep_in_an_answer_goes_with_the_body():
    md5 = "5d41402abc4b2a76b9719d911017c592"
    call = Call(
        service="sqs",
        operation="SendMessageBatch",
        parameters={"Entries": [{"MessageBody": f"https://b/?X-Amz-Signature={SECRET}"}]},
        result={"Successful": [{"Id": "1", "MD5OfMessageBody": md5}]},
    )
    assert found(md5, *after(post(body=b"it"), answer(b"{}"), call)) == []


@pytest.mark.parametrize(
    "call",
    [
        Call(),
        replace(NOTHING, operation=None),
        replace(NOTHING, parameters=None),
        NOTHING.doubting("body is not JSON"),
        NOTHING.doubting("decoding failed: KeyError"),
    ],
)
def test_an_undecoded_body_is_not_kept_unless_asked(call):
    sent = exchange(post(body=b"whatever it is"))
    assert REDACTOR.exchange(sent, call).request.body.redacted
    kept = Redactor(KEY, keep_undecoded=True).exchange(sent, call).request.body
    assert kept.data == b"whatever it is"


@pytest.mark.parametrize(
    "body",
    [
        b"<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></ErrorResponse>",
        b'{"code":"NotFound","message":"no"}',
    ],
)
def test_the_body_of_an_ordinary_refusal_is_kept(body):
    sent = exchange(post(), answer(body))
    refused = replace(NOTHING, result=None, error=Error(code="NoSuchEntity"))
    assert REDACTOR.exchange(sent, refused).response.body.data == body


def test_an_undecoded_answer_is_not_kept_but_a_refusal_is():
    sent = exchange(post(), answer(b"{}"))
    undecoded = replace(NOTHING, result=None)
    assert REDACTOR.exchange(sent, undecoded).response.body.redacted
    refused = replace(undecoded, error=Error(code="No"))
    assert REDACTOR.exchange(sent, refused).response.body.data == b"{}"


@pytest.mark.parametrize(
    "body",
    [
        b'{"unknown": {"Password": "hunter2"}}',
        b"Action=X&Version=1&Login.Password=hunter2",
        b"Action=X&AWSAccessKeyId=AKIA&Signature=abc%3D",
        b"<X><Password>hunter2</Password></X>",
        b'{"Passwords" : ["hunter2"]}',
        rb'{"Input": "{\"password\": \"hunter2\"}"}',
    ],
)
def test_a_secret_that_the_decoder_passed_over_is_seen(body):
    assert after(post(body=body))[0].request.body.redacted
    assert after(post(), answer(body))[0].response.body.redacted
    packed = gzip.compress(body)
    assert after(post(("Content-Encoding", "gzip"), body=packed))[0].request.body.redacted


def test_a_form_upload_is_never_kept():
    form = post(("Content-Type", "multipart/form-data; boundary=x"), body=b"--x...")
    assert after(form)[0].request.body.redacted


def test_what_signs_a_form_is_not_told_by_the_refusal():
    form = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)
        for name, value in ((b"policy", b"cG9saWN5LXRleHQ="), (b"x-amz-signature", b"ab" * 32))
    )
    upload = post(("Content-Type", "multipart/form-data; boundary=x"), body=form + b"--x--\r\n")
    old = post(body=b"Action=Select&Version=1&Signature=" + b"ab" * 32)
    for request, echo in ((upload, "cG9saWN5LXRleHQ="), (upload, "ab" * 32), (old, "ab" * 32)):
        refused = replace(NOTHING, result=None, error=Error(code="No", message=f"not {echo}"))
        redacted, told = after(request, answer(f"<E>{echo}</E>".encode(), status=403), refused)
        assert found(echo, redacted, told) == []


def test_an_object_stays_when_its_key_came_in_a_header():
    key = "0123456789abcdef0123456789abcdef"
    plain, call = asked("s3", "PutObject", {
        "Bucket": "b", "Key": "k", "Body": b"password=hunter2", "SSECustomerKey": key,
        "SSECustomerAlgorithm": "AES256"})  # fmt: skip
    redacted, told = REDACTOR.both(plain, call)
    assert redacted.request.body == plain.request.body
    assert found(base64.b64encode(key.encode()), redacted, told) == []
    assert found(key, redacted, told) == []


def test_an_object_that_holds_its_own_key_does_not():
    key = "0123456789abcdef0123456789abcdef"
    plain, call = asked("s3", "PutObject", {
        "Bucket": "b", "Key": "k", "Body": base64.b64encode(key.encode()), "SSECustomerKey": key,
        "SSECustomerAlgorithm": "AES256"})  # fmt: skip
    redacted, told = REDACTOR.both(plain, call)
    assert redacted.request.body.redacted
    assert found(plain.request.body.sha256, redacted, told) == []
    assert found(call.parameters["Body"].sha256, redacted, told) == []


def test_the_digest_of_a_streamed_secret_goes():
    body = Body.of(b"payload")
    call = Call(
        service="lambda",
        operation="Invoke",
        parameters={"Payload": Blob(length=7, sha256=body.sha256)},
        sensitive_parameters=frozenset({("Payload",)}),
    )
    assert found(body.sha256, *after(post(body=b"payload"), call=call)) == []


def test_an_echo_of_a_secret_is_replaced_everywhere():
    message = f"1 validation error: Value '{SECRET}' at 'value' failed"
    plain, call = asked(
        "ssm", "PutParameter", {"Name": "n", "Value": SECRET, "Description": SECRET}
    )
    call = replace(call, error=Error(code="V", message=message), problems=(f"odd {SECRET!r}",))
    body = json.dumps({"__type": "V", "message": message}).encode()
    response = answer(body, ("x-amzn-error", f"bad {quote(SECRET)}"), status=400)
    sent = replace(exchange(plain.request, response), failure=f"lost after {SECRET}")
    redacted, told = REDACTOR.both(sent, call)
    assert found(SECRET, redacted, told) == []
    assert told.error.message == f"1 validation error: Value '{SHOWN}' at 'value' failed"
    assert redacted.response.headers == (("x-amzn-error", f"bad {SHOWN}"),)
    assert told.parameters["Description"] == SHOWN


def test_an_echo_of_the_signature_or_the_token_drops_the_answer():
    signature = "ab" * 32
    request = post(
        ("Authorization", f"AWS4-HMAC-SHA256 Credential=AKIA/s, Signature={signature}"),
        ("X-Amz-Security-Token", SECRET),
    )
    for echo in (signature, SECRET):
        told = f"<SignatureProvided>{echo}</SignatureProvided>".encode()
        call = replace(
            NOTHING, error=Error(code="SignatureDoesNotMatch", message=echo), result=None
        )
        redacted, got = after(request, answer(told), call)
        assert redacted.response.body.redacted
        assert found(echo, redacted, got) == []


def test_an_echo_in_a_compressed_answer_is_seen():
    plain, call = asked("ssm", "PutParameter", {"Name": "n", "Value": SECRET})
    packed = gzip.compress(f"no: {SECRET}".encode())
    call = replace(call, error=Error(code="V"))
    for encoding in ("gzip", "br"):
        response = answer(packed, ("Content-Encoding", encoding))
        assert REDACTOR.exchange(exchange(plain.request, response), call).response.body.redacted


def test_a_secret_that_looks_like_a_digest_does_not_break_others():
    call = Call(
        service="any",
        operation="Do",
        parameters={"Password": "redacted", "Token": "hmac-sha256", "Text": "redacted hmac-sha256"},
    )
    got = REDACTOR.call(call).parameters
    want = f"{REDACTOR.value('redacted')} {REDACTOR.value('hmac-sha256')}"
    assert got["Text"] == want


def test_an_echo_in_a_map_key_is_replaced():
    call = Call(parameters={"Password": SECRET, "Tags": Map({f"k-{SECRET}": "v"})})
    assert REDACTOR.call(call).parameters["Tags"] == {f"k-{SHOWN}": "v"}


def test_the_longest_secret_is_replaced_first():
    call = Call(parameters={"Password": "abcdef", "Token": "abcdefgh", "Text": "abcdefgh abcdef"})
    got = REDACTOR.call(call).parameters["Text"]
    assert got == f"{REDACTOR.value('abcdefgh')} {REDACTOR.value('abcdef')}"


@pytest.mark.parametrize(
    "form",
    ["a&lt;b&gt;&quot;c&quot;d", "YTxiPiJjImQ%3D", "a%253Cb%253E%2522c%2522d", 'a<b>\\"c\\"d'],
)
def test_odd_spellings_of_an_echo(form):
    secret = 'a<b>"c"d'
    call = Call(parameters={"Password": secret}, error=Error(code="E", message=f"no: {form}"))
    assert REDACTOR.call(call).error.message == f"no: {REDACTOR.value(secret)}"


def test_error_messages_lose_credentials_of_their_own():
    message = f"cannot read https://b.s3/k?X-Amz-Signature={SECRET}"
    call = replace(NOTHING, error=Error(code="E", message=message))
    assert REDACTOR.call(call).error.message == message.replace(SECRET, SHOWN)


def test_a_cookie_cannot_blot_out_what_was_asked():
    sent = post(("Cookie", "victim-bucket"), ("X-Note", "victim-bucket"), target="/victim-bucket/k")
    redacted, _ = after(sent)
    assert redacted.request.target == "/victim-bucket/k"
    assert redacted.request.headers[2] == ("X-Note", "victim-bucket")


def test_a_host_that_is_also_a_secret_stays():
    plain, call = asked(
        "ssm", "PutParameter", {"Name": "n", "Value": "ssm.eu-west-1.amazonaws.com"}
    )
    sent = replace(plain, request=replace(plain.request, headers=(("Host", plain.request.host),)))
    redacted = REDACTOR.exchange(sent, call).request
    assert (redacted.host, redacted.headers) == (plain.request.host, sent.request.headers)


def test_a_body_too_large_to_unpack_is_not_searched_but_dropped():
    plain, call = asked("ssm", "PutParameter", {"Name": "n", "Value": SECRET})
    packed = gzip.compress(b" " * (17 << 20), 1)
    response = answer(packed, ("Content-Encoding", "gzip"))
    call = replace(call, result={"Version": 1})
    assert REDACTOR.exchange(exchange(plain.request, response), call).response.body.redacted


def test_echoes_of_very_many_secrets_are_found():
    secrets = [f"{n:04d}-é-secret" for n in range(400)]
    call = Call(parameters={"Passwords": secrets, "Text": f"a {secrets[17]} b {secrets[399]}"})
    got = REDACTOR.call(call).parameters["Text"]
    assert got == f"a {REDACTOR.value(secrets[17])} b {REDACTOR.value(secrets[399])}"


def test_a_long_secret_is_found_as_it_is_and_in_base64():
    secret = "long secret " * 500
    coded = base64.b64encode(secret.encode()).decode()
    call = Call(parameters={"Password": secret, "Text": f"<{secret}>", "More": f"<{coded}>"})
    told = REDACTOR.call(call).parameters
    assert told["Text"] == told["More"] == f"<{REDACTOR.value(secret)}>"


@st.composite
def trees(draw, secret, depth=0):
    """A value and the paths in it that are marked; the secret is also where it is not marked."""
    kind = draw(st.sampled_from(["leaf", "structure", "map", "list"] if depth < 3 else ["leaf"]))
    if kind == "leaf":
        marked = draw(st.booleans())
        as_bytes = draw(st.booleans())
        text = secret if marked else draw(st.sampled_from(["x", "é", f"in {secret} it", secret]))
        value = text.encode("utf-8") if as_bytes else text
        return value, [()] if marked else []
    names = draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
    parts = {name: draw(trees(secret, depth + 1)) for name in names}
    if kind == "structure":
        paths = [(name, *path) for name, (_, inner) in parts.items() for path in inner]
        return {name: value for name, (value, _) in parts.items()}, paths
    paths = [("*", *path) for _, inner in parts.values() for path in inner]
    values = [value for value, _ in parts.values()]
    return (Map(zip(names, values, strict=True)) if kind == "map" else values), paths


def in_python(secret):
    """How Python prints it, which nobody else does."""
    return {repr(secret)[1:-1], repr(secret.encode())[2:-1]}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), secret=SECRETS)
def test_no_marked_leaf_survives_in_any_form(data, secret):
    try:
        secret.encode()
    except UnicodeEncodeError:
        assume(False)
    value, paths = data.draw(trees(secret))
    assume(paths)
    form = data.draw(st.sampled_from(sorted(forms(secret) - in_python(secret) | {secret})))
    header = form.encode("utf-8", "replace").decode("latin-1")
    request = post(("X-Echo", header), target="/p/" + quote(form), body=f"[{form}]".encode())
    response = answer(f"no, {form}".encode(), ("X-Echo", header))
    call = Call(
        service="any",
        operation="Do",
        parameters={"Top": value},
        result={"Echo": [form, {"Deep": f"<{form}>"}], "Count": 1},
        error=Error(code="E", message=f"it was {form}"),
        sensitive_parameters=frozenset(("Top", *path) for path in paths),
        problems=(f"odd: {form}",),
    )
    redacted, told = REDACTOR.both(exchange(request, response), call)
    # Chance occurrences in what the test itself put around it are not leaks.
    around = exchange(post(("X-Echo", "in it was odd no é x"), target="/p/"), answer(b"no, "))
    assume(not found(secret, around, NOTHING, SHOWN, told.operation))
    assert found(secret, redacted, told) == []
    assert header not in redacted.request.headers[1][1]


@settings(max_examples=150, deadline=None)
@given(value=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    | st.dictionaries(st.text(), inner).map(Map),
), name=st.text(), header=st.text(), target=st.text(), body=st.binary())  # fmt: skip
def test_nothing_makes_it_fail(value, name, header, target, body):
    call = Call(service="s3", operation="X", parameters={name: value}, result={name: value})
    request = post((name, header), ("Authorization", header), target=target, body=body)
    response = answer(body, ("Content-Encoding", "gzip"), ("Content-Encoding", header))
    redacted, told = REDACTOR.both(exchange(request, response), call)
    assert set(told.parameters) == {name}
    assert len(redacted.request.headers) == 3
    assert re.fullmatch(r"[0-9a-f]{64}", redacted.request.body.sha256.hex())

"""Signatures as Standard Webhooks 1.0 has them, and keys that can be used."""

from __future__ import annotations

import pytest

from apitrail.errors import UsageError
from apitrail.recording.alerts import webhook_signature

# The example of the specification's reference libraries (standard-webhooks, "webhook_test").
SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_a_signature_is_the_one_of_the_reference_libraries():
    keys = webhook_signature.keys(SECRET, "a test")
    told = webhook_signature.headers(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert told == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_keys_make_two_signatures_so_that_one_can_be_changed():
    keys = webhook_signature.keys(SECRET + b"\n\n" + b"k" * 32 + b"\n", "a test")
    signed = webhook_signature.headers(keys, "a", 1, BODY)["webhook-signature"].split()
    alone = webhook_signature.headers(keys[1:], "a", 1, BODY)["webhook-signature"]
    assert len(signed) == 2
    assert signed[1] == alone


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"\n", "there is no key in X"), (b"short", "the key in X is too short"),
     (b"whsec_!!!!", "is not base64")],
)  # fmt: skip
def test_a_key_that_cannot_be_used_is_not_shown(content, told):
    with pytest.raises(UsageError, match=told) as error:
        webhook_signature.keys(content, "X")
    assert "short\n" not in str(error.value)
    assert "!!!!" not in str(error.value)

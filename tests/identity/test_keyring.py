"""Secrets of access keys: where they are read from, and what they tell of a signature."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from apitrail.aws.sign import auth
from apitrail.errors import UsageError
from apitrail.exchange import Body, Request
from apitrail.identity.keyring import Keyring

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
HOST = "sts.eu-west-1.amazonaws.com"
FORM = b"Action=GetCallerIdentity&Version=2011-06-15"


def signed(body: bytes = FORM, *, secret: str = SECRET, declared: bool = False) -> Request:
    about = AWSRequest("POST", f"https://{HOST}/", data=body)
    if declared:
        about.headers["X-Amz-Content-SHA256"] = Body.of(body).sha256.hex()
    SigV4Auth(Credentials(KEY, secret), "sts", "eu-west-1").add_auth(about)
    return Request(
        method="POST", scheme="https", host=HOST, target="/", http_version="HTTP/1.1",
        headers=(("Host", HOST), *about.headers.items()), body=Body.of(body),
    )  # fmt: skip


def verdict(request: Request, ring: Keyring | None = None, **options: bool) -> str:
    return (ring or Keyring({KEY: SECRET})).verdict(request, auth.read(request), **options)


def write(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


def test_right_wrong_and_unknown_are_told_apart():
    assert verdict(signed()) == "verified"
    assert verdict(signed(secret="other")) == "invalid"
    assert verdict(replace(signed(), body=Body.of(b"Action=Other"))) == "invalid"
    assert verdict(signed(), Keyring({})) == "unverifiable"


def test_of_a_streamed_body_what_the_header_says_is_checked():
    assert verdict(signed(declared=True), streamed=True) == "verified"
    assert verdict(signed(declared=True, secret="other"), streamed=True) == "invalid"
    assert verdict(signed(), streamed=True) == "unverifiable"


def test_a_keyring_and_the_sdks_profiles_are_read_and_the_keyring_wins(tmp_path):
    profiles = tmp_path / "credentials"
    profiles.write_text(
        f"[a]\naws_access_key_id = {KEY}\naws_secret_access_key = of the profile\n"
        "[half]\naws_access_key_id = AKIA2\n"
    )
    ring = write(tmp_path / "keyring.toml", f'{KEY} = "{SECRET}"\n')
    assert verdict(signed(), Keyring.read(ring, profiles)) == "verified"
    assert verdict(signed(secret="of the profile"), Keyring.read(None, profiles)) == "verified"


@pytest.mark.parametrize("content", [None, b"[broken\n", b"\xff\xfe"])
def test_the_sdks_own_file_is_theirs_to_judge(tmp_path, content):
    path = tmp_path / "credentials"
    if content is not None:
        path.write_bytes(content)
    assert verdict(signed(), Keyring.read(None, path)) == "unverifiable"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not TOML at all", "is not TOML"),
        (f'{KEY} = ""\n', f"{KEY} has no text"),
        (f"{KEY} = 7\n", f"{KEY} has no text"),
    ],
)
def test_a_malformed_keyring_is_refused_without_quoting_it(tmp_path, text, message):
    path = write(tmp_path / "keyring.toml", text)
    with pytest.raises(UsageError, match=message) as told:
        Keyring.read(path, None)
    assert "not TOML at all" not in str(told.value)
    assert "one line a key" in str(told.value.hint)


def test_a_keyring_is_for_its_owner_and_must_be_there(tmp_path):
    path = write(tmp_path / "keyring.toml", f'{KEY} = "{SECRET}"\n', mode=0o640)
    with pytest.raises(UsageError, match=r"the keyring .* can be read by others \(mode 0640\)"):
        Keyring.read(path, None)
    with pytest.raises(UsageError, match="cannot read the keyring"):
        Keyring.read(tmp_path / "none", None)

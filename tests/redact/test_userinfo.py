"""Messages repeat no user and no password of a URL."""

import subprocess
import sys

import pytest

from apitrail.recording.settings import Settings
from apitrail.redact.userinfo import without_userinfo


@pytest.mark.parametrize(
    "text",
    [
        "not an endpoint URL: 'http://me:hunter22@host:80/x'",
        "bad mode 'upstream:http://me:hunter22@proxy:3128@8080'",
        "bad mode 'upstream:http://me:hunter22@proxy:3128'",
        "bad mode 'upstream:me:hunter22@proxy'",
        "no scheme in the endpoint URL 'me:hunter22@host:80'",
        "write http://me:hunter22@host:80 or https://me:hunter22@host:80",
        "http://me:a/hunter22@host",
        "http://hunter22@host",
        "http://me:a@hunter22@host",
        'bad "http://me:it\'shunter22@host"',
    ],
)
def test_userinfo_goes(text):
    assert "hunter22" not in without_userinfo(text)
    assert without_userinfo(text).count("***@") == text.count("http://me:") + text.count(
        "https://me:"
    ) or "***@" in without_userinfo(text)


@pytest.mark.parametrize(
    "text",
    [
        "reverse:http://localhost:4566@4567",
        "listening (reverse:https://host:443@127.0.0.1:8080)",
        "cannot listen as 'reverse:http://127.0.0.1:1@4567': Address already in use",
        "regular@127.0.0.1:8080",
        "write to me@example.com",
        "http://localhost:4566",
    ],
)
def test_other_text_stays(text):
    assert without_userinfo(text) == text


@pytest.mark.parametrize(
    "options",
    [
        ("--upstream", "http://me:hunter22@host:80/x"),
        ("--upstream", "me:hunter22@host"),
        ("--upstream", "ftp://me:hunter22@host"),
        ("--upstream", "http://me:hunter22@host:99999"),
        ("--mode", "upstream:http://me:hunter22@host:x"),
        ("--mode", "reverse:me:hunter22@"),
        ("--mode", "what:http://me:hunter22@host"),
        ("--moode", "upstream:http://me:hunter22@host"),
        ("--mode=upstream:http://me:hunter22@host", "http://me:hunter22@host"),
    ],
)
def test_no_usage_error_repeats_it(options, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "apitrail", "record", "--trail", tmp_path / "t", *options],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "hunter22" not in done.stdout + done.stderr


def test_the_log_does_not_tell_it_either():
    told = Settings(
        modes=("upstream:http://me:hunter22@p:1@8080",), upstream="http://me:hunter22@h"
    )
    assert "hunter22" not in repr(told.summary())

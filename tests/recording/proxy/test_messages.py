"""What is said to a user, and that it quotes nothing."""

from __future__ import annotations

import logging

import pytest

from apitrail.errors import RecordingError
from apitrail.recording.proxy import messages
from apitrail.recording.proxy.messages import Voice


def record(message: str, level: int = logging.WARNING, error: BaseException | None = None):
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("mitmproxy.proxy.server", level, "x.py", 7, message, (), info)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "Client TLS handshake failed. The client does not trust the proxy's certificate for sts.amazonaws.com (OpenSSL Error([('SSL routines', '', 'unknown ca')]))",
            "a client does not trust the certificate for sts.amazonaws.com",
        ),
        (
            "Client TLS handshake failed. The client may not trust the proxy's certificate for a.example (x)",
            "a client does not trust the certificate for a.example",
        ),
        (
            "Server TLS handshake failed. Certificate verify failed: self-signed certificate",
            "the upstream's certificate is not good: self-signed certificate",
        ),
        ("Server TLS handshake failed. SECRET", "the TLS handshake with an upstream failed"),
        ("127.0.0.1: GET SECRET", "mitmproxy reports a problem at mitmproxy.proxy.server:7"),
    ],
)  # fmt: skip
def test_mitmproxys_words_become_ours(message, said):
    told = messages.translate(record(message))
    assert told.startswith(said)
    assert "SECRET" not in told


def test_of_an_error_that_is_not_ours_only_kind_and_place_are_said():
    def breaking() -> None:
        raise ValueError("SECRET")

    try:
        breaking()
    except ValueError as error:
        said = messages.safe(error)
        told = messages.translate(record("mitmproxy has crashed!", logging.ERROR, error))
    assert said.startswith("ValueError at breaking:")
    assert told.endswith(said)
    assert messages.safe(RecordingError("the disk is full")) == "the disk is full"


def test_each_line_is_said_once():
    told: list[str] = []
    voice = Voice(lambda text, _level: told.append(text))
    for text in ("a", "b", "a"):
        voice.handle(record(text))
    assert len(told) == 1  # neither quotes its message
    ours = logging.LogRecord("apitrail", logging.ERROR, "x.py", 1, "the disk is full", (), None)
    voice.handle(ours)
    assert told[-1] == "the disk is full"


def test_what_is_less_than_a_warning_is_not_said():
    told: list[str] = []
    voice = Voice(lambda text, _level: told.append(text))
    voice.attach()
    logging.getLogger("mitmproxy.test").info("client connect")
    voice.detach()
    logging.getLogger("mitmproxy.test").warning("later")
    assert told == []

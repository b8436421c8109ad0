"""What a running proxy says to the person who started it: one line each, and what to do.

It does not pass on what mitmproxy logs as it is: that quotes requests, and with them secrets.
"""

from __future__ import annotations

import logging
import re
import traceback

from apitrail.errors import Error
from apitrail.log_lines import Tell

# mitmproxy's messages that say something to a user (proxy/layers/tls.py,
# addons/tlsconfig.py), and what we say.
KNOWN = (
    (
        re.compile(
            r"Client TLS handshake failed\. The client (?:does|may) not trust .* for (\S+) \("
        ),
        "a client does not trust the certificate for {0}: its call did not go through",
        "give it the trail's ca-cert.pem: `apitrail exec -- CMD` does, `apitrail env` prints how",
    ),
    (
        re.compile(r"Server TLS handshake failed\. Certificate verify failed: ([\w .-]+)"),
        "the upstream's certificate is not good: {0}",
        "its calls do not go through; SSL_CERT_FILE names the authorities that are trusted",
    ),
    (
        re.compile(r"certificate authority has expired"),
        "the trail's CA has ended: clients refuse its certificates",
        "`apitrail ca rotate`, then give clients the new certificate",
    ),
    (
        re.compile(r"Server TLS handshake failed\."),
        "the TLS handshake with an upstream failed",
        None,
    ),
)
LOGGERS = ("mitmproxy", "apitrail")
REMEMBERED = 1_000


class Voice(logging.Handler):
    """Says each distinct line once; `tell` takes it."""

    def __init__(self, tell: Tell) -> None:
        super().__init__(logging.WARNING)
        self.tell = tell
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage() if record.name == "apitrail" else translate(record)
        self.say(text, record.levelname.lower())

    def say(self, text: str, level: str) -> None:
        """Say a line, unless it was said before."""
        if text in self._told:
            return
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told.add(text)
        self.tell(text, level)

    def attach(self) -> None:
        """Speak for mitmproxy and for us from now on."""
        for name in LOGGERS:
            logging.getLogger(name).addHandler(self)

    def detach(self) -> None:
        """Speak no more."""
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self)


def translate(record: logging.LogRecord) -> str:
    """One of mitmproxy's records in words that quote no traffic."""
    message = record.getMessage()
    for pattern, text, hint in KNOWN:
        if (match := pattern.search(message)) is not None:
            told = text.format(*match.groups())
            return told if hint is None else f"{told}\nhint: {hint}"
    error = record.exc_info[1] if record.exc_info else None
    where = f"{record.name}:{record.lineno}"
    return f"mitmproxy reports a problem at {where}" + (f": {safe(error)}" if error else "")


def safe(error: BaseException) -> str:
    """What may be said of an error: our own words, of others only what it is and where."""
    if isinstance(error, Error):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"

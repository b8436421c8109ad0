"""Timestamps (RFC 3161): an authority says that a checkpoint existed at a time.

A token is the authority's answer, whole, over SHA-256 of the checkpoint's text: what `openssl ts
-verify` takes. The library for it is an extra, and is loaded where one is asked for or checked.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509

from apitrail.errors import FormatError, UsageError
from apitrail.evidence.witness import asking
from apitrail.evidence.witness.submission import RefusedError

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

QUERY = "application/timestamp-query"

type Roots = tuple[x509.Certificate, ...]
"""The certificates that a verifier trusts."""


def check_installed() -> None:
    """Raises UsageError where the library is not there."""
    try:
        import rfc3161_client  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "timestamps need a library that is not installed",
            hint="pip install 'apitrail[timestamps]'",
        ) from error


def ask(url: str, text: str, *, seconds: float) -> bytes:
    """The authority's token for this text. Raises Error: it gave none.

    Who signed it is for the verifier to judge; here it is held to be of this text and this question.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(text.encode()).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.build()
    answer = asking.post(url, request.as_bytes(), kind=QUERY, seconds=seconds)
    if answer.status != 200:
        raise RefusedError(f"{url} answers {answer.status}")
    try:
        response = _decoded(answer.body)
    except FormatError as error:
        raise RefusedError(f"{url}: {error}") from error
    info = response.tst_info
    asked = request.message_imprint
    same = (info.message_imprint.message, info.nonce) == (asked.message, request.nonce)
    if not same or info.message_imprint.hash_algorithm != asked.hash_algorithm:
        raise RefusedError(f"{url} has stamped something else than it was sent")
    return answer.body


def roots(pem: bytes) -> Roots:
    """Certificates from PEM; raises FormatError."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise FormatError("no certificates in PEM") from error


def time_of(token: bytes, text: str, trusted: Roots) -> datetime | None:
    """When the text existed, if the token is of it and of an authority that is trusted."""
    from rfc3161_client import VerificationError, VerifierBuilder

    builder = VerifierBuilder(roots=list(trusted))
    try:
        response = _decoded(token)
        builder.build().verify_message(response, text.encode())
    except (VerificationError, FormatError, ValueError):
        return None
    return response.tst_info.gen_time


def _decoded(data: bytes) -> TimeStampResponse:
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(data)
        if response.status:
            raise FormatError(f"no timestamp: status {response.status}")
        _ = response.tst_info
    except ValueError as error:
        raise FormatError(f"no timestamp: {error}") from error
    return response

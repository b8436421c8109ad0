"""Who signed a request, as the request alone says. Names and roles are learned from calls."""

from __future__ import annotations

from typing import Literal

from apitrail.valueclass import valueclass

type Scheme = Literal[
    "sigv4", "sigv4-query", "sigv4a", "sigv4a-query", "sigv2", "sigv2-query",
    "post-policy", "express", "x509", "bearer", "none",
]  # fmt: skip


@valueclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The signature's claims; None is "does not say".

    `date` is the scope's YYYYMMDD; `region_set` is SigV4A's; `temporary` tells whether a
    session token came along; `bearer_sha256` (hex) stands for a bearer token. `x509` is Roles
    Anywhere's: a certificate signed, and there is no access key id.
    """

    scheme: Scheme
    access_key_id: str | None = None
    date: str | None = None
    region: str | None = None
    service: str | None = None
    signed_headers: tuple[str, ...] = ()
    region_set: tuple[str, ...] = ()
    temporary: bool = False
    bearer_sha256: str | None = None
    account: str | None = None
    problems: tuple[str, ...] = ()

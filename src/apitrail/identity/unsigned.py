"""Callers whom no access key names: federated, anonymous, or with a bearer token.

It does not verify tokens: what a token says is a claim until AWS accepts it.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from apitrail.aws.call import Call, Redacted
from apitrail.aws.sign.credential import Credential
from apitrail.identity.identity import ANONYMOUS, Identity

_LONGEST_TOKEN = 20_000  # characters, the limit of STS's WebIdentityToken

# Services whose unsigned requests CloudTrail shows as an unknown, anonymous principal.
_ANONYMOUS_SERVICES = frozenset({"cognito-idp", "cognito-identity"})


def identity(credential: Credential, call: Call | None) -> Identity:
    """Who an unsigned or a bearer request is from, as far as anybody can tell."""
    if credential.bearer_sha256 is not None:
        return Identity(
            bearer_sha256=credential.bearer_sha256, account=credential.account, known="claimed"
        )
    service = call.service if call is not None else None
    if service == "s3":
        return ANONYMOUS
    if service in _ANONYMOUS_SERVICES:
        return Identity(type="Unknown", principal_id="Anonymous")
    return Identity()


def federated(call: Call | None) -> Identity | None:
    """The caller of STS's two operations for federated users; None for any other call."""
    match call:
        case Call(service="sts", operation="AssumeRoleWithWebIdentity"):
            return _web(call.parameters or {}, call.result or {})
        case Call(service="sts", operation="AssumeRoleWithSAML"):
            return _saml(call.parameters or {}, call.result or {})
        case _:
            return None


def _web(parameters: dict[str, Any], result: dict[str, Any]) -> Identity:
    """`issuer:application:user`, from AWS's answer, or else from the token itself."""
    user = _text(result.get("SubjectFromWebIdentityToken"))
    if user is not None:
        provider, audience = _text(result.get("Provider")), _text(result.get("Audience"))
    else:
        claims = _claims(_text(parameters.get("WebIdentityToken")) or "")
        user, provider = _text(claims.get("sub")), _text(claims.get("iss"))
        audience = _text(claims.get("aud"))
        provider = provider or _text(parameters.get("ProviderId"))
    provider = _host(provider)
    known = [part for part in (provider, audience, user) if part]
    return Identity(
        type="WebIdentityUser",
        principal_id=":".join(known) or None,
        user_name=user,
        identity_provider=provider,
        known="learned" if "SubjectFromWebIdentityToken" in result else "claimed",
    )


def _saml(parameters: dict[str, Any], result: dict[str, Any]) -> Identity:
    subject, qualifier = _text(result.get("Subject")), _text(result.get("NameQualifier"))
    known = [part for part in (qualifier, subject) if part]
    return Identity(
        type="SAMLUser",
        principal_id=":".join(known) or None,
        user_name=subject,
        identity_provider=qualifier or _text(parameters.get("PrincipalArn")),
        known="learned" if subject else "claimed",
    )


def _host(provider: str | None) -> str | None:
    """An OIDC provider as CloudTrail names it: the issuer without scheme, or from its ARN."""
    if provider is None:
        return None
    return provider.partition(":oidc-provider/")[2] or provider.removeprefix("https://")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and not isinstance(value, Redacted) else None


def _claims(token: str) -> dict[str, Any]:
    """The payload of a JSON web token, unverified; {} if it is not a token."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _LONGEST_TOKEN:
        return {}
    try:
        payload = base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_")
        claims = json.loads(payload)
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}

"""The secrets of access keys, for telling whether a signature is right; none is stored."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from apitrail import private_file
from apitrail.aws.sign import signature
from apitrail.aws.sign.credential import Credential
from apitrail.errors import UsageError
from apitrail.exchange import Body, Request
from apitrail.identity.identity import Verdict

_HINT = 'a keyring is TOML, one line a key: AKIAIOSFODNN7EXAMPLE = "its secret"'

# What `signature` says, in the words of an identity.
VERDICTS: dict[str, Verdict] = {
    "valid": "verified",
    "invalid": "invalid",
    "unverifiable": "unverifiable",
}


class Keyring:
    """Secrets by access key id; `Keyring({})` verifies nothing."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = dict(secrets)

    @classmethod
    def read(cls, keyring: Path | None, profiles: Path | None) -> Keyring:
        """The secrets of a keyring file, and of AWS's shared credentials file if it is there.

        Raises:
            UsageError: the keyring cannot be read, others may read it, or it is malformed.
        """
        found = dict(_profiles(profiles)) if profiles is not None else {}
        return cls(found | (_keyring(keyring) if keyring is not None else {}))

    def verdict(
        self, request: Request, credential: Credential, *, streamed: bool = False
    ) -> Verdict:
        """Did the key's secret make this signature? Of a `streamed` body only its header is here."""
        secret = self._secrets.get(credential.access_key_id or "")
        if secret is None:
            return "unverifiable"
        if streamed and request.header("x-amz-content-sha256") is None:
            return "unverifiable"  # the signature covers what is yet to come
        if streamed:
            request = replace(request, body=_declared(request))
        return VERDICTS[signature.verify(request, credential, secret).outcome]


def _declared(request: Request) -> Body:
    """The body as its header announces it: whether it came so is told when it has passed."""
    declared = request.header("x-amz-content-sha256") or ""
    try:
        digest = bytes.fromhex(declared)
    except ValueError:
        digest = b""
    return Body(data=b"", length=1, sha256=digest)


def _keyring(path: Path) -> dict[str, str]:
    name = f"the keyring {str(path)!r}"
    content = private_file.read(path, name, hint=_HINT)
    try:
        entries = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        # The parser's message may quote the file, so it is not repeated.
        raise UsageError(f"{name} is not TOML", hint=_HINT) from None
    for key, secret in entries.items():
        if not isinstance(secret, str) or not secret:
            raise UsageError(f"{name}: {key} has no text", hint=_HINT)
    return entries


def _profiles(path: Path) -> Iterator[tuple[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(path, "utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return  # the file belongs to the SDKs; its form is not ours to judge
    for name in parser.sections():
        key = parser.get(name, "aws_access_key_id", fallback="")
        secret = parser.get(name, "aws_secret_access_key", fallback="")
        if key and secret:
            yield key, secret

"""Which names announce a secret: member names, map keys, headers and query parameters."""

from __future__ import annotations

import re
from functools import lru_cache

# Words that end the name of a secret, as they are after `_plain`: found by going through the
# member names of all of botocore's models that lack the `sensitive` trait (DirectConnect's
# authKey, STS's TokenCode, Storage Gateway's SecretToAuthenticateTarget ...).
_CORE = (
    "password", "passwd", "passphrase", "passcode", "pwd", "pincode",
    "secret", "secretkey", "secretaccesskey", "secretblob", r"secrettoauthenticate\w{1,20}",
    "token", "tokencode", "tokenvalue", "jwt", "assertion",
    "privatekey", "privkey", "sshkey", "keytab", "keymaterial",
    "apikey", "authkey", "accountkey", "sharedkey", "presharedkey", "psk", "licensekey",
    "bearer", "credential", "connectionstring", "cookie", "authorization",
    "authorizationcode", "authcode", r"authenticationcode\d?", "secretcode", "confirmationcode",
    "verificationcode", "devicecode", "codeverifier", "onetimepassword", "otp",
    "activationcode", "activationkey", "acceptcode", "unlockcode", "usercode", "invitecode",
    "personalpin", "passwordverifier",
    "userdata", "stringseed", "xamzsignature", r"customerkey(?:md5)?",
)  # fmt: skip

# What may follow such a word without making it harmless (`PasswordLength` is, `SecretString` not).
_FORM = (
    "value", "values", "string", "text", "plaintext", "plain", "data", "hash", "base64", "blob",
    "binary", "body", "pem", "hex", "raw", "s", "es", r"\d+", "new", "old", "current", "previous",
    "override",
)  # fmt: skip

_MEMBER = re.compile(rf"(?:{'|'.join(_CORE)})(?:{'|'.join(_FORM)})*$")
# Data keys (environment variables, tags, headers in a map) follow nobody's convention.
_KEY = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|jwt|privatekey|privkey|apikey|authkey"
    r"|accountkey|sharedkey|psk$|credential|connectionstring|cookie|authorization$|bearer"
    r"|dsn$|signature$|licensekey|encryptionkey$|accesskey$|databaseurl$|customerkey"
)

# Tokens that page, deduplicate or lock; AWS's own documentation prints them. The word in front
# of `token` decides, so that an AdminToken is no MinToken.
_HARMLESS_WORDS = (
    "next", "continuation", "page", "pagination", "paging", "client", "request", "idempotency",
    "idempotence", "idempotent", "creation", "creator", "update", "lock", "block", "change",
    "version", "conditional", "sequence", "starting", "start", "chunk", "marker", "previous",
    "forward", "backward", "resume", "position", "grant", "import", "execute", "provision",
    "terminate", "share", "cursor", "revision", "checkpoint", "scroll", "delta", "http", "max",
    "min", "input", "output", "total", "stop", "deduplication", "pattern", "dkim",
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ALL_LOWER = re.compile(rf"(?:{'|'.join(_HARMLESS_WORDS)})+tokens?$")
# Names that merely end alike: they say what kind, where or which, never the secret itself.
_HARMLESS = re.compile(
    r"(?:arns?|ids?|names?|types?|length|policy|rotation|enabled|versions?|expiry|expiration|expires"
    r"|expiresin|count|status|region|endpoint|(?<!database)url|uri|ttl|age|validity|algorithm"
    r"|format|file|path|kmskey|required|lifetime)$"
    r"|public(?:key)?(?:material|data|body)?$"
    r"|^(?:xamzcredential|xamzcontentsha256|chimebearer|xamzchimebearer|accesskeyid)$"
)
# Variables of a process, whatever a service calls them.
_ENVIRONMENT = re.compile(r"env(?:ironment)?(?:variables?|vars?)?(?:overrides?)?$")

_MAX_NAME = 200  # beyond, a name is data of a hostile client; the tail decides


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name[-_MAX_NAME:])).lower()


def _harmless(name: str, plain: str) -> bool:
    if plain.endswith(("token", "tokens")):
        words = [word.lower() for word in _WORD.findall(name[-_MAX_NAME:])]
        before = words[-2] if len(words) > 1 else ""
        return before in _HARMLESS_WORDS or _ALL_LOWER.match(words[-1] if words else "") is not None
    return _HARMLESS.search(plain) is not None


@lru_cache(maxsize=16384)
def is_secret_member(name: str) -> bool:
    """Does a member, header or query parameter of this name hold a secret?"""
    plain = _plain(name)
    return _MEMBER.search(plain) is not None and not _harmless(name, plain)


@lru_cache(maxsize=16384)
def is_secret_key(name: str) -> bool:
    """Does a map entry or environment variable of this name hold a secret?

    Wider than `is_secret_member`: people's names follow no convention.
    """
    plain = _plain(name)
    return _KEY.search(plain) is not None and not _harmless(name, plain)


@lru_cache(maxsize=16384)
def is_environment(name: str) -> bool:
    """Does a member of this name hold a process's environment variables?"""
    return _ENVIRONMENT.search(_plain(name)) is not None

"""Who may use a recorder that others can reach: operators, with a secret or a certificate each.

The list lies beside the trail's keys, mode 0600. A secret is shown once, when it is made; what is
kept of it is its scrypt digest, and of a certificate its fingerprint.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apitrail import durable, private_file
from apitrail.errors import UsageError
from apitrail.trail import database
from apitrail.trail.keys import Keys

FILE = "operators.json"

# A dot ends the name in a client's proxy URL (`Login`).
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# RFC 7914's example of interactive logins: 16 MiB, some 50 ms.
_COST = {"n": 1 << 14, "r": 8, "p": 1}
_SALT = 16
_DIGEST = 32
# So many right logins are remembered, so that a connection costs no scrypt.
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Login:
    """What a client's proxy URL says: `OPERATOR`, `OPERATOR.run-ID` or `run-ID`, and a secret."""

    operator: str | None
    run: str | None
    secret: str

    @classmethod
    def of(cls, user: str, secret: str, run_prefix: str) -> Login:
        """From user name and password."""
        name, dot, run = user.partition(".")
        if not dot and name.startswith(run_prefix):
            name, run = "", name
        return cls(name or None, run.removeprefix(run_prefix) or None, secret)


@dataclass(slots=True)
class Operators:
    """The operators of one trail."""

    path: Path
    _known: dict[bytes, None] = field(default_factory=dict)
    _stamp: tuple[int, int] | None = None
    _digests: Mapping[str, Any] = field(default_factory=dict)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @classmethod
    def of(cls, trail: Path) -> Operators:
        """Those of the trail in this directory."""
        return cls(Keys.of(trail).directory / FILE)

    def names(self) -> list[str]:
        """Their names, sorted; raises UsageError where the list cannot be read."""
        return sorted(self._read())

    def add(self, name: str) -> str:
        """Add one; gives the secret, which nothing keeps.

        Raises:
            UsageError: there is one of this name, or it can be none.
        """
        listed = self._listed_without(name)
        secret, salt = secrets.token_urlsafe(24), secrets.token_bytes(_SALT)
        about = {"scrypt": _COST, "salt": salt.hex(), "digest": _digest(secret, salt).hex()}
        self._write({**listed, name: about})
        return secret

    def add_certified(self, name: str, fingerprint: str) -> None:
        """Add one who shows the certificate with this SHA-256 (hex).

        Raises:
            UsageError: there is one of this name or certificate, or it can be none.
        """
        listed = self._listed_without(name)
        if (other := self.certified(fingerprint)) is not None:
            raise UsageError(
                f"the certificate belongs to operator {other!r} already",
                hint="each operator has a certificate of their own",
            )
        self._write({**listed, name: {"certificate": fingerprint}})

    def certified(self, fingerprint: str) -> str | None:
        """Whose certificate this is."""
        listed = self._read().items()
        return next((n for n, about in listed if about.get("certificate") == fingerprint), None)

    def _listed_without(self, name: str) -> Mapping[str, Any]:
        if not _NAME.fullmatch(name) or name.startswith("run-"):
            raise UsageError(
                f"not an operator's name: {name!r}",
                hint="letters, digits, `_` and `-`, at most 64, and not run-…",
            )
        listed = self._read()
        if name in listed:
            raise UsageError(
                f"there is an operator {name!r} already",
                hint=f"`apitrail operator remove {name}` first, for a new secret",
            )
        return listed

    def remove(self, name: str) -> None:
        """Take one away; raises UsageError where there is none of this name."""
        listed = dict(self._read())
        if listed.pop(name, None) is None:
            raise UsageError(f"no operator {name!r}", hint="`apitrail operator list` names them")
        self._write(listed)

    def has_secret(self, name: str) -> bool:
        """Does this operator log in by a secret, and not by a certificate?"""
        return "digest" in self._read().get(name, {})

    def knows(self, name: str, secret: str) -> bool | None:
        """Was this login right before? None where it must be checked."""
        listed = self._read()  # who was removed is not known any more
        if name not in listed:
            return False
        return True if self._mark(name, secret) in self._known else None

    def check(self, name: str, secret: str) -> bool:
        """Is this the operator's secret? Takes long on purpose."""
        about = self._read().get(name, {})
        if "digest" not in about:
            return False  # no operator, or one with a certificate
        expected, salt = bytes.fromhex(about["digest"]), bytes.fromhex(about["salt"])
        if not hmac.compare_digest(_digest(secret, salt, about["scrypt"]), expected):
            return False
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[self._mark(name, secret)] = None
        return True

    def _mark(self, name: str, secret: str) -> bytes:
        return hmac.digest(self._key, f"{name}\0{secret}".encode(errors="replace"), "sha256")

    def _read(self) -> Mapping[str, Any]:
        """The list as it is now; read again only where the file is another one."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._stamp, self._digests = None, {}
            self._known.clear()
            return {}
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            self._digests = _parse(private_file.read(self.path), self.path)
            self._stamp = stamp
            self._known.clear()
        return self._digests

    def _write(self, listed: Mapping[str, Any]) -> None:
        content = json.dumps({"operators": listed}, indent=2).encode()
        with database.writing(self.path.parents[1]):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            durable.write(self.path, content, mode=0o600)


def fingerprint(path: Path) -> str:
    """SHA-256 (hex) of the first certificate in a PEM file; raises UsageError where there is none."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
    except OSError as error:
        raise UsageError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except (ValueError, IndexError) as error:
        raise UsageError(
            f"no certificate in {str(path)!r}", hint="it begins with -----BEGIN CERTIFICATE-----"
        ) from error
    return certificate.fingerprint(hashes.SHA256()).hex()


def _digest(secret: str, salt: bytes, cost: Mapping[str, int] = _COST) -> bytes:
    return hashlib.scrypt(
        secret.encode(errors="replace"), salt=salt, n=cost["n"], r=cost["r"], p=cost["p"],
        dklen=_DIGEST, maxmem=64 * 1024 * 1024,
    )  # fmt: skip


def _parse(content: bytes, path: Path) -> Mapping[str, Any]:
    try:
        listed = json.loads(content)["operators"]
        for about in listed.values():
            if "certificate" in about:
                bytes.fromhex(about["certificate"])
                continue
            [about["scrypt"][name] + 0 for name in _COST]
            bytes.fromhex(about["salt"] + about["digest"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{str(path)!r} is no list of operators", hint="bring it back from a backup"
        ) from error
    found: Mapping[str, Any] = listed
    return found

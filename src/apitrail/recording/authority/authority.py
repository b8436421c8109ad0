"""The CA's certificate: how it is made from a key, and what it says."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from apitrail.errors import FormatError
from apitrail.recording.authority.permitted import Permitted

type Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

KEY_SIZE = 2048

# A certificate begins before it is made, for clients whose clock is late (as mitmproxy's do).
_BACKDATED = dt.timedelta(days=2)
_LIFE = dt.timedelta(days=3650)
# So long before its end people are told of it.
_NOTICE = dt.timedelta(days=30)

_USAGE = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
    encipher_only=False, decipher_only=False,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA's certificate."""

    certificate: x509.Certificate

    @classmethod
    def make(
        cls,
        key: Key,
        permitted: Permitted | None,
        *,
        now: dt.datetime,
        serial: int,
        only: str | None = None,
    ) -> Authority:
        """A new one for this key, which may sign for what is permitted, or (None) for all hosts.

        The subject has a part of the key's digest, and the host that it is `only` for: where a
        client trusts two CAs, it must not take one for the other.
        """
        key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        name = _name(f"apitrail {key_id.digest.hex()[:8]}", only)
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = (
            x509.CertificateBuilder(issuer_name=name, subject_name=name, serial_number=serial)
            .public_key(key.public_key())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now - _BACKDATED + _LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(server, critical=False)
            .add_extension(_USAGE, critical=True)
            .add_extension(key_id, critical=False)
        )
        if permitted is not None:
            builder = builder.add_extension(permitted.extension(), critical=True)
        return cls(builder.sign(key, hashes.SHA256()))

    @classmethod
    def parse(cls, pem: bytes) -> Authority:
        """The first certificate in a PEM file; raises FormatError where there is none."""
        try:
            return cls(x509.load_pem_x509_certificates(pem)[0])
        except (ValueError, IndexError) as error:
            raise FormatError("no certificate in PEM") from error

    @property
    def pem(self) -> bytes:
        """The certificate as clients take it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def subject(self) -> str:
        """Its name (RFC 4514)."""
        return self.certificate.subject.rfc4514_string()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as openssl and keytool print it."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def permitted(self) -> Permitted | None:
        """What it may sign for; None where that is any host."""
        return Permitted.in_(self.certificate)

    def covers(self, host: str) -> bool:
        """May it sign for this name or address?"""
        permitted = self.permitted
        return permitted is None or permitted.covers(host)

    def is_of(self, other: Authority) -> bool:
        """Have the two one key?"""
        return self.certificate.public_key() == other.certificate.public_key()

    @property
    def begins(self) -> dt.datetime:
        """From when on it is valid."""
        return self.certificate.not_valid_before_utc

    @property
    def ends(self) -> dt.datetime:
        """Until when it is valid."""
        return self.certificate.not_valid_after_utc


def ending(authority: Authority, now: dt.datetime) -> str | None:
    """What to say of a CA in its last month; of one that has ended mitmproxy's own words are told."""
    if not authority.ends - _NOTICE <= now < authority.ends:
        return None
    return (
        f"the trail's CA ends on {authority.ends:%Y-%m-%d}\n"
        "hint: `apitrail ca rotate`, then give clients the new certificate"
    )


def _name(common: str, only: str | None) -> x509.Name:
    # X.520 gives a common name 64 characters at most, and a host may have more.
    digest = "" if only is None else f" {hashlib.sha256(only.encode()).hexdigest()[:16]}"
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common + digest),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "apitrail"),
        ]
    )


def with_key(key: Key, authority: Authority) -> bytes:
    """Key and certificate in one PEM file, as mitmproxy reads them."""
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return secret + authority.pem


def parse_with_key(pem: bytes) -> tuple[Key, Authority]:
    """Such a file's two parts; raises FormatError where it has not both, or they are no pair."""
    authority = Authority.parse(pem)
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FormatError("no key in PEM") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise FormatError("a key of a kind that the proxy cannot use")
    if key.public_key() != authority.certificate.public_key():
        raise FormatError("the key is not the certificate's")
    return key, authority

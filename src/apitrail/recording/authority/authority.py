"""The CA's certificate: how it is made from a key, and what it says."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from apitrail.errors import FormatError

KEY_SIZE = 2048

# A certificate begins before it is made, for clients whose clock is late (as mitmproxy's do).
_BACKDATED = dt.timedelta(days=2)
_LIFE = dt.timedelta(days=3650)

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
    def make(cls, key: rsa.RSAPrivateKey, *, now: dt.datetime, serial: int) -> Authority:
        """A new one for this key.

        The subject has a part of the key's digest: where a client trusts an old and a new CA, it
        must not take one for the other.
        """
        key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, f"apitrail {key_id.digest.hex()[:8]}"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "apitrail"),
            ]
        )
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
    def begins(self) -> dt.datetime:
        """From when on it is valid."""
        return self.certificate.not_valid_before_utc

    @property
    def ends(self) -> dt.datetime:
        """Until when it is valid."""
        return self.certificate.not_valid_after_utc


def with_key(key: rsa.RSAPrivateKey, authority: Authority) -> bytes:
    """Key and certificate in one PEM file, as mitmproxy reads them."""
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return secret + authority.pem


def parse_with_key(pem: bytes) -> Authority:
    """The certificate of such a file; raises FormatError where it has not the two, or not a pair."""
    authority = Authority.parse(pem)
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FormatError("no key in PEM") from error
    if key.public_key() != authority.certificate.public_key():
        raise FormatError("the key is not the certificate's")
    return authority

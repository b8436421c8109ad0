"""A certificate that says the same of another key."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from apitrail.recording.authority.authority import Key


def of_key(
    certificate: x509.Certificate, key: ec.EllipticCurvePublicKey, signing: Key
) -> x509.Certificate:
    """The same names, times, extensions and issuer, with a serial number of its own."""
    builder = x509.CertificateBuilder(
        certificate.issuer, certificate.subject, key, x509.random_serial_number(),
        certificate.not_valid_before_utc, certificate.not_valid_after_utc,
    )  # fmt: skip
    for each in certificate.extensions:
        if not isinstance(each.value, x509.SubjectKeyIdentifier):
            builder = builder.add_extension(each.value, critical=each.critical)
    return builder.sign(signing, hashes.SHA256())

"""Where on this machine a CA's certificate may have been put by hand, and how it is taken out there.

Stores are only read. `exec` and `env` put the CA into none of them: they make bundles in the trail.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from apitrail.recording.authority.authority import Authority

_ANCHOR, _MADE = (
    "rm {path} && {again}",
    "{again}, once its file is taken out of the directories above",
)
_JAVA = "keytool -delete -alias {alias} -keystore {path}"
_JAVA_NAMES = "; keytool -list -v -keystore {path} lists the names"
_NSS = "certutil -D -d sql:{directory} -n NAME; certutil -L -d sql:{directory} lists the names"
_KEYCHAIN = "security delete-certificate -Z {sha1} {path}"
# Where systems, browsers and Java keep what they trust, and what takes a certificate out there. From
# update-ca-certificates(8), update-ca-trust(8), trust(1), keytool(1), certutil(1) and security(1).
_SYSTEM = (
    ("usr/local/share/ca-certificates/**/*.crt", _ANCHOR, "update-ca-certificates"),
    ("etc/pki/ca-trust/source/anchors/*", _ANCHOR, "update-ca-trust"),
    ("etc/ca-certificates/trust-source/anchors/*", _ANCHOR, "trust extract-compat"),
    ("etc/ssl/certs/ca-certificates.crt", _MADE, "update-ca-certificates"),
    ("etc/pki/tls/certs/ca-bundle.crt", _MADE, "update-ca-trust"),
    ("etc/ssl/cert.pem", _MADE, "update-ca-trust"),
    ("usr/lib/jvm/*/lib/security/cacerts", _JAVA, ""),
    ("usr/lib/jvm/*/jre/lib/security/cacerts", _JAVA, ""),
    ("etc/ssl/certs/java/cacerts", _JAVA, ""),
    ("etc/pki/java/cacerts", _JAVA, ""),
    ("Library/Keychains/System.keychain", _KEYCHAIN, ""),
)
_HOME = (
    (".pki/nssdb/cert9.db", _NSS, ""),
    (".mozilla/firefox/*/cert9.db", _NSS, ""),
    ("snap/firefox/common/.mozilla/firefox/*/cert9.db", _NSS, ""),
    ("snap/chromium/current/.pki/nssdb/cert9.db", _NSS, ""),
    ("Library/Keychains/login.keychain-db", _KEYCHAIN, ""),
)
# Variables that name a bundle of the user's own.
_VARIABLES = (
    "AWS_CA_BUNDLE", "CARGO_HTTP_CAINFO", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
    "PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE",
)  # fmt: skip
_BUNDLE = "take the certificate out of {path}, which {again} names"
_AWS_CONFIG = re.compile(r"^\s*ca_bundle\s*=\s*(\S.*?)\s*$", re.MULTILINE)
_TRUST_STORE = re.compile(r"-Djavax\.net\.ssl\.trustStore=(\S+)")
# keytool's own, which most stores keep.
_PASSWORDS = (b"changeit", b"", None)
# Far more than the store of any system.
_MOST = 1 << 26

type _Place = tuple[Path, str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A store that has the certificate, and what takes it out."""

    path: Path
    undo: str


def having(
    authorities: Iterable[Authority], environment: Mapping[str, str], *,
    home: Path, system: Path = Path("/"), besides: Path,
) -> list[Found]:  # fmt: skip
    """The stores that have one of these certificates, save what lies below `besides`."""
    wanted = list(authorities)
    places = {path.absolute(): (path, undo, again) for path, undo, again in _places(environment, home, system)}  # fmt: skip
    own = besides.absolute()
    return [
        Found(path, _undo(place, which))
        for path, place in places.items()
        if own not in path.parents
        for data in [_read(path)]
        for which in [next((each for each in wanted if _holds(data, each)), None)]
        if which is not None
    ]


def _places(environment: Mapping[str, str], home: Path, system: Path) -> Iterator[_Place]:
    for base, table in ((system, _SYSTEM), (home, _HOME)):
        for pattern, undo, again in table:
            yield from ((path, undo, again) for path in sorted(base.glob(pattern)))
    if java := environment.get("JAVA_HOME"):
        yield Path(java) / "lib/security/cacerts", _JAVA, ""
    for options in (environment.get("JAVA_TOOL_OPTIONS", ""),):
        yield from ((Path(path), _JAVA, "") for path in _TRUST_STORE.findall(options))
    for name in _VARIABLES:
        if value := environment.get(name):
            yield Path(value).expanduser(), _BUNDLE, f"${name}"
    config = Path(environment.get("AWS_CONFIG_FILE") or home / ".aws/config").expanduser()
    for value in _AWS_CONFIG.findall(_read(config).decode("utf-8", "replace")):
        yield Path(value).expanduser(), _BUNDLE, f"ca_bundle in {config}"


def _read(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size <= _MOST:
            return path.read_bytes()
    except OSError:
        pass  # not for this user to read, and so not where it put a certificate
    return b""


def _holds(data: bytes, authority: Authority) -> bool:
    der = authority.certificate.public_bytes(Encoding.DER)
    # PEM breaks its lines where it likes; JKS, NSS and keychains have the bytes as they are.
    return (
        der in data
        or base64.b64encode(der) in data.translate(None, b" \r\n\t")
        or _alias(data, authority) is not None
    )


def _alias(data: bytes, authority: Authority) -> str | None:
    """Under which name it is in a PKCS #12 store, where it is in one."""
    if not data.startswith(b"\x30"):
        return None
    for password in _PASSWORDS:
        try:
            held = pkcs12.load_pkcs12(data, password).additional_certs
        except ValueError:
            continue
        for each in held:
            if each.certificate == authority.certificate:
                return (each.friendly_name or b"NAME").decode("utf-8", "replace")
    return None


def _undo(place: _Place, authority: Authority) -> str:
    path, undo, again = place
    alias = _alias(_read(path), authority)
    if undo == _JAVA and alias is None:
        undo += _JAVA_NAMES
    return undo.format(
        path=shlex.quote(str(path)), directory=shlex.quote(str(path.parent)), again=again,
        alias=shlex.quote(alias or "NAME"),
        sha1=authority.certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303
    )  # fmt: skip

"""Where a trail's CA lies, and how its files are made, checked and replaced.

`ca/mitmproxy-ca.pem` has key and certificate and is the truth; the other files are copies of its
certificate, written again at each start. So one rename replaces a CA.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from apitrail import durable, places, private_file
from apitrail.errors import FormatError, UsageError
from apitrail.places import CA_CERTIFICATE
from apitrail.recording.authority.authority import (
    KEY_SIZE,
    Authority,
    Key,
    parse_with_key,
    with_key,
)
from apitrail.recording.authority.permitted import Permitted
from apitrail.trail import database, lock

# The names that mitmproxy looks for in its `confdir`.
_BOTH = "mitmproxy-ca.pem"
_CERTIFICATE = "mitmproxy-ca-cert.pem"
# Copies that mitmproxy makes beside a CA of its own, the key among them; nothing here reads them.
_KEY_COPY = "mitmproxy-ca.p12"
_COPIES = (_KEY_COPY, "mitmproxy-ca-cert.p12", "mitmproxy-ca-cert.cer")
_RETIRED = "retired-{}.pem"
# The stores of clients with our certificate beside theirs (`clients/ca_bundle.py`).
_BUNDLES = "bundle-*.pem"


@dataclass(frozen=True, slots=True)
class CaFiles:
    """The CA of the trail in this directory."""

    trail: Path

    @property
    def directory(self) -> Path:
        """What mitmproxy calls its `confdir`."""
        return self.trail / "ca"

    @property
    def key(self) -> Path:
        """The file with the secret key."""
        return self.directory / _BOTH

    @property
    def certificate(self) -> Path:
        """The file that clients are given."""
        return self.trail / CA_CERTIFICATE

    @property
    def retired(self) -> list[Path]:
        """The certificates of earlier CAs, to be found in the stores of clients."""
        return sorted(self.directory.glob(_RETIRED.format("*")))

    def read(self) -> Authority:
        """The CA.

        Raises:
            UsageError: there is none, others may read its key, or it is no CA.
        """
        return self._pair()[1]

    def _pair(self) -> tuple[Key, Authority]:
        if not self.key.exists():
            raise UsageError(
                f"no certificate authority in {str(self.trail)!r}",
                hint="the first recorder of a trail makes one; --trail names another trail",
            )
        try:
            return parse_with_key(private_file.read(self.key))
        except FormatError as error:
            raise UsageError(
                f"{str(self.key)!r} is no certificate authority: {error}",
                hint="bring it back from a backup, or `apitrail ca rotate` makes another one",
            ) from error

    def ready(self, now: dt.datetime, hosts: Iterable[str] | None = ()) -> Authority:
        """The CA, made where there is none, with everything that clients and mitmproxy need.

        Args:
            now: the time at which a new one is made.
            hosts: what a new one may sign for beside AWS and this machine; None for all hosts.

        Raises:
            UsageError: it cannot be used.
        """
        self._make_directory()
        if self.key.exists():
            authority = self.read()
        else:
            authority = self._make(now, None if hosts is None else Permitted.of(hosts))
        self._publish(authority)
        return authority

    def also(self, host: str, now: dt.datetime) -> Authority:
        """The same key with a certificate for a host that the CA may not sign for.

        It is in the bundles of those commands alone whose endpoint the host is, so that no client
        must be given another CA for it.

        Raises:
            UsageError: the CA cannot be used, the trail not be written, or it is no host.
        """
        permitted = Permitted.only(host)
        key, authority = self._pair()
        path = places.host_certificate(self.trail, host)
        if path.exists():
            found = Authority.parse(path.read_bytes())
            if found.is_of(authority) and found.permitted == permitted and now < found.ends:
                return found
        serial = x509.random_serial_number()
        made = Authority.make(key, permitted, now=now, serial=serial, only=host)
        with database.writing(self.trail):
            durable.write(path, made.pem, mode=0o644)
        return made

    def rotate(
        self, now: dt.datetime, permit: Iterable[str] = (), *, any_host: bool = False
    ) -> Authority:
        """Another key and another certificate; what the old key was is not kept.

        Args:
            now: the time.
            permit: hosts that it may sign for beside AWS, this machine, and what the old one had.
            any_host: it may sign for all hosts.

        Raises:
            UsageError: there is no trail, a recorder of it runs, it cannot be written, or a host
                is none.
        """
        asked = Permitted.of(permit)
        if not (self.trail / database.FILE).exists():
            raise UsageError(
                f"no trail in {str(self.trail)!r}", hint="--trail DIR names the one that you mean"
            )
        with database.writing(self.trail), self._alone():
            self._make_directory()
            kept = self._retire()
            permitted = None if any_host else Permitted.of([*kept, *asked.hosts])
            authority = self._make(now, permitted)
            self._publish(authority)
            return authority

    def remove(self) -> None:
        """Take the key and all that clients were given away. The certificate is kept, to be found in their stores.

        Raises:
            UsageError: a recorder of the trail runs, or it cannot be written.
        """
        with database.writing(self.trail), self._alone():
            self._retire()
            for path in (self.key, self.directory / _CERTIFICATE, self.certificate):
                path.unlink(missing_ok=True)
            for path in self.directory.glob(_BUNDLES):
                path.unlink()

    def known(self) -> list[Authority]:
        """Its CA and those that went before it: whose certificates clients may have.

        Raises:
            UsageError: there was none, or it cannot be read.
        """
        earlier = [Authority.parse(path.read_bytes()) for path in self.retired]
        if earlier and not self.key.exists():
            return earlier
        return [self.read(), *earlier]

    def _alone(self) -> IO[bytes]:
        try:
            return lock.take(self.trail)
        except lock.Busy as busy:
            raise UsageError(
                "a recorder of this trail is running, with the CA that is to go",
                hint="`apitrail stop` first",
            ) from busy

    def _make_directory(self) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        self.directory.chmod(0o700)  # whatever the umask is

    def _make(self, now: dt.datetime, permitted: Permitted | None) -> Authority:
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
        authority = Authority.make(key, permitted, now=now, serial=x509.random_serial_number())
        durable.write(self.key, with_key(key, authority), mode=0o600)
        return authority

    def _publish(self, authority: Authority) -> None:
        """Put the certificate, alone, where clients are told to find it."""
        for path in (self.directory / _CERTIFICATE, self.certificate):
            if not path.exists() or path.read_bytes() != authority.pem:
                durable.write(path, authority.pem, mode=0o644)
        if (copy := self.directory / _KEY_COPY).exists():
            copy.chmod(0o600)

    def _retire(self) -> tuple[str, ...]:
        """Keep the certificate of the CA that goes; its copies, one with the key, go first.

        Gives the hosts that it could sign for beside AWS and this machine.
        """
        others = self.directory.glob(places.HOST_CERTIFICATE.format("*"))
        for path in (*(self.directory / name for name in _COPIES), *others):
            path.unlink(missing_ok=True)
        if not self.key.exists():
            return ()
        try:
            old = Authority.parse(self.key.read_bytes())
        except FormatError:
            return ()  # it was none, which may be why it is replaced
        short = old.fingerprint.replace(":", "").lower()[:16]
        durable.write(self.directory / _RETIRED.format(short), old.pem, mode=0o644)
        return () if old.permitted is None else old.permitted.hosts


def export(authority: Authority, target: Path) -> None:
    """Write the certificate to a file that others may read; raises UsageError where it cannot."""
    try:
        durable.write(target, authority.pem, mode=0o644)
    except OSError as error:
        raise UsageError(
            f"cannot write {str(target)!r}: {error.strerror}", hint="-o FILE names another one"
        ) from error

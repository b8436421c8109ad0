"""The certificates that clients are shown: for the names that the CA may sign for, and no others."""

from __future__ import annotations

import ipaddress
import logging

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from mitmproxy import tls
from mitmproxy.addons import tlsconfig
from mitmproxy.certs import Cert, CertStore, CertStoreEntry
from mitmproxy.proxy import context
from OpenSSL import SSL

from apitrail.errors import UsageError
from apitrail.recording.authority import leaf
from apitrail.recording.authority.authority import Authority
from apitrail.recording.proxy.authentication import is_to_proxy

logger = logging.getLogger("apitrail")

# So many certificates are kept; mitmproxy keeps 100.
LEAVES = 200


class Certificates(tlsconfig.TlsConfig):
    """mitmproxy's, within the constraints of the CA.

    A client refuses a certificate in which one name lies outside of them, although it asked for
    another one: the address that a transparent proxy connects to, say.
    """

    def __init__(self) -> None:
        super().__init__()
        self._others: list[CertStore] = []
        self._to_proxy = _asking()
        self._p256 = ec.generate_private_key(ec.SECP256R1())
        # Serial number of a certificate of mitmproxy's → the same for our own key.
        self._leaves: dict[int, x509.Certificate] = {}
        self._crl: tuple[Cert | None, str] = None, ""

    def also(self, authority: Authority) -> None:
        """Sign with the CA's other certificate too, for what that may sign for."""
        main, certificate = self.certstore, Cert(authority.certificate)
        self._others.append(
            CertStore(main.default_privatekey, certificate, None, main.default_crl, main.dhparams)
        )

    def tls_start_client(self, tls_start: tls.TlsData) -> None:
        """TLS with a client; with the proxy itself it may show a certificate, but need not."""
        if not is_to_proxy(tls_start.context):
            super().tls_start_client(tls_start)
            self._offer_p256(tls_start)
            return
        entry = self.get_cert(tls_start.context)
        connection = SSL.Connection(self._to_proxy)
        connection.use_certificate(entry.cert.to_cryptography())
        connection.use_privatekey(entry.privatekey)
        connection.set_accept_state()
        tls_start.ssl_conn = connection
        self._offer_p256(tls_start)

    def _offer_p256(self, tls_start: tls.TlsData) -> None:
        """Show a key on P-256 to clients that take one: a handshake costs 0.4 ms then, not 1.4.

        OpenSSL has a place for each kind of key, and shows those the other one that take RSA alone.
        """
        connection = tls_start.ssl_conn
        if connection is None or not isinstance(
            self.certstore.default_privatekey, rsa.RSAPrivateKey
        ):
            return
        shown = connection.get_certificate()
        assert shown is not None
        connection.use_certificate(self._on_p256(shown.to_cryptography()))
        connection.use_privatekey(self._p256)

    def _on_p256(self, shown: x509.Certificate) -> x509.Certificate:
        serial = shown.serial_number
        if (found := self._leaves.get(serial)) is None:
            if len(self._leaves) >= LEAVES:
                self._leaves.clear()
            signing = self.certstore.default_privatekey
            found = self._leaves[serial] = leaf.of_key(shown, self._p256.public_key(), signing)
        return found

    def crl_path(self) -> str:
        """mitmproxy compares the path of each request with it; another CA has another."""
        authority = self.certstore.default_ca
        if self._crl[0] is not authority:
            self._crl = authority, super().crl_path()
        return self._crl[1]

    def covers(self, host: str) -> bool:
        """Is there a certificate of the CA that may sign for this host?"""
        return self._store(host) is not None

    def _store(self, host: str) -> CertStore | None:
        stores = (self.certstore, *self._others)
        return next((each for each in stores if _authority(each).covers(host)), None)

    def get_cert(self, conn_context: context.Context) -> CertStoreEntry:
        """A certificate for whom the client means: by TLS, else by the address it called."""
        client, server = conn_context.client, conn_context.server
        names = [client.sni or client.sockname[0]]
        names += [server.address[0]] if server.address else []
        store = self._store(asked := client.sni or names[-1])
        if store is None:
            store = self.certstore
            logger.warning(
                "the trail's CA may not sign for %r: a client that calls it so will refuse\n"
                "hint: `apitrail ca rotate --permit %s`, then give clients the new certificate",
                asked, asked,
            )  # fmt: skip
        else:
            names = [name for name in names if _authority(store).covers(name)]
        altnames = [general_name(name) for name in dict.fromkeys(names)]
        # No address as the common name: OpenSSL and GnuTLS take it for a DNS name, which the
        # constraints do not have.
        common = next((each.value for each in altnames if isinstance(each, x509.DNSName)), None)
        return store.get_cert(common, altnames, None, None)


def _asking() -> SSL.Context:
    """TLS in which a client may show a certificate.

    Any is taken here: OpenSSL checks that the client has its key, and the list of operators says
    whose it is. It speaks of no HTTP/2, in which mitmproxy takes no CONNECT.
    """
    found = SSL.Context(SSL.TLS_SERVER_METHOD)
    found.set_min_proto_version(SSL.TLS1_2_VERSION)
    try:
        # The first of many functions that OpenSSL calls back. cffi writes the way to each into memory
        # that it then executes.
        found.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    except MemoryError as error:
        raise UsageError(
            "this process may not make memory executable, and TLS cannot be recorded without",
            hint="take MemoryDenyWriteExecute=yes out of its systemd unit",
        ) from error
    # OpenSSL resumes no session with a certificate unless it is told what the session is for.
    found.set_session_id(b"apitrail proxy")
    return found


def _authority(store: CertStore) -> Authority:
    return Authority(store.default_ca.to_cryptography())


def general_name(name: str) -> x509.GeneralName:
    """A host as certificates have it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode())

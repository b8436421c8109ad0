"""The certificates that a recorder shows, to a client that holds its CA to the constraints."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from mitmproxy.proxy import mode_specs

from apitrail.recording.authority.authority import Authority
from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.clients.ca_bundle import Bundles
from apitrail.recording.proxy.modes import hosts
from apitrail.recording.session import Session
from apitrail.recording.settings import Settings
from proxying import AWS, OK, connect, dial, recording, request, secure, tunnel, upstream


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A constrained CA, made once."""
    trail = tmp_path_factory.mktemp("made")
    CaFiles(trail).ready(dt.datetime.now(dt.UTC))
    return trail


@pytest.fixture
def trail(made, tmp_path):
    shutil.copytree(made / "ca", tmp_path / "ca")
    return tmp_path


def test_a_call_to_aws_and_one_to_this_machine_are_trusted(trail):
    async def scenario() -> None:
        async with upstream() as stub:
            # An address: its certificate has no DNS name.
            mode = f"reverse:http://127.0.0.1:{stub.port}@127.0.0.1:0"
            modes = ("regular@127.0.0.1:0", mode)
            async with recording(trail, upstream=stub.url, modes=modes) as session:
                async with dial(session) as client:
                    await tunnel(client, f"{AWS}:443")
                    await secure(client, trail)
                    await client.send(request())
                    assert await client.message() == OK
                for name in ("127.0.0.1", "localhost"):
                    async with connect(session.listeners[1].port) as client:
                        await secure(client, trail, name)
                        await client.send(request())
                        assert await client.message() == OK

    asyncio.run(scenario())


def test_an_address_outside_that_nobody_asked_for_is_left_out(trail):
    """A transparent proxy knows the address, and the name only from the client's TLS."""

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, upstream=stub.url) as session,
            dial(session) as client,
        ):
            await tunnel(client, "52.95.1.1:443")
            shown = (await secure(client, trail, AWS)).getpeercert()
            assert shown is not None
            assert shown["subjectAltName"] == (("DNS", AWS),)

    asyncio.run(scenario())


def test_a_name_outside_is_refused_by_the_client_and_said(trail, capfd):
    async def scenario() -> None:
        async with upstream() as stub:
            where = f"reverse:{stub.url}@127.0.0.1:0"
            async with recording(trail, modes=(where,)) as session, dial(session) as client:
                with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
                    await secure(client, trail, "minio.example.com")

    asyncio.run(scenario())
    said = capfd.readouterr().err
    assert "the trail's CA may not sign for 'minio.example.com'" in said
    assert "hint: `apitrail ca rotate --permit minio.example.com`" in said


def test_a_run_s_endpoint_outside_is_trusted_by_its_bundle_alone(trail):
    async def scenario() -> None:
        async with recording(trail) as session:
            url = "https://minio.example.com"
            for _ in range(2):
                await session.runs.begin({}, "cmd", intercept=(url,))
            bundle = Bundles(trail, ("minio.example.com",)).path(str(trail / "ca-cert.pem"))
            for store, trusts in ((bundle, True), (str(trail / "ca-cert.pem"), False)):
                async with dial(session) as client:
                    await tunnel(client, "minio.example.com:443")
                    context = ssl.create_default_context(cafile=store)
                    refused = None
                    try:
                        await client.writer.start_tls(context, server_hostname="minio.example.com")
                    except ssl.SSLCertVerificationError as error:
                        refused = error
                    assert (refused is None) is trusts

    asyncio.run(scenario())


def test_a_new_ca_may_sign_for_what_is_configured(tmp_path: Path):
    async def scenario() -> Authority:
        settings = Settings(
            modes=("regular@127.0.0.1:0", f"reverse:http://store.example@127.0.0.1:{_free()}"),
            upstream="http://stack.example:4566",
        )
        session = await Session.start(tmp_path, settings)
        await session.stop("the test ended")
        return CaFiles(tmp_path).read()

    authority = asyncio.run(scenario())
    assert authority.permitted is not None
    assert authority.permitted.hosts == ("store.example", "stack.example")


def test_a_ca_that_has_ended_is_told_of_when_recording_starts(tmp_path, capfd):
    CaFiles(tmp_path).ready(dt.datetime(2001, 1, 1, tzinfo=dt.UTC))

    async def scenario() -> None:
        async with recording(tmp_path):
            pass

    asyncio.run(scenario())
    said = capfd.readouterr().err
    assert said.startswith(
        "apitrail: the trail's CA has ended: clients refuse its certificates\nhint:"
    )
    assert "mitmproxy" not in said


def test_nobody_knows_how_other_machines_call_a_reverse_listener():
    modes = [mode_specs.ProxyMode.parse("reverse:http://localhost:1@0.0.0.0:4567")]
    assert hosts(modes) is None
    assert hosts([mode_specs.ProxyMode.parse("regular@0.0.0.0:1")]) == []


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def handshake(
    port: int, context: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> tuple[object, ssl.SSLSession | None, bool]:
    """A call through CONNECT and TLS: the kind of key that is shown, and the session."""
    with socket.create_connection(("127.0.0.1", port), 20) as plain:
        plain.sendall(f"CONNECT {AWS}:443 HTTP/1.1\r\n\r\n".encode())
        assert b" 200 " in plain.recv(4096)
        with context.wrap_socket(plain, server_hostname=AWS, session=session) as secured:
            secured.sendall(request())
            answer = b""
            while not answer.endswith(b"ok"):
                answer += secured.recv(4096) or pytest.fail("no answer")
            shown = x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")
            return shown.public_key(), secured.session, bool(secured.session_reused)


@pytest.fixture(scope="module")
def shown(made, tmp_path_factory):
    """What clients are shown: any client twice, and one that takes RSA alone."""
    trail = tmp_path_factory.mktemp("shown")
    shutil.copytree(made / "ca", trail / "ca")

    async def scenario():
        async with upstream() as stub, recording(trail, upstream=stub.url) as session:
            port = session.listeners[0].port
            context = ssl.create_default_context(cafile=str(trail / "ca-cert.pem"))
            first = await asyncio.to_thread(handshake, port, context)
            again = await asyncio.to_thread(handshake, port, context, first[1])
            old = ssl.create_default_context(cafile=str(trail / "ca-cert.pem"))
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            old.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
            return first, again, await asyncio.to_thread(handshake, port, old)

    return asyncio.run(scenario())


def test_clients_are_shown_a_key_on_p256(shown):
    (key, _, _), _, _ = shown
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"


def test_a_client_that_takes_rsa_alone_is_shown_that(shown):
    _, _, (key, _, _) = shown
    assert isinstance(key, rsa.RSAPublicKey)


def test_a_session_is_resumed(shown):
    (_, _, first), (_, _, again), _ = shown
    assert (first, again) == (False, True)

"""Which clients hold a CA to its name constraints: `make name-constraints` prints the table.

Every client on this machine makes one request through a small proxy, whose certificates are signed
by a CA that may sign for AWS and this machine. It takes such a CA if a call to AWS arrives, and it
holds the CA to its constraints if one to another host, or to another address, does not.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from mitmproxy.certs import dummy_cert

from apitrail.recording.authority.authority import Authority
from apitrail.recording.authority.permitted import Permitted
from apitrail.recording.proxy.certificates import general_name

INSIDE = "sts.eu-west-1.amazonaws.com"
OUTSIDE = ("elsewhere.example", "10.9.9.9")
PATIENCE = 60.0
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)

GO = 'package main\nimport ("net/http";"os")\nfunc main() { http.Get("https://" + os.Args[1] + "/") }\n'
JAVA = (
    "public class Ask { public static void main(String[] a) throws Exception {"
    ' new java.net.URL("https://" + a[0] + "/").openStream().readAllBytes(); } }'
)
NODE = """
const [host, port] = process.argv.slice(1)
const tunnel = require('http').request({host: '127.0.0.1', port, method: 'CONNECT', path: host + ':443'})
tunnel.on('connect', (_, socket) => require('https').get(
  {host, socket, agent: false, createConnection: () => require('tls').connect(
    {socket, host, servername: /^[0-9]/.test(host) ? '' : host})}
).on('error', () => process.exit(1)))
tunnel.end()
"""
TERRAFORM = (
    'terraform {{\n  backend "http" {{\n    address = "{url}"\n    retry_max = 0\n  }}\n}}\n'
)
BOTO3 = (
    "import boto3, sys; boto3.client('sts', endpoint_url=sys.argv[1]).get_caller_identity()"
)  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """What a client is to call, through which proxy, trusting whom; `work` is a scratch folder."""

    host: str
    port: int
    ca: Path
    work: Path

    @property
    def url(self) -> str:
        return f"https://{self.host}/"

    def environment(self) -> Mapping[str, str]:
        proxy = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        stores = ("SSL_CERT_FILE", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS")  # fmt: skip
        aws = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_MAX_ATTEMPTS": "1"}  # fmt: skip
        return kept | {"HTTPS_PROXY": proxy, "https_proxy": proxy} | dict.fromkeys(stores, str(self.ca)) | aws  # fmt: skip


def openssl(ask: Ask) -> list[str]:
    command = f"printf 'GET / HTTP/1.1\\r\\n\\r\\n' | openssl s_client -proxy 127.0.0.1:{ask.port} -connect {ask.host}:443 -CAfile {ask.ca} -verify_return_error -quiet -no_ign_eof"  # fmt: skip
    return ["sh", "-c", command]


def go(ask: Ask) -> list[str]:
    source = ask.work / "ask.go"
    source.write_text(GO)
    return ["go", "run", str(source), ask.host]


def java(ask: Ask) -> list[str]:
    store, source = ask.work / "store", ask.work / "Ask.java"
    source.write_text(JAVA)
    store.unlink(missing_ok=True)
    subprocess.run(
        ["keytool", "-importcert", "-noprompt", "-file", ask.ca, "-keystore", store, "-storepass", "changeit"],
        check=True, capture_output=True,
    )  # fmt: skip
    trust = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    proxy = ["-Dhttps.proxyHost=127.0.0.1", f"-Dhttps.proxyPort={ask.port}"]
    return ["java", *trust, *proxy, str(source), ask.host]


def terraform(ask: Ask) -> list[str]:
    folder = ask.work / "terraform"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "main.tf").write_text(TERRAFORM.format(url=ask.url))
    return ["terraform", f"-chdir={folder}", "init", "-input=false"]


def python(ask: Ask) -> list[str]:
    return [sys.executable, "-c", BOTO3, ask.url]


def aws_cli(ask: Ask) -> list[str]:
    return ["aws", "sts", "get-caller-identity", "--endpoint-url", ask.url]


# Client → the program that must be there, and its command.
CLIENTS: dict[str, tuple[str, Callable[[Ask], list[str]]]] = {
    "openssl s_client": ("openssl", openssl),
    "curl": ("curl", lambda ask: ["curl", "-sS", ask.url]),
    "boto3, Python's ssl": (sys.executable, python),
    "aws-cli": ("aws", aws_cli),
    "Node": ("node", lambda ask: ["node", "-e", NODE, ask.host, str(ask.port)]),
    "Go": ("go", go),
    "rclone": ("rclone", lambda ask: ["rclone", "copyurl", ask.url, str(ask.work / "x"), "--retries", "1", "--low-level-retries", "1"]),
    "Terraform": ("terraform", terraform),
    "git": ("git", lambda ask: ["git", "ls-remote", f"{ask.url}r"]),
    "wget": ("wget", lambda ask: ["wget", "-q", "-t", "1", "-O", os.devnull, f"--ca-certificate={ask.ca}", ask.url]),
    "Java": ("java", java),
}  # fmt: skip


class Proxy:
    """Answers every CONNECT itself, with a certificate for the host that was asked for."""

    def __init__(self, work: Path) -> None:
        self.arrived: Counter[str] = Counter()
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        now, serial = dt.datetime.now(dt.UTC), x509.random_serial_number()
        self._ca = Authority.make(self._key, Permitted.of(()), now=now, serial=serial)
        self._work = work
        self.ca = work / "ca.pem"
        self.ca.write_bytes(self._ca.pem)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            host = head.split()[1].decode().rpartition(":")[0]
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await writer.start_tls(self._context(host))
            await reader.readuntil(b"\r\n\r\n")
            self.arrived[host] += 1
            writer.write(ANSWER)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client refuses the certificate
        finally:
            writer.close()

    def _context(self, host: str) -> ssl.SSLContext:
        leaf = dummy_cert(self._key, self._ca.certificate, None, [general_name(host)])
        secret = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )  # fmt: skip
        path = self._work / "leaf.pem"
        path.write_bytes(leaf.to_pem() + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


async def arrives(proxy: Proxy, command: Callable[[Ask], list[str]], ask: Ask) -> bool:
    """Does the client's call reach us?"""
    before = proxy.arrived[ask.host]
    nowhere = asyncio.subprocess.DEVNULL
    words = await asyncio.to_thread(command, ask)
    process = await asyncio.create_subprocess_exec(
        *words, env=dict(ask.environment()), cwd=ask.work, stdin=nowhere, stdout=nowhere, stderr=nowhere
    )  # fmt: skip
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
    return proxy.arrived[ask.host] > before


async def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(Path(folder))
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        print("| client | takes it | refuses hosts outside |\n|---|---|---|")
        for name, (program, command) in CLIENTS.items():
            if shutil.which(program) is None:
                continue
            asks = [Ask(host, port, proxy.ca, Path(folder)) for host in (INSIDE, *OUTSIDE)]
            inside, *outside = [await arrives(proxy, command, ask) for ask in asks]
            print(f"| {name} | {_yes(inside)} | {_yes(inside and not any(outside))} |", flush=True)
        server.close()


def _yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


if __name__ == "__main__":
    asyncio.run(main())

"""Whether each client on this machine is really recorded: a bypass makes no noise.

It does not know how recording works; it makes one harmless call per client and counts.
"""

from __future__ import annotations

import http.server
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apitrail import control
from apitrail.clients import endpoints
from apitrail.execute import Execution
from apitrail.settings import Settings

# Not a secret: the key of AWS's own documentation. The call is recorded whatever AWS thinks of it.
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_PAGER": "",
    "AWS_MAX_ATTEMPTS": "1",
}
_BOTO3 = "import boto3; boto3.client('sts').get_caller_identity()"
_NODE = (
    "const {STSClient, GetCallerIdentityCommand} = require('@aws-sdk/client-sts');"
    "new STSClient({}).send(new GetCallerIdentityCommand({})).catch(() => process.exit(1))"
)
_CURL = "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
_ANSWER = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    b"<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/doctor</Arn>"
    b"<UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account>"
    b"</GetCallerIdentityResult><ResponseMetadata>"
    b"<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>"
    b"</GetCallerIdentityResponse>"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one client."""

    client: str
    recorded: bool
    detail: str

    def __str__(self) -> str:
        return f"{'recorded' if self.recorded else 'BYPASSED':<9} {self.client:<9} {self.detail}"


def clients() -> Iterator[tuple[str, list[str]]]:
    """Every client found here, with a command that makes one harmless call."""
    if aws := shutil.which("aws"):
        yield "aws-cli", [aws, "sts", "get-caller-identity"]
    for python in dict.fromkeys([shutil.which("python3"), shutil.which("python"), sys.executable]):
        if python and _succeeds([python, "-c", "import boto3"]):
            yield "boto3", [python, "-c", _BOTO3]
            break
    if (node := shutil.which("node")) and _succeeds([node, "-e", "require.resolve('@aws-sdk/client-sts')"]):  # fmt: skip
        yield "node", [node, "-e", _NODE]
    if (curl := shutil.which("curl")) and b"--aws-sigv4" in _output([curl, "--help", "all"]):
        user = f"{_CREDENTIALS['AWS_ACCESS_KEY_ID']}:{_CREDENTIALS['AWS_SECRET_ACCESS_KEY']}"
        yield "curl", [curl, "-sS", "--aws-sigv4", "aws:amz:us-east-1:sts", "--user", user, _CURL]


async def examine(trail: Path, preset: Mapping[str, str]) -> list[Finding]:
    """One finding per client: through the recorder that runs on `trail`, else one made for this."""
    preset = {**preset, **_CREDENTIALS}
    if control.ask(trail, "status") is not None:
        return [await _examine(*client, trail, Settings(), preset) for client in clients()]
    # Nothing leaves the machine: calls go to a stand-in, also those a preset sends elsewhere.
    preset = {k: v for k, v in preset.items() if not k.startswith(endpoints.GLOBAL)}
    with tempfile.TemporaryDirectory(prefix="apitrail-doctor-") as directory, _stand_in() as url:
        settings = Settings(upstream=url)
        return [await _examine(*client, Path(directory), settings, preset) for client in clients()]


async def _examine(
    client: str, command: list[str], trail: Path, settings: Settings, preset: Mapping[str, str]
) -> Finding:
    outcome = await Execution(
        command=command, trail=trail, settings=settings, labels={"doctor": client}, preset=preset,
        tell=lambda _: None, quiet=True,
    ).run()  # fmt: skip
    path = command[0]
    if outcome.calls:
        return Finding(client, True, path)
    ended = "it made no call" if outcome.status else "its call went past the recorder"
    return Finding(client, False, f"{path} (exit status {outcome.status}: {ended})")


@contextmanager
def _stand_in() -> Iterator[str]:
    """An endpoint on this machine that answers GetCallerIdentity."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(_ANSWER)))
        self.end_headers()
        self.wfile.write(_ANSWER)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _output(command: list[str]) -> bytes:
    return subprocess.run(command, capture_output=True, check=False).stdout

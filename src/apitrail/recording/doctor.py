"""Whether each client on this machine, or one command, is really recorded.

A bypass makes no noise. So each client makes one harmless call through a recorder, and what the
recorder saw is compared with where the client connected to.
"""

from __future__ import annotations

import http.server
import ipaddress
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from apitrail.counted import counted
from apitrail.recording.clients import endpoints
from apitrail.recording.connections import Watch
from apitrail.recording.execute import Execution, Outcome
from apitrail.recording.settings import Settings
from apitrail.trail import control

# Not a secret: this is the example key of AWS's documentation. The call is recorded whatever AWS
# answers.
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_PAGER": "",
    "AWS_MAX_ATTEMPTS": "1",
}
# Variables that would lead a client to settings outside of the environment.
_PROFILE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
# Seconds that a client may take to say whether it is there.
PATIENCE = 30.0
DNS = 53

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


# Clients that take no proxy from their environment, and how they are told of one.
ADVICE = (
    (re.compile(r"\bs3cmd\b"), "set proxy_host, proxy_port and ca_certs_file in ~/.s3cfg"),
    (
        re.compile(r"\bminio\b"),
        "pass http_client=urllib3.ProxyManager(os.environ['HTTPS_PROXY'], …); docs/recording.md",
    ),
    (re.compile(r"\b(pyarrow|arrow)\b"), "pass proxy_options=os.environ['HTTPS_PROXY']"),
    (re.compile(r"--endpoint-url"), "leave --endpoint-url out, and set AWS_ENDPOINT_URL"),
    (re.compile(r"\bjava\b"), "set -Dhttps.proxyHost, -Dhttps.proxyPort and a trust store"),
)
ANY_ADVICE = "tell its client to use HTTPS_PROXY (docs/recording.md, Clients)"

Verdict = Literal["recorded", "BYPASSED", "no call"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one client."""

    client: str
    verdict: Verdict
    detail: str

    @property
    def recorded(self) -> bool:
        """Did the recorder see its calls?"""
        return self.verdict == "recorded"

    def __str__(self) -> str:
        return f"{self.verdict:<9} {self.client:<9} {self.detail}"


def clients(environment: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Every client found in this environment, with a command that makes one harmless call."""

    def which(name: str) -> str | None:
        return shutil.which(name, path=environment.get("PATH"))

    if aws := which("aws"):
        yield "aws-cli", [aws, "sts", "get-caller-identity"]
    for python in dict.fromkeys([which("python3"), which("python"), sys.executable]):
        if python and _runs([python, "-c", "import boto3"], environment):
            yield "boto3", [python, "-c", _BOTO3]
            break
    sdk = "require.resolve('@aws-sdk/client-sts')"
    if (node := which("node")) and _runs([node, "-e", sdk], environment):
        yield "node", [node, "-e", _NODE]
    curl = which("curl")
    if curl and b"--aws-sigv4" in _run([curl, "--help", "all"], environment).stdout:
        user = f"{_CREDENTIALS['AWS_ACCESS_KEY_ID']}:{_CREDENTIALS['AWS_SECRET_ACCESS_KEY']}"
        yield "curl", [curl, "-sS", "--aws-sigv4", "aws:amz:us-east-1:sts", "--user", user, _CURL]


async def examine(
    trail: Path, preset: Mapping[str, str], command: Sequence[str] = ()
) -> list[Finding]:
    """One finding per client, or one about `command`.

    The calls go through the recorder that runs on `trail`, else through one made for this.
    """
    preset = {**preset, **_CREDENTIALS}

    async def all_of(trail: Path, settings: Settings, preset: Mapping[str, str]) -> list[Finding]:
        chosen = [(Path(command[0]).name, list(command))] if command else clients(preset)
        return [
            await _examine(*client, trail, settings, preset, quiet=not command) for client in chosen
        ]

    if control.ask(trail, "status") is not None:
        return await all_of(trail, Settings(), preset)
    # Nothing leaves the machine: calls go to a stand-in, also those a preset sends elsewhere.
    preset = {k: v for k, v in preset.items() if not k.startswith((endpoints.GLOBAL, *_PROFILE))}
    preset |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    with tempfile.TemporaryDirectory(prefix="apitrail-doctor-") as directory, _stand_in() as url:
        trail, settings = Path(directory) / "trail", Settings(upstream=url)
        with _configured(directory):
            return await all_of(trail, settings, preset)


async def _examine(
    client: str, command: list[str], trail: Path, settings: Settings, preset: Mapping[str, str],
    *, quiet: bool,
) -> Finding:  # fmt: skip
    execution = Execution(
        command=command, trail=trail, settings=settings, labels={"doctor": client}, preset=preset,
        tell=lambda _: None, quiet=quiet,
    )  # fmt: skip
    with Watch(os.getpid()) as watch:
        outcome = await execution.run()
    return judge(client, command, outcome, past(watch.seen, outcome.ports), known=quiet)


def past(seen: Iterable[tuple[str, int]], ours: Collection[int]) -> list[str]:
    """Where connections went that did not go to the recorder, nor for names or credentials."""
    found = set()
    for host, port in seen:
        address = ipaddress.ip_address(host)
        if port == DNS or address.is_link_local or (address.is_loopback and port in ours):
            continue
        found.add(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    return sorted(found)


def judge(
    client: str, command: Sequence[str], outcome: Outcome, direct: list[str], *, known: bool
) -> Finding:
    """What a command's calls and its other connections say; a `known` client makes one call."""
    to = ", ".join(direct)
    through = f"; let through as no AWS API: {', '.join(outcome.passed)}" if outcome.passed else ""
    if outcome.calls:
        calls = counted(outcome.calls, "call")
        also = f"; it also connected past the recorder to {to}" if direct else ""
        return Finding(client, "recorded", f"{command[0]} ({calls}{also}{through})")
    past_us = bool(direct) or (known and outcome.status == 0)
    ended = "its call went past the recorder" if past_us else "it made no call"
    where = f", to {to}" if direct else ("" if known else ", and no connection was seen")
    about = f"{command[0]} (exit status {outcome.status}: {ended}{where}{through})"
    advice = _advice(command) or (ANY_ADVICE if direct else None)
    verdict: Verdict = "BYPASSED" if past_us or known else "no call"
    return Finding(client, verdict, f"{about}; {advice}" if advice else about)


def _advice(command: Sequence[str]) -> str | None:
    line = shlex.join(command)
    return next((text for mark, text in ADVICE if mark.search(line)), None)


@contextmanager
def _configured(directory: str) -> Iterator[None]:
    """A log that is thrown away is not entered in the user's known logs."""
    before = os.environ.get("APITRAIL_CONFIG")
    os.environ["APITRAIL_CONFIG"] = directory
    try:
        yield
    finally:
        os.environ.pop("APITRAIL_CONFIG")
        if before is not None:
            os.environ["APITRAIL_CONFIG"] = before


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


def _runs(command: list[str], environment: Mapping[str, str]) -> bool:
    return _run(command, environment).returncode == 0


def _run(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    """The result of a short command; one that hangs or cannot be run has failed."""
    try:
        return subprocess.run(
            command, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return subprocess.CompletedProcess(command, 1, b"", b"")

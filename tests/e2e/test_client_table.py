"""The table of clients in docs/recording.md: each one that installs here is run and counted.

`make clients` runs all of them and writes the table; `make test` holds a few rows against it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from machine import BIN, KEY, SECRET, Machine

DOCS = Path(__file__).parents[2] / "docs" / "recording.md"
BEGIN, END = "<!-- clients: written by make clients -->\n", "<!-- end of clients -->\n"
HEAD = "| client | tried | with `exec` | what it needs |\n|---|---|---|---|\n"
JS = Path(__file__).parent / "js"

type Tools = Callable[[str], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client: how it gets here, a call, and the same call `told` of the proxy by hand.

    `package` is of PyPI; without one it is a program on the PATH. In commands, {python} has the
    package, and {js} is a directory with the SDK for JavaScript.
    """

    name: str
    call: tuple[str, ...]
    version: tuple[str, ...]
    package: str | None = None
    needs: str = ""
    told: tuple[str, ...] = ()
    slow: bool = True


MINIO = """
import os, urllib3
from minio import Minio
Minio("s3.amazonaws.com", os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]{0}).list_buckets()
"""
MINIO_TOLD = ", http_client=urllib3.ProxyManager(os.environ['HTTPS_PROXY'], ca_certs=os.environ['SSL_CERT_FILE'])"
ARROW = """
import os
from pyarrow import fs
selector = fs.FileSelector("bucket", allow_not_found=True)
fs.S3FileSystem(region="eu-central-1"{0}).get_file_info(selector)
"""
ARROW_TOLD = ", proxy_options=os.environ['HTTPS_PROXY']"
S3CMD = r"""
p=${HTTPS_PROXY##*@}; umask 077
printf '[default]\nuse_https=True\nproxy_host=%s\nproxy_port=%s\nca_certs_file=%s\n' \
  "${p%:*}" "${p##*:}" "$SSL_CERT_FILE" > s3cfg
exec s3cmd -c s3cfg ls
"""
NODE = """
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
new STSClient({}).send(new GetCallerIdentityCommand({})).catch(() => process.exit(1));
"""
CURL_URL = "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"


def python(code: str) -> tuple[str, ...]:
    return ("{python}", "-c", code)


def version_of(package: str) -> tuple[str, ...]:
    return python(f"import importlib.metadata as m; print(m.version({package!r}))")


CLIENTS = (
    Client(
        name="aws-cli 1", call=(str(BIN / "aws"), "s3api", "list-buckets"),
        version=(str(BIN / "aws"), "--version"), slow=False,
    ),
    Client(name="aws-cli 2", call=("aws", "s3api", "list-buckets"), version=("aws", "--version")),
    Client(
        name="boto3", call=python("import boto3; boto3.client('s3').list_buckets()"),
        version=version_of("boto3"), slow=False,
    ),
    Client(
        name="s3fs (aiobotocore)", package="s3fs", version=version_of("s3fs"),
        call=python("import s3fs; s3fs.S3FileSystem().ls('')"),
    ),
    Client(
        name="SDK for JavaScript 3", call=("node", "-e", NODE), needs="`NODE_OPTIONS`, set by `exec`",
        version=("node", "-p", "require('@aws-sdk/client-sts/package.json').version"),
    ),
    Client(
        name="rclone (SDK for Go)", version=("rclone", "version"),
        call=("rclone", "lsd", ":s3,env_auth=true,provider=AWS,region=eu-central-1:"),
    ),
    Client(
        name="curl --aws-sigv4", version=("curl", "--version"), slow=False,
        call=("curl", "-sSf", "--aws-sigv4", "aws:amz:us-east-1:sts", "--user", f"{KEY}:{SECRET}", CURL_URL),
    ),
    Client(
        name="s3cmd", call=("s3cmd", "ls"), version=("s3cmd", "--version"),
        told=("sh", "-c", S3CMD),
        needs="`proxy_host`, `proxy_port` and `ca_certs_file` in `~/.s3cfg`",
    ),
    Client(
        name="minio-py", package="minio", version=version_of("minio"),
        call=python(MINIO.format("")), told=python(MINIO.format(MINIO_TOLD)),
        needs="`http_client=urllib3.ProxyManager(os.environ['HTTPS_PROXY'], ca_certs=os.environ['SSL_CERT_FILE'])`",
    ),
    Client(
        name="pyarrow (SDK for C++)", package="pyarrow", version=version_of("pyarrow"),
        call=python(ARROW.format("")), told=python(ARROW.format(ARROW_TOLD)),
        needs="`proxy_options=os.environ['HTTPS_PROXY']`",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """Install what a client needs; the directory, or a skipped test where it does not install."""
    found: dict[str, Path] = {}

    def install(what: str) -> Path:
        if what not in found:
            found[what] = tmp_path_factory.mktemp("tools")
            run = _npm if what == "js" else _pypi
            run(what, found[what])
        return found[what]

    return install


def _pypi(package: str, directory: Path) -> None:
    uv = str(BIN / "uv")
    _must([uv, "venv", "--quiet", "--python", sys.executable, str(directory / "venv")])
    interpreter = directory / "venv" / "bin" / "python"
    _must([uv, "pip", "install", "--quiet", "--python", str(interpreter), package])


def _npm(_: str, directory: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(JS / name, directory)
    _must(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=directory)


def _must(command: list[str], cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"{command[0]} is not installed: {error.strerror}")
    if done.returncode:
        said = done.stderr.strip() or "no reason given"
        pytest.skip(f"it does not install here: {said.splitlines()[-1]}")


def prepared(client: Client, tools: Tools, machine: Machine) -> dict[str, str]:
    """Install a client; where its commands find it."""
    if client.name.startswith("SDK for JavaScript"):
        machine.environment["NODE_PATH"] = str(tools("js") / "node_modules")
    interpreter = sys.executable
    if client.package:
        interpreter = str(tools(client.package) / "venv" / "bin" / "python")
    program = client.call[0]
    if client.name == "aws-cli 2":
        where = aws_2()
    else:
        where = interpreter if program == "{python}" else shutil.which(program)
    if where is None:
        pytest.skip(f"{client.name} is not installed")
    return {"{python}": interpreter, program: where}


def aws_2() -> str | None:
    """The first `aws` of the PATH that is of the second version."""
    for directory in os.environ["PATH"].split(os.pathsep):
        program = shutil.which("aws", path=directory)
        if program:
            done = subprocess.run(
                [program, "--version"], capture_output=True, text=True, check=False
            )
            if done.stdout.startswith("aws-cli/2."):
                return program
    return None


def run(machine: Machine, command: tuple[str, ...], names: dict[str, str]) -> list[str]:
    """The calls that a recorded command made."""
    before = len(machine.names()) if machine.trail.exists() else 0
    apitrail = str(BIN / "apitrail")
    found = [names.get(part, part) for part in command]
    # Whatever comes of the calls: what counts is who saw them.
    machine.run(apitrail, "exec", "--upstream", machine.endpoint, "--", *found, status=None)
    return machine.names()[before:]


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(each, id=each.name, marks=pytest.mark.clients if each.slow else ())
        for each in CLIENTS
    ],
)
def test_a_client_is_recorded_as_the_table_says(
    machine: Machine, tools: Tools, client: Client
) -> None:
    names = prepared(client, tools, machine)
    version = machine.run(*(names.get(part, part) for part in client.version)).stdout
    number = re.search(r"\d+(\.\d+)+", version)
    assert number is not None
    if client.told:
        assert run(machine, client.call, names) == []
        assert run(machine, client.told, names) != []
    else:
        assert run(machine, client.call, names) != []
    verdict = "**goes past it**" if client.told else "recorded"
    row = f"| {client.name} | {number[0]} | {verdict} | {client.needs} |"
    if os.environ.get("APITRAIL_WRITE_DOCS"):
        write(row)
    assert forget_version(row) in [forget_version(line) for line in table()]


def table() -> list[str]:
    return DOCS.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].splitlines()


def write(row: str) -> None:
    """Put a row into the table, in the order of CLIENTS; the others stay."""
    rows = {line.split(" | ")[0]: line for line in table() if line.startswith("| ")}
    rows[row.split(" | ", maxsplit=1)[0]] = row
    ordered = [rows[name] for each in CLIENTS if (name := f"| {each.name}") in rows]
    before, _, rest = DOCS.read_text("utf-8").partition(BEGIN)
    text = before + BEGIN + HEAD + "".join(f"{each}\n" for each in ordered) + END
    DOCS.write_text(text + rest.partition(END)[2], "utf-8")


def forget_version(row: str) -> str:
    cells = row.split(" | ")
    return " | ".join([cells[0], *cells[2:]])

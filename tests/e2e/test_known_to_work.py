"""docs/known-to-work.md: stand-ins before which, and Pythons under which, apitrail was run.

`make known-to-work` runs them and writes the rows; what cannot be had here is skipped, and its row stays
away or as it was.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from machine import BIN, Machine, clean, free_port
from serving import serving

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "known-to-work.md"
PYTHONS = ("3.12", "3.13", "3.14")

# Writes, reads, an answer that streams, and a refusal; only S3, which every stand-in has.
S3 = """
import boto3, botocore
s3 = boto3.client("s3", config=botocore.config.Config(s3={"addressing_style": "path"}))
s3.create_bucket(Bucket="known-to-work", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
s3.put_object(Bucket="known-to-work", Key="a/b", Body=b"x" * 100_000)
assert s3.get_object(Bucket="known-to-work", Key="a/b")["Body"].read() == b"x" * 100_000
assert [each["Key"] for each in s3.list_objects_v2(Bucket="known-to-work")["Contents"]] == ["a/b"]
try:
    s3.get_object(Bucket="known-to-work", Key="none")
except s3.exceptions.NoSuchKey:
    pass
"""
MADE = ["CreateBucket", "PutObject", "GetObject", "ListObjects", "GetObject"]
# One call of each of AWS's protocols.
MORE = """
boto3.client("sts").get_caller_identity()
boto3.client("sqs").create_queue(QueueName="known-to-work")
boto3.client("dynamodb").list_tables()
boto3.client("lambda").list_functions()
"""
MORE_MADE = ["GetCallerIdentity", "CreateQueue", "ListTables", "ListFunctions20150331"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A stand-in: its package, how it is started on {port}, and whether it has more than S3."""

    name: str
    package: str
    start: tuple[str, ...]
    npm: bool = False
    only_s3: bool = False
    key: str = "AKIAIOSFODNN7EXAMPLE"
    environment: tuple[tuple[str, str], ...] = ()


STAND_INS = (
    StandIn(name="moto", package="moto", start=(sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}")),
    StandIn(name="MiniStack", package="ministack", start=("{at}/venv/bin/ministack",), environment=(("GATEWAY_PORT", "{port}"),)),
    StandIn(
        name="S3rver", package="s3rver", npm=True, only_s3=True, key="S3RVER",
        start=("{at}/node_modules/.bin/s3rver", "-d", "{at}/data", "-a", "127.0.0.1", "-p", "{port}"),
    ),
)  # fmt: skip


def test_the_page_names_what_there_is_to_run():
    assert set(rows("stand-ins")) <= {each.name for each in STAND_INS}
    assert set(rows("pythons")) <= set(PYTHONS)


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda each: each.name)
def test_a_recorder_works_before_a_stand_in(tmp_path: Path, stand_in: StandIn) -> None:
    version = installed(stand_in, tmp_path)
    with running(stand_in, tmp_path) as url:
        machine = Machine(tmp_path / "home", url)
        keys = {"AWS_ACCESS_KEY_ID": stand_in.key, "AWS_SECRET_ACCESS_KEY": stand_in.key}
        code = S3 if stand_in.only_s3 else S3 + MORE
        endpoint = {**keys, "AWS_ENDPOINT_URL": url}
        machine.apitrail("exec", "--", sys.executable, "-c", code, env=endpoint)
    made = [name.removesuffix("V2") for name in machine.names()]
    assert made == MADE + ([] if stand_in.only_s3 else MORE_MADE)
    assert [event["errorCode"] for event in machine.events("--error")] == ["NoSuchKey"]
    assert machine.apitrail("verify").stdout.startswith("OK")
    tried = "S3" if stand_in.only_s3 else "S3, STS, SQS, DynamoDB, Lambda"
    hold("stand-ins", stand_in.name, version, f"{tried}: {len(made)} calls, all recorded")


@pytest.mark.parametrize("wanted", PYTHONS)
def test_it_installs_and_records_under_a_python(
    tmp_path: Path, machine: Machine, wanted: str
) -> None:
    """As its user has it: a wheel of this checkout in an environment of its own, newest dependencies."""
    interpreter = found(wanted)
    uv = str(BIN / "uv")
    must([uv, "venv", "--quiet", "--python", interpreter, str(tmp_path / "venv")])
    python = tmp_path / "venv" / "bin" / "python"
    must([uv, "pip", "install", "--quiet", "--python", str(python), str(ROOT), "boto3"])
    version = machine.run(str(python), "--version").stdout.split()[1]
    apitrail = str(python.with_name("apitrail"))
    machine.run(apitrail, "exec", "--upstream", machine.endpoint, "--", str(python), "-c", "import boto3\n" + MORE)  # fmt: skip
    bundle = machine.directory / "calls.zip"
    machine.run(apitrail, "export", "--prove-complete", "-o", str(bundle))
    assert machine.run(apitrail, "verify", str(bundle)).stdout.startswith("OK: 4 calls")
    assert machine.run(apitrail, "verify").stdout.startswith("OK")
    # Our own reader, which has nothing of that environment.
    assert machine.names() == MORE_MADE
    where = f"{platform.system()} {platform.machine()}"
    hold("pythons", wanted, version, f"{where}: wheel installed, 4 calls recorded, exported and verified")  # fmt: skip


def found(wanted: str) -> str:
    """An interpreter of this version; none is fetched."""
    known = [shutil.which(f"python{wanted}"), *map(str, sorted(Path.home().glob(f".pyenv/versions/{wanted}.*/bin/python")))]  # fmt: skip
    for each in filter(None, reversed(known)):
        done = subprocess.run([each, "-c", "import sys; print(*sys.version_info[:2], sep='.')"], capture_output=True, text=True, check=False)  # fmt: skip
        if done.stdout.strip() == wanted:
            return each
    pytest.skip(f"there is no Python {wanted} here")


def installed(stand_in: StandIn, at: Path) -> str:
    """Install a stand-in; its version."""
    if stand_in.npm:
        must(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", stand_in.package], at
        )
        shown = must(["node", "-p", f"require('{stand_in.package}/package.json').version"], at)
        return shown.strip()
    python = sys.executable
    if "{at}" in stand_in.start[0]:
        python = str(at / "venv" / "bin" / "python")
        must([str(BIN / "uv"), "venv", "--quiet", "--python", sys.executable, str(at / "venv")])
        must([str(BIN / "uv"), "pip", "install", "--quiet", "--python", python, stand_in.package])
    code = f"import importlib.metadata as m; print(m.version({stand_in.package!r}))"
    return must([python, "-c", code]).strip()


def must(command: list[str], cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, env=os.environ, capture_output=True, text=True, check=False)  # fmt: skip
    except OSError as error:
        pytest.skip(f"{command[0]} is not installed: {error.strerror}")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        pytest.skip(f"it does not install here: {lines[-1]}")
    return done.stdout


@contextmanager
def running(stand_in: StandIn, at: Path) -> Iterator[str]:
    """Start it; its URL."""
    port = str(free_port())

    def filled(text: str) -> str:
        return text.replace("{at}", str(at)).replace("{port}", port)

    (at / "data").mkdir()
    url = f"http://127.0.0.1:{port}"
    env = {**clean(), "HOME": str(at), **{n: filled(v) for n, v in stand_in.environment}}
    with serving([*map(filled, stand_in.start)], url, at / "log", env=env, cwd=at):
        yield url


# -- the page --------------------------------------------------------------------------------


def rows(table: str) -> dict[str, str]:
    """The rows of a table of the page, by their first cell."""
    inside = (
        DOCS.read_text("utf-8").partition(f"<!-- {table} -->\n")[2].partition("<!-- end -->")[0]
    )
    lines = [line for line in inside.splitlines()[2:] if line.startswith("| ")]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines}


def hold(table: str, name: str, version: str, what: str) -> None:
    """A row is as the page has it but for the version; `make known-to-work` writes it."""
    row = f"| {name} | {version} | {what} |"
    there = rows(table)
    if os.environ.get("APITRAIL_WRITE_DOCS"):
        there[name] = row
        write(table, there)
    assert name in there, f"the page lacks {name}: make known-to-work"
    assert there[name].split(" | ")[2:] == row.split(" | ")[2:]


def write(table: str, found: dict[str, str]) -> None:
    order = [each.name for each in STAND_INS] + list(PYTHONS)
    text = DOCS.read_text("utf-8")
    before, mark, rest = text.partition(f"<!-- {table} -->\n")
    inside, end, after = rest.partition("<!-- end -->")
    head = "".join(f"{line}\n" for line in inside.splitlines()[:2])
    body = "".join(f"{found[name]}\n" for name in order if name in found)
    DOCS.write_text(before + mark + head + body + end + after, "utf-8")

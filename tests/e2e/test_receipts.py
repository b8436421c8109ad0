"""Two SDKs read the receipt of a call from its answer, fetch its proof, and check it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import witnessing
from apitrail.evidence.receipt import verify_file
from apitrail.evidence.verify import Trust, Verdict
from apitrail.places import clock
from apitrail.tlog.note import Verifier
from apitrail.trail.keys import Keys
from apitrail.web.app import application
from apitrail.web.content import Served
from e2e.conftest import JS
from machine import Machine, boto3

# Each call, its receipt, and the proof in a file.
BOTO3 = """
import sys, urllib.request
served = sys.argv[1]
for client, call, arguments in (
    (boto3.client("sts"), "get_caller_identity", {}),
    (boto3.client("dynamodb"), "list_tables", {"Limit": 3}),
):
    about = getattr(client, call)(**arguments)["ResponseMetadata"]["HTTPHeaders"]
    receipt = about["x-apitrail-receipt"]
    index = receipt.rpartition("#")[2]
    urllib.request.urlretrieve(f"{served}/proof/{index}", f"{index}.tlog-proof")
    print(receipt)
"""


@pytest.fixture
def proving(machine: Machine) -> Machine:
    """A machine whose recorder hands out receipts."""
    config = machine.directory / "config"
    config.mkdir()
    (config / "config.toml").write_text("receipts = true\n")
    return machine


@contextmanager
def recorded(machine: Machine) -> Iterator[tuple[dict[str, str], str, Verifier]]:
    """A recorder, and a server of what it records: a client's variables, the server's URL, the log's key."""
    with machine.recording("--mode", f"reverse:{machine.endpoint}@0") as recorder:
        served = Served(machine.trail, clock)
        with witnessing.serving(application(served)) as url:
            key = Keys.of(machine.trail).signer().verifier
            yield {"AWS_ENDPOINT_URL": recorder.urls[0]}, url.rstrip("/"), key


def test_boto3_keeps_the_proof_of_its_calls(proving: Machine) -> None:
    with recorded(proving) as (environment, url, key):
        said = proving.run(*boto3(BOTO3), url, env=environment).stdout.split()
        assert [receipt.rpartition("#")[0] for receipt in said] == [key.name] * 2
    # The proof outlives the log.
    shutil.rmtree(proving.trail)
    trust = Trust((key,), "--key")
    for receipt in said:
        index = receipt.rpartition("#")[2]
        path = proving.directory / f"{index}.tlog-proof"
        report = verify_file(path, trust, step=lambda _: None)
        assert report.message.startswith(f"entry {index}, api at ")
        assert report.verdict is Verdict.OK
        path.write_text(path.read_text().replace("\nindex ", "\nindex 1"))
        assert verify_file(path, trust, step=lambda _: None).verdict is Verdict.TAMPERED


def test_the_javascript_sdk_keeps_the_proof_of_its_calls(proving: Machine, packages: Path) -> None:
    app = shutil.copy(JS / "receipt.js", packages)
    with recorded(proving) as (environment, url, key):
        public = base64.b64encode(key.public_key).decode()
        done = proving.run("node", str(app), url, key.name, public, env=environment)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(holds, forged) for _, holds, forged in found] == [(True, False)] * 2
    indexes = [int(receipt.removeprefix(f"{key.name}#")) for receipt, _, _ in found]
    assert indexes == sorted(indexes)
    assert proving.names()[-2:] == ["CreateBucket", "ListTables"]

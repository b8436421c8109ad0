"""The AWS SDK for JavaScript v3, which takes no notice of HTTPS_PROXY, in an app left as it is."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path

from machine import Machine
from receipts import proving

PACKAGES = Path(__file__).parent / "js"

APP = """
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
const { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand } = require('@aws-sdk/client-s3');
const { DynamoDBClient, ListTablesCommand } = require('@aws-sdk/client-dynamodb');
(async () => {
  await new STSClient({}).send(new GetCallerIdentityCommand({}));
  const s3 = new S3Client({ forcePathStyle: true });
  const Bucket = `js-${process.pid}-${Date.now()}`;
  await s3.send(new CreateBucketCommand({
    Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
  }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'paid' }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'k' }));
  if (await got.Body.transformToString() !== 'paid') throw new Error('not what was put');
  await new DynamoDBClient({}).send(new ListTablesCommand({}));
})().catch((error) => { console.error(error); process.exit(1); });
"""
NAMES = ["GetCallerIdentity", "CreateBucket", "PutObject", "GetObject", "ListTables"]

# Kinesis is called over HTTP/2, which no https.Agent sees.
STREAMS = """
import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis';
const client = new KinesisClient({});
await client.send(new ListStreamsCommand({}));
await client.send(new ListStreamsCommand({ Limit: 5 }));
client.destroy();
"""

# What a guard refuses: each command's error, its status and how often it was tried.
GUARDED = """
const { S3Client, CreateBucketCommand } = require('@aws-sdk/client-s3');
const { DynamoDBClient, DeleteTableCommand } = require('@aws-sdk/client-dynamodb');
(async () => {
  const sent = [
    [new S3Client({ forcePathStyle: true }), new CreateBucketCommand({ Bucket: 'guarded' })],
    [new DynamoDBClient({}), new DeleteTableCommand({ TableName: 'films' })],
  ];
  for (const [client, command] of sent) {
    const error = await client.send(command).catch((error) => error);
    const about = error.$metadata;
    console.log(JSON.stringify([error.name, error.message, about.httpStatusCode, about.attempts]));
  }
})();
"""


def app(packages: Path, name: str, text: str) -> tuple[str, str]:
    path = packages / name
    path.write_text(text)
    return "node", str(path)


def test_an_unchanged_app_is_recorded_through_the_proxy(machine: Machine, packages: Path) -> None:
    machine.exec(*app(packages, "app.js", APP))
    events = machine.events("--run", "last")
    assert [event["eventName"] for event in events] == NAMES
    assert all("aws-sdk-js/3" in event["userAgent"] for event in events)


def test_http2_is_recorded_through_the_proxy(machine: Machine, packages: Path) -> None:
    machine.exec(*app(packages, "streams.mjs", STREAMS))
    assert machine.names("--run", "last") == ["ListStreams", "ListStreams"]


def test_an_unchanged_app_is_recorded_through_an_endpoint_url(
    machine: Machine, packages: Path
) -> None:
    with machine.recording("--mode", f"reverse:{machine.endpoint}@0") as recorder:
        machine.run(
            *app(packages, "app.js", APP), env={"AWS_ENDPOINT_URL": recorder.urls[0]}
        )  # fmt: skip
    assert machine.names() == NAMES


def test_it_shows_why_a_guard_refused_and_does_not_try_again(
    machine: Machine, packages: Path
) -> None:
    command = app(packages, "guarded.js", GUARDED)
    done = machine.apitrail("exec", "--guard", "read-only", "--", *command)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(name[:12], status, attempts) for name, _, status, attempts in told] == [
        ("AccessDenied", 403, 1), ("AccessDenied", 403, 1),
    ]  # fmt: skip
    assert (
        "not authorized to perform: s3:CreateBucket on resource: arn:aws:s3:::guarded" in told[0][1]
    )
    assert "dynamodb:DeleteTable" in told[1][1]


def test_the_javascript_sdk_keeps_the_proof_of_its_calls(machine: Machine, packages: Path) -> None:
    app = shutil.copy(PACKAGES / "receipt.js", packages)
    with proving(machine) as (environment, url, key):
        public = base64.b64encode(key.public_key).decode()
        done = machine.run("node", str(app), url, key.name, public, env=environment)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(holds, forged) for _, holds, forged in found] == [(True, False)] * 2
    indexes = [int(receipt.removeprefix(f"{key.name}#")) for receipt, _, _ in found]
    assert indexes == sorted(indexes)
    assert machine.names()[-2:] == ["CreateBucket", "ListTables"]


def test_doctor_finds_the_sdk_and_sees_its_call(machine: Machine, packages: Path) -> None:
    done = machine.apitrail("doctor", env={"NODE_PATH": str(packages / "node_modules")})
    assert re.search(r"^recorded +node ", done.stdout, re.MULTILINE)


def test_no_registry_is_named_in_what_is_locked() -> None:
    assert "://" not in (PACKAGES / "package-lock.json").read_text()

"""Shipping, verifying and erasing on the command line, beside a recorder that goes on recording."""

from __future__ import annotations

import signal
import subprocess

import boto3
import pytest
from botocore.config import Config

import delivering
from machine import free_port


@pytest.fixture
def s3(moto):
    return boto3.client(
        "s3", endpoint_url=moto, region_name="us-east-1", aws_access_key_id="x",
        aws_secret_access_key="y", config=Config(proxies={}),
    )  # fmt: skip


@pytest.fixture
def place(s3, tmp_path):
    name = f"keep-{free_port()}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return f"s3://{name}/audit"


def test_a_trail_is_shipped_verified_and_partly_erased(machine, moto, s3, place):
    options = ("--endpoint-url", moto)
    with machine.recording("--mode", f"reverse:{moto}@{free_port()}") as recorder:
        env = {"AWS_ENDPOINT_URL": recorder.urls[0]}
        machine.run("aws", "iam", "create-user", "--user-name", "mary", env=env)
        machine.run("aws", "iam", "list-users", env=env)
        # The anchor is written by the recorder that holds the trail.
        said = machine.apitrail("ship", place, "--retain", "1d", *options).stderr
        assert f"shipment 1 is at {place}" in said
        assert "anchor" in machine.entries()
        machine.run("aws", "iam", "create-user", "--user-name", "paul", env=env)
    said = machine.apitrail("ship", place, "--once", "--retain", "1d", *options).stderr
    assert f"shipment 2 is at {place}" in said
    assert machine.apitrail("verify").stdout.startswith("OK: ")
    held = machine.apitrail("verify", place, *options)
    assert held.stdout.startswith("OK: 3 calls in ")
    assert "the trail here has what was shipped" in held.stdout

    [first] = machine.events("--event-name", "CreateUser", "--resource-name", "mary")
    said = machine.apitrail("erase", first["eventID"], "--yes").stderr
    assert "out of reach: 1 shipped file tells of it until the lock ends" in said
    assert f"{place}/AWSLogs/" in said
    assert "locked until 20" in said

    bucket = place.split("/")[2]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="audit/AWSLogs")["Contents"]
    s3.delete_object(Bucket=bucket, Key=listed[0]["Key"])
    hidden = machine.apitrail("verify", place, *options, status=1)
    assert hidden.stdout.startswith("TAMPERED: a delete marker")
    assert listed[0]["Key"] in hidden.stdout


def test_validate_logs_reads_the_bucket_itself(machine, moto, s3, place):
    machine.exec("aws", "sqs", "list-queues")
    machine.apitrail("ship", place, "--retain", "1d", "--endpoint-url", moto)
    machine.apitrail("export", "--format", "cloudtrail", "-o", str(machine.directory / "tree"))
    bucket = place.split("/")[2]
    [log] = [
        item["Key"]
        for item in s3.list_objects_v2(Bucket=bucket, Prefix="audit/AWSLogs")["Contents"]
        if "/CloudTrail/" in item["Key"]
    ]
    _, _, account, _, region, *_ = log.split("/")
    with delivering.served(machine.directory / "tree") as keys:
        said = machine.run(
            "aws", "cloudtrail", "validate-logs", "--s3-bucket", bucket, "--s3-prefix", "audit",
            "--trail-arn", f"arn:aws:cloudtrail:{region}:{account}:trail/apitrail",
            "--start-time", "2020-01-01",
            env={"AWS_ENDPOINT_URL_S3": moto, "AWS_ENDPOINT_URL_CLOUDTRAIL": keys},
        ).stdout  # fmt: skip
    assert "1/1 digest files valid" in said
    assert "1/1 log files valid" in said


def test_it_goes_on_shipping_until_it_is_stopped(machine, moto, place):
    machine.exec("aws", "iam", "list-users")
    process = machine.start(
        "apitrail", "ship", place, "--every", "1s", "--retain", "1d", "--endpoint-url", moto,
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert f"shipment 1 is at {place}" in process.stderr.readline()
        machine.exec("aws", "iam", "list-roles")
        assert any("shipment 2 is at" in line for line in process.stderr)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_an_export_is_verified_and_its_erasure_stated(machine):
    machine.exec("aws", "iam", "list-users")
    machine.exec("aws", "iam", "list-roles")
    out = machine.directory / "tree"
    export = ("export", "--format", "cloudtrail", "--digest-every", "5m", "-o", str(out))
    assert "2 calls in " in machine.apitrail(*export).stderr
    assert machine.apitrail("verify", str(out)).stdout.startswith("OK: 2 calls in ")
    [first] = machine.events("--event-name", "ListUsers")
    machine.apitrail("erase", first["eventID"], "--yes")
    machine.apitrail(*export)
    assert machine.apitrail("verify", str(out)).stdout.startswith("OK with 1 erasure: ")
    assert b"ListUsers" not in machine.run(
        "sh", "-c", f"cat $(find {machine.trail}/digests -name '*_CloudTrail_*.gz') | gzip -d"
    ).stdout.encode()  # fmt: skip
    (out / "apitrail" / "checkpoint").unlink()
    assert machine.apitrail("verify", str(out), status=1).stdout.startswith("TRUNCATED: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("export", "--format", "cloudtrail"), "log files need a directory"),
        (("export", "--format", "cloudtrail", "--region", "eu-central-1", "-o", "x"), "a filter would look like a hole"),
        (("export", "--format", "cloudtrail", "--digest-every", "0s", "-o", "x"), "too short a time"),
        (("ship", "http://x"), "not a place in S3"),
        (("ship", "s3://a/b", "--once", "--every", "5m"), "contradict each other"),
    ],
)  # fmt: skip
def test_misuse_is_told(machine, arguments, message):
    assert message in machine.apitrail(*arguments, status=2).stderr

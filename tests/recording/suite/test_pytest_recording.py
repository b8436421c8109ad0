"""`pytest --apitrail`, as its user runs it: `make action`."""

from __future__ import annotations

import json

import pytest

from suites import Suite, bundle_of

pytestmark = pytest.mark.action

CONFTEST = """
import boto3, pytest
sts = boto3.client("sts")  # made before any test

@pytest.fixture
def bucket(request):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=request.param, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield request.param
    s3.delete_bucket(Bucket=request.param)
"""
TESTS = """
import subprocess, sys
from concurrent.futures import ThreadPoolExecutor
import boto3, pytest
from conftest import sts

def test_reads(apitrail_calls):
    sts.get_caller_identity()
    assert not apitrail_calls.writes
    assert apitrail_calls.operations == ["sts:GetCallerIdentity"]

def test_makes_none(apitrail_calls):
    assert not apitrail_calls

@pytest.mark.parametrize("bucket", ["one", "two"], indirect=True)
def test_has_a_fixture(bucket, apitrail_calls):
    assert apitrail_calls.operations == ["s3:CreateBucket"]
    apitrail_calls.clear()
    code = f"import boto3; boto3.client('s3').list_objects_v2(Bucket='{bucket}')"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert apitrail_calls.on(bucket).operations == ["s3:ListObjectsV2"] or apitrail_calls.operations == ["s3:ListObjects"]

@pytest.mark.parametrize("number", range(3))
def test_has_threads(number, apitrail_calls):
    sqs = boto3.client("sqs")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda i: sqs.create_queue(QueueName=f"q{number}{i}"), range(3)))
    assert len(apitrail_calls.writes.of("sqs:CreateQueue")) == 3
    assert all(f"q{number}" in name for name in apitrail_calls.resources)
"""
MADE = {
    "test_it.py::test_reads": ["GetCallerIdentity"],
    "test_it.py::test_has_a_fixture[one]": ["CreateBucket", "ListObjects", "DeleteBucket"],
    "test_it.py::test_has_a_fixture[two]": ["CreateBucket", "ListObjects", "DeleteBucket"],
    **{f"test_it.py::test_has_threads[{n}]": ["CreateQueue"] * 3 for n in range(3)},
}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_session_is_one_bundle_in_which_each_call_names_its_test(suite: Suite, workers):
    suite.write("conftest.py", CONFTEST)
    suite.write("test_it.py", TESTS)
    # What follows --apitrail is a test, and no directory.
    said = suite.run(*workers, "--apitrail", "test_it.py")
    assert "16 AWS calls recorded, 13 of them writes, 0 failed" in said
    [bundle] = suite.bundles
    assert str(bundle) == bundle_of(said)
    verdict = suite.apitrail("verify", str(bundle))
    assert verdict.startswith("OK: 16 calls in entries ")
    assert "no recorder was running" not in verdict
    made: dict[str, list[str]] = {}
    for test in MADE:
        lines = suite.apitrail(
            "events", str(bundle), "--label", f"test={test}", "--output", "jsonl"
        )
        names = [json.loads(line)["eventName"] for line in lines.splitlines()][::-1]
        made[test] = [name.removesuffix("V2") for name in names]
    assert made == MADE


def test_a_test_that_wrote_says_what_it_wrote(suite: Suite):
    suite.write(
        "test_it.py",
        "import boto3\ndef test_w(apitrail_calls):\n"
        "    boto3.client('sqs').create_queue(QueueName='jobs')\n    assert not apitrail_calls.writes\n",
    )
    said = suite.run("--apitrail", status=1)
    assert "assert not <1 call: sqs:CreateQueue jobs>" in said
    assert "AWS calls of this test (1)" in said


def test_a_session_without_a_call_proves_that_there_was_none(suite: Suite):
    suite.write("test_it.py", "def test_it(): pass\n")
    said = suite.run("--apitrail")
    assert "0 AWS calls recorded" in said
    verdict = suite.apitrail("verify", bundle_of(said))
    assert verdict.startswith("OK: 0 calls")
    assert "and none but these" in verdict


def test_sessions_share_a_trail_and_have_a_bundle_each(suite: Suite):
    suite.write(
        "test_it.py", "import boto3\ndef test_it(): boto3.client('sts').get_caller_identity()\n"
    )
    for count in (1, 2):
        suite.run("--apitrail=evidence")
        assert len(list(suite.directory.glob("evidence/*.zip"))) == count
    for bundle in suite.directory.glob("evidence/*.zip"):
        assert suite.apitrail("verify", str(bundle)).startswith("OK: 1 call in")


def test_an_endpoint_that_a_test_names_is_recorded_where_it_asks_for_that(suite: Suite, stand_in):
    suite.write(
        "test_it.py",
        "import boto3\ndef test_it(apitrail_endpoint):\n"
        f"    sts = boto3.client('sts', endpoint_url=apitrail_endpoint('{stand_in}'))\n"
        "    sts.get_caller_identity()\n",
    )
    assert "1 AWS call recorded" in suite.run("--apitrail", AWS_ENDPOINT_URL="")
    assert "1 passed" in suite.run(AWS_ENDPOINT_URL="")


def test_calls_to_aws_go_to_an_upstream(suite: Suite, stand_in):
    suite.write(
        "test_it.py", "import boto3\ndef test_it(): boto3.client('sts').get_caller_identity()\n"
    )
    said = suite.run("--apitrail", "--apitrail-upstream", stand_in, AWS_ENDPOINT_URL="")
    assert "1 AWS call recorded" in said


def test_a_test_that_asserts_on_calls_fails_where_nothing_is_recorded(suite: Suite):
    suite.write("test_it.py", "def test_it(apitrail_calls): assert not apitrail_calls.writes\n")
    said = suite.run(status=1)
    assert "apitrail_calls: nothing is recorded, so nothing can be said of calls" in said
    assert "hint: run pytest --apitrail" in said
    assert not suite.bundles


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--apitrail=test_it.py",), "--apitrail cannot write to"),
        (
            ("--apitrail", "--apitrail-upstream", "nonsense"),
            "no scheme in the endpoint URL 'nonsense'",
        ),
        (("--apitrail-upstream", "http://localhost:1"), "--apitrail-upstream without --apitrail"),
    ],
)
def test_what_cannot_record_is_one_line(suite: Suite, options, message):
    suite.write("test_it.py", "def test_it(): pass\n")
    said = suite.run(*options, status=4)
    assert f"ERROR: {message}" in said or f"cannot record: {message}" in said
    assert "Traceback" not in said


def test_nothing_is_started_where_no_test_runs(suite: Suite):
    suite.write("test_it.py", "def test_it(): pass\n")
    suite.run("--apitrail", "--collect-only")
    assert not (suite.directory / ".apitrail").exists()


def test_what_an_interrupted_test_tears_down_is_recorded_too(suite: Suite):
    suite.write(
        "test_it.py",
        "import os, signal, boto3, pytest\n@pytest.fixture\ndef queue():\n    yield\n"
        "    boto3.client('sqs').list_queues()\n"
        "def test_it(queue):\n    os.kill(os.getpid(), signal.SIGINT)\n    signal.pause()\n",
    )
    assert "1 AWS call recorded, 0 of them writes" in suite.run("--apitrail", status=2)


def test_a_pytest_that_a_test_starts_is_a_session_of_its_own(suite: Suite):
    """Also below pytest-xdist, whose variables it inherits."""
    call = "import boto3\ndef test_inner(): boto3.client('sts').get_caller_identity()\n"
    suite.write("inner/test_inner.py", call)
    suite.write(
        "test_it.py",
        "import subprocess, sys\ndef test_it(apitrail_calls):\n"
        "    subprocess.run([sys.executable, '-m', 'pytest', '--apitrail=inner-evidence', '-p', 'no:cacheprovider', '--rootdir=inner', 'inner'], check=True)\n"
        "    assert len(apitrail_calls) == 1  # what is recorded within is recorded without too\n",
    )
    assert "1 AWS call recorded" in suite.run("-n", "1", "--apitrail", "test_it.py")
    assert len(list(suite.directory.glob("inner-evidence/*.zip"))) == 1

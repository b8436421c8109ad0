"""Real aws-cli and boto3, by proxy and by endpoint: every call is there when the client returns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from machine import Machine, Recorder, boto3, free_port

# One call for each protocol AWS speaks, and what CloudTrail calls it.
# (aws-cli's arguments, event source, event name)
CALLS = [
    (("sts", "get-caller-identity"), "sts", "GetCallerIdentity"),
    (("iam", "list-users"), "iam", "ListUsers"),
    (("ec2", "describe-vpcs"), "ec2", "DescribeVpcs"),
    (("dynamodb", "list-tables"), "dynamodb", "ListTables"),
    (("s3api", "list-buckets"), "s3", "ListBuckets"),
    (("lambda", "list-functions"), "lambda", "ListFunctions20150331"),
    (("apigateway", "get-rest-apis"), "apigateway", "GetRestApis"),
    (("sqs", "list-queues"), "sqs", "ListQueues"),
    (("cloudwatch", "describe-alarms"), "monitoring", "DescribeAlarms"),
    (("route53", "list-hosted-zones"), "route53", "ListHostedZones"),
]
SERVICES = [
    ("sts", "get_caller_identity", "GetCallerIdentity"),
    ("iam", "list_roles", "ListRoles"),
    ("ec2", "describe_instances", "DescribeInstances"),
    ("dynamodb", "list_tables", "ListTables"),
    ("s3", "list_buckets", "ListBuckets"),
    ("lambda", "list_functions", "ListFunctions20150331"),
    ("apigateway", "get_rest_apis", "GetRestApis"),
    ("sqs", "list_queues", "ListQueues"),
    ("cloudwatch", "list_dashboards", "ListDashboards"),
]
# aws-cli v1 has no endpoint variable for these (awscli 1.46: AWS_ENDPOINT_URL is ignored for them).
DEAF = {"sqs"}


@pytest.fixture(scope="module")
def desk(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with one recorder for this module, so that each test is one client."""
    return Machine(tmp_path_factory.mktemp("desk") / "home", moto)


@pytest.fixture(scope="module")
def recorder(desk: Machine, moto: str) -> Iterator[Recorder]:
    modes = ("--mode", "regular@0", "--mode", f"reverse:{moto}@{free_port()}")
    with desk.recording("--upstream", moto, *modes) as recorder:
        yield recorder


def test_every_protocol_of_aws_cli_is_recorded_through_the_proxy(
    desk: Machine, recorder: Recorder
) -> None:
    script = "\n".join(f"aws {' '.join(arguments)} || exit 1" for arguments, _, _ in CALLS)
    desk.apitrail("exec", "--", "sh", "-c", script)
    found = desk.events("--run", "last")
    assert [(event["eventSource"], event["eventName"]) for event in found] == [
        (f"{source}.amazonaws.com", name) for _, source, name in CALLS
    ]
    assert all(event["tlsDetails"]["clientProvidedHostHeader"] for event in found)


def test_every_protocol_of_aws_cli_is_recorded_through_an_endpoint_url(
    desk: Machine, recorder: Recorder
) -> None:
    heard = [item for item in CALLS if item[0][0] not in DEAF]
    script = "\n".join(f"aws {' '.join(arguments)} || exit 1" for arguments, _, _ in heard)
    before = len(desk.events())
    desk.run("sh", "-c", script, env={"AWS_ENDPOINT_URL": recorder.urls[1]})
    found = desk.events()[before:]
    assert [(event["eventSource"], event["eventName"]) for event in found] == [
        (f"{source}.amazonaws.com", name) for _, source, name in heard
    ]


@pytest.mark.parametrize("way", ["proxy", "endpoint"])
def test_every_protocol_of_boto3_is_recorded(desk: Machine, recorder: Recorder, way: str) -> None:
    code = "\n".join(f"boto3.client({name!r}).{method}()" for name, method, _ in SERVICES)
    before = len(desk.events())
    if way == "proxy":
        desk.apitrail("exec", "--", *boto3(code))
    else:
        desk.run(*boto3(code), env={"AWS_ENDPOINT_URL": recorder.urls[1]})
    assert [event["eventName"] for event in desk.events()[before:]] == [
        name for _, _, name in SERVICES
    ]


def test_a_shell_that_evaluates_env_is_recorded(desk: Machine, recorder: Recorder) -> None:
    before = len(desk.events())
    script = 'eval "$(apitrail env)" && aws sts get-caller-identity && aws s3api list-buckets'
    desk.run("sh", "-c", script)
    assert [event["eventName"] for event in desk.events()[before:]] == [
        "GetCallerIdentity",
        "ListBuckets",
    ]


def test_what_was_asked_answered_and_refused_is_in_the_event(
    desk: Machine, recorder: Recorder
) -> None:
    code = """
iam = boto3.client("iam")
iam.create_user(UserName="Mary")
try:
    iam.create_user(UserName="Mary")
except iam.exceptions.EntityAlreadyExistsException:
    pass
"""
    desk.apitrail("exec", "--", *boto3(code))
    created, again = desk.events("--run", "last")
    assert created["requestParameters"] == {"userName": "Mary"}
    assert created["responseElements"]["user"]["userName"] == "Mary"
    assert created["sourceIPAddress"] == "127.0.0.1"
    assert "Boto3/" in created["userAgent"]
    assert again["errorCode"] == "EntityAlreadyExistsException"
    assert again["responseElements"] is None


def test_an_event_can_be_read_before_its_client_makes_the_next_call(
    desk: Machine, recorder: Recorder
) -> None:
    # Each call is followed by a look at the trail, within the client itself.
    code = """
import json, subprocess
dynamodb = boto3.client("dynamodb")
for number in range(3):
    try:
        dynamodb.describe_table(TableName=f"table{number}")
    except dynamodb.exceptions.ResourceNotFoundException:
        pass
    out = subprocess.run(["apitrail", "events", "--output", "jsonl", "-n", "1"],
                         capture_output=True, check=True).stdout
    assert json.loads(out)["requestParameters"] == {"tableName": f"table{number}"}, out
"""
    desk.apitrail("exec", "--", *boto3(code))


def test_the_trail_may_be_named_before_and_after_the_command(machine: Machine) -> None:
    there = str(machine.directory / "there")
    ordinary = {"APITRAIL_TRAIL": None}
    machine.apitrail(
        "--trail", there, "exec", "--upstream", machine.endpoint, "--",
        "aws", "sts", "get-caller-identity", env=ordinary,
    )  # fmt: skip
    machine.apitrail(
        "exec", "--trail", there, "--upstream", machine.endpoint, "--",
        "aws", "iam", "list-users", env=ordinary,
    )  # fmt: skip
    before = machine.apitrail("--trail", there, "events", "--output", "json", env=ordinary)
    after = machine.apitrail("events", "--trail", there, "--output", "json", env=ordinary)
    assert before.stdout == after.stdout
    assert before.stdout.count('"eventName"') == 2
    assert not machine.trail.exists()
    assert not (machine.directory / ".apitrail").exists()

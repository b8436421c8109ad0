"""CloudTrail's own clients on a served trail: aws-cli, boto3, trailscraper, validate-logs."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore import session

import apart
from machine import KEY, SECRET, Machine, Process, boto3, free_port

STORY = """
import boto3
iam, s3 = boto3.client("iam"), boto3.client("s3")
for number in range(7):
    iam.create_user(UserName=f"user{number}")
iam.list_users()
iam.delete_user(UserName="user6")
s3.create_bucket(
    Bucket="looked-up", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
s3.put_object(Bucket="looked-up", Key="key", Body=b"content")
s3.get_object(Bucket="looked-up", Key="key")
"""


@pytest.fixture(scope="module")
def machine(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which a story was recorded."""
    machine = Machine(tmp_path_factory.mktemp("lookup") / "home", moto)
    machine.exec("python", "-c", STORY)
    return machine


@contextmanager
def serving(machine: Machine, *options: str) -> Iterator[tuple[str, Process]]:
    """A running `apitrail serve`; its URL."""
    process = machine.start(
        "apitrail", "serve", "--listen", "127.0.0.1:0", *options,
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if match := re.search(r"on (http://\S+)", line):
                yield match[1], process
                break
        else:
            raise AssertionError(f"it does not serve: {process.wait()}")
    finally:
        if process.poll() is None:
            process.kill()
        process.stderr.close()
        process.wait()


@pytest.fixture(scope="module")
def served(machine: Machine) -> Iterator[Machine]:
    """The machine with its clients pointed at the served trail."""
    with serving(machine) as (url, _):
        yield Machine(machine.directory, url, {"AWS_ENDPOINT_URL": url})


def aws(machine: Machine, *arguments: str, **options):
    answer = machine.run("aws", "cloudtrail", *arguments, "--output", "json", **options)
    return json.loads(answer.stdout)


def client(machine: Machine):
    """boto3 in this process, for what is not the point of a test."""
    return session.Session().create_client(
        "cloudtrail", region_name="eu-central-1", endpoint_url=machine.endpoint,
        aws_access_key_id=KEY, aws_secret_access_key=SECRET,
    )  # fmt: skip


def names(answer) -> list[str]:
    return [event["EventName"] for event in answer["Events"]]


def test_the_cli_lists_events_newest_first(served):
    answer = aws(served, "lookup-events")
    assert names(answer)[:2] == ["CreateBucket", "DeleteUser"]
    assert len(answer["Events"]) == 10
    content = json.loads(answer["Events"][1]["CloudTrailEvent"])
    assert content["requestParameters"] == {"userName": "user6"}


def test_the_cli_looks_up_by_attribute(served):
    attribute = "AttributeKey=ResourceName,AttributeValue=user6"
    answer = aws(served, "lookup-events", "--lookup-attributes", attribute)
    assert names(answer) == ["DeleteUser", "CreateUser"]


def test_the_cli_pages(served):
    first = aws(served, "lookup-events", "--page-size", "3", "--max-items", "4")
    rest = aws(served, "lookup-events", "--starting-token", first["NextToken"])
    whole = names(client(served).lookup_events())
    assert names(first) + names(rest) == whole
    assert (len(names(first)), len(whole)) == (4, 10)


def test_data_events_come_on_request(served):
    answer = aws(served, "lookup-events", "--event-category", "data")
    assert names(answer) == ["GetObject", "PutObject"]


def test_the_cli_reads_our_errors(served):
    wrong = ("--lookup-attributes", "AttributeKey=Colour,AttributeValue=red")
    said = served.run("aws", "cloudtrail", "lookup-events", *wrong, status=None)
    assert said.returncode in (254, 255)
    assert "(InvalidLookupAttributesException) when calling the LookupEvents" in said.stderr
    said = served.run("aws", "cloudtrail", "delete-trail", "--name", "apitrail", status=None)
    assert "(UnsupportedOperationException) when calling the DeleteTrail" in said.stderr


PAGINATOR = """
import json
from datetime import datetime, timedelta, timezone
client = boto3.client("cloudtrail")
now = datetime.now(timezone.utc)
pages = list(client.get_paginator("lookup_events").paginate(
    StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=1),
    LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}],
    PaginationConfig={"PageSize": 3}))
events = [event for page in pages for event in page["Events"]]
print(len(pages), [event["Resources"][0]["ResourceName"] for event in events])
print(all(now - timedelta(minutes=30) < event["EventTime"] <= now for event in events))
try:
    client.lookup_events(NextToken="x")
except client.exceptions.InvalidNextTokenException as error:
    print("refused")
"""


def test_boto3s_paginator_joins_pages(served):
    said = served.run(*boto3(PAGINATOR)).stdout.splitlines()
    assert said[0] == f"3 {[f'user{number}' for number in range(6, -1, -1)]}"
    assert said[1:] == ["True", "refused"]


def test_sql_through_boto3(served):
    code = """
client = boto3.client("cloudtrail")
statement = "SELECT eventName, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
query = client.start_query(QueryStatement=statement)["QueryId"]
while (answer := client.get_query_results(QueryId=query))["QueryStatus"] in ("QUEUED", "RUNNING"):
    pass
print(answer["QueryResultRows"])
"""
    said = served.run(*boto3(code)).stdout
    assert said.strip() == "[[{'eventName': 'CreateUser'}, {'n': '7'}]]"


def test_validate_logs_finds_all_valid(served):
    arns = [trail["TrailARN"] for trail in client(served).list_trails()["Trails"]]
    found = 0
    for arn in arns:
        said = served.run(
            "aws", "cloudtrail", "validate-logs", "--trail-arn", arn, "--start-time", "2020-01-01"
        ).stdout
        counts = dict(re.findall(r"(\d+/\d+) (digest|log) files valid", said))
        assert all(len(set(count.split("/"))) == 1 for count in counts), said
        found += "log files valid" in said
    assert found == len(arns) > 0


@pytest.fixture(scope="module")
def trailscraper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It wants an older click than we do."""
    return apart.install(tmp_path_factory, "trailscraper==0.10.0") / "trailscraper"


def test_trailscraper_writes_a_policy_from_our_events(served, trailscraper):
    arguments = ("select", "--use-cloudtrail-api", "--from", "one hour ago", "--to", "in one hour")
    selected = served.run(str(trailscraper), *arguments).stdout
    assert len(json.loads(selected)["Records"]) == 10
    policy = json.loads(served.run(str(trailscraper), "generate", given=selected).stdout)
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert {"iam:CreateUser", "iam:DeleteUser", "iam:ListUsers", "s3:CreateBucket"} <= actions


# -- the server itself -----------------------------------------------------------------------


def test_it_ends_with_0_when_asked(machine):
    with serving(machine) as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_a_taken_port_is_said_in_one_line_with_a_hint(machine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = machine.apitrail("serve", "--listen", f"127.0.0.1:{port}", status=2)
    lines = said.stderr.splitlines()
    assert lines[0] == f"apitrail: something listens on 127.0.0.1:{port} already"
    assert lines[1].startswith("hint: --listen 127.0.0.1:0")


def test_what_is_no_trail_is_not_served(machine, tmp_path):
    said = machine.apitrail("serve", "--listen", "127.0.0.1:0", "--trail", str(tmp_path), status=2)
    assert "no trail at" in said.stderr


def test_a_token_is_wanted_and_is_the_access_key_id(machine, tmp_path):
    token = "APITRAIL0123456789ABCDEF"
    (tmp_path / "token").write_text(f"{token}\n")
    with serving(machine, "--token-file", str(tmp_path / "token")) as (url, _):
        user = Machine(machine.directory, url, {"AWS_ENDPOINT_URL": url})
        refused = user.run("aws", "cloudtrail", "lookup-events", status=None)
        assert "(UnrecognizedClientException)" in refused.stderr
        assert "user6" not in refused.stdout
        answer = aws(user, "lookup-events", env={"AWS_ACCESS_KEY_ID": token})
        assert len(answer["Events"]) == 10


def test_off_loopback_a_token_is_made_and_wanted(machine):
    process = machine.start(
        "apitrail", "serve", "--listen", f"0.0.0.0:{free_port()}",
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "serving" in line:
                break
        token = re.search(r"shown this once: (\S+)", "".join(said))[1]
        url = re.search(r"on http://0\.0\.0\.0:(\d+)", "".join(said))
        local = f"http://127.0.0.1:{url[1]}"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetch(local)
        assert b"Event history" in fetch(local, Authorization=f"Bearer {token}")
    finally:
        process.terminate()
        process.stderr.close()
        process.wait()


def fetch(url: str, **headers: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return bytes(answer.read())


def test_a_rebound_name_is_refused(served):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetch(served.endpoint, Host="evil.example")
    assert b"Event history" in fetch(served.endpoint)


def test_nothing_in_the_log_changes_by_being_served(machine, served):
    before = machine.entries()
    client(served).describe_trails()
    client(served).lookup_events()
    assert machine.entries() == before
    assert machine.apitrail("verify").stdout.startswith("OK")


def test_a_call_is_there_when_its_client_has_the_answer(moto, tmp_path):
    recording = Machine(tmp_path / "home", moto)
    with recording.recording("--upstream", moto, "--mode", "regular@0"):
        recording.apitrail("exec", "--", *boto3("boto3.client('sts').get_caller_identity()"))
        with serving(recording) as (url, _):
            api = client(Machine(recording.directory, url))
            assert api.get_trail_status(Name="apitrail")["IsLogging"] is True
            assert names(api.lookup_events()) == ["GetCallerIdentity"]
            recording.apitrail("exec", "--", *boto3("boto3.client('iam').list_roles()"))
            assert names(api.lookup_events()) == ["ListRoles", "GetCallerIdentity"]
            delivered = {trail["HomeRegion"] for trail in api.describe_trails()["trailList"]}
            assert delivered == {"eu-central-1", "us-east-1"}


def test_selectors_that_were_put_filter_what_is_looked_up(served):
    api = client(served)
    everything = api.get_event_selectors(TrailName="apitrail")["AdvancedEventSelectors"]
    chosen = '[{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": true}]'
    try:
        aws(served, "put-event-selectors", "--trail-name", "apitrail", "--event-selectors", chosen)
        assert names(api.lookup_events()) == ["ListUsers"]
    finally:
        api.put_event_selectors(TrailName="apitrail", AdvancedEventSelectors=everything)
    assert len(api.lookup_events()["Events"]) == 10

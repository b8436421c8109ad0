"""A bad day, recorded: rules written for CloudTrail find it in what we export."""

from __future__ import annotations

import gzip
import json
import os
import re
import sqlite3
import subprocess
from pathlib import Path

import jq
import pytest
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.processing.pipeline import ProcessingPipeline

import apart
import rules
from apitrail.reading import sql
from apitrail.trail.reader import Reader
from machine import Machine

REPOSITORY = Path(__file__).parents[2]

STORY = """
import boto3, json
from datetime import datetime, timedelta, timezone
from botocore.exceptions import ClientError
iam, ec2, s3 = boto3.client("iam"), boto3.client("ec2"), boto3.client("s3")
iam.create_user(UserName="mallory")
iam.create_access_key(UserName="mallory")
everything = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"}]}
policy = iam.create_policy(PolicyName="AdministratorAccess", PolicyDocument=json.dumps(everything))
iam.attach_user_policy(UserName="mallory", PolicyArn=policy["Policy"]["Arn"])
group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
for cidr, other in (("10.0.0.0/8", "192.0.2.0/25"), ("0.0.0.0/0", "192.0.2.128/25")):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "IpRanges": [{"CidrIp": cidr}, {"CidrIp": other}]}])
secrets = boto3.client("secretsmanager")
secrets.create_secret(Name="database", SecretString="canary")
secrets.get_secret_value(SecretId="database")
s3.create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True,
                 CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
kept = s3.put_object(Bucket="evidence", Key="log", Body=b"x", ObjectLockMode="COMPLIANCE",
    ObjectLockRetainUntilDate=datetime.now(timezone.utc) + timedelta(days=1))
try:
    s3.delete_object(Bucket="evidence", Key="log", VersionId=kept["VersionId"])
except ClientError as error:
    print(error)
trail = boto3.client("cloudtrail")
trail.create_trail(Name="audit", S3BucketName="evidence")
trail.stop_logging(Name="audit")
"""


@pytest.fixture(scope="module")
def bad_day(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The trail of a bad day."""
    machine = Machine(tmp_path_factory.mktemp("detections") / "home", moto)
    said = machine.exec("python", "-c", STORY)
    assert "(AccessDenied)" in said.stdout
    return machine


@pytest.fixture(scope="module")
def log_files(bad_day: Machine, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The trail as CloudTrail's log files."""
    tree = tmp_path_factory.mktemp("exported") / "tree"
    bad_day.apitrail("export", "--format", "cloudtrail", "-o", str(tree))
    return sorted(tree.glob("AWSLogs/*/CloudTrail/**/*.json.gz"))


@pytest.fixture(scope="module")
def records(log_files: list[Path]) -> list[dict]:
    """Every record in the log files, by time, as a pipeline would load them."""
    found = [
        record
        for path in log_files
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]
    ]
    assert len(found) == 14
    return sorted(found, key=lambda record: record["eventTime"])


def converted(detection: str, pipeline: ProcessingPipeline | None = None) -> str:
    """A Sigma rule as SQL for our table."""
    rule = f"title: t\nstatus: test\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:{detection}\nlevel: high\n"
    backend = sqliteBackend(processing_pipeline=pipeline, collate_nocase=True)
    backend.table = sql.TABLE
    [statement] = backend.convert(SigmaCollection.from_yaml(rule))
    return statement


@pytest.mark.parametrize("name", rules.SIGMA)
def test_sigma_rules_converted_to_sqlite(bad_day, name):
    with (
        Reader(bad_day.trail) as reader,
        sql.ask(reader, converted(rules.SIGMA[name])) as answer,
    ):
        column = answer.columns.index("eventName")
        assert [row[column] for row in answer.rows] == rules.FOUND[name]


@pytest.fixture(scope="module")
def ocsf(bad_day: Machine, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """The same calls as OCSF, by time."""
    path = tmp_path_factory.mktemp("ocsf") / "calls.jsonl"
    bad_day.apitrail("export", "--format", "ocsf", "-o", str(path))
    return [json.loads(line) for line in path.read_text().splitlines()]


OCSF = ProcessingPipeline.from_yaml((REPOSITORY / "examples/sigma/ocsf.yml").read_text())


def found_in(events: list[dict], statement: str) -> list[str]:
    """The operations of the events that a converted rule finds, in a table of the fields that it asks for."""
    fields = sorted({"api.operation", *re.findall("`([^`]+)`", statement)})
    with sqlite3.connect(":memory:") as database:
        database.create_function("regexp", 2, lambda p, v: v is not None and bool(re.search(p, v)))
        database.execute(f"CREATE TABLE {sql.TABLE}({', '.join(f'`{each}`' for each in fields)})")
        rows = [[sql.cell(sql.at(event, each)) for each in fields] for event in events]
        database.executemany(
            f"INSERT INTO {sql.TABLE} VALUES ({', '.join('?' * len(fields))})", rows
        )
        asked = statement.replace("SELECT *", "SELECT `api.operation`", 1)
        return [name for (name,) in database.execute(asked)]


@pytest.mark.parametrize("name", rules.SIGMA)
def test_sigma_rules_find_the_same_in_ocsf(ocsf, name):
    assert found_in(ocsf, converted(rules.SIGMA[name], OCSF)) == rules.FOUND[name]


def test_every_field_of_a_record_has_its_place_in_ocsf(ocsf, records):
    """What the pipeline names is there, with the value that the CloudTrail record has."""
    by_id = {event["metadata"]["uid"]: event for event in ocsf}
    assert len(by_id) == len(records)
    for record in records:
        event = by_id[record["eventID"]]
        for path, value in leaves(record):
            if path in ELSEWHERE:
                continue
            statement = converted(f"""
  selection:
    '{path}|exists': true
  condition: selection""", OCSF)  # fmt: skip
            [place] = re.findall("`([^`]+)`", statement)
            assert sql.at(event, place) == value, (path, place)


# Resources are told as ARNs, of all that the call names; OCSF's time is a number beside the text.
ELSEWHERE = {"resources.ARN", "resources.type", "resources.accountId"}


def leaves(value, path: str = ""):
    """Dotted paths and what is there; lists are looked through, as in the view."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}" if path else name)
    elif value is not None and not isinstance(value, list):
        yield path, value


def test_a_converted_rule_runs_on_the_command_line(bad_day):
    statement = converted(rules.SIGMA["open to the world"])
    said = bad_day.apitrail("sql", statement, "--output", "jsonl").stdout
    [row] = [json.loads(line) for line in said.splitlines()]
    assert json.loads(row["requestParameters"])["ipPermissions"]["items"]
    assert row["userIdentity.accessKeyId"] == bad_day.environment["AWS_ACCESS_KEY_ID"]


PANTHER = """
import json, sys
from panther_core.enriched_event import PantherEvent
from panther_core.rule import Rule
job = json.load(sys.stdin)
found = {}
for name, body in job["rules"].items():
    rule = Rule({"id": name.replace(" ", "."), "analysisType": "RULE", "versionId": "1", "body": body})
    results = [(r["eventName"], rule.run(PantherEvent(r, {}), {}, {})) for r in job["records"]]
    assert not [result for _, result in results if result.errored], (name, vars(results[0][1]))
    alerts = [(event, result) for event, result in results if result.trigger_alert]
    found[name] = [[event, result.title_output, result.alert_context_output] for event, result in alerts]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def panther(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with Panther's own rule engine, in an environment that is thrown away."""
    packages = ("panther-core==0.16.3", "python-dateutil", "jmespath", "jsonpath-ng")
    return apart.install(tmp_path_factory, *packages) / "python"


def test_panthers_engine_runs_python_rules_on_our_records(panther, records):
    job = json.dumps({"rules": rules.PANTHER, "records": records})
    done = subprocess.run(
        [str(panther), "-c", PANTHER], input=job, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name: [event for event, *_ in alerts] for name, alerts in found.items()} == rules.FOUND
    assert found["logging stopped"][0][1] == "AKIAIOSFODNN7EXAMPLE did StopLogging"
    assert json.loads(found["denied"][0][2])["bucket"] == "evidence"


@pytest.mark.parametrize("program", rules.JQ)
def test_jq_one_liners(records, program):
    assert jq.compile(program).input_value({"Records": records}).all() == rules.JQ[program]


def test_the_jq_of_the_shell_reads_events(bad_day):
    if not any((Path(place) / "jq").exists() for place in os.environ["PATH"].split(":")):
        pytest.skip("there is no jq here")
    line = "apitrail events --output json | jq -r '.Records[] | select(.errorCode) | .eventName'"
    assert bad_day.run("sh", "-c", line).stdout.split() == ["DeleteObject"]

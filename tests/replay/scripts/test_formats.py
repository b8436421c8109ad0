"""Recordings as programs: run against a fresh moto in this process, or read by the tools themselves."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from apitrail.__main__ import run
from apitrail.replay.recorded import Recorded
from apitrail.replay.scripts import formats
from apitrail.replay.scripts.steps import Given, Secret, Text, tell
from studio import REGION, Studio, calls, recorded

SECRET = f"redacted:hmac-sha256:a5663de7:{'v' * 43}:24"


def text(form: str, found: list[Recorded]) -> str:
    return "\n".join(formats.lines(form, found)) + "\n"


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with mock_aws():
        studio = Studio()
        ec2, s3, iam = map(studio.client, ("ec2", "s3", "iam"))
        vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        ec2.create_security_group(GroupName="web", Description=f"of {vpc}", VpcId=vpc)
        s3.create_bucket(
            Bucket="invoices", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        s3.put_object(
            Bucket="invoices", Key="it's é/\n\"1\"", Body=b"\0\xff",
            Expires=datetime(2030, 1, 2, tzinfo=UTC),
        )  # fmt: skip
        s3.get_object(Bucket="invoices", Key='it\'s é/\n"1"')["Body"].read()
        iam.create_user(UserName="John", Tags=[{"Key": "$(id)", "Value": "`a` 'b' \"c\" \\"}])
        with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
            iam.create_user(UserName="John")
        iam.create_login_profile(UserName="John", Password="hunter2!")
        studio.client("ssm").put_parameter(Name="/n", Value="5", Type="String", Overwrite=False)
        studio.client("sqs").create_queue(QueueName="jobs")
        studio.client("dynamodb", "us-east-1").list_tables(Limit=5)
    return studio.record(tmp_path_factory.mktemp("story") / "trail")


@pytest.fixture
def story(trail: Path) -> list[Recorded]:
    return calls(trail)


def test_a_boto3_program_runs_as_it_is(
    story: list[Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = text("boto3", story)
    monkeypatch.setenv("REDACTED_1", "correct horse")
    monkeypatch.setenv("REDACTED_2", "6")
    with mock_aws():
        exec(compile(program, "story.py", "exec"), {})
        [vpc] = boto3.client("ec2", region_name=REGION).describe_vpcs(
            Filters=[{"Name": "cidr", "Values": ["10.7.0.0/16"]}]
        )["Vpcs"]
        [group] = boto3.client("ec2", region_name=REGION).describe_security_groups(
            GroupNames=["web"]
        )["SecurityGroups"]
        kept = boto3.client("s3").get_object(Bucket="invoices", Key='it\'s é/\n"1"')
        tags = boto3.client("iam").list_user_tags(UserName="John")["Tags"]
        body = kept["Body"].read()
    assert (group["VpcId"], group["Description"]) == (vpc["VpcId"], f"of {vpc['VpcId']}")
    assert body == b"\0\xff"
    assert kept["ExpiresString"] == "Wed, 02 Jan 2030 00:00:00 GMT"
    assert tags == [{"Key": "$(id)", "Value": "`a` 'b' \"c\" \\"}]


def test_secrets_are_named_and_read_from_the_environment(story: list[Recorded]) -> None:
    for form in ("boto3", "script", "curl"):
        program = text(form, story)
        assert "REDACTED_1: iam:CreateLoginProfile Password, 8 bytes" in program
        assert "redacted:hmac" not in program


def test_shell_scripts_are_well_formed_and_stop_without_secrets(
    story: list[Recorded], tmp_path: Path
) -> None:
    for form in ("script", "curl"):
        (tmp_path / form).write_text(text(form, story))
        subprocess.run(["sh", "-n", tmp_path / form], check=True)
        done = subprocess.run(
            ["sh", tmp_path / form], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert "REDACTED_1: is needed, see above" in done.stderr


def shell_words(story: list[Recorded], number: int, secret: str = "x") -> list[str]:
    """What `aws` would be called with for one call: a shell reads the script, `aws` prints."""
    script = text("script", [story[number]])
    script = re.sub(
        r"^aws\(\) .*$", r"""aws() { printf '%s\\0' "$@" >&3; }""", script, flags=re.MULTILINE
    )
    script = script.replace("command aws --version", "echo aws-cli/2.0")
    done = subprocess.run(
        ["sh", "-c", f"exec 3>&1 >/dev/null\n{script}"], capture_output=True, check=False, text=True,
        env={"PATH": "/usr/bin:/bin", "REDACTED_1": secret, "REDACTED_2": "6"},
    )  # fmt: skip
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("secret", ["http://a/", "file:///etc/passwd", "-x", 'a"b', "{}", "x"])
def test_a_secret_is_never_an_option_s_value(story: list[Recorded], secret: str) -> None:
    # aws-cli 1 fetches http://…, reads file://… and takes -x for an option.
    *words, option, document = shell_words(story, 7, secret)
    assert [*words, option] == ["iam", "create-login-profile", "--cli-input-json"]
    assert json.loads(document) == {"UserName": "John", "Password": secret}


def test_a_call_without_an_answer_is_not_written() -> None:
    lost = recorded(service="iam", operation="ListUsers", parameters={}, status=None)
    for form in ("script", "boto3", "curl"):
        program = text(form, [lost])
        assert "its outcome was never known" in program
        assert "list-users" not in program
        assert ".list_users(" not in program


def test_curl_takes_a_path_as_it_is() -> None:
    call = recorded(
        service="s3", operation="DeleteObject", region=REGION,
        parameters={"Bucket": "b", "Key": "a/../b"},
    )  # fmt: skip
    program = text("curl", [call])
    assert "--path-as-is" in program
    assert "/b/a/../b" in program


def test_a_copy_s_source_is_written_as_clients_take_it() -> None:
    call = recorded(
        service="s3", operation="CopyObject", region=REGION,
        parameters={"Bucket": "b", "Key": "k", "CopySource": "a/my%20report.txt"},
    )  # fmt: skip
    assert "CopySource='a/my report.txt'" in text("boto3", [call])
    assert "'a/my report.txt'" in text("script", [call])
    assert "a/my%20report.txt" in text("curl", [call])


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, ["ec2", "create-vpc", "--cidr-block", "10.7.0.0/16"]),
        (9, ["sqs", "create-queue", "--queue-name", "jobs"]),
        (10, ["dynamodb", "list-tables", "--limit", "5"]),
    ],
)
def test_options_are_aws_clis_own_where_they_are_plain(
    number: int, words: list[str], story: list[Recorded]
) -> None:
    assert shell_words(story, number) == words


def test_what_is_nested_is_json(story: list[Recorded]) -> None:
    words = shell_words(story, 5)
    assert words[:3] == ["iam", "create-user", "--cli-input-json"]
    assert json.loads(words[3]) == story[5].parameters
    assert json.loads(shell_words(story, 3)[3])["Key"] == 'it\'s é/\n"1"'


def test_a_streamed_body_is_a_file(story: list[Recorded]) -> None:
    words = shell_words(story, 3)
    assert words[4] == "--body"
    assert base64.b64encode(b"\0\xff").decode() in text("script", [story[3]])
    assert shell_words(story, 4)[-1] == "/dev/null"


def test_refusals_are_expected(story: list[Recorded]) -> None:
    assert "refused EntityAlreadyExists aws iam create-user" in text("script", story)
    assert "refused('EntityAlreadyExists', iam.create_user, UserName='John')" in text(
        "boto3", story
    )


def test_curl_sends_what_botocore_would(story: list[Recorded], tmp_path: Path) -> None:
    script = text("curl", story)
    assert (
        "call iam us-east-1 -X POST -H 'Content-Type: application/x-www-form-urlencoded; "
        "charset=utf-8' --data-binary 'Action=CreateUser&Version=2010-05-08&UserName=John" in script
    )
    assert "'/invoices/it%27s%20%C3%A9/%0A%221%22'" in script or "/invoices/it%27s" in script
    assert "was refused with EntityAlreadyExists" in script


def unwritable() -> list[Recorded]:
    return [
        recorded(service=None),
        recorded(service="s3", operation="PostObject", parameters={}),
        recorded(service="iam", operation="GetUser"),
        recorded(
            service="s3", operation="PutObject",
            parameters={"Bucket": "b", "Key": "k", "Body": {"length": 9, "sha256": "00"}},
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["script", "boto3", "curl"])
def test_what_cannot_be_written_is_a_comment(form: str) -> None:
    lines = [line for line in text(form, unwritable()).splitlines() if "not written" in line]
    assert [line.rpartition(": ")[2] for line in lines][:3] == [
        "it could not be told which operation it is",
        "botocore has no such operation",
        "its parameters were not kept",
    ]
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        ("AP8=", ["--cli-input-json", '{"TableName":"t","Item":{"b":{"B":"AP8="}}}']),
        ("aGk=", ["--cli-input-json", '{"TableName":"t","Item":{"b":{"B":"hi"}}}', "--cli-binary-format", "raw-in-base64-out"]),
    ],
    ids=["binary", "text"],
)  # fmt: skip
def test_bytes_inside_of_json_are_as_aws_cli_2_takes_them(blob: str, words: list[str]) -> None:
    item = {"TableName": "t", "Item": {"b": {"B": blob}}}
    put = recorded(service="dynamodb", operation="PutItem", parameters=item)
    assert shell_words([put], 0) == ["dynamodb", "put-item", *words]


def test_binary_inside_of_json_is_not_for_aws_cli_1() -> None:
    item = {"TableName": "t", "Item": {"b": {"B": "AP8="}}}
    put = recorded(service="dynamodb", operation="PutItem", parameters=item)
    assert "\nneeds_2 dynamodb:PutItem && aws dynamodb put-item " in text("script", [put])
    assert r"'B': b'\x00\xff'" in text("boto3", [put])


def test_values_of_answers_become_variables() -> None:
    story = tell([
        recorded(service="ec2", operation="CreateVpc", parameters={}, result={"Vpc": {"VpcId": "vpc-1a"}}),
        recorded(service="iam", operation="CreateAccessKey", parameters={}, result={"AccessKey": {"SecretAccessKey": SECRET}}),
        recorded(service="ssm", operation="PutParameter", parameters={"Name": "/vpc-1a/x", "Value": SECRET}),
    ])  # fmt: skip
    assert [step.gives for step in story.steps] == [
        [Given("vpc_id", ("Vpc", "VpcId"))],
        [Given("secret_access_key", ("AccessKey", "SecretAccessKey"))],
        [],
    ]
    assert story.secrets == {}
    name = story.steps[2].parameters["Name"]
    assert name == Text(("/", Given("vpc_id", ("Vpc", "VpcId")), "/x"), "/vpc-1a/x")


def test_ciphertexts_and_ids_inside_of_paths_are_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock_aws():
        studio = Studio()
        route53, kms = studio.client("route53"), studio.client("kms")
        zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]
        route53.list_resource_record_sets(HostedZoneId=zone["Id"])
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        cipher = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
        kms.decrypt(CiphertextBlob=cipher)
    found = calls(studio.record(tmp_path / "trail"))
    monkeypatch.setenv("REDACTED_1", "text")
    with mock_aws():
        exec(compile(text("boto3", found), "story.py", "exec"), {})
    script = text("script", found)
    [zone_id] = re.findall(r"^(\w+)=\$\(aws route53 create-hosted-zone", script, flags=re.MULTILINE)
    assert f"{zone_id}=${{{zone_id}##*/}}" in script
    assert f'"HostedZoneId":"\'"$(j "${zone_id}")"\'"' in script
    assert 'printf %s "$ciphertext_blob" | base64 -d > "$files/5-CiphertextBlob"' in script
    assert 'printf %s "$REDACTED_1" > "$files/4-Plaintext"' in script


def test_what_the_caller_said_first_stays_the_callers() -> None:
    story = tell([
        recorded(service="s3", operation="CreateBucket", parameters={"Bucket": "invoices-2026"}, result={"Location": "invoices-2026"}),
        recorded(service="s3", operation="HeadBucket", parameters={"Bucket": "invoices-2026"}),
    ])  # fmt: skip
    assert story.steps[1].parameters == {"Bucket": "invoices-2026"}


def test_a_secret_is_one_wherever_it_stands() -> None:
    call = {"service": "ssm", "operation": "PutParameter"}
    story = tell([recorded(parameters={"Value": SECRET}, **call), recorded(parameters={"Value": f"a {SECRET}"}, **call)])  # fmt: skip
    assert list(story.secrets) == [Secret(1)]
    assert story.steps[1].parameters["Value"].parts == ("a ", Secret(1))


def test_har_is_complete_and_says_what_was_not_kept(story: list[Recorded]) -> None:
    log: Any = json.loads(text("har", story))["log"]
    assert log["version"] == "1.2"
    entries = log["entries"]
    assert [e["_apitrail"]["operation"] for e in entries] == [c.operation for c in story]
    put, login = entries[3], entries[7]
    assert put["request"]["method"] == "PUT"
    assert put["request"]["url"].endswith("/it%27s%20%C3%A9/%0A%221%22")
    assert base64.b64decode(put["request"]["postData"]["text"]).endswith(b"\r\n\r\n")
    assert login["request"]["postData"]["comment"].endswith("bytes, redacted")
    assert login["request"]["postData"]["text"] == ""
    assert "<VpcId>" in entries[0]["response"]["content"]["text"] or "vpcId" in entries[0]["response"]["content"]["text"]  # fmt: skip
    # HAR 1.2, "entries": these are required.
    for entry in entries:
        assert {
            "startedDateTime",
            "time",
            "request",
            "response",
            "cache",
            "timings",
        } <= entry.keys()
        assert {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"} <= entry["request"].keys()  # fmt: skip
        assert {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize"} <= entry["response"].keys()  # fmt: skip
    assert json.loads(text("har", []))["log"]["entries"] == []


@pytest.mark.parametrize("form", formats.NAMES)
def test_the_command_writes_each(
    form: str, trail: Path, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    assert run(["export", "--trail", str(trail), "--format", form, "--event-source", "iam"]) == 0
    printed = capfdbinary.readouterr().out
    path = tmp_path / "out"
    assert run(["export", "--trail", str(trail), "--format", form, "--event-source", "iam", "-o", str(path)]) == 0  # fmt: skip
    assert path.read_bytes() == printed
    assert b"John" in printed
    assert b"invoices" not in printed


def test_what_is_only_copied_is_written_without_botocore(trail: Path) -> None:
    probe = (
        "import sys; from apitrail.__main__ import run;"
        f"run(['export', '--trail', {str(trail)!r}, '--format', 'har']);"
        "print('botocore' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stderr == "False\n"

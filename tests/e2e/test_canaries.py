"""Unique secrets through real clients, then every byte on the disk searched for them."""

from __future__ import annotations

import base64
import json
import zipfile
from contextlib import suppress
from urllib.parse import quote, quote_plus

import pytest
import zstandard

from apitrail.trail.reader import Reader
from machine import Machine

# (service, operation, parameters); CANARY is replaced by a secret of its own. Those the
# `sensitive` trait does not mark are here too (STS, ECR, MQ, ElastiCache, App Runner and so on).
REQUESTS = [
    ("secretsmanager", "create_secret", {"Name": "a", "SecretString": "CANARY"}),
    ("secretsmanager", "create_secret", {"Name": "j", "SecretString": '{"password": "CANARY"}'}),
    ("secretsmanager", "create_secret", {"Name": "b", "SecretBinary": "CANARY"}),
    ("secretsmanager", "put_secret_value", {"SecretId": "a", "SecretString": "CANARY"}),
    ("ssm", "put_parameter", {"Name": "p", "Type": "SecureString", "Value": "CANARY"}),
    ("iam", "create_login_profile", {"UserName": "eve", "Password": "CANARY"}),
    ("iam", "update_login_profile", {"UserName": "eve", "Password": "CANARY"}),
    ("iam", "change_password", {"OldPassword": "CANARY", "NewPassword": "CANARY2"}),
    ("rds", "create_db_instance", {"DBInstanceIdentifier": "d", "DBInstanceClass": "db.t3.micro", "Engine": "mysql", "MasterUsername": "root", "MasterUserPassword": "CANARY"}),
    ("docdb", "create_db_cluster", {"DBClusterIdentifier": "c", "Engine": "docdb", "MasterUserPassword": "CANARY"}),
    ("redshift", "create_cluster", {"ClusterIdentifier": "r", "NodeType": "ra3.large", "MasterUsername": "root", "MasterUserPassword": "CANARY"}),
    ("lambda", "create_function", {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Code": {"ZipFile": b"CANARY2"}, "Environment": {"Variables": {"DB_PASSWORD": "CANARY"}}}),
    ("ec2", "run_instances", {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1, "UserData": "#!/bin/sh\nexport TOKEN=CANARY"}),
    ("ecs", "register_task_definition", {"family": "t", "containerDefinitions": [{"name": "n", "image": "i", "environment": [{"name": "API_KEY", "value": "CANARY"}]}]}),
    ("codebuild", "create_project", {"name": "p", "source": {"type": "NO_SOURCE"}, "artifacts": {"type": "NO_ARTIFACTS"}, "serviceRole": "r", "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL", "environmentVariables": [{"name": "SECRET_TOKEN", "value": "CANARY"}]}}),
    ("batch", "register_job_definition", {"jobDefinitionName": "j", "type": "container", "containerProperties": {"image": "i", "environment": [{"name": "PASSWORD", "value": "CANARY"}]}}),
    ("elasticache", "create_user", {"UserId": "u", "UserName": "u", "Engine": "redis", "AccessString": "on", "Passwords": ["CANARY"]}),
    ("elasticache", "create_replication_group", {"ReplicationGroupId": "g", "ReplicationGroupDescription": "d", "AuthToken": "CANARY"}),
    ("memorydb", "create_user", {"UserName": "u", "AuthenticationMode": {"Type": "password", "Passwords": ["CANARY"]}, "AccessString": "on"}),
    ("mq", "create_user", {"BrokerId": "b", "Username": "u", "Password": "CANARY"}),
    ("sns", "create_platform_application", {"Name": "n", "Platform": "GCM", "Attributes": {"PlatformCredential": "CANARY"}}),
    ("cloudformation", "create_stack", {"StackName": "s", "TemplateBody": '{"Resources": {}}', "Parameters": [{"ParameterKey": "DbPassword", "ParameterValue": "CANARY"}]}),
    ("cognito-idp", "admin_set_user_password", {"UserPoolId": "eu-central-1_a", "Username": "u", "Password": "CANARY"}),
    ("cognito-idp", "initiate_auth", {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "abcdefgh", "AuthParameters": {"USERNAME": "u", "PASSWORD": "CANARY"}}),
    ("apigateway", "create_api_key", {"name": "k", "value": "CANARYCANARYCANARYCANARY"}),
    ("glue", "create_connection", {"ConnectionInput": {"Name": "c", "ConnectionType": "JDBC", "ConnectionProperties": {"PASSWORD": "CANARY", "USERNAME": "u"}}}),
    ("events", "create_connection", {"Name": "c", "AuthorizationType": "API_KEY", "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "CANARY"}}}),
    ("kms", "encrypt", {"KeyId": "alias/none", "Plaintext": b"CANARY"}),
    ("iot", "register_ca_certificate", {"caCertificate": "c", "verificationCertificate": "v"}),
    ("redshift-data", "execute_statement", {"Sql": "CREATE USER u PASSWORD 'CANARY'", "ClusterIdentifier": "r", "Database": "d"}),
    ("s3", "put_object", {"Bucket": "safe", "Key": "k", "Body": b"x", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": "CANARYCANARYCANARYCANARYCANARYCA"}),
    ("sts", "assume_role_with_web_identity", {"RoleArn": "arn:aws:iam::123456789012:role/w", "RoleSessionName": "s", "WebIdentityToken": "CANARYCANARY"}),
    ("transfer", "create_user", {"Role": "arn:aws:iam::123456789012:role/r", "ServerId": "s-01234567890abcdef", "UserName": "usr"}),
    ("workspaces", "create_workspaces", {"Workspaces": [{"DirectoryId": "d-9067", "UserName": "u", "BundleId": "wsb-1"}]}),
    ("ds", "create_directory", {"Name": "corp.example.com", "Password": "CANARYaA1!", "Size": "Small"}),
]  # fmt: skip

# Where the secrets of answers are.
ANSWERS = [
    ("sts", "get_session_token", {}, ("Credentials.SecretAccessKey", "Credentials.SessionToken")),
    ("sts", "assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "s"}, ("Credentials.SecretAccessKey", "Credentials.SessionToken")),
    ("sts", "get_federation_token", {"Name": "bob"}, ("Credentials.SecretAccessKey", "Credentials.SessionToken")),
    ("iam", "create_access_key", {"UserName": "eve"}, ("AccessKey.SecretAccessKey",)),
    ("ec2", "create_key_pair", {"KeyName": "k"}, ("KeyMaterial",)),
    ("secretsmanager", "get_secret_value", {"SecretId": "a"}, ("SecretString",)),
    ("secretsmanager", "get_random_password", {}, ("RandomPassword",)),
    ("ssm", "get_parameter", {"Name": "p", "WithDecryption": True}, ("Parameter.Value",)),
    ("ecr", "get_authorization_token", {}, ("authorizationData[0].authorizationToken",)),
    ("kms", "generate_random", {"NumberOfBytes": 32}, ("Plaintext",)),
    ("apigateway", "get_api_keys", {"includeValues": True}, ("items[0].value",)),
]  # fmt: skip

PROGRAM = """
import base64, boto3, json, jmespath, secrets, sys
from botocore.config import Config
planned = json.load(sys.stdin)
config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
found, failed = [], []
boto3.client("iam").create_user(UserName="eve")
boto3.client("s3").create_bucket(Bucket="safe", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

def plant(value):
    if isinstance(value, dict):
        return {k: plant(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plant(v) for v in value]
    if not isinstance(value, str) or "CANARY" not in value:
        return value
    raw = value.removeprefix("b:")
    while "CANARY" in raw:
        canary = secrets.token_hex(12)
        found.append(canary)
        raw = raw.replace("CANARY2", canary, 1) if "CANARY2" in raw else raw.replace("CANARY", canary, 1)
    return raw.encode() if value.startswith("b:") else raw

def call(service, operation, parameters):
    try:
        return getattr(boto3.client(service, config=config), operation)(**parameters)
    except Exception as error:
        failed.append(f"{service}.{operation}: {type(error).__name__}")

for service, operation, parameters in planned["requests"]:
    parameters = plant(parameters)
    if "SSECustomerKey" in parameters:  # boto3 wants exactly 32 bytes
        found[:] = [c for c in found if c not in parameters["SSECustomerKey"]]
        parameters["SSECustomerKey"] = (key := secrets.token_hex(16))
        found.append(key)
    call(service, operation, parameters)
for service, operation, parameters, paths in planned["answers"]:
    result = call(service, operation, parameters)
    for path in paths if result else ():
        value = jmespath.search(path, result)
        if value:
            found.append(value if isinstance(value, str) else base64.b64encode(value).decode())
    if operation == "get_session_token" and result:
        keys = result["Credentials"]
        boto3.client("sts", aws_access_key_id=keys["AccessKeyId"],
                     aws_secret_access_key=keys["SecretAccessKey"],
                     aws_session_token=keys["SessionToken"]).get_caller_identity()
url = boto3.client("s3").generate_presigned_url("get_object", Params={"Bucket": "safe", "Key": "k"})
found.append(url.partition("Signature=")[2].partition("&")[0])
import botocore.httpsession, botocore.awsrequest, os
session = botocore.httpsession.URLLib3Session(verify=os.environ["REQUESTS_CA_BUNDLE"], proxies={"https": os.environ["HTTPS_PROXY"]})
session.send(botocore.awsrequest.AWSPreparedRequest("GET", url, {"Cookie": (cookie := "c" + secrets.token_hex(12))}, b"", False))
found.append(cookie)
json.dump({"found": found, "failed": failed}, sys.stdout)
"""


def _portable(value):
    """The plan as JSON: bytes marked by a prefix."""
    if isinstance(value, dict):
        return {k: _portable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(v) for v in value]
    return f"b:{value.decode()}" if isinstance(value, bytes) else value


@pytest.fixture(scope="module")
def flown(moto, tmp_path_factory):
    """All the calls recorded, the secrets that were in them, and everything read back."""
    machine = Machine(tmp_path_factory.mktemp("canaries") / "home", moto)
    plan = json.dumps({"requests": _portable(REQUESTS), "answers": _portable(ANSWERS)})
    with machine.recording("--upstream", moto, "--mode", "regular@0") as recorder:
        done = machine.apitrail("exec", "--", "python", "-c", PROGRAM, given=plan, timeout=110)
    told = json.loads(done.stdout)
    said = recorder.stop()[1] + "".join(recorder.lines)
    for output in ("jsonl", "csv", "text"):
        exported = machine.apitrail("events", "--output", output, "-n", "1000").stdout
        (machine.trail.parent / f"export.{output}").write_text(exported)
    exported = machine.apitrail("events", "--output", "json", "--shape", "botocore").stdout
    (machine.trail.parent / "export.json").write_text(exported + said + done.stderr)
    machine.apitrail("export", "-o", str(machine.trail.parent / "bundle.zip"))
    return told["found"], machine, told["failed"]


def spellings(secret: str) -> set[bytes]:
    """How a secret may lie on a disk: as it is, base64 at each alignment, hex, URL-encoded."""
    raw = secret.encode()
    found = {
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        quote(secret, safe="").encode(),
        quote_plus(secret).encode(),
        json.dumps(secret)[1:-1].encode(),
    }
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        # The first and last characters also depend on the neighbours.
        found.add(encoded[4 if shift else 0 : -4])
        found.add(base64.urlsafe_b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4])
    return {spelling for spelling in found if len(spelling) >= 12}


def everything(machine: Machine) -> list[tuple[str, bytes]]:
    """Every file of the test's home as it is, and every facet and zip member decompressed."""
    files = [path for path in machine.directory.rglob("*") if path.is_file()]
    found = [(str(path.relative_to(machine.directory)), path.read_bytes()) for path in files]
    with Reader(machine.trail) as reader:
        for index in range(reader.size):
            found += [(f"{index}/{tag}", data) for tag, data in reader.facets(index).items()]
    found += [
        (f"{name}+{at}", data) for name, content in list(found) for at, data in frames(content)
    ]
    with zipfile.ZipFile(machine.trail.parent / "bundle.zip") as bundle:
        found += [(f"bundle.zip/{name}", bundle.read(name)) for name in bundle.namelist()]
    return found


def frames(content: bytes) -> list[tuple[int, bytes]]:
    """zstd frames anywhere in a file, free pages included."""
    found, start = [], content.find(b"\x28\xb5\x2f\xfd")
    while start != -1:
        with suppress(zstandard.ZstdError):
            plain = zstandard.ZstdDecompressor().decompressobj().decompress(content[start:])
            found.append((start, plain))
        start = content.find(b"\x28\xb5\x2f\xfd", start + 4)
    return found


def test_the_calls_were_made_and_recorded(flown):
    found, machine, failed = flown
    assert len(found) > 45, failed
    assert len(machine.events()) >= len(REQUESTS) + len(ANSWERS), failed


def test_no_secret_lies_anywhere_on_the_disk(flown):
    found, machine, _ = flown
    places = everything(machine)
    leaks = {
        (secret[:6], place)
        for secret in found
        for spelling in spellings(secret)
        for place, content in places
        if spelling in content
    }
    assert not leaks, sorted(leaks)


def test_the_search_finds_what_is_no_secret(flown):
    _, machine, _ = flown
    assert [place for place, content in everything(machine) if b"corp.example.com" in content]


def test_a_value_is_found_by_its_digest_alone(flown):
    found, machine, _ = flown
    done = machine.apitrail("find-value", "--output", "jsonl", given=found[0])
    names = {json.loads(line)["eventName"] for line in done.stdout.splitlines()}
    assert names == {"CreateSecret"}
    assert found[0] not in done.stdout + done.stderr


def test_equal_values_correlate(flown):
    found, machine, _ = flown
    done = machine.apitrail("find-value", "--output", "jsonl", given=found[3])
    names = sorted(json.loads(line)["eventName"] for line in done.stdout.splitlines())
    assert names == ["GetSecretValue", "PutSecretValue"]


def test_another_value_is_not_found(flown):
    _, machine, _ = flown
    machine.apitrail("find-value", given="never-sent", status=1)

"""Where a text stands in a call: in what is asked, in what is answered, on the wire."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import zstandard

from apitrail.exchange import Body, Exchange
from redacting import answer, asked, exchange, post

type Place = Callable[[str], Exchange]

_ROLE = "arn:aws:iam::123456789012:role/r"
_JSON = ("Content-Type", "application/x-amz-json-1.1")


def request(service: str, operation: str, make: Callable[[str], dict[str, object]]) -> Place:
    """A request of botocore's, and an empty answer."""

    def place(text: str) -> Exchange:
        plain, _ = asked(service, operation, make(text))
        return replace(plain, ended=2, response=answer(b"{}"))

    return place


def result(service: str, operation: str, parameters: dict[str, object],
           make: Callable[[str], object]) -> Place:  # fmt: skip
    """An answer in JSON to a harmless request."""

    def place(text: str) -> Exchange:
        plain, _ = asked(service, operation, parameters)
        return replace(plain, ended=2, response=answer(json.dumps(make(text)).encode(), _JSON))

    return place


def failure(service: str, operation: str, parameters: dict[str, object]) -> Place:
    """A refusal whose message is the text."""

    def place(text: str) -> Exchange:
        plain, _ = asked(service, operation, parameters)
        body = json.dumps({"__type": "ValidationException", "message": text}).encode()
        return replace(plain, ended=2, response=answer(body, _JSON, status=400))

    return place


PLACES: dict[str, Place] = {
    "template": request("cloudformation", "CreateStack", lambda t: {
        "StackName": "s", "TemplateBody": t}),
    "template of a change set": request("cloudformation", "CreateChangeSet", lambda t: {
        "StackName": "s", "ChangeSetName": "c", "TemplateBody": t}),
    "ssm command": request("ssm", "SendCommand", lambda t: {
        "DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["set -e", t]}}),
    "ssm document": request("ssm", "CreateDocument", lambda t: {
        "Name": "d", "Content": json.dumps({"schemaVersion": "2.2", "mainSteps": [
            {"inputs": {"runCommand": [t]}}]})}),
    "ssm document in YAML": request("ssm", "CreateDocument", lambda t: {
        "Name": "d", "DocumentFormat": "YAML",
        "Content": "mainSteps:\n- inputs:\n    runCommand:\n    - |\n"
        + "".join(f"      {line}\n" for line in t.split("\n"))}),
    "message": request("sqs", "SendMessage", lambda t: {
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/q", "MessageBody": t}),
    "topic": request("sns", "Publish", lambda t: {
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Message": t}),
    "log line": request("logs", "PutLogEvents", lambda t: {
        "logGroupName": "g", "logStreamName": "s",
        "logEvents": [{"timestamp": 1, "message": t}]}),
    "athena": request("athena", "StartQueryExecution", lambda t: {"QueryString": t}),
    "redshift": request("redshift-data", "ExecuteStatement", lambda t: {
        "Sql": t, "ClusterIdentifier": "r", "Database": "d"}),
    "redshift batch": request("redshift-data", "BatchExecuteStatement", lambda t: {
        "Sqls": ["select 1", t], "ClusterIdentifier": "r", "Database": "d"}),
    "aurora": request("rds-data", "ExecuteStatement", lambda t: {
        "resourceArn": "arn:aws:rds:eu-west-1:1:cluster:c", "secretArn": "arn:aws:s", "sql": t}),
    "named query": request("athena", "CreateNamedQuery", lambda t: {
        "Name": "q", "Database": "d", "QueryString": t}),
    "buildspec": request("codebuild", "StartBuild", lambda t: {
        "projectName": "p", "buildspecOverride": t}),
    "project": request("codebuild", "CreateProject", lambda t: {
        "name": "p", "source": {"type": "NO_SOURCE", "buildspec": t},
        "artifacts": {"type": "NO_ARTIFACTS"}, "serviceRole": _ROLE,
        "environment": {"type": "LINUX_CONTAINER", "image": "i",
                        "computeType": "BUILD_GENERAL1_SMALL"}}),
    "ecs command": request("ecs", "RegisterTaskDefinition", lambda t: {
        "family": "f", "containerDefinitions": [
            {"name": "c", "image": "i", "command": ["sh", "-c", t]}]}),
    "ecs override": request("ecs", "RunTask", lambda t: {
        "taskDefinition": "t", "overrides": {"containerOverrides": [
            {"name": "c", "command": ["sh", "-c", t]}]}}),
    "batch command": request("batch", "SubmitJob", lambda t: {
        "jobName": "j", "jobQueue": "q", "jobDefinition": "d",
        "containerOverrides": {"command": ["sh", "-c", t]}}),
    "user data": request("autoscaling", "CreateLaunchConfiguration", lambda t: {
        "LaunchConfigurationName": "l", "UserData": base64.b64encode(t.encode()).decode()}),
    "description": request("lambda", "UpdateFunctionConfiguration", lambda t: {
        "FunctionName": "f", "Description": t}),
    "tag": request("iam", "TagUser", lambda t: {
        "UserName": "u", "Tags": [{"Key": "note", "Value": t}]}),
    "item": request("dynamodb", "PutItem", lambda t: {
        "TableName": "t", "Item": {"id": {"S": "1"}, "v": {"S": t}}}),
    "partiql": request("dynamodb", "ExecuteStatement", lambda t: {"Statement": t}),
    "record": request("kinesis", "PutRecord", lambda t: {
        "StreamName": "s", "PartitionKey": "p", "Data": t.encode()}),
    "event": request("events", "PutEvents", lambda t: {"Entries": [
        {"Source": "s", "DetailType": "d", "Detail": json.dumps({"note": t})}]}),
    "base64 in a text": request("sqs", "SendMessage", lambda t: {
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
        "MessageBody": "run: " + base64.b64encode(t.encode()).decode()}),
    "base64 of gzip": request("sqs", "SendMessage", lambda t: {
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
        "MessageBody": base64.b64encode(gzip.compress(t.encode(), mtime=0)).decode()}),
    "error message": failure("sqs", "ReceiveMessage", {
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/q"}),
    "query of a GET": lambda t: exchange(
        replace(post(target=f"/k?note={quote(t, safe='')}", host="b.s3.amazonaws.com"),
                method="GET"), answer(b"x")),
    "bare query": lambda t: exchange(
        replace(post(target=f"/k?{quote(t, safe='')}", host="b.s3.amazonaws.com"), method="GET"),
        answer(b"x")),
    "path": lambda t: exchange(
        replace(post(target=f"/a/{quote(t, safe='')}/b", host="b.s3.amazonaws.com"), method="GET"),
        answer(b"x")),
    "request header": lambda t: exchange(
        post(("X-Note", " ".join(t.split())), host="b.s3.amazonaws.com"), answer(b"x")),
    "answer header": lambda t: exchange(
        post(host="b.s3.amazonaws.com"), answer(b"", ("X-Note", " ".join(t.split())))),
    "user agent": lambda t: exchange(
        post(("User-Agent", " ".join(t.split())), host="b.s3.amazonaws.com"), answer(b"x")),
    "failure": lambda t: replace(
        exchange(post(host="b.s3.amazonaws.com")), ended=2, failure=t),
    "log of an answer": result("logs", "GetLogEvents", {"logGroupName": "g", "logStreamName": "s"},
        lambda t: {"events": [{"timestamp": 1, "message": t}]}),
    "output of a command": result("ssm", "GetCommandInvocation", {
        "CommandId": "11111111-1111-1111-1111-111111111111", "InstanceId": "i-1"},
        lambda t: {"StandardOutputContent": t}),
    "query of an answer": result("athena", "GetQueryExecution", {"QueryExecutionId": "q"},
        lambda t: {"QueryExecution": {"Query": t}}),
    "task definition": result("ecs", "DescribeTaskDefinition", {"taskDefinition": "t"},
        lambda t: {"taskDefinition": {"containerDefinitions": [{"command": ["sh", "-c", t]}]}}),
    "build": result("codebuild", "BatchGetBuilds", {"ids": ["b"]},
        lambda t: {"builds": [{"source": {"buildspec": t}}]}),
}  # fmt: skip

# Which places a kind of text goes through, in turn.
FOR_SCRIPTS = ("ssm document", "message", "log line", "ecs command", "ecs override", "batch command",
    "item", "event", "error message", "output of a command", "log of an answer", "description",
    "tag", "record", "topic", "task definition", "user data", "base64 in a text",
    "base64 of gzip", "ssm command", "ssm document in YAML", "failure")  # fmt: skip
FOR_TOKENS = ("path", "bare query", "query of a GET", "request header", "answer header",
    "error message", "user agent", "message", "tag", "failure", "item")  # fmt: skip
FOR_TEMPLATES = ("template", "template of a change set")
FOR_BUILDSPECS = ("buildspec", "project", "build")
FOR_SQL = ("athena", "redshift", "aurora", "redshift batch", "named query", "query of an answer",
    "partiql")  # fmt: skip


def zipped(data: bytes, encoding: str) -> bytes:
    """A body in one of HTTP's compressions."""
    match encoding:
        case "gzip":
            return gzip.compress(data, mtime=0)
        case "deflate":
            return zlib.compress(data)
        case "raw deflate":
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            return packer.compress(data) + packer.flush()
        case "zstd":
            return zstandard.ZstdCompressor().compress(data)
        case _:
            return data


def whole(data: bytes) -> Body:
    """A body that was kept whole."""
    return Body.of(data)

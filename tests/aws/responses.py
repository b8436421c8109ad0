"""Responses by hand, read as answers to calls of each protocol."""

from __future__ import annotations

from apitrail.aws.answer import response
from apitrail.aws.call import Call
from apitrail.exchange import Body, Response

CALLS = {
    "sts": Call(service="sts", operation="AssumeRole", protocol="query"),
    "iam": Call(service="iam", operation="GetUser", protocol="query"),
    "ec2": Call(service="ec2", operation="DescribeVpcs", protocol="ec2"),
    "dynamodb": Call(service="dynamodb", operation="GetItem", protocol="json"),
    "lambda": Call(service="lambda", operation="GetFunction", protocol="rest-json"),
    "s3": Call(service="s3", operation="GetBucketTagging", protocol="rest-xml"),
    "copy": Call(service="s3", operation="CopyObject", protocol="rest-xml"),
    "get": Call(service="s3", operation="GetObject", protocol="rest-xml"),
    "head": Call(service="s3", operation="HeadObject", protocol="rest-xml"),
    "location": Call(service="s3", operation="GetBucketLocation", protocol="rest-xml"),
    "select": Call(service="s3", operation="SelectObjectContent", protocol="rest-xml"),
    "shards": Call(service="kinesis", operation="SubscribeToShard", protocol="json"),
    "records": Call(service="kinesis", operation="GetRecords", protocol="json"),
    "sqs": Call(service="sqs", operation="ReceiveMessage", protocol="json"),
    "metrics": Call(service="cloudwatch", operation="GetDashboard", protocol="smithy-rpc-v2-cbor"),
    "secret": Call(service="secretsmanager", operation="GetSecretValue", protocol="json"),
    "oidc": Call(service="sso-oidc", operation="CreateToken", protocol="rest-json"),
    "route53": Call(service="route53", operation="ChangeResourceRecordSets", protocol="rest-xml"),
    "post": Call(service="s3", operation="PostObject", protocol="rest-xml"),
    "unknown": Call(),
}


def parse(name, status, body=b"", *headers):
    answer = Response(
        status=status,
        http_version="HTTP/1.1",
        headers=headers,
        body=Body.of(body.encode() if isinstance(body, str) else body),
    )
    return response.parse(CALLS[name], answer)
